"""docs/openapi.yaml is what the code says, whole, valid, and its examples are what it describes."""

from collections.abc import Iterator
from typing import Any

import openapi_spec_validator
import pytest
import yaml
from jsonschema import Draft202012Validator

from claude_bedrock.catalog import message_fields
from gateway import routes
from tools.docs.openapi.__main__ import FILE, text
from tools.docs.openapi.operations import KINDS, OPERATIONS

DOCUMENT: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        yield from ((f"{verb.upper()} {path}", about) for verb, about in item.items())


def test_the_page_is_what_the_code_generates() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "run `make docs`"


def test_it_is_openapi() -> None:
    openapi_spec_validator.validate(DOCUMENT)


def test_every_route_is_documented_and_no_other() -> None:
    assert set(dict(operations())) == set(routes._ROUTES) == set(OPERATIONS)


def test_every_error_is_documented_in_its_format() -> None:
    documented = {name: set(about["responses"]) for name, about in operations()}
    messages = documented["POST /v1/messages"] | documented["POST /v1/messages/count_tokens"]
    assert messages >= {str(kind.status) for kind in KINDS}
    assert documented["POST /model/{id}/converse"] >= {str(kind.bedrock[1]) for kind in KINDS}
    for name, about in operations():
        bedrock = not name.split()[1].startswith(("/v1", "/health", "/api")) and name != "HEAD /"
        refs = [response["$ref"] for response in about["responses"].values() if "$ref" in response]
        assert refs and all(("/BedrockError" in ref) == bedrock for ref in refs)


def test_every_field_that_bedrock_takes_is_documented() -> None:
    properties = DOCUMENT["components"]["schemas"]["MessageRequest"]["properties"]
    assert set(properties) == {*message_fields.TAKEN, "model", "stream"}


@pytest.mark.parametrize("name", [name for name, about in operations() if "requestBody" in about])
def test_examples_are_what_the_schema_describes(name: str) -> None:
    content = dict(operations())[name]["requestBody"]["content"]["application/json"]
    schemas = {"components": DOCUMENT["components"], **content["schema"]}
    assert content["examples"]
    for example in content["examples"].values():
        Draft202012Validator(schemas).validate(example["value"])
