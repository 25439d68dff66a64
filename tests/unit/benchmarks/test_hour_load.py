"""The load of which an hour is verified: the same calls in S3, in CloudWatch Logs and in the audit
log, each of them once."""

import gzip
import json
from itertools import pairwise

import pytest

from benchmarks.hour_load import HourLoad, LoadSize

HOUR = 1_793_610_000 // 3600 * 3600


@pytest.mark.parametrize("calls", [1, 7, 1000])
def test_parts_of_the_time_have_each_call_once(calls: int) -> None:
    load = HourLoad(LoadSize(calls, 2_000))
    edges = [HOUR * 1000 + 7_200_000 * part // 11 for part in range(12)]
    calls_of_parts = [call for pair in pairwise(edges) for call in load.calls(*pair)]
    assert calls_of_parts == [(hour, n) for hour in (HOUR, HOUR + 3600) for n in range(calls)]


def test_a_record_is_the_same_in_an_object_and_in_an_event() -> None:
    load = HourLoad(LoadSize(25, 3_000, per_object=10))
    objects = [gzip.decompress(load.object(HOUR, number)) for number in range(load.objects)]
    lines = [line for content in objects for line in content.decode().splitlines()]
    events = [json.loads(load.log_event(HOUR, call)) for call in range(25)]
    assert lines == [event["message"] for event in events]
    assert all(abs(len(line) - 3_000) < 30 for line in lines)
    entries = [
        json.loads(json.loads(load.audit_event(HOUR, call))["message"]) for call in range(25)
    ]
    ids = [json.loads(line)["requestId"] for line in lines]
    assert ids == [entry["audit"]["bedrock_request_id"] for entry in entries]
    assert len(set(ids)) == 25
