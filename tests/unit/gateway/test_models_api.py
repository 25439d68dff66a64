"""The Models API as Anthropic's own SDK reads it, for every name by which a model may be called."""

from typing import Any
from urllib.parse import quote

import pytest

from claude_bedrock import catalog
from claude_bedrock.catalog import capabilities
from gateway.settings import Settings
from tests.unit.gateway.conftest import Caller

EVERY = frozenset(model.name for model in catalog.MODELS)
BASE = "anthropic.claude-opus-4-8"
PROFILE = f"global.{BASE}"
ARN = f"arn:aws:bedrock:us-east-1:111122223333:inference-profile/{PROFILE}"


@pytest.fixture
def every(settings: Settings) -> Caller:
    """A stage that allows every model, retired ones and those by invitation too."""
    return Caller(settings._replace(allowed_models=EVERY, geographies=("global", "us")))


def listed(caller: Caller, **query: str) -> dict[str, Any]:
    answer = caller.send("", "GET", "/v1/models", query=query)
    assert answer.status == 200, answer.body
    content: dict[str, Any] = answer.json()
    return content


def ids(caller: Caller, **query: str) -> list[str]:
    return [entry["id"] for entry in listed(caller, **query)["data"]]


def test_every_entry_has_every_field_of_the_sdks_models(every: Caller) -> None:
    from anthropic.types import ModelInfo  # noqa: PLC0415 - a second in each process that collects
    from anthropic.types.beta import BetaModelInfo  # noqa: PLC0415 - as above

    for entry in listed(every, limit="1000", lifecycle="active,deprecated,retired")["data"]:
        model = catalog.find(entry["id"])
        assert model is not None
        info = ModelInfo.model_validate(entry, strict=False)
        assert set(ModelInfo.model_fields) | set(BetaModelInfo.model_fields) == set(entry)
        assert (info.max_input_tokens, info.max_tokens) == model[7:9]
        capabilities = BetaModelInfo.model_validate(entry).capabilities
        assert capabilities is not None
        assert set(type(capabilities).model_fields) == set(entry["capabilities"])


def test_capabilities_are_those_on_bedrock(every: Caller) -> None:
    from anthropic.types import ModelInfo  # noqa: PLC0415 - as above

    sonnet = ModelInfo.model_validate(
        every.send("", "GET", "/v1/models/claude-sonnet-5-5").json()
    ).capabilities
    assert sonnet is not None
    assert sonnet.thinking.types.between_tools.supported
    assert not sonnet.thinking.types.disabled.supported
    assert sonnet.effort.max.supported
    assert not sonnet.batch.supported
    assert not sonnet.server_tools.supported
    haiku = ModelInfo.model_validate(
        every.send("", "GET", "/v1/models/claude-haiku-4-5").json()
    ).capabilities
    assert haiku is not None
    assert not haiku.effort.supported
    assert haiku.thinking.types.enabled.supported


def test_structured_output_is_listed_where_the_gateway_passes_its_field(every: Caller) -> None:
    for entry in listed(every, limit="1000")["data"]:
        model = catalog.find(entry["id"])
        assert model is not None
        supported = entry["capabilities"]["structured_outputs"]["supported"]
        assert supported == capabilities.of(model).output_format


def test_the_most_recently_released_stands_first(every: Caller) -> None:
    released = [entry["created_at"] for entry in listed(every, limit="1000")["data"]]
    assert released == sorted(released, reverse=True)
    assert ids(every)[0] == "claude-fable-5-2"


def test_a_legacy_model_has_its_deprecation_and_end_dates(every: Caller) -> None:
    opus = every.send("", "GET", "/v1/models/claude-opus-4-1").json()
    assert opus["lifecycle"] == "deprecated"
    assert opus["deprecated_at"] == "2026-07-08T00:00:00Z"
    assert opus["retires_at"] == "2027-01-08T00:00:00Z"
    assert opus["line"] == "opus"
    active = every.send("", "GET", "/v1/models/claude-opus-5-5").json()
    assert (active["deprecated_at"], active["retires_at"]) == (None, None)


