"""Checks of what the gateway's role must not be allowed: by IAM's simulator, and tried."""

from typing import Final

from botocore.exceptions import ClientError

from claude_bedrock.catalog.deny_policy import UNLOGGED_JOBS
from claude_bedrock.cli.doctor.check import DENIED, code_of
from claude_bedrock.cli.smoke.check import Check, Finding, failed, passed
from claude_bedrock.cli.smoke.deployed_stage import Subject

FORBIDDEN: Final = (
    *UNLOGGED_JOBS,
    "bedrock:CallWithBearerToken",
    "bedrock:DeleteModelInvocationLoggingConfiguration",
    "bedrock:PutAccountDataRetention",
    "bedrock:PutModelInvocationLoggingConfiguration",
    "bedrock-mantle:CreateInference",
    "iam:PassRole",
    "s3:DeleteObject",
    "s3:PutBucketPolicy",
)
"""Each would open a way to a model, or past the record, that is not logged."""


def judge_simulated(subject: Subject) -> Finding:
    simulated = subject.client("iam").simulate_principal_policy(
        PolicySourceArn=_role_arn(subject), ActionNames=list(FORBIDDEN)
    )
    decisions = {
        result["EvalActionName"]: result["EvalDecision"]
        for result in simulated["EvaluationResults"]
    }
    allowed = sorted(action for action, decision in decisions.items() if decision == "allowed")
    if allowed or len(decisions) < len(FORBIDDEN):
        what = ", ".join(allowed) or "not every action"
        return failed(f"IAM allows the gateway's role {what}.", decisions=decisions)
    return passed(f"IAM denies the gateway's role all {len(decisions)} actions.", **decisions)


def judge_tried(subject: Subject) -> Finding:
    """Check that assuming the role fails: only Lambda may assume it."""
    try:
        subject.client("sts").assume_role(
            RoleArn=_role_arn(subject), RoleSessionName="smoke", DurationSeconds=900
        )
    except ClientError as error:
        if code_of(error) in DENIED:
            return passed("STS does not let you assume the gateway's role.", code=code_of(error))
        raise
    return failed("You can assume the gateway's role, by which models are called without a key.")


def _role_arn(subject: Subject) -> str:
    name = subject.output("Gateway", "FunctionName")
    function = subject.client("lambda").get_function_configuration(FunctionName=name)
    return str(function["Role"])


CHECKS: Final = (
    Check(
        "denials, simulated",
        "The deny policy keeps the gateway's role from every way that is not logged.",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html",
        judge_simulated,
    ),
    Check(
        "denials, tried",
        "Nobody but Lambda takes the gateway's role.",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html",
        judge_tried,
        is_local=False,
    ),
)
