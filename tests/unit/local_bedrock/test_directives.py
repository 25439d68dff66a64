"""What a prompt may ask of the local Bedrock, and what it gets for asking wrongly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.bedrock.directives import Fault, ToolCall, read
from local.bedrock.errors import RefusedError


@given(st.text())
def test_text_without_directives_is_left_alone(text: str) -> None:
    directives = read(text.replace("[[", "["))
    assert (directives.text, directives.faults, directives.tools) == (
        text.replace("[[", "[").strip(),
        {},
        [],
    )


def test_faults_and_pace_are_read_and_taken_out() -> None:
    directives = read(
        "before [[fault: silence seconds=2.5 after=3]] [[fault: no_delivery]] "
        "[[reply: events=500 pace=0.02]] after"
    )
    assert not directives.is_declined
    assert directives.faults == {
        "silence": Fault("silence", after=3, seconds=2.5),
        "no_delivery": Fault("no_delivery"),
    }
    assert (directives.events, directives.pace) == (500, 0.02)
    assert directives.text == "before    after"


@pytest.mark.parametrize(
    ("model_id", "met"),
    [
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", True),
        ("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-x", True),
        ("global.anthropic.claude-haiku-4-5-20251001-v1:0", False),
    ],
)
def test_a_fault_of_a_route_is_met_by_its_profiles_alone(model_id: str, *, met: bool) -> None:
    directives = read("hello [[fault: throttle route=us]]", model_id)
    assert (directives.text, "throttle" in directives.faults) == ("hello", met)


def test_tool_calls_carry_any_json() -> None:
    directives = read('[[tool: clock]] [[tool: map {"at": [[1, 2]], "note": "]] [[fault: x]]"}]]')
    assert directives.tools == [
        ToolCall("clock", {}),
        ToolCall("map", {"at": [[1, 2]], "note": "]] [[fault: x]]"}),
    ]
    assert directives.faults == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[fault: nope]]", "unknown fault 'nope'"),
        ("[[fault: ]]", "unknown fault ''"),
        ("[[fault: slow seconds=long]]", "'seconds=long' is not a number"),
        ("[[fault: slow minutes=1]]", "unknown option 'minutes'"),
        ("[[fault: exception type=oops]]", "unknown exception type 'oops'"),
        ("[[reply: events=500", "]] is missing"),
        ("[[tool: ]]", "needs a name"),
        ("[[tool: clock {]]", "broken JSON"),
    ],
)
def test_a_directive_that_cannot_be_understood_is_refused(text: str, message: str) -> None:
    with pytest.raises(RefusedError) as refused:
        read(text)
    assert refused.value.status == 400
    assert message in refused.value.message
