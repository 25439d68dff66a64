"""The caller of a request: by an API key, a token of an OIDC issuer, or an AWS signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from claude_bedrock.caller_sessions import qualified_name
from claude_bedrock.caller_sessions.arn_name import name_of_arn

API_KEY: Final = "api_key"
TOKEN: Final = "token"  # noqa: S105 - a kind of credential
IAM: Final = "iam"

_DEFAULT_PLAN: Final = "default"


class Caller(NamedTuple):
    """What API Gateway has checked of a caller; what it does not tell is empty.

    `name` is the API key's name, the caller claim of the token or, of a signed request, what
    `name_of_arn` returns. `plan` is the usage plan. `credential` is API_KEY, TOKEN or IAM.
    `token_issuer` is the stage's name for the issuer of the token. `arn` is who signed.
    """

    name: str = ""
    team: str = ""
    plan: str = ""
    credential: str = ""
    token_issuer: str = ""
    api_key_id: str = ""
    arn: str = ""

    @property
    def api_key_name(self) -> str:
        return self.name if self.credential == API_KEY else ""

    @property
    def qualified_name(self) -> str:
        """The name that no caller of another credential or issuer has; empty for no caller."""
        if self.credential == TOKEN:
            return qualified_name.of_token(self.token_issuer, self.name)
        return qualified_name.of_key(self.name, self.api_key_id)


def from_event_context(context: Mapping[str, Any]) -> Caller:
    """Return the caller of a REST API's `requestContext`.

    A token's call counts against an API key that nobody holds, whose id says nothing of the caller.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    """
    identity = context.get("identity") or {}
    authorizer = context.get("authorizer") or {}
    arn = identity.get("userArn") or ""
    if issuer := authorizer.get("tokenIssuer"):
        caller, team, plan = (authorizer.get(name) or "" for name in ("caller", "team", "plan"))
        return Caller(caller, team, plan, credential=TOKEN, token_issuer=issuer)
    if key_id := identity.get("apiKeyId"):
        plan = authorizer.get("plan") or _DEFAULT_PLAN
        name = authorizer.get("keyName") or ""
        return Caller(name, plan=plan, credential=API_KEY, api_key_id=key_id, arn=arn)
    return Caller(name_of_arn(arn), credential=IAM, arn=arn) if arn else Caller()
