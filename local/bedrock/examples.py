"""JSON schemas: whether one is valid, and a value that fits it.

A fitting value is what a tool is called with and what structured output says: required properties,
first choices, shortest lists; `pattern`, `format` and numeric bounds are not heeded.
https://json-schema.org/draft/2020-12
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

Json = Any
_DEEPEST, _LONGEST, _MOST = 12, 1000, 10
_SIMPLE: Mapping[str, Json] = {"number": 1.5, "integer": 1, "boolean": True, "null": None}


def is_schema(candidate: Mapping[str, Json]) -> bool:
    """Return whether `candidate` is a schema of draft 2020-12."""
    return _is_schema(json.dumps(candidate))


@lru_cache(maxsize=1024)
def _is_schema(text: str) -> bool:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - slow: it compiles grammars
    from jsonschema.exceptions import SchemaError  # noqa: PLC0415

    try:
        Draft202012Validator.check_schema(json.loads(text))
    except SchemaError:
        return False
    return True


def example(schema: Mapping[str, Json]) -> Json:
    """Return a value that fits the valid `schema`; where it nests without end, the end is null."""
    return _example(schema, schema, _DEEPEST)


def _example(schema: Json, root: Mapping[str, Json], depth: int) -> Json:
    if not isinstance(schema, Mapping) or depth == 0:
        return None
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    if "$ref" in schema:
        return _example(_referred(schema["$ref"], root), root, depth - 1)
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return _example(schema[choice][0], root, depth - 1)
    return _of_type(schema, root, depth)


def _referred(reference: str, root: Mapping[str, Json]) -> Json:
    node: Json = root
    for name in reference.removeprefix("#").split("/")[1:]:
        node = node.get(name.replace("~1", "/").replace("~0", "~"))
        if not isinstance(node, Mapping):
            return None
    return node


def _of_type(schema: Mapping[str, Json], root: Mapping[str, Json], depth: int) -> Json:
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "string":
        shortest = min(int(schema.get("minLength", 0)), _LONGEST)
        return "example".ljust(shortest, ".")[: int(schema.get("maxLength", _LONGEST))]
    if kind == "array":
        item = _example(schema.get("items", {"type": "string"}), root, depth - 1)
        return [item] * max(1, min(int(schema.get("minItems", 1)), _MOST))
    if kind != "object":
        return _SIMPLE[kind]
    properties = schema.get("properties", {})
    required = schema.get("required", ())
    return {name: _example(properties.get(name), root, depth - 1) for name in required}
