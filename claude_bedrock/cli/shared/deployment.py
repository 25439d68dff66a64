"""One deployed stage as a command sees it: where it is, its stacks' outputs, its AWS's clients."""

import json
import os
import re
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cache, cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from claude_bedrock.cli.shared import cdk_json
from claude_bedrock.cli.shared.errors import CliError
from claude_bedrock.records.fetch import AT_ONCE

if TYPE_CHECKING:
    import boto3
    from botocore.loaders import Loader

Client = Any
"""A boto3 client: boto3 makes its classes at run time."""

_REGION: Final = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}")
_PROBE_SECONDS: Final = 2.0
_INVOCATION_SECONDS: Final = 910
"""Longer than a function may run. After botocore's 60 seconds a synchronous invocation would be
sent again, and again, while the first one still runs:
https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""
_MAKING: Final = Lock()
_OF_LOCAL: Final = ("stage", "region", "aws_endpoint_url")
BY_STAGE: Final = "a stage in your account by --stage"
"""What else a command can be about, for the message where local mode is not up: commands take
different options."""


class NoTargetError(CliError):
    """There is no such deployment; the text says what to do."""


class NoEndpointError(NoTargetError):
    """The stage is deployed without an endpoint; the text says what to do."""


class _Target(NamedTuple):
    stage: str
    region: str
    endpoint_url: str | None


class Deployment(_Target):
    """A stage in a Region; `endpoint_url` is where its AWS listens, None for the real one. It holds
    one client of each service: to make one takes longer than most of its calls."""

    @cached_property
    def _clients(self) -> dict[str, Client]:
        return {}

    @cached_property
    def session(self) -> "boto3.Session":
        """Return the caller's own credentials, if there are any; the embedded AWS takes its test
        keys."""
        import boto3  # noqa: PLC0415 - a third of a second, which a command's help need not take
        import botocore.session  # noqa: PLC0415 - as above

        of_botocore = botocore.session.Session()
        of_botocore.register_component("data_loader", _models_of_aws())
        if self.endpoint_url is None:
            return boto3.Session(botocore_session=of_botocore, region_name=self.region)
        return boto3.Session(
            botocore_session=of_botocore,
            region_name=self.region,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - nothing is protected by it
        )

    def client(self, service: str) -> Client:
        """Return the client of the stage's AWS, which threads may share, as they may not the
        session: https://docs.aws.amazon.com/boto3/latest/guide/session.html#multithreading-or-multiprocessing-with-sessions"""
        with _MAKING:
            if service not in self._clients:
                self._clients[service] = self.make_client(service)
            return self._clients[service]

    def make_client(self, service: str) -> Client:
        """Make the client that `client` returns from then on."""
        from botocore.config import Config  # noqa: PLC0415 - as in `session`

        make: Any = self.session.client
        options: dict[str, Any] = {"endpoint_url": self.endpoint_url} if self.endpoint_url else {}
        if service == "s3":  # whose objects are fetched many at a time
            options["config"] = Config(max_pool_connections=AT_ONCE)
        if service == "lambda":
            options["config"] = Config(read_timeout=_INVOCATION_SECONDS, tcp_keepalive=True)
        return make(service, **options)

    @property
    def options(self) -> str:
        """What a command of ours needs to be about this stage, after a space; nothing locally."""
        return "" if self.endpoint_url else f" --stage {self.stage} --region {self.region}"

    def stack(self, name: str) -> str:
        """Return the name in CloudFormation of the stack that the project calls `name`."""
        return f"claude-on-bedrock-{self.stage}-{name}"

    def created(self, stack: str) -> datetime:
        """Return when `stack` was first deployed (UTC). Raises NoTargetError where it is not."""
        moment: datetime = self._described(stack)["CreationTime"]
        return moment.astimezone(UTC)

    def outputs(self, stack: str) -> Mapping[str, str]:
        """Return what `stack` put out: output -> value. Raises NoTargetError where it is not
        deployed, NoEndpointError where the stage is one without an endpoint."""
        try:
            outputs = self._described(stack).get("Outputs", [])
        except NoTargetError:
            if stack == "Gateway" and not self.has_endpoint():
                raise self._no_endpoint() from None
            raise
        return {output["OutputKey"]: output["OutputValue"] for output in outputs}

    def resources(self, stack: str, kind: str) -> set[str]:
        """Return the names of the resources of a kind that `stack` has made, of those too that were
        deleted past CloudFormation. Raises botocore's errors."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        return {
            summary["PhysicalResourceId"]
            for page in pages.paginate(StackName=self.stack(stack))
            for summary in page["StackResourceSummaries"]
            if summary["ResourceType"] == kind and "PhysicalResourceId" in summary
        }

    def template(self, stack: str) -> Mapping[str, Any]:
        """Return the template that `stack` was deployed from, which boto3 parses where it is JSON;
        empty where it is none, as the CDK writes no other. Raises botocore's errors."""
        answer = self.client("cloudformation").get_template(StackName=self.stack(stack))
        body = answer["TemplateBody"]
        try:
            template = json.loads(body) if isinstance(body, str) else body
        except ValueError:
            return {}
        return template if isinstance(template, Mapping) else {}

    def has_endpoint(self) -> bool:
        """Return whether the stage has an endpoint by its deployed settings, as it has where
        nothing says so. Raises botocore's errors."""
        try:
            settings = self.outputs("ModelAccess").get("Settings", "{}")
        except NoTargetError:
            return True
        return json.loads(settings).get("endpoint", True) is not False

    def _no_endpoint(self) -> NoEndpointError:
        return NoEndpointError(
            f"Stage {self.stage} has no endpoint: its endpoint.enabled is false, and its callers "
            "go to Bedrock directly. Name a stage with an endpoint by --stage, or set "
            f"endpoint.enabled to true and run `cdk deploy --all -c stage={self.stage}`."
        )

    def _described(self, stack: str) -> Mapping[str, Any]:
        try:
            described = self.client("cloudformation").describe_stacks(StackName=self.stack(stack))
        except ClientError as error:
            if "does not exist" in str(error):
                raise NoTargetError(
                    f"{self.stack(stack)} is not deployed in {self.region}. Give the stage's "
                    "Region by --region, or another stage by --stage. To deploy it, run "
                    f"`cdk deploy --all -c stage={self.stage}`."
                ) from error
            raise
        stack_description: Mapping[str, Any]
        (stack_description,) = described["Stacks"]
        return stack_description


