"""Checks of what the Gateway stack has put out."""

from collections.abc import Callable, Mapping

from claude_bedrock.cli.doctor.check import WITHHELD, Check, Topic
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.shared.deployment import NoTargetError


def check_output(
    account: Account,
    topic: Topic,
    output: str,
    judge: Callable[[Mapping[str, str]], Check],
    *,
    absent: str,
    actions: str,
) -> list[Check]:
    """Return the check that `judge` makes of the stack's outputs. It is skipped without a stack,
    and, with the words `absent`, where the stack lacks `output`; `actions` is what `judge` needs in
    IAM."""
    try:
        outputs = account.deployment.outputs("Gateway")
    except NoTargetError:  # no endpoint, or none yet
        return [topic.skipped("no gateway is deployed")]
    except WITHHELD as error:
        return [topic.withheld(error, "cloudformation:DescribeStacks")]
    if output not in outputs:
        return [topic.skipped(absent)]
    return [topic.run(actions, lambda: judge(outputs))]
