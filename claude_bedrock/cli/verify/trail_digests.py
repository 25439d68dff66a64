"""The digest files of a stage's trails, which CloudTrail signs: the project reads a trail's log
files without them, and names the command of the AWS CLI that compares the two.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-cli.html
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.records.trail_source import from_json
from claude_bedrock.verification.hours import Span, iso

_DELIVERED_WITHIN: Final = timedelta(hours=1)
"""So long after its event a log file may come: the verification waits for it as long."""
_NOT_COMPARED: Final = (
    "The trail's log files were not compared with CloudTrail's digest files, which tell whether "
    "one was changed or deleted: run `{}`."
)


def note_on_calls(deployment: Deployment, outputs: Mapping[str, str], window: Span) -> str:
    """Return the sentences on the trail of calls; empty where the stage reads none. `outputs` are
    those of the stack InvocationLogging."""
    source = from_json(outputs.get("CloudTrailSource", ""))
    if source is None:
        return ""
    if "CloudTrailBucketName" in outputs:
        command = _command(deployment, outputs, _own_trail(deployment), window)
        return f"{_NOT_COMPARED.format(command)} Repeat it for each other Region."
    of_account = " --account-id ACCOUNT" if source.organization else ""
    command = f"{_validate('TRAIL_ARN', deployment.region, window)}{of_account}"
    words = _NOT_COMPARED.format(command)
    return f"{words} Its owner knows the ARN. Repeat it for each other Region and account."


def note_on_reads(deployment: Deployment, outputs: Mapping[str, str], window: Span) -> str:
    """Return the sentence on the trail of reads of records. Raises botocore's errors."""
    trails = deployment.resources("InvocationLogging", "AWS::CloudTrail::Trail")
    names = sorted(trails - {_own_trail(deployment)})
    return " ".join(
        _NOT_COMPARED.format(_command(deployment, outputs, name, window)) for name in names
    )


def _own_trail(deployment: Deployment) -> str:
    """Return the name of the trail of calls that a stage makes."""
    return f"claude-on-bedrock-{deployment.stage}-{deployment.region}"


def _command(deployment: Deployment, outputs: Mapping[str, str], name: str, window: Span) -> str:
    _, partition, _, _, account, _ = outputs["KeyArn"].split(":")
    arn = f"arn:{partition}:cloudtrail:{deployment.region}:{account}:trail/{name}"
    return _validate(arn, deployment.region, window)


def _validate(arn: str, region: str, window: Span) -> str:
    end = window.until + _DELIVERED_WITHIN
    return (
        f"aws cloudtrail validate-logs --region {region} --trail-arn {arn} "
        f"--start-time {iso(window.since)} --end-time {iso(end)}"
    )
