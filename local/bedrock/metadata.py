"""The request metadata header: how a caller labels a call for the invocation log.

https://docs.aws.amazon.com/bedrock/latest/userguide/cost-mgmt-request-metadata.html
"""

from local.bedrock import json_body
from local.bedrock.errors import invalid
from local.bedrock.rules import METADATA_VALUE

HEADER = "x-amzn-bedrock-request-metadata"
MAX_LENGTH = 8500
MAX_ENTRIES = 16
MAX_PART = 256


def read(header: str | None) -> dict[str, str] | None:
    """Return the entries of the header, None without one; raise RefusedError when AWS would."""
    if header is None:
        return None
    if len(header) > MAX_LENGTH:
        raise invalid(f"Request metadata must be at most {MAX_LENGTH} characters long.")
    try:
        entries = json_body.read(header.encode())
    except ValueError as broken:
        raise invalid("Request metadata must be a JSON object of strings.") from broken
    if not isinstance(entries, dict) or not all(isinstance(v, str) for v in entries.values()):
        raise invalid("Request metadata must be a JSON object of strings.")
    if not 1 <= len(entries) <= MAX_ENTRIES:
        raise invalid(f"Request metadata must have 1 to {MAX_ENTRIES} entries.")
    for key, value in entries.items():
        _check(key, at_least=1, what="key")
        _check(value, at_least=0, what="value")
    return entries


def _check(part: str, *, at_least: int, what: str) -> None:
    if not at_least <= len(part) <= MAX_PART:
        raise invalid(f"Request metadata contains a {what} that violates the length limits.")
    if not METADATA_VALUE.fullmatch(part):
        raise invalid(
            f"Request metadata contains a {what} that violates the regular expression "
            r"[a-zA-Z0-9\s:_@$#=/+,-.]*"
        )
