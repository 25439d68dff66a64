"""The short form of `make test-soak`: every count agrees, no process grows, every kind is met."""

import pytest

from tools.load.soak import memory, traffic
from tools.load.soak.run import Effort, soak

pytestmark = pytest.mark.skipif(not memory.available(), reason="reads /proc, which only Linux has")
SHORT = Effort(calls=1_500, callers=4, slots=2, warm_up=500, seed=3)


def test_no_call_is_lost_doubled_or_off_the_record_and_no_process_grows() -> None:
    soaked = soak(SHORT, lambda _text: None)

    assert soaked.mistakes() == []
    assert {call.end for call in soaked.ended} == {"answered", "refused", "broken off", "left"}
    assert {call.kind for call in soaked.ended} >= set(traffic.kinds())
    assert len(soaked.warm) >= SHORT.slots
    counts = soaked.account.verified.counts
    assert counts.matched > 0 and counts.not_loggable > 0 and counts.answered_without_bedrock > 0
