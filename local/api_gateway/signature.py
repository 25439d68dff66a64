"""Authorization of type AWS_IAM: who signed the request, and whether IAM lets them call.

https://docs.aws.amazon.com/apigateway/latest/developerguide/permissions.html
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from local.api_gateway.definition import Api
from local.api_gateway.event import method_arn
from local.api_gateway.exchange import Exchange
from local.api_gateway.refusals import RefusedError
from local.bedrock import errors
from local.bedrock.caller import Caller, Signed, authenticate

SERVICE = "execute-api"
# AWS does not say which type of gateway response an unknown access key gets, nor a header that is
# no signature: https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
_KINDS: Mapping[str, str] = {
    "MissingAuthenticationTokenException": "MISSING_AUTHENTICATION_TOKEN",
    "ExpiredTokenException": "EXPIRED_TOKEN",
}
_OTHERWISE = "INVALID_SIGNATURE"

Callers = Callable[[str], Caller | None]
"""Access key id -> who signs with it."""
Allow = Callable[[Caller, str, str], bool]
"""Whether the caller may do the action on the resource."""


class Signatures:
    """Blocks while it asks IAM."""

    def __init__(
        self,
        callers: Callers,
        allow: Allow,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._callers = callers
        self._allow = allow
        self._now = now

    def caller(self, exchange: Exchange, api: Api) -> Caller:
        """Return who signed. Raises RefusedError, of a kind for each way in which that fails."""
        path = f"{exchange.prefix}{exchange.path}"
        headers: dict[str, str] = {}
        for name, value in exchange.headers:  # lines of one name are signed as one
            headers[name] = f"{headers[name]},{value}" if name in headers else value
        signed = Signed(exchange.verb, path, exchange.query, headers, exchange.body)
        try:
            caller = authenticate(
                signed,
                callers=self._callers,
                region=api.region,
                now=self._now(),
                service=SERVICE,
            )
        except errors.RefusedError as refused:
            kind = _KINDS.get(refused.name, _OTHERWISE)
            raise RefusedError(kind, message=refused.message) from refused
        if not self._allow(caller, "execute-api:Invoke", method_arn(exchange, api)):
            raise RefusedError("ACCESS_DENIED")
        return caller


def nobody(_access_key_id: str) -> Caller | None:
    """For an API that asks for no signature."""
    return None


def nothing(_caller: Caller, _action: str, _resource: str) -> bool:
    """Let nobody do anything."""
    return False
