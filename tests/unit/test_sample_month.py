"""A made-up month is of the form of a real one, and the same each time."""

import gzip
import inspect
import json
from collections import Counter
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock.records.window import Window
from claude_bedrock.verification.allowed_regions import AllowedRegions
from claude_bedrock.verification.principals import Principals
from claude_bedrock.verification.reconciliation import DESTINATIONS
from demo.sample_call import Call, audit_line, large_prompt, record
from demo.sample_month import Month, hours
from gateway import audit, model_call
from gateway.usage import Usage
from local.bedrock import records
from local.bedrock.destinations import S3Destination
from local.bedrock.invocation import Invocation
from local.bedrock.tokens import Usage as Counted
from tests.verification.scenario import joined

MONTH = Month(calls=3000)
CALLS = [call for hour in hours(MONTH) for call in hour.calls]


def as_local_bedrock_writes_it(call: Call, made: str) -> records.Record:
    parsed = json.loads(made)
    body = large_prompt() if call.large else _packed(parsed["input"]["inputBodyJson"])
    answer = parsed.get("output", {}).get("outputBodyJson")
    counted = Counted(call.input, call.cache_read, call.cache_write, 0, call.output)
    invocation = Invocation(
        request_id=call.request_id,
        at=datetime.fromtimestamp(call.at, UTC),
        account=parsed["accountId"],
        region=call.region,
        caller_arn=MONTH.gateway_arn,
        operation=parsed["operation"],
        model_id=call.model_id,
        input=body,
        metadata=parsed["requestMetadata"],
        inference_region=call.answered_in,
        output=None if call.stream or answer is None else _packed(answer),
        output_events=[_packed(item) for item in answer or []] if call.stream else [],
        usage=None if call.throttled else counted,
        error="ThrottlingException" if call.throttled else None,
    )
    return records.record(invocation, bodies=True, large=S3Destination(MONTH.bucket, ""))


def _packed(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def test_a_record_is_what_the_local_bedrock_would_write_and_so_are_its_objects() -> None:
    kinds = {(call.stream, call.throttled, bool(call.large)): call for call in CALLS}
    assert len(kinds) >= 6

    stored = {key: content for hour in hours(MONTH) for key, content in hour.objects.items()}
    for call in kinds.values():
        made = record(call, MONTH.gateway_arn)
        written = as_local_bedrock_writes_it(call, made)
        assert made == written.line
        for item in written.objects:
            assert stored[item.key] == item.content


def test_an_audit_line_has_the_fields_that_the_gateway_writes() -> None:
    value = inspect.getsource(audit) + inspect.getsource(model_call)
    known = {*Usage._fields}

    for name in {name for call in CALLS for name in audit_line(call)} - known:
        assert f'"{name}"' in value


def test_its_calls_and_its_records_agree() -> None:
    lines = [line for hour in hours(MONTH) for line in hour.audit_lines()]
    result = [
        (destination, json.loads(line))
        for hour in hours(MONTH)
        for key, content in hour.objects.items()
        if "/data/" not in key
        for line in gzip.decompress(content).splitlines()
        for destination in DESTINATIONS
    ]
    begin, end = CALLS[0].at, CALLS[-1].at + 1
    outcome = joined(
        lines,
        result,
        window=Window(begin, end, end),
        bounds=AllowedRegions(MONTH.region, None, MONTH.routes, MONTH.models),
        principals=Principals(MONTH.gateway_arn),
    )

    assert outcome.findings == []
    assert outcome.counts.matched == outcome.counts.calls == MONTH.calls


@given(st.integers(0, 400), st.integers(1, 9), st.integers(0, 2**32))
def test_it_has_exactly_the_requested_calls_each_once_and_within_its_hour(
    calls: int, days: int, seed: int
) -> None:
    month = Month(first=date(2026, 2, 26), days=days, calls=calls, seed=seed)
    made = list(hours(month))

    assert [hour.objects for hour in made] == [hour.objects for hour in hours(month)]
    assert len({call.request_id for hour in made for call in hour.calls}) == calls
    for hour in made:
        assert all(0 <= call.at - hour.at.timestamp() < 3600 for call in hour.calls)


def test_more_call_on_workdays_and_by_day() -> None:
    by_hour = Counter(datetime.fromtimestamp(call.at, UTC).hour for call in CALLS)
    by_weekday = Counter(datetime.fromtimestamp(call.at, UTC).weekday() for call in CALLS)

    assert by_hour[10] > 5 * by_hour[2]
    assert by_weekday[2] > 2 * by_weekday[6]
