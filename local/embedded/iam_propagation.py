"""IAM that is eventually consistent: a new or changed role holds only after a drawn delay.

Until then AWS denies whoever calls as that role, and Bedrock and API Gateway refuse to use it, in
their words. The delay is off unless local mode is started with one.
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html#troubleshoot_general_eventual-consistency
"""

import logging
import random
from collections.abc import Callable, Mapping
from typing import Any, Final

from ministack.core.router import extract_access_key_id  # type: ignore[import-untyped]
from ministack.services import iam, sts  # type: ignore[import-untyped]
from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

from local.embedded import logging_permissions, time_scale
from local.embedded.reply import Call, Reply, Service, refused

VARIABLE: Final = "EMBEDDED_IAM_DELAY"
_TYPES: Final = ("AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
_FIELDS: Final = ("AssumeRolePolicyDocument", "InlinePolicies", "AttachedPolicies")
_WITH_XML: Final = ("cloudformation", "cloudwatch", "iam", "s3", "sns", "sqs")
_BOOTSTRAP: Final = "cdk-"
"""The roles of `cdk bootstrap` hold at once: who deploys a moment after it meets the CDK's own
error, before anything of ours runs."""
_UNCHECKED_SERVICES: Final = ("sts", "local-answers", "local-authorization")

_log: Final = logging.getLogger(__name__)


class Propagation:
    """Which roles hold already. `draw` gives the seconds that the next change takes."""

    def __init__(self, draw: Callable[[], float], clock: Callable[[], float]) -> None:
        self._draw, self._clock = draw, clock
        self._seen: dict[str, str] = {}
        self._made_at: dict[str, float] = {}
        self._holds_at: dict[str, float] = {}

    def observe(self, roles: Mapping[str, Mapping[str, Any]]) -> None:
        """Take note of what has changed since the last time."""
        for name, role in roles.items():
            if name.startswith(_BOOTSTRAP):
                continue
            state = f"{role['RoleId']} {[role.get(field) for field in _FIELDS]}"
            if self._seen.get(name) != state:
                self._change(name, is_new=not self._seen.get(name, "").startswith(role["RoleId"]))
                self._seen[name] = state
        for name in self._seen.keys() - set(roles):
            del self._seen[name]

    def holds(self, role_name: str) -> bool:
        return self._clock() >= self._holds_at.get(role_name, 0.0)

    def age(self, role_name: str) -> float:
        """Return seconds since the role was made."""
        return self._clock() - self._made_at.get(role_name, 0.0)

    def _change(self, name: str, *, is_new: bool) -> None:
        now, delay = self._clock(), self._draw()
        if is_new:
            self._made_at[name] = now
        self._holds_at[name] = max(self._holds_at.get(name, 0.0), now + delay)
        if delay:
            _log.warning("The role %s holds in %.1f s.", name, delay)


def read_delay(text: str) -> Callable[[], float]:
    """Return a function that draws delays: from "60", that many seconds; from "10-60", a number
    between the two."""
    low, _, high = text.partition("-")
    shortest, longest = float(low), float(high or low)
    return lambda: random.uniform(shortest, longest)  # noqa: S311 - keeps no secret


def add(delay: str) -> Propagation:
    """Has IAM's changes observed; before MiniStack starts."""
    propagation = Propagation(read_delay(delay), time_scale.clock)
    for resource_type in _TYPES:
        handlers = provisioners._RESOURCE_HANDLERS[resource_type]
        for name in ("create", "update"):
            if name in handlers:
                handlers[name] = _observed(handlers[name], propagation)
    return propagation


def _observed(change: Callable[..., Any], propagation: Propagation) -> Callable[..., Any]:
    def handler(*arguments: object, **named: object) -> Any:  # noqa: ANN401 - MiniStack's own
        result = change(*arguments, **named)
        propagation.observe(dict(iam._roles.items()))
        return result

    return handler


def before(name: str, service: Service, propagation: Propagation) -> Service:
    """Return the service, which denies callers whose role does not hold yet."""

    async def handle(call: Call) -> Reply:
        session = sts._sessions.get(extract_access_key_id(call.headers, call.query)) or {}
        caller = str(session.get("Arn", ""))
        if (
            name not in _UNCHECKED_SERVICES
            and caller
            and not propagation.holds(caller.split("/")[1])
        ):
            return _denied(name, caller, call)
        if name == "bedrock" and (refusal := _role_refused(call, propagation)):
            return refusal
        reply = await service(call)
        if name == "iam":
            propagation.observe(dict(iam._roles.items()))
        return reply

    return handle


def _role_refused(call: Call, propagation: Propagation) -> Reply | None:
    """Bedrock's check of the delivery role, which a PutModelInvocationLoggingConfiguration does."""
    if (call.method, call.path) != logging_permissions.SET:
        return None
    logs = (call.content().get("loggingConfig") or {}).get("cloudWatchConfig") or {}
    role = str(logs.get("roleArn", ""))
    if propagation.holds(role.rpartition("/")[2]):
        return None
    return refused("ValidationException", logging_permissions.log_group_fault(logs))


def _denied(name: str, caller: str, call: Call) -> Reply:
    operation = call.headers.get("x-amz-target", "").rpartition(".")[2] or call.method
    message = (
        f"User: {caller} is not authorized to perform: {name}:{operation} because no "
        f"identity-based policy allows the {name}:{operation} action"
    )
    if name not in _WITH_XML:
        return refused("AccessDeniedException", message, 403)
    error = (
        f"<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{message}</Message></Error>"
    )
    body = error if name == "s3" else f"<ErrorResponse>{error}</ErrorResponse>"
    return 403, {"Content-Type": "text/xml"}, body.encode()
