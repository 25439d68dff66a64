"""When an answer has to end: before Lambda ends it, and before API Gateway takes it for dead."""

from collections.abc import Mapping

import pytest

from gateway.audit import Record
from gateway.errors import UpstreamTimeout
from gateway.invocation import Answer
from gateway.patience import RESERVE_SECONDS, SILENT_SECONDS, Patience
from gateway.request import Body, Request


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_whatever_comes_first_ends_it() -> None:
    clock = Clock()
    patience = Patience(900, clock)
    assert patience.left() == SILENT_SECONDS
    clock.now += 850
    patience.spoke()
    assert patience.left() == 50 - RESERVE_SECONDS


def test_who_is_told_something_now_and_then_waits_on_until_lambda_ends_it() -> None:
    clock = Clock()
    patience = Patience(900, clock)
    for _ in range(3):
        clock.now += SILENT_SECONDS - 1
        assert patience.left() > 0
        patience.spoke()
    clock.now += SILENT_SECONDS - 1
    with pytest.raises(UpstreamTimeout) as ended:
        patience.left()
    assert ended.value.cause == "OutOfTime"


class Waits:
    """A reply without bytes, which keeps how long it was waited for them."""

    status = 200
    headers: Mapping[str, str] = {}

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def read(self, seconds: float) -> bytes | None:
        self.seconds.append(seconds)
        return None

    def close(self) -> None:
        pass


def test_silence_is_what_the_caller_hears_whatever_comes_in() -> None:
    clock, reply = Clock(), Waits()
    asked = Request("POST", "/", {}, {}, "gw-1", "", "", "", Body(""))
    answer = Answer(reply, Patience(900, clock), Record(asked, ""))
    for passed in (0, 14, 10):
        clock.now += passed
        answer.read_or_speak(15)
    answer.spoke()
    answer.read_or_speak(15)
    assert reply.seconds == [15, 1, 0.001, 15]


def test_what_is_said_to_nobody_does_not_count() -> None:
    clock = Clock()
    patience = Patience(900, clock)
    clock.now += SILENT_SECONDS
    with pytest.raises(UpstreamTimeout) as ended:
        patience.left()
    assert ended.value.cause == "Silence"
    assert patience.seconds() <= 0
