"""The rows of usage by the gateway's audit log entries, which have tokens and no prompt.

An entry lacks the Region that answered. Of a call that broke off it has the tokens that the gateway
had read until then, where Bedrock's record has all; and a call past the gateway has no entry.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, NamedTuple

from claude_bedrock.caller_sessions.qualified_name import of_metadata
from claude_bedrock.catalog.cost import LONG_PROMPTS, is_standard_tier
from claude_bedrock.cli.usage.rows import Row, unreadable_row
from claude_bedrock.records.log_item import LogItem
from claude_bedrock.records.window import UnreadableError, Window
from claude_bedrock.verification import fields
from claude_bedrock.verification.calls import CALLER, Call, calls

_TOKENS: Final = (
    *("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"),
    "cache_creation_1h_input_tokens",
)
Tokens = tuple[int | None, ...]
"""The counts of _TOKENS; None where the entry has none."""


class _OfEntry(NamedTuple):
    """What an entry says of all its calls; no `service_tier` for the standard one."""

    team: str
    service_tier: str


class _Group(NamedTuple):
    """The fields of a row that its calls have in common."""

    day: str
    caller: str
    team: str
    model_id: str
    above_tokens: int
    service_tier: str


class _Counts:
    """Sums of one group, by the names of a row's fields."""

    def __init__(self) -> None:
        self.calls = self.failed = self.uncounted = self.incomplete = 0
        self.input_tokens = self.output_tokens = 0
        self.cache_read_tokens = self.cache_write_tokens = 0
        self.cache_write_5m_tokens = self.cache_write_1h_tokens = 0

    def add(self, call: Call, tokens: Tokens) -> None:
        """Add a call with its counts."""
        has_failed = call.expected == "refused"
        is_counted = None not in tokens[:2]
        self.calls += 1
        self.failed += has_failed
        self.uncounted += not has_failed and not is_counted
        self.incomplete += not has_failed and is_counted and not call.completed
        input_tokens, output_tokens, cache_read, cache_write = (count or 0 for count in tokens[:4])
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens
        self.cache_read_tokens += cache_read
        self.cache_write_tokens += cache_write
        if (an_hour := tokens[4]) is not None:
            self.cache_write_5m_tokens += cache_write - min(an_hour, cache_write)
            self.cache_write_1h_tokens += min(an_hour, cache_write)


def add_up(entries: Iterable[LogItem], since: datetime, until: datetime) -> list[Row]:
    """Add up the calls of the window (UTC). An entry that came twice counts once. A request that
    was answered without Bedrock is no call, nor is one that counted tokens, or that the gateway
    could not send. Holds a number for each request, and the sums of each group."""
    window = Window(since.timestamp(), until.timestamp(), until.timestamp())
    groups: dict[_Group, _Counts] = {}
    unreadable: list[Row] = []
    seen: set[int] = set()
    for item in entries:
        try:
            for call, tokens, of_entry in _calls(item, seen):
                if window.holds(call.at):
                    group = _group(call, tokens, of_entry)
                    groups.setdefault(group, _Counts()).add(call, tokens)
        except UnreadableError:
            if item.may_be_in(window):
                unreadable.append(unreadable_row(item.source))
    rows = (
        Row(answered_in="", **group._asdict(), **vars(groups[group])) for group in sorted(groups)
    )
    return [*rows, *unreadable]


def _calls(item: LogItem, seen: set[int]) -> list[tuple[Call, Tokens, _OfEntry]]:
    """Return the calls of an entry that reached Bedrock, each with its counts and what its entry
    says of all; none of an entry whose request is in `seen`, where it is put. Raises
    UnreadableError."""
    if item.content is None:
        raise UnreadableError(item.fault)
    entry = item.content
    made = list(calls(entry, item.at))
    attempts = [*entry.get("earlier_attempts", []), entry] if "model_id" in entry else []
    tier = fields.optional_text(entry, "service_tier")
    named = "" if is_standard_tier(tier or None) else tier
    of_entry = _OfEntry(fields.optional_text(entry, "team"), named)
    reached = [
        (call, _tokens(attempt), of_entry)
        for call, attempt in zip(made, attempts, strict=True)
        if call.expected != "none" and attempt.get("upstream_reached") is not False
    ]
    request = hash(entry.get("gateway_request_id") or item.source)
    is_new = request not in seen
    seen.add(request)
    return reached if is_new else []


def _tokens(attempt: fields.Fields) -> Tokens:
    counts = (attempt.get(name) for name in _TOKENS)
    return tuple(count if type(count) is int else None for count in counts)


def _group(call: Call, tokens: Tokens, of_entry: _OfEntry) -> _Group:
    input_tokens, _, *cached = (count or 0 for count in tokens[:4])
    prompt_tokens = input_tokens + sum(cached)
    return _Group(
        day=f"{datetime.fromtimestamp(call.at, UTC):%Y-%m-%d}",
        caller=of_metadata(dict(zip(CALLER, call.caller, strict=True))),
        team=of_entry.team,
        service_tier=of_entry.service_tier,
        model_id=call.profile_arn or call.model_id,
        above_tokens=max((length for length in LONG_PROMPTS if prompt_tokens > length), default=0),
    )
