"""JSON bodies by AWS's service model of bedrock-runtime: types, members, bounds, unions.

The model is the one botocore ships. As AWS's services do, members it does not know are ignored,
null stands for absent, and every broken constraint is told at once.
"""

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape

from local.bedrock import json_body
from local.bedrock.errors import RefusedError, invalid
from local.bedrock.json_body import BeyondBoundsError

_SERVICE = "bedrock-runtime"
_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "blob": (str,),
    "boolean": (bool,),
    "double": (int, float),
    "float": (int, float),
    "integer": (int,),
    "list": (list,),
    "long": (int,),
    "map": (dict,),
    "string": (str,),
    "structure": (dict,),
}
_ALSO = {"ToolUseType": ("tool_use",)}
"""Values that answers have and the model lacks; a client sends them back."""
_NAMED_LATER = ("ServiceTierType",)
"""Types with a sentence of their own for a value that they lack: local.bedrock.options."""
_VALUE_NAMES = {
    bool: "BOOLEAN_VALUE",
    str: "STRING_VALUE",
    int: "NUMBER_VALUE",
    float: "NUMBER_VALUE",
}


def read(body: bytes, shape_name: str) -> dict[str, Any]:
    """Return the known members of `body`, which is JSON of the shape; blobs stay base64.

    Raises RefusedError: SerializationException for what is no JSON or of another type, and
    ValidationException for broken constraints.
    """
    reader = _Reader()
    value: dict[str, Any] = reader.value(_parsed(body), _model().shape_for(shape_name), "", False)
    if reader.broken:
        count = len(reader.broken)
        plural = "s" if count > 1 else ""
        raise invalid(f"{count} validation error{plural} detected: {'; '.join(reader.broken)}")
    return value


def stream_exceptions(shape_name: str) -> tuple[str, ...]:
    """Return the exceptions that an event stream of this shape may carry."""
    shape = _model().shape_for(shape_name)
    members = shape.members if isinstance(shape, StructureShape) else {}
    return tuple(name for name in members if name.endswith("Exception"))


@cache
def _model() -> ServiceModel:
    return ServiceModel(Loader().load_service_model(_SERVICE, "service-2"), _SERVICE)


def _parsed(body: bytes) -> Any:  # noqa: ANN401
    try:
        return json_body.read(body)
    except BeyondBoundsError as beyond:
        raise _unreadable(str(beyond)) from beyond
    except ValueError as broken:
        raise _unreadable("The request body is not valid JSON.") from broken


def _unreadable(message: str) -> RefusedError:
    return RefusedError("SerializationException", message)


class _Reader:
    """Walks a value beside its shape; `broken` are the constraints that it breaks."""

    def __init__(self) -> None:
        self.broken: list[str] = []

    def value(self, value: Any, shape: Shape, path: str, hidden: bool) -> Any:  # noqa: ANN401
        """`value` without what the shape does not know; `hidden` values are not quoted."""
        # A document is any JSON, with members of its own: nothing in it is checked.
        if getattr(shape, "is_document_type", False):
            return value
        _check_type(value, shape)
        hidden = hidden or shape.name == "ContentBlock" or "sensitive" in shape.metadata
        quoted = f"Value '{value}' at" if isinstance(value, str) and not hidden else "Value at"
        for constraint in _broken(value, shape):
            self.broken.append(f"{quoted} '{path}' failed to satisfy constraint: {constraint}")
        if isinstance(shape, StructureShape):
            return self._structure(value, shape, path, hidden)
        if isinstance(shape, ListShape):
            return [
                # Constraints count list members from 1, as AWS's query protocols do.
                self.value(item, shape.member, f"{path}.{number}.member", hidden)
                for number, item in enumerate(value, 1)
                if item is not None
            ]
        if isinstance(shape, MapShape):
            return self._map(value, shape, path, hidden)
        return value

    def _structure(
        self, value: dict[str, Any], shape: StructureShape, path: str, hidden: bool
    ) -> dict[str, Any]:
        known = {
            name: self.value(value[name], member, f"{path}.{name}".lstrip("."), hidden)
            for name, member in shape.members.items()
            # Members with a location are in the path or in headers, not in the body.
            if value.get(name) is not None and "location" not in member.serialization
        }
        for name in shape.required_members:
            if name not in known and "location" not in shape.members[name].serialization:
                where = f"{path}.{name}".lstrip(".")
                self.broken.append(
                    f"Value at '{where}' failed to satisfy constraint: Member must not be null"
                )
        if shape.is_tagged_union and len(known) != 1:
            raise invalid(
                f"{shape.name} object at {plain(path)} must set one of the following keys: "
                f"{', '.join(shape.members)}."
            )
        return known

    def _map(
        self, value: dict[str, Any], shape: MapShape, path: str, hidden: bool
    ) -> dict[str, Any]:
        known = {}
        for key, item in value.items():
            self.value(key, shape.key, path, hidden)
            known[key] = self.value(item, shape.value, f"{path}.{key}.member", hidden)
        return known


def plain(path: str) -> str:
    """Return a path as Bedrock's own sentences have it: `messages.0` for `messages.1.member`."""
    return re.sub(r"\b(\d+)\.member", lambda match: str(int(match[1]) - 1), path)


def _check_type(value: object, shape: Shape) -> None:
    right = isinstance(value, _PYTHON_TYPES[shape.type_name])
    # In Python, a truth value is an integer too.
    if isinstance(value, bool) and shape.type_name != "boolean":
        right = False
    if right and shape.type_name == "blob":
        right = _decoded(str(value)) is not None
    if right:
        return
    if isinstance(value, dict):
        raise _unreadable("Start of structure or map found where not expected.")
    if isinstance(value, list):
        raise _unreadable("Start of list found where not expected")
    value_name = _VALUE_NAMES.get(type(value), "NULL_VALUE")
    raise _unreadable(f"{value_name} can not be converted to a {shape.type_name.capitalize()}")


def _decoded(text: str) -> bytes | None:
    try:
        return b64decode(text, validate=True)
    except (Error, ValueError):
        return None


def _broken(value: Any, shape: Shape) -> Iterator[str]:  # noqa: ANN401
    listed = isinstance(shape, StringShape) and shape.name not in _NAMED_LATER and shape.enum
    if listed and value not in (*listed, *_ALSO.get(shape.name, ())):
        yield f"Member must satisfy enum value set: [{', '.join(listed)}]"
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, value, re.ASCII):
        yield f"Member must satisfy regular expression pattern: {pattern}"
    number = isinstance(value, int | float)
    size = value if number else len(_decoded(value) or b"" if shape.type_name == "blob" else value)
    what = "value" if number else "length"
    if "min" in shape.metadata and size < shape.metadata["min"]:
        yield f"Member must have {what} greater than or equal to {shape.metadata['min']}"
    if "max" in shape.metadata and size > shape.metadata["max"]:
        yield f"Member must have {what} less than or equal to {shape.metadata['max']}"
