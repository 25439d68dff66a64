"""The check of replaced API keys: whether each was switched off at its end, which a scheduled
function of the stage does (lambda/api_key_expiry), since API Gateway knows no end of a key."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from claude_bedrock.cli.doctor.check import Check, Topic
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.doctor.gateway_outputs import check_output
from claude_bedrock.cli.keys.api_keys import Key, Keys

TOPIC: Final = Topic("replaced keys")
_OVERDUE_AFTER: Final = timedelta(minutes=15)
"""The function runs every five minutes; one run may be throttled, and one late."""


def check(account: Account) -> list[Check]:
    """Check the keys of the stage, without their values."""

    def check_keys(_outputs: Mapping[str, str]) -> Check:
        return judge(Keys(account.deployment).all(), datetime.now(UTC))

    return check_output(
        account,
        TOPIC,
        "ApiKeyIds",
        check_keys,
        absent="the stage has no keys",
        actions="apigateway:GET and cloudformation:DescribeStacks",
    )


def judge(keys: Iterable[Key], now: datetime) -> Check:
    """Judge the keys that a rotation has replaced and that still work."""
    replaced = [key for key in keys if key.enabled and key.is_replaced]
    overdue = sorted(
        f"{key.name} ({key.id})"
        for key in replaced
        if key.ends is None or key.ends <= now - _OVERDUE_AFTER
    )
    if overdue:
        return TOPIC.failed(
            f"still on after their end, or with an end that is no time: {', '.join(overdue)}",
            "revoke each by `claude-bedrock keys revoke NAME --replaced-only`, then follow "
            "docs/runbooks/ApiKeyExpiryErrors.md",
        )
    if not replaced:
        return TOPIC.ok("none works")
    return TOPIC.ok(f"{len(replaced)} work until their end")