@cache
def _models_of_aws() -> "Loader":
    """Return botocore's descriptions of the services, which take a tenth of a second each to read:
    once for all sessions, each of which has its own credentials."""
    import botocore.session  # noqa: PLC0415 - as in `session`

    loader: Loader = botocore.session.Session().get_component("data_loader")
    return loader


def local_endpoint(local_dir: Path, otherwise: str = BY_STAGE) -> Mapping[str, Any]:
    """Return what `make local` wrote. Raises NoTargetError, also where it is no longer up, whose
    text names what the command takes `otherwise`."""
    file = local_dir / "endpoint.json"
    try:
        endpoint = json.loads(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError) as absent:
        raise NoTargetError(
            f"Local mode is not running in {local_dir}. Start it with `make local`, or give "
            f"{otherwise}."
        ) from absent
    except OSError as error:
        raise NoTargetError(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise NoTargetError(_unfit(file)) from error
    if not isinstance(endpoint, dict) or not all(
        isinstance(endpoint.get(name), str) for name in _OF_LOCAL
    ):
        raise NoTargetError(_unfit(file))
    _check_is_up(endpoint["aws_endpoint_url"], file, otherwise)
    return endpoint


def _unfit(file: Path) -> str:
    return f"{file} is not what `make local` writes. Delete it and run `make local` again."


def _check_is_up(url: str, file: Path, otherwise: str) -> None:
    """Raise NoTargetError where nothing listens, which otherwise takes many retries to find."""
    try:
        parts = urlsplit(url)
        address = (parts.hostname or "", parts.port or 443)
        with socket.create_connection(address, _PROBE_SECONDS):
            return
    except ValueError as error:
        raise NoTargetError(_unfit(file)) from error
    except OSError as error:
        raise NoTargetError(
            f"Local mode does not answer at {address[0]}:{address[1]}, which {file} names. Start "
            f"it again with `make local`, or give {otherwise}."
        ) from error


def local(local_dir: Path, otherwise: str = BY_STAGE) -> Deployment:
    """Return the deployment that is up in the local folder. Raises NoTargetError; see
    `local_endpoint`."""
    endpoint_file = local_endpoint(local_dir, otherwise)
    return Deployment(*(endpoint_file[name] for name in _OF_LOCAL))


def deployed(stage: str, region: str | None) -> Deployment:
    """Return the stage in the account of the caller's AWS credentials, which are not looked at yet.

    Raises NoTargetError where no Region is known, CdkJsonError, and botocore's errors."""
    return Deployment(stage, resolve_region(region, stage), None)


def resolve_region(region: str | None, stage: str | None = None) -> str:
    """Return the Region that a command is about: the one given, else that of the stage's block in
    the `cdk.json` here, else AWS_REGION, AWS_DEFAULT_REGION, the profile's.

    The last three are in the AWS CLI's order, of which boto3 leaves out the first:
    https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html

    Raises NoTargetError where there is none or it cannot be one, CdkJsonError, ProfileNotFound."""
    name = (
        region
        or (cdk_json.region_of(stage) if stage else None)
        or os.environ.get("AWS_REGION")
        or os.environ.get("AWS_DEFAULT_REGION")
        or _region_of_profile()
    )
    if name is None:
        raise NoTargetError(
            f"No Region is set.{_unknown_stage(stage)} Give --region, or set AWS_REGION."
        )
    if not _REGION.fullmatch(name):
        raise NoTargetError(f"{name!r} is not a Region. Give one such as us-east-1 by --region.")
    return name


def _unknown_stage(stage: str | None) -> str:
    """Return a sentence where the `cdk.json` here has other stages, as after a slip of the pen."""
    known = cdk_json.stages_in(cdk_json.CDK_JSON) if stage else ()
    if not known or stage in known:
        return ""
    return f" The cdk.json here has the stages {', '.join(known)}, and no {stage!r}."


def _region_of_profile() -> str | None:
    """Return the Region of the profile in use. Raises ProfileNotFound."""
    import boto3  # noqa: PLC0415 - as in `Deployment.session`

    return boto3.Session().region_name


def known_region(region: str) -> str:
    """Return the Region, if it is one that this version's AWS SDK knows. Raises NoTargetError."""
    import boto3  # noqa: PLC0415 - as in `Deployment.session`

    known = boto3.Session().get_available_regions("ec2")
    if region not in known:
        close = get_close_matches(region, known, n=1)
        meant = f" Is {close[0]} meant?" if close else " Give one such as us-east-1."
        raise NoTargetError(f"{region!r} is not a Region that this version knows.{meant}")
    return region


def chosen(stage: str | None, region: str | None, local_dir: Path) -> Deployment:
    """Return the stage that was named, else what is up locally. Raises NoTargetError,
    CdkJsonError, and botocore's errors."""
    if stage:
        return deployed(stage, region)
    if region:
        raise NoTargetError("--region needs --stage: local mode has its own Region.")
    return local(local_dir)
