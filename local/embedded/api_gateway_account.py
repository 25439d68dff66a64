"""API Gateway's UpdateAccount as AWS limits it: its rate, and the roles that it takes.

https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
"""

import logging
from collections.abc import Callable
from typing import Final

from ministack.services import iam  # type: ignore[import-untyped]

from local.embedded.iam_propagation import Propagation
from local.embedded.reply import Call, Reply, Service, refused

RATE_SECONDS: Final = 20.0
"""1 request every 20 seconds per account; the quota cannot be increased."""
ROLE_SECONDS: Final = 10.0
"""A role that is younger is refused; how long that is so, AWS does not say."""

_log: Final = logging.getLogger(__name__)


def beside(ministack: Service, propagation: Propagation, clock: Callable[[], float]) -> Service:
    """MiniStack's API Gateway, with the limits before it."""
    updated_at = float("-inf")

    async def handle(call: Call) -> Reply:
        nonlocal updated_at
        if (call.method, call.path.strip("/")) != ("PATCH", "account"):
            return await ministack(call)
        if clock() < updated_at + RATE_SECONDS:
            _log.warning("UpdateAccount is throttled.")
            return refused("TooManyRequestsException", "Too Many Requests", 429)
        updated_at = clock()
        return _refusal(call, propagation) or await ministack(call)

    return handle


def _refusal(call: Call, propagation: Propagation) -> Reply | None:
    """In the words of https://github.com/aws/aws-cdk/issues/2194 and others."""
    for change in call.content().get("patchOperations") or []:
        role = str(change.get("value") or "").rpartition("/")[2]
        if (
            change.get("path") == "/cloudwatchRoleArn"
            and role
            and not _is_usable(role, propagation)
        ):
            return refused(
                "BadRequestException",
                "The role ARN does not have required permissions configured. Please grant trust "
                "permission for API Gateway and add the required role policy.",
            )
    return None


def _is_usable(role: str, propagation: Propagation) -> bool:
    is_old_enough = propagation.age(role) >= ROLE_SECONDS
    return role in iam._roles and is_old_enough and propagation.holds(role)
