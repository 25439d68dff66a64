"""Checks of what the gateway's roles must not be allowed: by IAM's simulator, and tried."""

from typing import Final

from botocore.exceptions import ClientError

from claude_bedrock.catalog.inference_actions import DENIED_ACTIONS, UNLISTED_ACTIONS
from claude_bedrock.cli.doctor.check import DENIED, code_of
from claude_bedrock.cli.smoke.check import Check, Finding, failed, passed
from claude_bedrock.cli.smoke.deployed_stage import Subject

FORBIDDEN: Final = (
    *(action for action in DENIED_ACTIONS if action not in UNLISTED_ACTIONS),
    "bedrock:CallWithBearerToken",
    "bedrock:DeleteModelInvocationLoggingConfiguration",
    "bedrock:PutAccountDataRetention",
    "bedrock:PutModelInvocationLoggingConfiguration",
    "iam:PassRole",
    "s3:DeleteObject",
    "s3:PutBucketPolicy",
)
"""Each would open a way to a model, or past the record, that is not logged."""


def judge_simulated(subject: Subject) -> Finding:
    for arn in _role_arns(subject):
        decisions = _simulated(subject, arn)
        allowed = sorted(action for action, decision in decisions.items() if decision == "allowed")
        if allowed or len(decisions) < len(FORBIDDEN):
            actions = ", ".join(allowed) or "not every action"
            return failed(f"IAM allows {_name(arn)} {actions}.", decisions=decisions)
    names = " and ".join(map(_name, _role_arns(subject)))
    return passed(f"IAM denies {names} all {len(decisions)} actions.", **decisions)


def _simulated(subject: Subject, arn: str) -> dict[str, str]:
    simulated = subject.client("iam").simulate_principal_policy(
        PolicySourceArn=arn, ActionNames=list(FORBIDDEN)
    )
    return {
        result["EvalActionName"]: result["EvalDecision"]
        for result in simulated["EvaluationResults"]
    }


def judge_tried(subject: Subject) -> Finding:
    """Check that assuming the roles fails: only Lambda may assume the function's, and only the
    function that of callers' sessions."""
    codes = []
    for arn in _role_arns(subject):
        try:
            subject.client("sts").assume_role(
                RoleArn=arn, RoleSessionName="smoke", DurationSeconds=900
            )
        except ClientError as error:
            if code_of(error) not in DENIED:
                raise
            codes.append(code_of(error))
        else:
            return failed(f"You can assume {_name(arn)}, by which models are called without a key.")
    names = " or ".join(map(_name, _role_arns(subject)))
    return passed(f"STS does not let you assume {names}.", codes=codes)


def _role_arns(subject: Subject) -> list[str]:
    """Return the function's role and, where callers have sessions, the role of these."""
    name = subject.output("Gateway", "FunctionName")
    function = subject.client("lambda").get_function_configuration(FunctionName=name)
    return list(filter(None, [str(function["Role"]), subject.output("Gateway", "CallerRoleArn")]))


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]


CHECKS: Final = (
    Check(
        "denials, simulated",
        "The deny policy keeps the gateway's roles from every way that is not logged.",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html",
        judge_simulated,
    ),
    Check(
        "denials, tried",
        "Nobody but the gateway takes its roles.",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html",
        judge_tried,
        is_local=False,
    ),
)
