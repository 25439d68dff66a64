"""API Gateway's own error responses: Anthropic's errors and Bedrock's exceptions in one, since
they come before the client's format is known."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from aws_cdk import aws_apigateway as apigateway

EXPOSED = (  # the headers of an answer that a page may read, as gateway.cors has them
    *("request-id", "retry-after", "x-should-retry", "x-gateway-model-id", "x-gateway-adapted"),
    *("deprecation", "sunset", "x-amzn-requestid", "x-amzn-errortype"),
)
NO_RETRY = {"x-should-retry": "'false'"}


class Refusal(NamedTuple):
    """Status (None: API Gateway's own), both formats' names for it, sentence, headers."""

    status: int | None
    error: str
    exception: str
    message: str
    headers: Mapping[str, str] = {}


_ASK = "Ask the operator of this endpoint."
_SLOWER = "Send fewer requests a second, or ask the operator of this endpoint for another plan."
_NEXT_PERIOD = "Wait for the plan's next period, or ask the operator of this endpoint for more."
_KEY = "Send a key of this endpoint as x-api-key or as Authorization: Bearer."
_NO_ROUTE = Refusal(
    404,
    "not_found_error",
    "ResourceNotFoundException",
    "There is no such route here. Check the base URL of your client.",
)
_NO_KEY = Refusal(
    401,
    "authentication_error",
    "UnrecognizedClientException",
    f"There is no API key, or one header holds several. {_KEY}",
    NO_RETRY,
)
_WRONG_KEY = Refusal(
    401,
    "authentication_error",
    "UnrecognizedClientException",
    f"The API key in $context.authorizer.keyHeader is not valid. {_KEY} If you send both, "
    f"x-api-key counts.",
    NO_RETRY,
)
_BROKEN_AUTHORIZER = Refusal(
    500, "api_error", "InternalServerException", "The API key could not be checked. Try again."
)

# The response types: https://docs.aws.amazon.com/apigateway/latest/developerguide/
# supported-gateway-response-types.html. The errors: https://platform.claude.com/docs/en/api/errors
REFUSALS: Mapping[str, Refusal] = {
    "MISSING_AUTHENTICATION_TOKEN": _NO_ROUTE,  # what API Gateway calls an unknown route
    "RESOURCE_NOT_FOUND": _NO_ROUTE,
    "UNAUTHORIZED": _NO_KEY,
    "INVALID_API_KEY": _WRONG_KEY,
    "ACCESS_DENIED": Refusal(
        403, "permission_error", "AccessDeniedException", f"This key may not do that. {_ASK}"
    ),
    "WAF_FILTERED": Refusal(
        403,
        "permission_error",
        "AccessDeniedException",
        f"A firewall rule refused the request. {_ASK}",
    ),
    "THROTTLED": Refusal(
        429,
        "rate_limit_error",
        "ThrottlingException",
        f"This key sends too fast for its plan. {_SLOWER}",
        {"retry-after": "'1'"},
    ),
    "QUOTA_EXCEEDED": Refusal(
        429,
        "rate_limit_error",
        "ThrottlingException",
        f"This key has used up its plan's quota. {_NEXT_PERIOD}",
        {"retry-after": "'3600'", **NO_RETRY},
    ),
    "REQUEST_TOO_LARGE": Refusal(
        413,
        "request_too_large",
        "ValidationException",
        "The request is too large: API Gateway takes 10 MB, and Lambda 6 MB, counting headers and "
        "escaped characters. Shorten it.",
    ),
    "UNSUPPORTED_MEDIA_TYPE": Refusal(
        415,
        "invalid_request_error",
        "ValidationException",
        "Content-Encoding: this endpoint takes gzip and deflate, or a body that is not compressed.",
    ),
    "BAD_REQUEST_BODY": Refusal(
        400,
        "invalid_request_error",
        "ValidationException",
        "The body must be a JSON object with model (a string), max_tokens (a whole number) "
        "and messages (an array).",
    ),
    "INTEGRATION_TIMEOUT": Refusal(
        504,
        "timeout_error",
        "ModelTimeoutException",
        "The gateway took too long to answer. Lower max_tokens.",
    ),
    "AUTHORIZER_FAILURE": _BROKEN_AUTHORIZER,
    "AUTHORIZER_CONFIGURATION_ERROR": _BROKEN_AUTHORIZER,
    # A template of a gateway response takes variables but no conditions, so one sentence serves
    # every status: https://docs.aws.amazon.com/apigateway/latest/developerguide/
    # api-gateway-mapping-template-reference.html. The sizes: .../
    # api-gateway-execution-service-limits-table.html
    "DEFAULT_4XX": Refusal(
        None,
        "invalid_request_error",
        "ValidationException",
        "API Gateway refused the request; the HTTP status says why. 431: the headers exceed 20,480 "
        "bytes in all (8,000 on a private endpoint): send fewer or shorter ones. 414: the path is "
        "too long. 400: API Gateway cannot read the request line, the query or a header. Otherwise "
        "give the endpoint's operator this request id, to look for in the access log.",
    ),
    "DEFAULT_5XX": Refusal(
        None, "api_error", "InternalServerException", "API Gateway failed. Try again."
    ),
}

_CREDENTIAL = (
    "Send a key of this endpoint, or a token of one of its issuers, as x-api-key or as "
    "Authorization: Bearer."
)
# Where there are token issuers. The 401 of a token says nothing of a retry: Claude Code (2.1.332)
# calls its apiKeyHelper again after a 401, unless x-should-retry is false.
# https://code.claude.com/docs/en/settings
TOKEN_REFUSALS: Mapping[str, Refusal] = {
    **REFUSALS,
    "UNAUTHORIZED": Refusal(
        401,
        "authentication_error",
        "UnrecognizedClientException",
        "There is no credential, one header holds several, or the token is not valid or has "
        f"ended. {_CREDENTIAL} Sign in again for another token.",
    ),
    "INVALID_API_KEY": _WRONG_KEY._replace(
        message="The API key in $context.authorizer.keyHeader is not valid. "
        f"{_CREDENTIAL} If you send both, x-api-key counts."
    ),
    "ACCESS_DENIED": Refusal(
        403,
        "permission_error",
        "AccessDeniedException",
        "The token is valid, but this endpoint does not admit its holder: a claim that it requires "
        "is missing, or the caller's name or team cannot be used. The operator finds the reason "
        "by this request id in the authorizer's log.",
        NO_RETRY,
    ),
    "THROTTLED": REFUSALS["THROTTLED"]._replace(
        message="This key, or the callers of this token's issuer together, send too fast for the "
        f"plan. {_SLOWER}"
    ),
    "QUOTA_EXCEEDED": REFUSALS["QUOTA_EXCEEDED"]._replace(
        message="This key, or the callers of this token's issuer together, have used up the plan's "
        f"quota. {_NEXT_PERIOD}"
    ),
    "AUTHORIZER_FAILURE": Refusal(
        503,
        "api_error",
        "ServiceUnavailableException",
        "The credential could not be checked: the token's issuer does not answer, or the "
        "authorizer failed. Try again.",
        {"retry-after": "'5'"},
    ),
}

_OF_KEYS = {"UNAUTHORIZED", "INVALID_API_KEY", "QUOTA_EXCEEDED"}
_OF_AUTHORIZER = {"AUTHORIZER_FAILURE", "AUTHORIZER_CONFIGURATION_ERROR"}
_SIGN = "Sign the request with IAM credentials (SigV4, service execute-api)."

# Where requests are signed. Every path is a route there, so a missing token is what its name says.
SIGNED_REFUSALS: Mapping[str, Refusal] = {
    **{name: REFUSALS[name] for name in REFUSALS if name not in _OF_KEYS | _OF_AUTHORIZER},
    "MISSING_AUTHENTICATION_TOKEN": Refusal(
        401,
        "authentication_error",
        "MissingAuthenticationTokenException",
        f"The request is not signed. {_SIGN}",
        NO_RETRY,
    ),
    "INVALID_SIGNATURE": Refusal(
        401,
        "authentication_error",
        "InvalidSignatureException",
        f"The signature is not valid, or too old. {_SIGN}",
        NO_RETRY,
    ),
    "EXPIRED_TOKEN": Refusal(
        401,
        "authentication_error",
        "ExpiredTokenException",
        "The credentials that signed the request have expired. Sign it with new ones.",
        NO_RETRY,
    ),
    "ACCESS_DENIED": Refusal(
        403,
        "permission_error",
        "AccessDeniedException",
        "IAM does not let the caller use this endpoint. Ask its operator for the policy that does.",
    ),
    "THROTTLED": Refusal(
        429,
        "rate_limit_error",
        "ThrottlingException",
        "More requests come than this endpoint takes at once. Send fewer, or wait a second.",
        {"retry-after": "'1'"},
    ),
}


def of_networks(refusals: Mapping[str, Refusal]) -> dict[str, Refusal]:
    """Return the refusals of an API that takes requests from some networks only."""
    denied = refusals["ACCESS_DENIED"]
    first, rest = denied.message[0], denied.message[1:]
    reason = f"{first.lower()}{rest}" if rest[0].islower() else denied.message
    text = f"Either this endpoint does not take requests from your network address, or {reason}"
    return {**refusals, "ACCESS_DENIED": denied._replace(message=text)}


def add_error_responses(
    api: apigateway.RestApi, refusals: Mapping[str, Refusal], cors_origins: Sequence[str] = ()
) -> None:
    """Give `api` a response for each way in which it may refuse a request by itself."""
    cors = _cors(cors_origins)
    for name, refusal in refusals.items():
        api.add_gateway_response(
            f"Response{name.title().replace('_', '')}",
            type=apigateway.ResponseType.of(name),
            status_code=str(refusal.status) if refusal.status else None,
            response_headers={**_headers(refusal), **cors},
            templates={"application/json": _template(refusal)},
        )


def _cors(origins: Sequence[str]) -> dict[str, str]:
    """Return the CORS headers that let a page read a refusal, as gateway.cors sets them. API
    Gateway cannot choose one of several origins: it returns the origin of the request, which may
    read no more than that it was refused."""
    if not origins:
        return {}
    (first, *others) = origins
    return {
        "vary": "'Origin'",
        "access-control-allow-origin": "method.request.header.Origin" if others else f"'{first}'",
        "access-control-expose-headers": f"'{', '.join(EXPOSED)}'",
    }


def _headers(refusal: Refusal) -> dict[str, str]:
    return {
        "request-id": "context.requestId",
        "x-amzn-errortype": f"'{refusal.exception}'",
        **refusal.headers,
    }


def _template(refusal: Refusal) -> str:
    """Return the mapping template of Anthropic's error object, with the `message` that Bedrock's
    clients read."""
    error = {"type": refusal.error, "message": refusal.message}
    about = {"request_id": "$context.requestId", "message": refusal.message}
    return json.dumps({"type": "error", "error": error, **about})
