"""What comes of another's configuration, mode by mode and from one mode to another."""

from __future__ import annotations

from typing import Any

import pytest

from claude_bedrock.logging_config.configuration import desired
from invocation_logging.lifecycle import Change, Done, ForeignConfiguration, apply
from tests.unit.invocation_logging.conftest import REGION, THEIR_ROLE
from tests.unit.invocation_logging.test_singleton import (
    ALL_ON,
    CONFIGURATIONS_OF_OTHERS,
    Cell,
    Failing,
    Owners,
    properties,
)

INCOMPLETE, WITHOUT_LOG_GROUP, WITHOUT_BUCKET, COMPLETE = CONFIGURATIONS_OF_OTHERS
DESIRED = desired(properties())


class Region:
    """A Region in which another team has set its logging."""

    def __init__(self, existing: dict[str, Any] | None) -> None:
        self.bedrock, self.saved = Cell(Failing()), Cell(Failing())
        self.bedrock.content = existing
        self.owners = Owners()
        self._properties: dict[str, str] | None = None

    def deploy(self, mode: str, role: str | None = THEIR_ROLE, days: int = 30) -> Done:
        requested = properties(mode, role=role, days=days)
        request = "Update" if self._properties else "Create"
        change = Change(request, requested, self._properties, REGION)
        done = apply(change, self.bedrock, self.saved, self.owners)
        self._properties = requested
        return done

    def destroy(self) -> Done:
        assert self._properties is not None
        change = Change("Delete", self._properties, None, REGION)
        return apply(change, self.bedrock, self.saved, self.owners)


def test_adopted_is_left_as_it_is_and_the_record_is_read_there() -> None:
    region = Region(COMPLETE)

    done = region.deploy("adopt", role=None)

    assert done.configuration == COMPLETE
    assert region.bedrock.puts == []
    region.destroy()
    assert region.bedrock.content == COMPLETE


@pytest.mark.parametrize(
    ("existing", "missing"),
    [
        (INCOMPLETE, "cloudWatchConfig is absent; imageDataDeliveryEnabled is false"),
        (WITHOUT_LOG_GROUP, "cloudWatchConfig is absent."),
        (WITHOUT_BUCKET, "s3Config is absent; textDataDeliveryEnabled is false"),
        (COMPLETE | {"audioDataDeliveryEnabled": False}, "audioDataDeliveryEnabled is false"),
    ],
)
def test_what_does_not_record_enough_is_not_adopted(existing: dict[str, Any], missing: str) -> None:
    region = Region(existing)
    with pytest.raises(ForeignConfiguration, match=missing):
        region.deploy("adopt")
    assert region.bedrock.content == existing


@pytest.mark.parametrize("mode", ["adopt", "extend"])
def test_what_retains_less_than_the_stage_is_not_adopted(mode: str) -> None:
    region = Region(COMPLETE)
    region.owners.days = 14

    with pytest.raises(ForeignConfiguration, match="less than the stage's 30 days: /theirs: 14 d"):
        region.deploy(mode)

    assert region.bedrock.content == COMPLETE
    assert region.bedrock.puts == []
    assert region.owners.judged == [COMPLETE]
    region.deploy("replace")
    assert region.bedrock.content == DESIRED


def test_what_retains_less_since_then_stops_no_update_but_a_longer_one() -> None:
    region = Region(COMPLETE)
    region.deploy("adopt")
    region.owners.days = 14

    assert region.deploy("adopt").configuration == COMPLETE
    with pytest.raises(ForeignConfiguration, match="less than the stage's 90 days"):
        region.deploy("adopt", days=90)
    assert region.deploy("adopt").configuration == COMPLETE


def test_extended_leaves_their_destinations_and_adds_what_is_missing() -> None:
    region = Region(INCOMPLETE)

    region.deploy("extend")

    assert region.bedrock.content == {
        "s3Config": INCOMPLETE["s3Config"],
        "cloudWatchConfig": DESIRED["cloudWatchConfig"],
        **ALL_ON,
    }
    assert region.saved.content == INCOMPLETE
    region.destroy()
    assert region.bedrock.content == INCOMPLETE
    assert region.saved.get() is None


