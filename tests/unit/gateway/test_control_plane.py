"""Bedrock's lists and lookups, with every parameter that botocore's model of them has."""

import json
import re
from datetime import datetime
from typing import Any

import botocore.loaders
import botocore.parsers
import pytest
from botocore.model import OperationModel, ServiceModel, Shape

from gateway.control_plane import PARAMETERS
from gateway.query_parameters import Constraint, Number, OneOf, Text
from gateway.settings import Settings
from tests.unit.gateway.conftest import PROFILE, Caller

BEDROCK = ServiceModel(botocore.loaders.Loader().load_service_model("bedrock", "service-2"))
PATHS = {
    "ListFoundationModels": "/foundation-models",
    "ListInferenceProfiles": "/inference-profiles",
}
HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
OWN = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456"
OTHERS = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/zzz123def456"


@pytest.fixture
def staged(settings: Settings) -> Caller:
    return Caller(
        settings._replace(
            geographies=("us", "global"),
            allowed_models=settings.allowed_models | {"claude-haiku-4-5"},
            api_key_names={"key1": "search.web"},
            team_profiles={"search": {PROFILE: OWN}, "support": {PROFILE: OTHERS}},
        )
    )


def get(caller: Caller, path: str, **query: str) -> dict[str, Any]:
    answer = caller.send("", "GET", path, query=query)
    assert answer.status == 200, answer.body
    content: dict[str, Any] = answer.json()
    return content


def query_members(operation: str) -> dict[str, Shape]:
    shape = BEDROCK.operation_model(operation).input_shape
    assert shape is not None
    members = shape.members
    return {
        shape.serialization["name"]: shape
        for shape in members.values()
        if shape.serialization.get("location") == "querystring"
    }


def of_botocore(shape: Shape) -> Constraint:
    limits = shape.metadata
    if "enum" in limits:
        return OneOf(tuple(limits["enum"]))
    if shape.type_name == "integer":
        return Number(limits["min"], limits["max"])
    return Text(limits["pattern"], limits.get("min", 0), limits.get("max"))


@pytest.mark.parametrize("operation", PARAMETERS)
def test_every_parameter_that_botocore_knows_is_served_within_its_limits(operation: str) -> None:
    known = {name: of_botocore(shape) for name, shape in query_members(operation).items()}
    assert PARAMETERS[operation] == known


def bad_values(constraint: Constraint) -> list[str]:
    match constraint:
        case OneOf():
            return ["", "NONE", constraint.values[0].lower(), f" {constraint.values[0]}"]
        case Number(least, most):
            return ["", "x", "1.5", str(least - 1), str(most + 1), "9" * 5000]
        case Text(_, least, most):
            return ["a b\tc", *([""] if least else []), "x" * ((most or 63) + 1)]


WRONG = [
    (path, name, value)
    for operation, path in PATHS.items()
    for name, constraint in PARAMETERS[operation].items()
    for value in bad_values(constraint)
]


@pytest.mark.parametrize(("path", "name", "value"), WRONG)
def test_a_bad_value_is_refused_in_bedrocks_words(
    staged: Caller, path: str, name: str, value: str
) -> None:
    answer = staged.send("", "GET", path, query={name: value})
    assert answer.status == 400
    assert answer.headers["x-amzn-errortype"] == "ValidationException"
    expected = (
        rf"1 validation error detected: Value '.*' at '{name}' failed to satisfy constraint: "
    )
    assert re.match(f"{expected}Member must ", answer.json()["message"], re.DOTALL)
    assert len(answer.body) < 500


def test_several_bad_values_are_all_named(staged: Caller) -> None:
    query = {"maxResults": "0", "type": "MINE"}
    message = staged.send("", "GET", "/inference-profiles", query=query).json()["message"]
    assert message == (
        "2 validation errors detected: Value '0' at 'maxResults' failed to satisfy constraint: "
        "Member must have value greater than or equal to 1; Value 'MINE' at 'type' failed to "
        "satisfy constraint: Member must satisfy enum value set: [SYSTEM_DEFINED, APPLICATION]"
    )


