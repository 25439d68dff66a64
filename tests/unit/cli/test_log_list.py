"""Which calls a list has, and that it shows what was said only when asked."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock.caller_sessions.session_name import session_name
from claude_bedrock.cli.logs import command
from claude_bedrock.cli.logs.body_text import body_text
from claude_bedrock.cli.logs.caller_pattern import caller_pattern
from claude_bedrock.cli.logs.command import _as_text
from claude_bedrock.cli.logs.listing import (
    CallsRead,
    Line,
    LogFilter,
    Unreadable,
    followed,
    is_match,
    line_of,
    lines,
)
from claude_bedrock.cli.logs.no_match import no_match
from claude_bedrock.records.destinations import Destinations
from claude_bedrock.records.invocation_records import Records
from claude_bedrock.verification.calls import fit_metadata
from claude_bedrock.verification.period import Period
from local.embedded.filter_patterns import compiled

NOW = datetime.now(UTC).replace(microsecond=0)
SINCE = NOW - timedelta(hours=2)
LARGE = "s3://the-bucket/data/large_input.json.gz"
MODEL = "global.anthropic.claude-opus-5-5"


def record(request_id: str, prompt: str = "Hello", **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "timestamp": f"{NOW - timedelta(minutes=30):%Y-%m-%dT%H:%M:%SZ}",
        "requestId": request_id,
        "modelId": MODEL,
        "operation": "InvokeModel",
        "requestMetadata": {"api_key_name": "search.web"},
        "input": {"inputBodyJson": request_of(prompt), "inputTokenCount": 7},
        "output": {"outputBodyJson": {"content": [{"type": "text", "text": "Good day"}]}},
        **fields,
    }


def request_of(prompt: str) -> dict[str, Any]:
    return {"anthropic_version": "bedrock", "messages": [{"role": "user", "content": prompt}]}


class Logs:
    """CloudWatch Logs that has some events now and others later, and a bucket with one body."""

    def __init__(self, *batches: list[dict[str, Any]]) -> None:
        self._batches = list(batches)
        self.fetched = 0
        self.sent = 0

    def get_paginator(self, _: str) -> "Logs":
        return self

    def paginate(self, **_: object) -> Iterator[dict[str, Any]]:
        yield self.filter_log_events()

    def filter_log_events(self, filterPattern: str = "", **_: object) -> dict[str, Any]:  # noqa: N803 - boto3's
        batch = self._batches.pop(0) if len(self._batches) > 1 else self._batches[0]
        matches = compiled(filterPattern)
        events = [text for event in batch if matches(text := json.dumps(event))]
        self.sent += len(events)
        return {
            "events": [
                {"eventId": str(number), "timestamp": 0, "message": message}
                for number, message in enumerate(["Permissions are correctly set.", *events])
            ]
        }

    def get_object(self, **_: object) -> dict[str, Any]:
        self.fetched += 1
        return {"Body": self}

    def read(self) -> bytes:
        return gzip.compress(json.dumps(request_of("A very long contract")).encode())

    def records(self) -> Records:
        return Records(Destinations("1", "us-east-1", "/g", "the-bucket"), logs=self, s3=self)


def listed(log_filter: LogFilter, *contents: dict[str, Any], content: bool = False) -> list[Line]:
    records, unreadable = Logs(list(contents)).records(), Unreadable()
    return list(lines(records, SINCE, NOW, log_filter, unreadable, content=content))


EVERY = [
    record("plain"),
    record("other", requestMetadata={}, identity={"arn": "arn:aws:iam::1:user/Anna"}),
    record("failed", errorCode="ThrottlingException", output=None),
    record("haiku", modelId="us.anthropic.claude-haiku-4-5-20251001-v1:0"),
    record("said", "Where is the Straße?"),
    record("large", input={"inputBodyS3Path": LARGE}),
    record("plain"),
    record("before", timestamp="2020-01-01T00:00:00Z"),
]


@pytest.mark.parametrize(
    ("log_filter", "ids"),
    [
        (LogFilter(), ["plain", "other", "failed", "haiku", "said", "large"]),
        (LogFilter(caller="anna"), ["other"]),
        (LogFilter(caller="SEARCH", model="claude-haiku-4-5"), ["haiku"]),
        (LogFilter(model="haiku"), ["haiku"]),
        (LogFilter(model="HAIKU"), ["haiku"]),
        (LogFilter(model="Claude-Haiku-4.5"), ["haiku"]),
        (LogFilter(model="US.ANTHROPIC.claude-haiku-4-5-20251001-v1:0"), ["haiku"]),
        (LogFilter(text="STRASSE"), ["said"]),
        (LogFilter(text="long contract"), ["large"]),
        (LogFilter(text="good day", caller="anna"), ["other"]),
        (LogFilter(text="bedrock"), []),
        (LogFilter(request_id="haiku"), ["haiku"]),
        (LogFilter(request_id="haiku", caller="nobody"), []),
    ],
)
def test_only_what_fits_is_listed_each_call_once(log_filter: LogFilter, ids: list[str]) -> None:
    assert [line.request_id for line in listed(log_filter, *EVERY)] == ids


def test_the_end_of_a_window_is_not_in_it() -> None:
    at_the_end = record("end", timestamp=f"{NOW:%Y-%m-%dT%H:%M:%SZ}")
    until = NOW.replace(microsecond=0)
    records = Logs([at_the_end]).records()

    def ids(end: datetime) -> list[str]:
        found = lines(records, SINCE, end, LogFilter(), Unreadable(), content=False)
        return [line.request_id for line in found]

    assert ids(until) == []
    assert ids(until + timedelta(microseconds=1)) == ["end"]


def test_a_line_has_caller_model_tokens_and_status_and_no_content() -> None:
    plain, _, failed, *_ = listed(LogFilter(), *EVERY)

    assert (plain.who, plain.model_id, plain.input_tokens) == ("search.web", MODEL, 7)
    assert (plain.output_tokens, plain.status, failed.status) == (None, "ok", "ThrottlingException")
    assert "Hello" not in str(listed(LogFilter(text="hello"), *EVERY))


def test_content_is_printed_on_request() -> None:
    (line,) = listed(LogFilter(request_id="said"), *EVERY, content=True)
    assert line.content == {"prompt": "Where is the Straße?", "completion": "Good day"}


def test_no_large_body_is_fetched_to_show_who_called() -> None:
    logs = Logs(EVERY)
    list(lines(logs.records(), SINCE, NOW, LogFilter(), Unreadable(), content=False))
    assert logs.fetched == 0


class InTime(Logs):
    """CloudWatch Logs whose events lie 10 minutes apart."""

    def filter_log_events(self, filterPattern: str = "", **request: object) -> dict[str, Any]:  # noqa: N803 - boto3's
        events = super().filter_log_events(filterPattern)["events"]
        begin = int(SINCE.timestamp() * 1000)
        timed = [{**event, "timestamp": begin + n * 600_000} for n, event in enumerate(events)]
        first, last = request["startTime"], request["endTime"]
        return {"events": [event for event in timed if first <= event["timestamp"] <= last]}


def test_calls_are_listed_in_the_order_in_which_they_came() -> None:
    ids = [str(number) for number in range(9)]
    logs = InTime([record(id_) for id_ in ids])

    listed_lines = lines(logs.records(), SINCE, NOW, LogFilter(), Unreadable(), content=False)

    assert [line.request_id for line in listed_lines] == ids


def test_following_goes_on_with_what_comes_and_repeats_nothing() -> None:
    logs, waited = Logs([record("1")], [record("1"), record("2")]), list[float]()
    listed_lines = followed(
        logs.records(), SINCE, LogFilter(), Unreadable(), content=False, pause=waited.append
    )

    assert [line.request_id for line in islice(listed_lines, 2)] == ["1", "2"]
    assert len(waited) == 1


def test_a_streams_pieces_are_one_text_whatever_they_were_cut_into() -> None:
    events = [
        {"type": "message_start", "message": {"role": "assistant", "content": []}},
        *(
            {"type": "content_block_delta", "delta": {"text": part}}
            for part in ("Ga", "llia", " est")
        ),
        {"type": "message_stop"},
    ]
    assert body_text(events) == "Gallia est"
    assert body_text({"output": {"message": {"content": [{"text": "a"}, {"text": "b"}]}}}) == "a\nb"
    assert body_text(None) == ""


@pytest.mark.parametrize(
    "fields",
    [
        {"requestId": None},
        {"timestamp": None},
        {"timestamp": 7},
        {"requestMetadata": ["secret"]},
        {"identity": "secret", "requestMetadata": None},
        {"input": "secret"},
        {"errorCode": 7},
    ],
)
def test_a_record_that_cannot_be_read_is_counted_and_the_list_goes_on(
    fields: dict[str, Any],
) -> None:
    unreadable = Unreadable()
    records = Logs([record("1"), record("2", **fields), record("3")]).records()

    listed_lines = list(lines(records, SINCE, NOW, LogFilter(), unreadable, content=True))

    assert [line.request_id for line in listed_lines] == ["1", "3"]
    assert str(unreadable) == (
        "1 record could not be read, the first in log group /g, event 2: "
        "`claude-bedrock verify` names each"
    )


def test_a_record_is_printed_whose_body_has_another_form_unless_that_is_requested() -> None:
    odd = record("1", output=None)
    assert [line.request_id for line in listed(LogFilter(), odd, content=True)] == ["1"]


def test_a_body_that_is_nested_too_deeply_does_not_end_the_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def too_deep(body: object) -> str:
        if "deep" in str(body):
            raise RecursionError
        return body_text(body)

    monkeypatch.setattr("claude_bedrock.cli.logs.listing.body_text", too_deep)
    unreadable = Unreadable()
    records = Logs([record("1", "deep"), record("2")]).records()

    listed_lines = list(lines(records, SINCE, NOW, LogFilter(), unreadable, content=True))

    assert [line.request_id for line in listed_lines] == ["2"]
    assert str(unreadable).startswith("1 record could not be read")


def unmatched(log_filter: LogFilter, *contents: dict[str, Any]) -> str:
    read = CallsRead()
    records = Logs(list(contents)).records()
    assert not list(lines(records, SINCE, NOW, log_filter, Unreadable(), content=False, read=read))
    return no_match(log_filter, Period(SINCE, NOW, timedelta(), NOW), read)


def test_where_nothing_matches_it_prints_what_there_is() -> None:
    sentence = unmatched(LogFilter(text="Quincunx"), *EVERY[:4])
    assert (
        "matches --contains Quincunx: 4 are, by arn:aws:iam::1:user/Anna, search.web, " in sentence
    )
    assert "of claude-haiku-4-5, claude-opus-5-5" in sentence
    alone = unmatched(LogFilter(caller="nobody"), *EVERY[:4])
    assert alone.startswith("No call with --caller nobody is on record")
    assert alone.endswith("the list without --caller shows other callers.")
    assert "with --request-id r9 is on record" in unmatched(LogFilter(request_id="r9"))


@pytest.mark.parametrize(
    ("model", "hint"),
    [
        ("claude-haku-4.5", "no model 'claude-haku-4.5'. Is claude-haiku-4-5 meant?"),
        ("gpt", "no model 'gpt'."),
        ("claude-haiku-4-5", ""),
    ],
)
def test_a_model_that_there_is_not_is_reported(model: str, hint: str) -> None:
    sentence = unmatched(LogFilter(model=model), record("plain"))

    assert sentence.endswith(hint)
    assert ("The catalog has no model" in sentence) == bool(hint)


@pytest.mark.parametrize("terminal", [True, False])
def test_a_prompt_is_printed_and_not_obeyed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    monkeypatch.setattr(command, "is_terminal", lambda: terminal)
    forged = "a\x1b[4A\x1b[J\x07\r\x9b2J\u202e\n2026-11-01T00:00:00Z  r2  ok"
    (line,) = listed(
        LogFilter(),
        record("r1\n2026", forged, requestMetadata={"api_key_name": "x\x1b[1A\nforged"}),
        content=True,
    )

    _as_text(line)

    printed = capsys.readouterr().out
    assert "␛[4A␛[J␇␍\\x9b2J\\u202e" in printed
    assert not {"\x1b", "\x07", "\r", "\x9b", "\u202e"} & set(printed)
    rest = [" ", " ", " ", " "] if terminal else []
    assert [line[:1] for line in printed.splitlines()] == [printed[0], *rest]


def test_records_of_other_callers_are_left_out_by_cloudwatch_itself() -> None:
    logs = Logs(list(EVERY[:4]))
    listed_lines = list(
        lines(logs.records(), SINCE, NOW, LogFilter(caller="ANNA"), Unreadable(), content=False)
    )

    assert [line.who for line in listed_lines] == ["arn:aws:iam::1:user/Anna"]
    assert logs.sent == 1


NAMES = st.text('abcXYZ019._-@/: äßİ\u212a\n"', min_size=2, max_size=80)
ROLE = "arn:aws:sts::123456789012:assumed-role/claude-on-bedrock-dev-us-east-1-caller"


@given(
    st.one_of(
        NAMES.map(lambda name: ({"caller": fit_metadata(name), "token_issuer": "corp"}, ROLE)),
        NAMES.map(lambda name: ({}, f"{ROLE}/{session_name(name)}")),
        st.just(({"api_key_id": "k1ab"}, ROLE)),
        st.sampled_from(
            [
                *("arn:aws:sts::1:assumed-role/R/anna", "arn:aws:iam::1:user/path/anna"),
                *("arn:aws:iam::1:root", "arn:aws:sts::1:federated-user/bob"),
            ]
        ).map(lambda arn: ({"caller_arn": arn}, ROLE)),
    ),
    st.data(),
)
def test_the_pattern_matches_each_record_of_the_caller(
    of_record_: tuple[dict[str, str], str], data: st.DataObject
) -> None:
    """Whatever part of the name is searched for, in whichever case."""
    metadata, identity = of_record_
    content = record("1", accountId="1", requestMetadata=metadata, identity={"arn": identity})
    line = line_of(content)
    first, last = sorted(data.draw(st.integers(0, len(line.who))) for _ in range(2))
    part = line.who[first:last]
    assert is_match(line, LogFilter(caller=part))
    for caller in (part, part.upper(), part.lower(), metadata.get("caller_arn", line.who)):
        if is_match(line, LogFilter(caller=caller)):
            pattern = caller_pattern(caller)
            assert compiled(pattern)(json.dumps(content)), (pattern, line.who)


def test_a_pattern_holds_what_cloudwatch_takes_of_any_name() -> None:
    assert caller_pattern("corp:Anna (a+b) [x]*") == "%[aA][nN][nN][aA]%"
    assert caller_pattern("arn:aws:iam::1:user/finance/a.b") == "%[aA].[bB]%"
    assert caller_pattern("arn:aws:iam::1:user/finance/a") == caller_pattern('"ä%') == ""
    assert compiled(caller_pattern("x" * 3000))("X" * 200)
