"""The endpoint as an OpenAPI document, made of the routes and errors of the gateway's code."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gateway import error_formats, routes
from gateway.control_plane import PARAMETERS
from gateway.query_parameters import Constraint, Number, OneOf, Text
from tools.docs.openapi.operations import HAIKU, JSON, OPERATIONS, Operation
from tools.docs.openapi.schemas import Schema, schemas

_URL = "https://{api}.execute-api.{region}.amazonaws.com/{stage}"
_OF_API_GATEWAY = frozenset({401, 403, 413, 415, 429, 500, 502, 503, 504})
"""By which statuses API Gateway refuses by itself, whatever was asked: docs/api.md."""
_OF_ANY_REQUEST = frozenset({400, 404, 431})
"""By which any request may be refused that needs a key: as one that cannot be read, or routed."""


def _of_constraint(constraint: Constraint) -> Schema:
    match constraint:
        case OneOf(values):
            return {"type": "string", "enum": list(values)}
        case Number(least, most):
            return {"type": "integer", "minimum": least, "maximum": most}
        case Text(pattern, least, most):
            length = {"minLength": least} | ({"maxLength": most} if most else {})
            return {"type": "string", "pattern": f"^{pattern}$", **length}


_QUERY: Mapping[str, Schema] = {
    "beta": {"type": "boolean", "description": "Accepted and ignored."},
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 20},
    "after_id": {"type": "string"},
    "before_id": {"type": "string"},
    "lifecycle": {
        "type": "string",
        "description": "Some of active, deprecated and retired, separated by commas.",
        "examples": ["active,deprecated"],
    },
    **{
        name: _of_constraint(constraint)
        for parameters in PARAMETERS.values()
        for name, constraint in parameters.items()
    },
}
_ANSWERED_BY = {
    "x-gateway-model-id": "The model or inference profile ID used for the Bedrock call, if one was "
    "made.",
    "x-gateway-adapted": "The changes to the request that Bedrock needs, if there are any.",
    "deprecation": "The date since which the model is legacy (RFC 9745).",
    "sunset": "The date from which Bedrock refuses the model (RFC 8594).",
}


def document(version: str) -> dict[str, Any]:
    """OpenAPI 3.1. Raises KeyError for a route that nothing is said of here."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes._ROUTES:
        verb, path = route.split()
        about = {"operationId": _identity(route), **_operation(path, OPERATIONS[route])}
        paths.setdefault(path, {})[verb.lower()] = about
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Claude on Amazon Bedrock",
            "version": version,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "The endpoint of one stage, which docs/api.md describes. "
            "`/anthropic/v1/…` is the same as `/v1/…`.",
        },
        "servers": [{"url": _URL, "variables": _variables()}],
        "security": [{"key": []}, {"bearer": []}, {"signature": []}],
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "responses": _responses(),
            "securitySchemes": _security(),
        },
    }


def _identity(route: str) -> str:
    """`post_v1_messages`: what tools make a function's name of."""
    return re.sub(r"[^a-z0-9]+", "_", route.lower()).strip("_")


def _variables() -> dict[str, dict[str, str]]:
    defaults = {"api": "API_ID", "region": "us-east-1", "stage": "prod"}
    return {name: {"default": value} for name, value in defaults.items()}


def _security() -> dict[str, Any]:
    return {
        "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "The same key, or a token of one of the stage's `token_issuers`.",
        },
        "signature": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "Where the stage's `auth` is `iam`, instead of a key: AWS Signature "
            "Version 4, service `execute-api`.",
            "x-amazon-apigateway-authtype": "awsSigv4",
        },
    }


def _operation(path: str, about: Operation) -> dict[str, Any]:
    made: dict[str, Any] = {
        "summary": about.summary,
        "parameters": [*_path_parameters(path), *_parameters(about)],
        "responses": {"200": _answer(about), **_refusals(path, about)},
    }
    if about.body:
        examples = {name: {"value": value} for name, value in about.examples.items()}
        content = {JSON: {"schema": _reference(about.body), "examples": examples}}
        made["requestBody"] = {"required": True, "content": content}
    if about.open:
        made["security"] = []
    return {name: value for name, value in made.items() if value or name == "security"}


def _path_parameters(path: str) -> Iterator[dict[str, Any]]:
    if "{id}" in path:
        what = "A model, by any of its spellings; percent-encoded."
        schema: Schema = {"type": "string", "minLength": 1}
        named = {"name": "id", "in": "path", "required": True, "description": what}
        yield {**named, "schema": schema, "example": HAIKU}


def _parameters(about: Operation) -> Iterator[dict[str, Any]]:
    for name in about.query:
        yield {"name": name, "in": "query", "schema": _QUERY[name]}
    for name, schema in about.headers.items():
        yield {"name": name, "in": "header", "schema": schema}


def _answer(about: Operation) -> dict[str, Any]:
    made: dict[str, Any] = {"description": about.summary, "headers": _headers(about)}
    if about.answers:
        made["content"] = {
            kind: {"schema": _reference(name)} for kind, name in about.answers.items()
        }
    return made


def _headers(about: Operation) -> dict[str, Any]:
    headers = _ANSWERED_BY if about.body else {}
    return {
        "request-id": _header("Bedrock's request id, else API Gateway's.", required=True),
        **{name: _header(text, required=False) for name, text in headers.items()},
    }


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _header(text: str, *, required: bool) -> dict[str, Any]:
    return {"description": text, "required": required, "schema": {"type": "string"}}


def _refusals(path: str, about: Operation) -> dict[str, Any]:
    return {
        str(status): {"$ref": f"#/components/responses/{form}{status}"}
        for form, status in _refused(path, about)
    }


def _refused(path: str, about: Operation) -> Iterator[tuple[str, int]]:
    """Form and status of each refusal there may be."""
    form = (
        "BedrockError" if routes.find("", path).error_format is error_formats.BEDROCK else "Error"
    )
    statuses = about.refusals if about.open else about.refusals | _OF_ANY_REQUEST
    yield from ((form, status) for status in sorted(statuses | _OF_API_GATEWAY))


def _responses() -> dict[str, Any]:
    """Return the refusals, by the names that operations refer to them by."""
    refusals = {
        refusal
        for route, about in OPERATIONS.items()
        for refusal in _refused(route.split()[1], about)
    }
    return {f"{form}{status}": _refusal(form, status) for form, status in sorted(refusals)}


def _refusal(form: str, status: int) -> dict[str, Any]:
    headers = {
        "request-id": _header(
            "The ID of the request; Bedrock's once Bedrock was called.", required=True
        )
    }
    if status == 429:
        headers["retry-after"] = _header("The seconds to wait.", required=True)
    if form == "BedrockError":
        headers["x-amzn-errortype"] = _header("The exception's name.", required=True)
    return {
        "description": _DESCRIPTIONS.get(status, "Bedrock or API Gateway failed"),
        "headers": headers,
        "content": {JSON: {"schema": _reference(form)}},
    }


_DESCRIPTIONS = {
    400: "Invalid request",
    401: "The API key, the token or the signature is missing or invalid",
    403: "Not allowed",
    404: "No such model or route",
    408: "The model did not respond in time",
    409: "The request conflicts with the state of a resource",
    413: "The request is too large",
    415: "The content coding of the body is not supported",
    424: "The model failed",
    429: "Too many requests or tokens",
    431: "The headers are larger than 20,480 bytes",
    500: "The gateway or Bedrock failed",
    501: "Bedrock does not support this",
    504: "Bedrock did not respond in time",
    529: "Bedrock has no capacity now",
}
