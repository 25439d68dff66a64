"""`python -m tools.docs.stage_block`: write what is generated from the types of a stage block: the
JSON Schema of cdk.json, and the tables in docs/configuration.md."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema

from stacks.stage import Stage
from stacks.stage.block import STAGE_NAME
from stacks.stage.group import Group
from stacks.stage.keys import Key, groups_in, walk

ROOT: Final = Path(__file__).parents[2]
SCHEMA: Final = ROOT / "stacks" / "stage" / "cdk.schema.json"
PAGE: Final = ROOT / "docs" / "configuration.md"
_BLOCK: Final = "#/$defs/Stage"
_HEAD: Final = "| Key | Type | Default | Meaning |\n| --- | --- | --- | --- |\n"


def schema() -> dict[str, Any]:
    """Return the JSON Schema of cdk.json as far as it holds stages; other keys are the CDK's."""
    block = Stage.model_json_schema(ref_template="#/$defs/{model}")
    definitions = {**block.pop("$defs"), "Stage": block}
    del block["properties"]["name"]
    block["required"].remove("name")
    for group in _groups(Stage):
        for name, value in definitions[group.__name__]["properties"].items():
            value["description"] = _text(Key(name, group.model_fields[name]))
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "title": "cdk.json with the stages of Claude on Bedrock",
        "description": "Written from the types in stacks/stage/.",
        "type": "object",
        "properties": {
            "context": {
                "type": "object",
                "properties": {
                    "stages": {
                        "description": "A stage's name -> its block. docs/configuration.md "
                        "explains each key.",
                        "type": "object",
                        "minProperties": 1,
                        "propertyNames": {"pattern": STAGE_NAME},
                        "additionalProperties": {"$ref": _BLOCK},
                    }
                },
            }
        },
        "$defs": {name: _closed(definition) for name, definition in sorted(definitions.items())},
    }


def _groups(group: type[Group]) -> Iterator[type[Group]]:
    yield group
    for field in group.model_fields.values():
        for inner in groups_in(field.annotation):
            yield from _groups(inner)


def _text(key: Key) -> str:
    """Return the text that an editor shows of a key: what it does, what it takes, where to read
    on."""
    text = f"{key.field.description} Allowed: {key.allowed}."
    return f"{text} See docs/{key.page.partition('#')[0]}." if key.page else text


def _closed(part: object) -> object:
    """Return the part without titles, and with objects that take no other keys than those they
    name."""
    if isinstance(part, list):
        return [_closed(item) for item in part]
    if not isinstance(part, dict):
        return part
    closed = {
        name: _closed(value)
        for name, value in part.items()
        if not (name == "title" and isinstance(value, str))
    }
    if "patternProperties" in closed:
        closed.setdefault("additionalProperties", False)
    return closed


def tables() -> Iterator[tuple[str, str]]:
    """Yield each group's name with its table of keys; first the table of the block's own keys."""
    keys = list(walk())
    top = [key for key in keys if "." not in key.path]
    yield "stage", _HEAD + "".join(map(_row, top))
    for group in (key.name for key in top):
        inside = [key for key in keys if key.path.startswith(f"{group}.")]
        if inside:
            yield group, _HEAD + "".join(map(_row, inside))


def _row(key: Key) -> str:
    meaning = str(key.field.description)
    if key.page:
        page, _, anchor = key.page.partition("#")
        target = f"#{anchor}" if page == PAGE.name else key.page
        meaning += f" [More]({target})"
    path = key.path.partition(".")[2] or key.path
    return f"| `{path}` | {_type(key)} | {_default(key.field)} | {meaning} |\n"


def _type(key: Key) -> str:
    """Return what the key takes, with any word that stands in JSON's quotes as code."""
    return re.sub(r'"[^"]+"', lambda match: f"`{match[0]}`", key.allowed)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default()
    if isinstance(default, BaseModel):
        plain = default.model_dump(exclude_defaults=True)
        return f"`{json.dumps(plain)}`" if plain else "`{}`"
    return f"`{json.dumps(default)}`"


def page() -> str:
    """Return docs/configuration.md with every table as it is generated today.

    Raises ValueError where the page has no place for one of them."""
    text = PAGE.read_text(encoding="utf-8")
    for group, table in tables():
        begin, end = f"<!-- table: {group} -->\n", "<!-- end -->"
        head, marker, rest = text.partition(begin)
        if not marker or end not in rest:
            raise ValueError(f"docs/configuration.md has no place for the table of {group}")
        text = f"{head}{begin}\n{table}\n{end}{rest.partition(end)[2]}"
    return text


def main() -> None:
    """Write the schema and the page."""
    SCHEMA.write_text(json.dumps(schema(), indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
