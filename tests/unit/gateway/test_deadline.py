"""When an answer has to end: before Lambda ends it, and before API Gateway takes it for dead."""

from collections.abc import Mapping

import pytest

from gateway.bedrock_call import BedrockResponse
from gateway.deadline import IDLE_TIMEOUT_SECONDS, RESERVE_SECONDS, Deadline
from gateway.errors import UpstreamTimeout
from gateway.model_call import Attempt


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_whatever_comes_first_ends_it() -> None:
    clock = Clock()
    deadline = Deadline(900, clock)
    assert deadline.require_remaining() == IDLE_TIMEOUT_SECONDS
    clock.now += 850
    deadline.touch()
    assert deadline.require_remaining() == 50 - RESERVE_SECONDS


def test_who_receives_something_now_and_then_waits_on_until_lambda_ends_it() -> None:
    clock = Clock()
    deadline = Deadline(900, clock)
    for _ in range(3):
        clock.now += IDLE_TIMEOUT_SECONDS - 1
        assert deadline.require_remaining() > 0
        deadline.touch()
    clock.now += IDLE_TIMEOUT_SECONDS - 1
    with pytest.raises(UpstreamTimeout) as ended:
        deadline.require_remaining()
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


def test_idle_time_counts_what_is_written_whatever_comes_in() -> None:
    clock, reply = Clock(), Waits()
    deadline = Deadline(900, clock)
    response = BedrockResponse(reply, deadline, Attempt(""))
    for passed in (0, 14, 10):
        clock.now += passed
        response.read_until_idle(15)
    deadline.touch()
    response.read_until_idle(15)
    assert reply.seconds == [15, 1, 0.001, 15]


def test_what_is_written_to_a_closed_client_does_not_count() -> None:
    clock = Clock()
    deadline = Deadline(900, clock)
    clock.now += IDLE_TIMEOUT_SECONDS
    with pytest.raises(UpstreamTimeout) as ended:
        deadline.require_remaining()
    assert ended.value.cause == "Silence"
    assert deadline.remaining() <= 0
