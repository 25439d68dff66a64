"""What the drift detector has set again, and what it leaves to people."""

from __future__ import annotations

import json

import pytest

from claude_bedrock.logging_config.bedrock_client import BedrockControl
from invocation_logging import handler
from invocation_logging.lifecycle import Change, Done, ForeignConfiguration, restore
from tests.unit.invocation_logging.conftest import PROPERTIES, REGION
from tests.unit.invocation_logging.test_handler import DESIRED, current, put
from tests.unit.invocation_logging.test_lifecycle import INCOMPLETE, Region
from tests.unit.invocation_logging.test_singleton import properties

BODIES_OFF = {**DESIRED, "textDataDeliveryEnabled": False}


def restored(region: Region, mode: str) -> Done:
    change = Change("Update", properties(mode), None, REGION)
    return restore(change, region.bedrock, region.saved, region.owners)


@pytest.mark.parametrize("mode", ["fail", "replace"])
@pytest.mark.parametrize("result", [None, BODIES_OFF])
def test_the_stages_own_is_set_again(mode: str, result: dict[str, object] | None) -> None:
    region = Region(result)

    restored(region, mode)

    assert (region.bedrock.content, region.saved.content) == (DESIRED, None)


def test_anothers_is_saved_and_replaced_only_where_the_stage_opts_in() -> None:
    region = Region(INCOMPLETE)
    with pytest.raises(ForeignConfiguration, match="already has a model invocation logging"):
        restored(region, "fail")
    assert region.bedrock.content == INCOMPLETE

    restored(region, "replace")

    assert (region.bedrock.content, region.saved.content) == (DESIRED, INCOMPLETE)


@pytest.mark.parametrize("mode", ["adopt", "extend"])
def test_where_the_record_is_anothers_people_agree(mode: str) -> None:
    region = Region(None)
    with pytest.raises(ForeignConfiguration, match="lives by another's"):
        restored(region, mode)
    assert region.bedrock.content is None


def test_what_is_set_again_is_the_functions_own_and_not_the_callers(
    bedrock: BedrockControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("RESTORES", json.dumps(PROPERTIES))
    elsewhere = {**PROPERTIES, "BucketName": "elsewhere"}

    outcome = handler.handle({"RequestType": "Restore", "ResourceProperties": elsewhere}, None)

    assert outcome == {
        "succeeded": True,
        "sentence": "The stage's logging configuration is set again in eu-west-1.",
    }
    assert current(bedrock) == DESIRED
    put(bedrock, INCOMPLETE)
    refused = handler.handle({"RequestType": "Restore"}, None)
    assert refused is not None
    assert not refused["succeeded"]
    assert current(bedrock) == INCOMPLETE
