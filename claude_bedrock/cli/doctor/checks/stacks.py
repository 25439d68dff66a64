"""The check of the stage's stacks: deployed, and complete; none of them left over."""

from collections.abc import Mapping

from botocore.exceptions import ClientError

from claude_bedrock.cli.doctor.check import WITHHELD, Check, Topic
from claude_bedrock.cli.doctor.context import Account

NAME = "stack"
STACKS = ("InvocationLogging", "ModelAccess", "Gateway", "Observability")
_GATEWAY = "Gateway"
_ACTION = "cloudformation:DescribeStacks"


def check(account: Account, *, has_endpoint: bool) -> list[Check]:
    try:
        states = {stack: _state(account, stack) for stack in STACKS}
    except WITHHELD as error:
        return [Topic(NAME, stack).withheld(error, _ACTION) for stack in STACKS]
    return judge(states, account.deployment.stage, has_endpoint=has_endpoint)


def judge(
    states: Mapping[str, str | None], stage: str, *, has_endpoint: bool = True
) -> list[Check]:
    """Judge `states`, CloudFormation's status of each stack, None for one that does not exist."""
    if not any(states.values()):
        return [Topic(NAME, stack).skipped("nothing is deployed yet") for stack in states]
    return [
        _judge_absent(Topic(NAME, stack), state, stage)
        if stack == _GATEWAY and not has_endpoint
        else _judge(Topic(NAME, stack), state, stage)
        for stack, state in states.items()
    ]


def _judge_absent(topic: Topic, state: str | None, stage: str) -> Check:
    """Judge the stack of an endpoint in a stage without one."""
    if state is None:
        return topic.skipped("the stage has no endpoint")
    return topic.failed(
        f"{state}, and the stage has no endpoint by its settings: this one still answers, and "
        "verification takes its calls for direct ones",
        f"follow docs/accounts.md#remove-the-endpoint-of-a-stage, or set endpoint.enabled to true "
        f"and run `cdk deploy --all -c stage={stage}`",
    )


def _judge(topic: Topic, state: str | None, stage: str) -> Check:
    name = f"claude-on-bedrock-{stage}-{topic.subject}"
    deploy = f"`cdk deploy --all -c stage={stage}`"
    if state is None:
        return topic.failed("missing, where others of the stage are deployed", f"run {deploy}")
    if state == "REVIEW_IN_PROGRESS":
        return topic.failed(
            f"{state}: it has a change set that was never executed, and no resource",
            f"run {deploy}",
        )
    if state.endswith("IN_PROGRESS"):
        return topic.failed(state, "wait until it is done, then run doctor again")
    if state == "UPDATE_ROLLBACK_COMPLETE":
        return topic.warning(
            f"{state}: the last deployment was taken back",
            f"read why in `aws cloudformation describe-stack-events --stack-name {name}`, "
            f"then {deploy}",
        )
    if state in {"ROLLBACK_COMPLETE", "DELETE_COMPLETE"} or not state.endswith("_COMPLETE"):
        return topic.failed(
            state,
            f"read why in `aws cloudformation describe-stack-events --stack-name {name}`; "
            f"a stack in ROLLBACK_COMPLETE has to be deleted first; then {deploy}",
        )
    return topic.ok(state)


def _state(account: Account, stack: str) -> str | None:
    name = account.deployment.stack(stack)
    try:
        (description,) = account.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    state: str = description["StackStatus"]
    return state
