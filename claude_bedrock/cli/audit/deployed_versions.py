"""What is deployed: each stack with the time of its last update, and the zip of each function as
its template names it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from claude_bedrock.cli.audit.recorded_responses import RecordingDeployment
from claude_bedrock.cli.doctor.check import WITHHELD
from claude_bedrock.cli.retention.locations import withheld
from claude_bedrock.verification.hours import iso

_ACTIONS: Final = "cloudformation:DescribeStacks and cloudformation:GetTemplate"


class StackVersion(NamedTuple):
    """`updated` is the last update, or the creation (ISO 8601, UTC). `functions` has, by the
    function's logical id, the name of its zip, which is its SHA-256 in the bill of materials."""

    stack: str
    status: str
    updated: str
    functions: Mapping[str, str]


class DeployedVersions(NamedTuple):
    """`note` says of which stacks AWS gave no answer."""

    stacks: tuple[StackVersion, ...] = ()
    note: str = ""

    def as_data(self) -> dict[str, Any]:
        return {"stacks": [stack._asdict() for stack in self.stacks], "note": self.note}


def collect_versions(recorder: RecordingDeployment, names: Sequence[str]) -> DeployedVersions:
    """Return the stacks of these names. One that AWS withholds is left out, and noted."""
    stacks, notes = [], []
    for name in names:
        try:
            stacks.append(_version(recorder, name))
        except WITHHELD as error:
            notes.append(f"{name}: {withheld(error, _ACTIONS)}.")
    return DeployedVersions(tuple(stacks), " ".join(notes))


def _version(recorder: RecordingDeployment, name: str) -> StackVersion:
    stack = recorder.stack(name)
    (described,) = recorder.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    updated = described.get("LastUpdatedTime") or described["CreationTime"]
    return StackVersion(
        stack,
        described.get("StackStatus", ""),
        iso(updated.replace(microsecond=0)),
        dict(functions_of(recorder.template(name))),
    )


def functions_of(template: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield logical id and zip of each function of a template."""
    for name, resource in sorted(template.get("Resources", {}).items()):
        if resource.get("Type") == "AWS::Lambda::Function":
            key = resource.get("Properties", {}).get("Code", {}).get("S3Key", "")
            yield name, key if isinstance(key, str) else ""
