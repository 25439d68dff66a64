"""The calls in an audit entry of the gateway: by which ids Bedrock was called, and for whom.

The entry's fields are those of docs/operations.md. Bedrock logs InvokeModel and Converse, streamed
or not: https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
"""

import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from claude_bedrock.caller_sessions.qualified_name import of_key, of_token
from claude_bedrock.records.window import UnreadableError
from claude_bedrock.verification import fields

Expectation = Literal["record", "unknown", "refused", "none"]
"""`record`: Bedrock answered 200, by an operation that it logs. `refused`: it answered another
status, or the request was not sent to it whole; AWS documents no record of that. `unknown`: no
status arrived. `none`: counting tokens is not logged."""

CALLER = (
    *("gateway_request_id", "api_key_id", "api_key_name", "caller", "token_issuer"),
    "caller_arn",
)
"""Fields of an audit entry that the gateway also writes into the record's requestMetadata."""
_COUNTING = re.compile(r"count[-_]tokens$")
_UNFIT = re.compile(r"[^a-zA-Z0-9\s:_@$#=/+,.-]")
_LONGEST_VALUE = 256


class Call(NamedTuple):
    """One call of Bedrock. `request_id` is empty where Bedrock never told it; `at` is when the
    request began, in seconds since 1970; `caller` has the values of CALLER. `completed`: the whole
    answer came. `profile_arn` is the team's application inference profile, where that was called;
    None where the entry is of a version that does not say."""

    request_id: str
    at: float
    model_id: str
    expected: Expectation
    caller: tuple[str, ...]
    completed: bool = False
    profile_arn: str | None = ""

    @property
    def who(self) -> str:
        """Who called, as findings name it: the ARN of a signed request, which has the account, else
        the qualified name."""
        _, key_id, key_name, token_caller, issuer, arn = self.caller
        if issuer:
            return of_token(issuer, token_caller)
        return arn or of_key(key_name, key_id)


def calls(entry: Mapping[str, Any], written_at: float) -> Iterator[Call]:
    """Yield the calls of one audit entry, which was written at the end of its request; none where
    the request was answered without Bedrock. Raises UnreadableError."""
    if "model_id" not in entry:
        return
    at = written_at - fields.number(entry, "duration_ms") / 1000
    caller = tuple(fit_metadata(fields.optional_text(entry, name)) for name in CALLER)
    caller = (caller[0], *map(sys.intern, caller[1:]))  # few callers make many calls
    counting = bool(_COUNTING.search(fields.optional_text(entry, "route")))
    for attempt in _attempts(entry):
        expected: Expectation = "none" if counting else _expected(attempt, client_status=0)
        yield _call(attempt, at, caller, expected, completed=False)
    expected = "none" if counting else _expected(entry, fields.number(entry, "status"))
    completed = fields.optional_text(entry, "outcome") == "completed"
    complete = completed and entry.get("upstream_complete", True) is True
    yield _call(entry, at, caller, expected, completed=complete)


def _call(
    attempt: fields.Fields,
    at: float,
    caller: tuple[str, ...],
    expected: Expectation,
    *,
    completed: bool,
) -> Call:
    known = _is_of_this_version(attempt)
    arn = sys.intern(fields.optional_text(attempt, "inference_profile_arn"))
    return Call(
        request_id=fields.optional_text(attempt, "bedrock_request_id"),
        at=at,
        model_id=sys.intern(fields.text(attempt, "model_id")),
        expected=expected,
        caller=caller,
        completed=completed,
        profile_arn=arn if known else None,
    )


def _attempts(entry: fields.Fields) -> list[fields.Fields]:
    attempts = entry.get("earlier_attempts", [])
    if not isinstance(attempts, list) or not all(isinstance(attempt, dict) for attempt in attempts):
        raise UnreadableError("earlier_attempts is not a list of objects")
    return attempts


def _expected(attempt: fields.Fields, client_status: float) -> Expectation:
    if attempt.get("upstream_reached") is False:
        return "refused"
    if "upstream_status" in attempt:
        return "record" if fields.number(attempt, "upstream_status") == 200 else "refused"
    if _is_of_this_version(attempt):
        return "unknown"
    return "record" if client_status == 200 else "unknown"


def _is_of_this_version(attempt: fields.Fields) -> bool:
    """Return whether the gateway that wrote it says what came of Bedrock."""
    return "upstream_complete" in attempt


def fit_metadata(value: str) -> str:
    """Return a value as the gateway fits it into metadata."""
    return _UNFIT.sub("_", value)[:_LONGEST_VALUE]