def fits(operation: OperationModel, content: dict[str, Any]) -> dict[str, Any]:
    """What a client of AWS's reads; every member is one that it knows."""
    parser = botocore.parsers.create_parser("rest-json")
    wire = {"status_code": 200, "headers": {}, "body": json.dumps(content).encode()}
    assert operation.output_shape is not None
    parsed: dict[str, Any] = parser.parse(wire, operation.output_shape)
    del parsed["ResponseMetadata"]
    return parsed


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        *PATHS.items(),
        ("GetFoundationModel", f"/foundation-models/{HAIKU}"),
        ("GetInferenceProfile", f"/inference-profiles/us.{HAIKU}"),
        ("GetInferenceProfile", f"/inference-profiles/{OWN}"),
    ],
)
def test_answers_have_no_member_that_botocore_does_not_know(
    staged: Caller, operation: str, path: str
) -> None:
    content = get(staged, path)
    parsed = fits(BEDROCK.operation_model(operation), content)

    def names(value: object) -> object:
        if isinstance(value, dict):
            return {name: names(member) for name, member in value.items()}
        return [names(member) for member in value] if isinstance(value, list) else None

    assert names(parsed) == names(content)
    assert "123456789012" not in str(content)


def test_models_are_filtered_as_bedrock_filters_them(staged: Caller) -> None:
    def ids(**query: str) -> set[str]:
        summaries = get(staged, "/foundation-models", **query)["modelSummaries"]
        return {summary["modelId"] for summary in summaries}

    every = ids()
    assert HAIKU in every
    for query in (
        {"byProvider": "anthropic"},
        {"byProvider": "Anthropic"},
        {"byOutputModality": "TEXT"},
    ):
        assert ids(**query) == every
    for query in (
        {"byProvider": "amazon"},
        {"byOutputModality": "IMAGE"},
        {"byInferenceType": "ON_DEMAND"},
        {"byCustomizationType": "FINE_TUNING"},
        {"byProvider": "anthropic", "byOutputModality": "EMBEDDING"},
    ):
        assert ids(**query) == set()


def test_a_models_dates_are_listed(staged: Caller) -> None:
    operation = BEDROCK.operation_model("GetFoundationModel")
    details = fits(operation, get(staged, f"/foundation-models/{HAIKU}"))["modelDetails"]
    assert details["modelLifecycle"]["status"] == "ACTIVE"
    released = details["modelLifecycle"]["startOfLifeTime"]
    assert isinstance(released, datetime)
    assert released.date().isoformat() == "2025-10-16"


@pytest.mark.parametrize("size", ["1", "2", "1000"])
def test_pages_of_profiles_join_to_the_complete_list(staged: Caller, size: str) -> None:
    summaries = get(staged, "/inference-profiles")["inferenceProfileSummaries"]
    joined: list[Any] = []
    token: dict[str, str] = {}
    while True:
        page = get(staged, "/inference-profiles", maxResults=size, **token)
        assert len(page["inferenceProfileSummaries"]) <= int(size)
        joined += page["inferenceProfileSummaries"]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert joined == summaries
    assert len(summaries) > 2


@pytest.mark.parametrize("token", ["x", "ü", "U1lTVEVNX0RFRklORUQvOTk5", "QVBQTElDQVRJT04vMQ=="])
def test_a_token_of_no_page_is_refused(staged: Caller, token: str) -> None:
    answer = staged.send("", "GET", "/inference-profiles", query={"nextToken": token})
    assert answer.status == 400
    assert "nextToken" in answer.json()["message"]


def test_a_team_sees_its_own_profiles_and_no_others(staged: Caller) -> None:
    (own,) = get(staged, "/inference-profiles", type="APPLICATION")["inferenceProfileSummaries"]
    assert own["inferenceProfileId"] == "abc123def456"
    assert own["inferenceProfileArn"] == OWN.replace("123456789012", "")
    assert own["inferenceProfileName"] == "test-search-sonnet-4-5-global"
    assert own["type"] == "APPLICATION"
    for query in ({}, {"type": "SYSTEM_DEFINED"}):
        listed = get(staged, "/inference-profiles", **query)["inferenceProfileSummaries"]
        assert {profile["type"] for profile in listed} == {"SYSTEM_DEFINED"}
    for identifier in ("abc123def456", OWN, own["inferenceProfileArn"]):
        assert get(staged, f"/inference-profiles/{identifier}") == own
