"""The schemas that Claude can be held to: a part of JSON schema, for output and strict tools.

https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from local.bedrock.errors import invalid

# A string's lengths are not among them, though the page says so: a recorded exchange has one taken.
_UNSUPPORTED: Final[Mapping[str, tuple[str, ...]]] = {
    "number": ("exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"),
    "integer": ("exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"),
    "array": ("contains", "maxItems", "prefixItems", "uniqueItems"),
    "object": ("maxProperties", "minProperties", "patternProperties", "propertyNames"),
}
_FORMATS: Final = frozenset(
    {
        "date",
        "date-time",
        "duration",
        "email",
        "hostname",
        "ipv4",
        "ipv6",
        "time",
        "uri",
        "uuid",
    }
)


def check(where: str, schema: Mapping[str, Any]) -> None:
    """Raise RefusedError, in words that begin with `where`, for a schema that is outside the part
    Claude can be held to. `schema` is valid JSON schema."""
    for node in _nodes(schema):
        _check_types(where, node)
        _check_reference(where, node, schema)
    if _is_recursive(schema, schema, ()):
        raise invalid(f"{where}: Circular reference detected in schema definitions")


def _nodes(schema: object) -> Iterator[Mapping[str, Any]]:
    """Yield every schema within `schema`, itself first."""
    if not isinstance(schema, Mapping):
        return
    yield schema
    for child in _children(schema):
        yield from _nodes(child)


def _children(schema: Mapping[str, Any]) -> Iterator[object]:
    for name in ("properties", "$defs", "definitions", "patternProperties"):
        yield from schema.get(name, {}).values()
    for name in ("anyOf", "oneOf", "allOf", "prefixItems"):
        yield from schema.get(name, [])
    for name in ("items", "not", "if", "then", "else", "contains"):
        yield schema.get(name)


def _types(schema: Mapping[str, Any]) -> list[str]:
    kind = schema.get("type", [])
    return [kind] if isinstance(kind, str) else list(kind)


def _check_types(where: str, schema: Mapping[str, Any]) -> None:
    for kind in _types(schema):
        unsupported = [name for name in _UNSUPPORTED.get(kind, ()) if name in schema]
        if unsupported:
            several = len(unsupported) > 1
            names = ", ".join(unsupported) if several else f"'{unsupported[0]}'"
            raise invalid(
                f"{where}: For '{kind}' type, {'properties' if several else 'property'} {names} "
                f"{'are' if several else 'is'} not supported"
            )
        # A grammar is compiled of the schema: what it does not name cannot be generated.
        if kind == "object" and schema.get("additionalProperties") is not False:
            raise invalid(
                f"{where}: For 'object' type, 'additionalProperties' must be explicitly set to "
                "false"
            )
        if kind == "array" and schema.get("minItems", 0) not in (0, 1):
            raise invalid(
                f"{where}: For 'array' type, 'minItems' values other than 0 or 1 are not supported"
            )
        if kind == "string" and "format" in schema and schema["format"] not in _FORMATS:
            raise invalid(
                f"{where}: For 'string' type, format '{schema['format']}' is not supported"
            )


def _check_reference(where: str, schema: Mapping[str, Any], root: Mapping[str, Any]) -> None:
    reference = schema.get("$ref")
    if reference is None:
        return
    if not reference.startswith("#"):
        raise invalid(f"{where}: Invalid schema: External references are not supported")
    if _referred(reference, root) is None:
        raise invalid(f"{where}: Invalid schema: Reference to non-existent definition")


def _referred(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any] | None:
    node: object = root
    for name in reference.removeprefix("#").split("/")[1:]:
        if not isinstance(node, Mapping):
            return None
        # Escapes in this order, or `~01` would become a slash:
        # https://www.rfc-editor.org/rfc/rfc6901#section-4
        node = node.get(name.replace("~1", "/").replace("~0", "~"))
    return node if isinstance(node, Mapping) else None


def _is_recursive(schema: object, root: Mapping[str, Any], above: tuple[str, ...]) -> bool:
    if not isinstance(schema, Mapping):
        return False
    reference = schema.get("$ref")
    if reference is not None:
        return reference in above or _is_recursive(
            _referred(reference, root), root, (*above, reference)
        )
    return any(_is_recursive(child, root, above) for child in _children(schema))
