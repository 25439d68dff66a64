"""What an audit line of the gateway says of calls: by which ids Bedrock was asked, and for whom.

The line's fields are those of docs/operations.md. Bedrock logs InvokeModel and Converse, streamed
or not: https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

Expectation = Literal["record", "unknown", "none"]
"""`record`: Bedrock took the call, by an operation that it logs. `unknown`: it refused the call, or
its answer was lost; no page says whether it logs that. `none`: counting tokens is not logged."""

CALLER = ("gateway_request_id", "api_key_id", "api_key_name", "caller_arn")
"""Fields of an audit line that the gateway also writes into the record's requestMetadata."""
_COUNTING = re.compile(r"count[-_]tokens$")
_UNFIT = re.compile(r"[^a-zA-Z0-9\s:_@$#=/+,.-]")
_LONGEST_VALUE = 256


class Call(NamedTuple):
    """One call of Bedrock. `request_id` is empty where Bedrock never told it; `at` is when the
    request began, in seconds since 1970; `caller` has the values of CALLER."""

    request_id: str
    at: float
    model_id: str
    expected: Expectation
    caller: tuple[str, ...]

    @property
    def who(self) -> str:
        _, key_id, key_name, arn = self.caller
        return key_name or arn or key_id


def calls(line: Mapping[str, Any], written_at: float) -> Iterator[Call]:
    """The calls of one audit line, which was written at the end of its request; none where the
    request was answered without Bedrock."""
    if "model_id" not in line:
        return
    at = written_at - line.get("duration_ms", 0) / 1000
    caller = tuple(_fitting(line.get(name, "")) for name in CALLER)
    for attempt in line.get("earlier_attempts", []):
        refused = _expected(line, status=0)
        yield Call(attempt["bedrock_request_id"], at, attempt["model_id"], refused, caller)
    last = _expected(line, line.get("status", 0))
    yield Call(line.get("bedrock_request_id", ""), at, line["model_id"], last, caller)


def _expected(line: Mapping[str, Any], status: int) -> Expectation:
    if _COUNTING.search(line.get("route", "")):
        return "none"
    return "record" if status == 200 else "unknown"


def _fitting(value: str) -> str:
    """As the gateway fits a value into metadata."""
    return _UNFIT.sub("_", value)[:_LONGEST_VALUE]