def test_retired_models_are_listed_only_where_they_are_requested(every: Caller) -> None:
    assert "claude-3-opus" not in ids(every, limit="1000")
    retired = ids(every, limit="1000", lifecycle="retired")
    assert "claude-3-opus" in retired
    assert "claude-opus-4-8" not in retired
    assert ids(every, **{"lifecycle[]": "deprecated"}) == ["claude-opus-4-1"]


def test_a_lifecycle_that_is_requested_twice_is_a_list(every: Caller) -> None:
    """As Anthropic's SDKs write one."""
    name = "lifecycle[]"
    event = {
        "httpMethod": "GET",
        "path": "/v1/models",
        "requestContext": {"requestId": "gw-1"},
        "queryStringParameters": {name: "retired", "limit": "1000"},
        "multiValueQueryStringParameters": {name: ["deprecated", "retired"], "limit": ["1000"]},
    }
    shown = {entry["id"] for entry in every.send_event(event).json()["data"]}
    assert {"claude-opus-4-1", "claude-3-opus"} <= shown
    assert "claude-opus-4-8" not in shown


@pytest.mark.parametrize("cursor", ["claude-opus-4-8", BASE, PROFILE, "anthropic/claude-opus-4.8"])
def test_pages_join_to_the_complete_list_from_either_end(every: Caller, cursor: str) -> None:
    ids_of_all = ids(every, limit="1000")
    index = ids_of_all.index("claude-opus-4-8")
    after = listed(every, after_id=cursor, limit="3")
    assert [entry["id"] for entry in after["data"]] == ids_of_all[index + 1 : index + 4]
    assert after["has_more"] == (len(ids_of_all) > index + 4)
    before = listed(every, before_id=cursor, limit="3")
    assert [entry["id"] for entry in before["data"]] == ids_of_all[index - 3 : index]
    assert (before["first_id"], before["last_id"]) == (ids_of_all[index - 3], ids_of_all[index - 1])
    assert before["has_more"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"limit": "0"}, "limit: Input should be greater than or equal to 1"),
        ({"limit": "-1"}, "limit: Input should be greater than or equal to 1"),
        ({"limit": "1001"}, "limit: Input should be less than or equal to 1000"),
        ({"limit": "9" * 5000}, "limit: Input should be less than or equal to 1000"),
        ({"limit": "1.5"}, "limit: Input should be a valid integer"),
        ({"limit": "٣"}, "limit: Input should be a valid integer"),
        ({"limit": ""}, "limit: Input should be a valid integer"),
        ({"after_id": "claude-nothing"}, "after_id: No such model on this endpoint"),
        ({"before_id": ""}, "before_id: No such model on this endpoint"),
        ({"lifecycle": "legacy"}, "lifecycle: Input should be 'active', 'deprecated' or"),
    ],
)
def test_a_bad_value_is_named(every: Caller, query: dict[str, str], words: str) -> None:
    answer = every.send("", "GET", "/v1/models", query=query)
    assert answer.status == 400
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert words in error["message"]


NAMES = [
    *("claude-opus-4-8", "CLAUDE-OPUS-4-8", "anthropic/claude-opus-4.8", "claude-opus-4-8[1m]"),
    *(BASE, PROFILE, ARN, f"arn:aws:bedrock:us-east-1::foundation-model/{BASE}"),
    *("claude-opus-4-8@default", "bedrock/us.anthropic.claude-opus-4-8"),
]


@pytest.mark.parametrize("path", ["/v1/models/", "/anthropic/v1/models/"])
@pytest.mark.parametrize("encoded", [0, 1, 2])
@pytest.mark.parametrize("name", [*NAMES, "claude-3-opus", "eu.anthropic.claude-opus-4-8", "gpt-5",
                                  "claude-mythos-5-2", "claude-haiku-4-5[1m]"])  # fmt: skip
def test_a_model_is_answered_as_a_call_of_it_would_be(
    every: Caller, path: str, encoded: int, name: str
) -> None:
    written = name
    for _ in range(encoded):
        written = quote(written, safe="")
    answer = every.send("", "GET", path + written)
    called = every.send({"model": written, "max_tokens": 1, "messages": []})

    assert answer.status == called.status
    if answer.status == 200:
        assert answer.json()["id"] == "claude-opus-4-8"
    else:
        assert answer.json()["error"] == called.json()["error"]
        assert "111122223333" not in answer.body.decode()
