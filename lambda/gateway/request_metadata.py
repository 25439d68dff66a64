"""The request metadata of a call: what Bedrock's invocation log record says of the caller.

https://docs.aws.amazon.com/bedrock/latest/userguide/cost-mgmt-request-metadata.html
"""

import json
import re
from collections.abc import Mapping
from typing import Final

from gateway import errors
from gateway.caller_options import METADATA_HEADER
from gateway.request_context import RequestContext

_CLIENT_PREFIX: Final = "client_"
_REFUSED_CHARACTERS: Final = r"[^a-zA-Z0-9\s:_@$#=/+,.-]"
_MAX_VALUE: Final = 256  # characters
_MAX_ENTRIES: Final = 16
_NOT_STRINGS: Final = (
    "The request metadata must be a JSON object whose values are strings. Change it, or send the "
    "request without it."
)


def request_metadata(
    context: RequestContext, in_body: Mapping[str, object] | None = None
) -> dict[str, str]:
    """Return the metadata for Bedrock. A client's own, from the header or `in_body`, is under a
    prefix, so that the gateway's entries are the gateway's alone. Raises InvalidRequest."""
    request, caller = context.request, context.caller
    of_client = {**_from_header(request.headers.get(METADATA_HEADER, "")), **(in_body or {})}
    if not all(isinstance(value, str) for value in of_client.values()):
        raise errors.InvalidRequest(_NOT_STRINGS)
    of_gateway = {
        "api_key_id": caller.api_key_id,
        "api_key_name": caller.api_key_name,
        "caller": _sanitized(caller.name) if caller.token_issuer else "",
        "token_issuer": caller.token_issuer,
        "team": caller.team,
        "caller_arn": _sanitized(caller.arn),
        "gateway_request_id": request.id,
    }
    own = {name: value for name, value in of_gateway.items() if value}
    most = _MAX_ENTRIES - len(own)
    if len(of_client) > most:
        raise errors.InvalidRequest(
            f"The request metadata has {len(of_client)} entries. Bedrock takes {_MAX_ENTRIES} in "
            f"all, and the gateway adds {len(own)}: send {most} at most."
        )
    return {
        **{f"{_CLIENT_PREFIX}{name}": str(value) for name, value in of_client.items()},
        **own,
    }


def _sanitized(value: str) -> str:
    """Return what Bedrock takes of a value of metadata; a path in a user's ARN may hold more.

    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
    """
    return re.sub(_REFUSED_CHARACTERS, "_", value)[:_MAX_VALUE] if value else ""


def _from_header(header: str) -> dict[str, object]:
    if not header:
        return {}
    try:
        content = json.loads(header)
    except (ValueError, RecursionError) as error:
        raise errors.InvalidRequest(
            f"{METADATA_HEADER}: The request metadata is not valid JSON. Send a JSON object whose "
            f"values are strings."
        ) from error
    if not isinstance(content, dict):
        raise errors.InvalidRequest(_NOT_STRINGS)
    return content
