"""The check of Lambda's concurrency for what the stage's block reserves, before a deployment asks.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from claude_bedrock.cli.doctor.check import Check, Topic
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.shared.cdk_json import value_at
from claude_bedrock.cli.shared.deployment import NoTargetError

TOPIC = Topic("Lambda concurrency")
UNRESERVED: Final = 100
"""What Lambda keeps for all functions for which nothing is reserved."""

_MOST_OF_AUTHORIZER: Final = 100
_AMPLE: Final = 300
_ACTIONS: Final = "lambda:GetAccountSettings and lambda:GetFunctionConcurrency"
_FUNCTIONS: Final = ("FunctionName", "AuthorizerName")
_QUOTA: Final = "L-B99A9384"


class Room(NamedTuple):
    """How many runs at once the account may have in the Region; `unreserved` is what of them is
    promised to no function, `own` what a deployment of the stage has reserved."""

    limit: int
    unreserved: int
    own: int

    @property
    def most(self) -> int:
        """What the stage may reserve."""
        return max(self.unreserved + self.own - UNRESERVED, 0)

    def proposal(self, *, has_authorizer: bool) -> int:
        """Return a `reserved_concurrency` that leaves room for the authorizer's, where there is
        one."""
        most = self.most
        if has_authorizer:
            most = max(most - _MOST_OF_AUTHORIZER, most // 2)
        return min(most, _AMPLE)


def check(account: Account, block: Mapping[str, Any] | None) -> list[Check]:
    """Check the account's concurrency; `block` is the stage's in cdk.json, which a deployment from
    here would take."""
    if block is None:
        return [TOPIC.skipped("no cdk.json here has the stage, so nothing is to be deployed")]
    if value_at(block, "endpoint.enabled", True) is False:
        return [TOPIC.skipped("the stage has no endpoint")]

    def check_concurrency() -> Check:
        limit = account.client("lambda").get_account_settings()["AccountLimit"]
        room = Room(
            limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"], _own(account)
        )
        has_authorizer = value_at(block, "callers.auth", "key") == "key"
        return judge(room, needed(block), account.region, has_authorizer=has_authorizer)

    return [TOPIC.run(_ACTIONS, check_concurrency)]


def needed(block: Mapping[str, Any]) -> int | None:
    """Return the concurrency that a deployment of the block reserves for the gateway and, with
    keys, its authorizer."""
    of_gateway: int | None = value_at(block, "endpoint.reserved_concurrency")
    if of_gateway is None:
        return None
    by_key = value_at(block, "callers.auth", "key") == "key"
    return of_gateway + (min(of_gateway, _MOST_OF_AUTHORIZER) if by_key else 0)


def judge(room: Room, reserved: int | None, region: str, *, has_authorizer: bool = True) -> Check:
    limit = f"the account's {room.limit:,} in {region}"
    if reserved is None and (proposal := room.proposal(has_authorizer=has_authorizer)):
        return TOPIC.warning(
            f"nothing is reserved: the gateway shares {limit} with every other function",
            f"set `endpoint.reserved_concurrency` to {proposal} in the stage's block, or to "
            f"another number that is no less than a burst; {room.most:,} can be reserved in all",
        )
    if reserved is None:
        return TOPIC.warning(
            f"nothing is reserved, and nothing can be: of {limit} Lambda keeps {UNRESERVED} for "
            "functions without a number",
            _more(region),
        )
    if reserved > room.most:
        return TOPIC.failed(
            f"{reserved:,} to be reserved, and at most {room.most:,} can be: of {limit} Lambda "
            f"keeps {UNRESERVED} for functions without a number, and the deployment would fail",
            f"lower `reserved_concurrency`, or set it to null; or {_more(region)}",
        )
    return TOPIC.ok(f"{reserved:,} reserved, of {room.most:,} that can be")


def _own(account: Account) -> int:
    """Return the concurrency that the stage's functions hold already; 0 before its first
    deployment."""
    try:
        outputs = account.deployment.outputs("Gateway")
    except NoTargetError:
        return 0
    ask = account.client("lambda").get_function_concurrency
    answers = [ask(FunctionName=outputs[name]) for name in _FUNCTIONS if name in outputs]
    return sum(answer.get("ReservedConcurrentExecutions", 0) for answer in answers)


def _more(region: str) -> str:
    return (
        "ask for more, which costs nothing: `aws service-quotas request-service-quota-increase "
        f"--service-code lambda --quota-code {_QUOTA} --region {region} --desired-value NUMBER`"
    )
