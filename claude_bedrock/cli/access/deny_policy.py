"""A deployed stage's deny policy, read from the policies that IAM holds."""

import json
from collections.abc import Mapping
from typing import Any, Literal

from claude_bedrock.catalog import deny_policy
from claude_bedrock.cli.shared.deployment import Deployment, NoTargetError
from claude_bedrock.cli.shared.errors import CliError

Form = Literal["scp", "boundary", "deny"]

_OUTPUT: Mapping[Form, str] = {
    "scp": "GuardPolicyArn",
    "boundary": "BoundaryPolicyArn",
    "deny": "GuardPolicyArn",
}


def policy_text(deployment: Deployment, form: Form) -> str:
    """Return the deny policy's JSON in that form, all names filled in; without white space where
    AWS counts it.

    Raises NoTargetError where the stage is not deployed or has no deny policy yet, CliError
    where its service control policy would be longer than AWS takes, and botocore's errors."""
    outputs = deployment.outputs("ModelAccess")
    if _OUTPUT[form] not in outputs:
        raise NoTargetError(
            f"{deployment.stack('ModelAccess')} has no deny policy. "
            f"Run `cdk deploy --all -c stage={deployment.stage}`."
        )
    document = _default_version(deployment, outputs[_OUTPUT[form]])
    if form == "scp":
        try:
            return deny_policy.service_control_policy(document["Statement"])
        except deny_policy.TooLongError as error:
            raise CliError(str(error)) from error
    return json.dumps(document, indent=2)


def _default_version(deployment: Deployment, arn: str) -> dict[str, Any]:
    iam = deployment.client("iam")
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    policy_version = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
    document: dict[str, Any] = policy_version["Document"]
    return document
