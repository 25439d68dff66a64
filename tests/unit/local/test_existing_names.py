"""A change set that would create what exists by its name fails, as CloudFormation's do."""

from __future__ import annotations

from typing import Any

import pytest
from ministack.services import cloudformation, cloudwatch_logs  # type: ignore[import-untyped]
from ministack.services.cloudformation import (  # type: ignore[import-untyped]
    handlers,
    provisioners,
)

from local.embedded import existing_names
from local.embedded.existing_names import CREATE, TABLE

GROUP = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/stage/invocations"}}
ADDED = {"Action": "Add", "ResourceType": GROUP["Type"], "LogicalResourceId": "Logs"}


def change_set(action: str = "Add", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - as MiniStack keeps it
    return {
        "ChangeSetName": "set",
        "StackName": "stack",
        "StackId": "id",
        "Status": "CREATE_COMPLETE",
        "Changes": [{"ResourceChange": {**ADDED, "Action": action}}],
        "_template": {"Resources": {"Logs": GROUP}},
        "_disable_validation": False,
        **more,
    }


@pytest.fixture(autouse=True)
def _stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloudformation, "_stacks", {"stack": {}})
    monkeypatch.setattr(cloudwatch_logs, "_log_groups", {"/stage/invocations": {}})


def created(monkeypatch: pytest.MonkeyPatch, made: dict[str, Any]) -> dict[str, Any]:
    """The change set after it was created."""
    monkeypatch.setattr(cloudformation, "_change_sets", {"arn": made})
    monkeypatch.setitem(handlers._ACTION_HANDLERS, CREATE, lambda _: (200, {}, b""))
    create_table = dict(provisioners._RESOURCE_HANDLERS[TABLE])
    monkeypatch.setitem(provisioners._RESOURCE_HANDLERS, TABLE, create_table)
    existing_names.add()
    handlers._ACTION_HANDLERS[CREATE]({"ChangeSetName": ["set"], "StackName": ["stack"]})
    return made


def test_a_name_that_is_taken_fails_it(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = created(monkeypatch, change_set())

    assert failed["Status"] == "FAILED"
    assert "AWS::EarlyValidation::ResourceExistenceCheck" in failed["StatusReason"]
    (event,) = cloudformation._stacks["stack"]["_operation_events"]
    assert event["LogicalResourceId"] == "Logs"
    assert event["ValidationStatusReason"] == (
        "Resource of type 'AWS::Logs::LogGroup' with identifier '/stage/invocations' already "
        "exists."
    )


def test_what_is_imported_or_free_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert created(monkeypatch, change_set("Import"))["Status"] == "CREATE_COMPLETE"
    cloudwatch_logs._log_groups.clear()
    assert created(monkeypatch, change_set())["Status"] == "CREATE_COMPLETE"


def test_a_stack_made_again_leaves_the_table_that_was_retained(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    created(monkeypatch, change_set("Import"))
    create = provisioners._RESOURCE_HANDLERS[TABLE]["create"]

    def name() -> str:
        token = provisioners._NAME_SEED.set("")
        try:
            made: str = create("Table", {"KeySchema": []}, "stack")[0]
            return made
        finally:
            provisioners._NAME_SEED.reset(token)

    assert name() != name()
