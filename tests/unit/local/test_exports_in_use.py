"""An export that another stack imports may neither go nor change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import cloudformation  # type: ignore[import-untyped]

from local.embedded.exports_in_use import Exports, check

PRODUCER, CONSUMER = "producer", "consumer"


def stack(**parts: Any) -> dict[str, Any]:  # noqa: ANN401 - as MiniStack keeps it
    return {"StackStatus": "CREATE_COMPLETE", "StackId": "x", "Outputs": [], **parts}


def exports(**values: str) -> Exports:
    return {name: {"Name": name, "Value": value} for name, value in values.items()}


@pytest.fixture(autouse=True)
def _stacks() -> Iterator[None]:
    outputs = [
        {"OutputKey": name, "OutputValue": "old", "ExportName": name} for name in ("Used", "Free")
    ]
    resources = {"One": {"Properties": {"Value": {"Fn::ImportValue": "Used"}}}}
    cloudformation._stacks[PRODUCER] = stack(Outputs=[*outputs, {"OutputKey": "Plain"}])
    cloudformation._stacks[CONSUMER] = stack(_template={"Resources": resources})
    cloudformation._exports.update(exports(Used="old", Free="old"))
    yield
    for name in (PRODUCER, CONSUMER):
        cloudformation._stacks.pop(name, None)
    for name in ("Used", "Free"):
        cloudformation._exports.pop(name, None)


def test_one_that_is_used_cannot_be_deleted() -> None:
    with pytest.raises(
        ValueError, match=r"^Export Used cannot be deleted as it is in use by consumer$"
    ):
        check(PRODUCER, exports(Free="old"))


def test_one_that_is_used_cannot_change() -> None:
    with pytest.raises(
        ValueError, match=r"^Export Used cannot be updated as it is in use by consumer$"
    ):
        check(PRODUCER, exports(Used="new", Free="old"))


def test_an_unused_export_may_change_and_go() -> None:
    check(PRODUCER, exports(Used="old", Free="new"))
    check(PRODUCER, exports(Used="old"))

    assert "Free" not in cloudformation._exports


def test_a_deleted_stack_uses_nothing() -> None:
    cloudformation._stacks[CONSUMER]["StackStatus"] = "DELETE_COMPLETE"

    check(PRODUCER, {})


def test_a_first_deployment_exports_what_it_likes() -> None:
    cloudformation._stacks[PRODUCER]["Outputs"] = []

    check(PRODUCER, exports(Used="another"))
