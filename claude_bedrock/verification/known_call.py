"""What audit log entries and records know of a call, for a third witness to be compared with."""

from typing import NamedTuple

from claude_bedrock.verification.calls import Expectation


class KnownCall(NamedTuple):
    """A call by its entry, its record or both; `at` in seconds since 1970, by the entry where there
    is one.

    `request_id` is empty where Bedrock never told it to the gateway. `expected` is what the entry
    lets expect, None without an entry. `has_record` is true also of a record that cannot be read,
    or is in one of the two destinations. `caller` has the values of CALLER; it is empty without an
    entry."""

    request_id: str
    at: float
    model_id: str
    who: str
    expected: Expectation | None
    has_record: bool
    caller: tuple[str, ...] = ()
