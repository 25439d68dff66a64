"""Which method a request reaches."""

import pytest

from local.api_gateway import routing
from local.api_gateway.definition import Integration, Method

BEHIND = Integration("arn:aws:lambda:us-east-1:123456789012:function:f", True, 29.0)


def method(verb: str, resource: str) -> Method:
    return Method(verb, resource, f"{verb}{resource}", BEHIND)


METHODS = (
    method("ANY", "/"),
    method("ANY", "/{proxy+}"),
    method("GET", "/health"),
    method("POST", "/v1/messages"),
    method("GET", "/v1/{name}"),
    method("GET", "/v1/models/{id}"),
    method("ANY", "/v1/models/{id}"),
)


@pytest.mark.parametrize(
    ("verb", "path", "resource", "served_by", "parameters"),
    [
        ("GET", "/", "/", "ANY", {}),
        ("GET", "/health", "/health", "GET", {}),
        ("POST", "/v1/messages", "/v1/messages", "POST", {}),
        ("POST", "/v1/messages/", "/v1/messages", "POST", {}),
        ("GET", "/v1/messages", "/v1/{name}", "GET", {"name": "messages"}),
        ("PUT", "/v1/messages", "/{proxy+}", "ANY", {"proxy": "v1/messages"}),
        ("POST", "/health", "/{proxy+}", "ANY", {"proxy": "health"}),
        ("GET", "/v1/models/x", "/v1/models/{id}", "GET", {"id": "x"}),
        ("HEAD", "/v1/models/x", "/v1/models/{id}", "ANY", {"id": "x"}),
        ("GET", "/v1/models/a%2Fb", "/v1/models/{id}", "GET", {"id": "a%2Fb"}),
        ("GET", "/v1/models/x/y", "/{proxy+}", "ANY", {"proxy": "v1/models/x/y"}),
    ],
)
def test_the_most_specific_resource_with_the_verb_serves(
    verb: str, path: str, resource: str, served_by: str, parameters: dict[str, str]
) -> None:
    match = routing.find(METHODS, verb, path)

    assert match is not None
    assert (match.method.resource, match.method.verb) == (resource, served_by)
    assert match.parameters == parameters


def test_a_greedy_parameter_takes_at_least_one_segment() -> None:
    assert routing.find([method("ANY", "/a/{proxy+}")], "GET", "/a") is None


def test_there_is_no_match_where_nothing_has_the_verb() -> None:
    assert routing.find([method("GET", "/a"), method("GET", "/{proxy+}")], "POST", "/a") is None