def test_replaced_is_put_back_at_the_end() -> None:
    region = Region(COMPLETE)
    region.deploy("replace")
    assert (region.bedrock.content, region.saved.content) == (DESIRED, COMPLETE)

    done = region.destroy()

    assert region.bedrock.content == COMPLETE
    assert region.saved.get() is None
    assert "is set again" in done.sentence


def test_what_was_put_back_without_an_answer_is_not_put_again() -> None:
    region = Region(COMPLETE)
    region.deploy("replace")
    region.bedrock.content, region.bedrock.puts = COMPLETE, []

    region.destroy()

    assert region.bedrock.content == COMPLETE
    assert region.bedrock.puts == []
    assert region.saved.get() is None


def test_what_bedrock_takes_no_more_is_saved_as_a_parameter() -> None:
    region = Region(COMPLETE)
    region.deploy("replace")
    region.bedrock.unusable = [COMPLETE]

    done = region.destroy()

    assert region.bedrock.content is None
    assert region.saved.content == COMPLETE
    assert "Bedrock refused what was there before" in done.sentence
    assert "still in the parameter parameter" in done.sentence


@pytest.mark.parametrize("mode", ["extend", "replace"])
def test_what_could_not_be_put_back_is_not_touched(mode: str) -> None:
    region = Region(WITHOUT_BUCKET)
    with pytest.raises(ForeignConfiguration, match="set existing_logging_role to that ARN") as why:
        region.deploy(mode, role=None)
    assert THEIR_ROLE in str(why.value)
    assert (region.bedrock.content, region.saved.content) == (WITHOUT_BUCKET, None)


def test_the_role_may_not_be_forgotten_while_something_is_saved() -> None:
    region = Region(COMPLETE)
    region.deploy("replace")
    with pytest.raises(ForeignConfiguration, match="leave it there as long as the stage is"):
        region.deploy("replace", role=None)
    assert (region.bedrock.content, region.saved.content) == (DESIRED, COMPLETE)


@pytest.mark.parametrize(
    ("first", "then", "set_then", "saved_then"),
    [
        ("adopt", "replace", DESIRED, COMPLETE),
        ("adopt", "extend", COMPLETE, None),
        ("replace", "fail", DESIRED, COMPLETE),
        ("replace", "adopt", COMPLETE, None),
        ("replace", "extend", COMPLETE, None),
        ("replace", "replace", DESIRED, COMPLETE),
    ],
)
def test_a_stage_may_change_its_mind(
    first: str, then: str, set_then: dict[str, Any], saved_then: dict[str, Any] | None
) -> None:
    region = Region(COMPLETE)
    region.deploy(first)

    region.deploy(then)

    assert (region.bedrock.content, region.saved.content) == (set_then, saved_then)
    region.destroy()
    assert region.bedrock.content == COMPLETE


def test_an_extension_is_put_back_before_a_stage_that_may_not_have_it_stops() -> None:
    for mode in ("fail", "adopt"):
        region = Region(INCOMPLETE)
        region.deploy("extend")
        with pytest.raises(ForeignConfiguration):
            region.deploy(mode)
        assert (region.bedrock.content, region.saved.content) == (INCOMPLETE, None)


def test_what_another_has_set_concurrently_is_left_and_what_was_saved_is_reported() -> None:
    region = Region(COMPLETE)
    region.deploy("replace")
    region.bedrock.content = INCOMPLETE

    done = region.destroy()

    assert (region.bedrock.content, region.saved.content) == (INCOMPLETE, COMPLETE)
    assert "it was left. What this stage once found there is still in" in done.sentence


@pytest.mark.parametrize("mode", ["fail", "adopt", "extend", "replace"])
def test_where_nothing_is_there_every_mode_sets_ours(mode: str) -> None:
    region = Region(None)
    region.deploy(mode)
    assert region.bedrock.content == DESIRED
    region.destroy()
    assert region.bedrock.content is None
