"""One stage's synthesis, as plain data, and as the tree for whoever judges constructs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import aws_cdk as cdk

import app as project
from stacks.settings import load_stage
from stacks.stage import Stage
from tools.stage_blocks import with_names

ROOT = Path(project.__file__).parent
CONTEXT: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]
STAGES = ("local", "dev", "prod")

Template = Mapping[str, Any]


class Resource(NamedTuple):
    """One resource of a template: its logical id, and what the template says of it."""

    id: str
    type: str
    properties: dict[str, Any]
    rest: dict[str, Any]


class Synthesis(NamedTuple):
    """The folder of one stage's cloud assembly, and the tree that it was made of."""

    stage: str
    folder: Path
    tree: cdk.App

    @property
    def settings(self) -> Stage:
        """The stage as cdk.json has it."""
        return load_stage(CONTEXT["stages"], self.stage)

    def template(self, stack: str) -> Template:
        path = self.folder / f"claude-on-bedrock-{self.stage}-{stack}.template.json"
        template: Template = json.loads(path.read_text())
        return template

    def resources(self, stack: str, type_: str = "") -> list[Resource]:
        return [
            Resource(name, body["Type"], body.get("Properties", {}), body)
            for name, body in self.template(stack)["Resources"].items()
            if type_ in ("", body["Type"])
        ]

    def only(self, stack: str, type_: str) -> Resource:
        (resource,) = self.resources(stack, type_)
        return resource

    def log_key(self) -> Resource:
        """Return the KMS key that encrypts records and logs; the other one of its stack signs."""
        keys = self.resources("InvocationLogging", "AWS::KMS::Key")
        (resource,) = [key for key in keys if "KeySpec" not in key.properties]
        return resource

    def log_bucket(self) -> Resource:
        """Return the bucket of records; a stage may have others, as of a trail."""
        buckets = self.resources("InvocationLogging", "AWS::S3::Bucket")
        (resource,) = [bucket for bucket in buckets if bucket.id.startswith("Bucket")]
        return resource

    def log_bucket_policy(self) -> Resource:
        """Return the policy of the bucket of records."""
        policies = self.resources("InvocationLogging", "AWS::S3::BucketPolicy")
        bucket = {"Ref": self.log_bucket().id}
        (resource,) = [policy for policy in policies if policy.properties["Bucket"] == bucket]
        return resource

    def everything(self) -> Iterator[Resource]:
        for stack in ("InvocationLogging", "ModelAccess", "Gateway", "Observability"):
            yield from self.resources(stack)

    def asset_hashes(self) -> set[str]:
        return _asset_hashes(self.folder)

    def bills(self) -> dict[str, dict[str, Any]]:
        """Return the bill of materials of each function's zip, by the asset's hash."""
        return bills_in(self.folder)

    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads((self.folder / "validation-report.json").read_text())
        return report


def synthesize(stage: str, folder: Path, **changes: object) -> Synthesis:
    """Return the stage as cdk.json has it, but for `changes`: a key by its own name -> its
    value."""
    app = cdk.App(context=CONTEXT, outdir=str(folder))
    block = with_names(CONTEXT["stages"][stage], **changes)
    project.build(app, load_stage({stage: block}, stage))
    app.synth()
    return Synthesis(stage, folder, app)


def bills_in(assembly: Path) -> dict[str, dict[str, Any]]:
    """Return the bills of the zips that the cloud assembly's templates ask for."""
    bills = {name: assembly / f"asset.{name}.cdx.json" for name in _asset_hashes(assembly)}
    return {name: json.loads(path.read_text()) for name, path in bills.items() if path.is_file()}


def _asset_hashes(assembly: Path) -> set[str]:
    manifests = assembly.glob("*.assets.json")
    return {name for path in manifests for name in json.loads(path.read_text())["files"]}
