"""The keys of a stage block, walked over the types: for errors, the JSON Schema and the docs."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from pydantic.fields import FieldInfo

from stacks.stage.block import Stage
from stacks.stage.group import Allowed, Group, Page

NAME = "NAME"
"""Stands in a path for a name that the stage's author gives."""


class Key(NamedTuple):
    """A key of a stage block. `path` is written with dots, from the block's top."""

    path: str
    field: FieldInfo

    @property
    def group(self) -> str:
        """The top-level key that it stands in, or is."""
        return self.path.partition(".")[0]

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def allowed(self) -> str:
        """What its value may be, as an error's last words."""
        return next(item.text for item in self.field.metadata if isinstance(item, Allowed))

    @property
    def page(self) -> str | None:
        """The page of docs/ that says more, if one does."""
        return next((item.name for item in self.field.metadata if isinstance(item, Page)), None)


def walk(group: type[Group] = Stage, path: str = "") -> Iterator[Key]:
    """Yield each key of the group and of those inside it, in order; without the stage's own
    name."""
    for name, field in group.model_fields.items():
        if group is Stage and name == "name":
            continue
        yield Key(path + name, field)
        between = f"{NAME}." if is_named(field) else ""
        for inner in groups_in(field.annotation):
            yield from walk(inner, f"{path}{name}.{between}")


def group_at(path: Sequence[str]) -> type[Group]:
    """Return the group that the keys lead to; a name that the stage's author gave is stepped
    over."""
    group: type[Group] = Stage
    named_next = False
    for key in path:
        field = None if named_next else group.model_fields.get(key)
        named_next = field is not None and is_named(field)
        inner = next(groups_in(field.annotation), None) if field else None
        group = inner or group
    return group


def innermost(path: Sequence[str]) -> Key:
    """Return the last key of the path that a type names. Raises KeyError where none does."""
    for end in range(len(path), 0, -1):
        field = group_at(path[: end - 1]).model_fields.get(path[end - 1])
        if field is not None:
            return Key(".".join(path[:end]), field)
    raise KeyError(".".join(path))


def is_named(field: FieldInfo) -> bool:
    """Return whether the value is an object whose keys are names that the stage's author gives."""
    return typing.get_origin(field.annotation) is Mapping


def groups_in(annotation: object) -> Iterator[type[Group]]:
    """Yield the groups that a value of this type may be, or may hold."""
    if isinstance(annotation, type) and issubclass(annotation, Group):
        yield annotation
    for part in typing.get_args(annotation):
        yield from groups_in(part)
