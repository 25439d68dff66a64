"""Names that are taken: CloudFormation looks for them before it runs a change set, MiniStack makes
the new resource in place of the old one.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html
The texts: https://github.com/serverless/serverless/issues/13248,
https://dev.classmethod.jp/en/articles/cloudformation-early-validation
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ministack.core.responses import new_uuid  # type: ignore[import-untyped]
from ministack.services import cloudformation  # type: ignore[import-untyped]
from ministack.services.cloudformation import (  # type: ignore[import-untyped]
    changesets,
    handlers,
    provisioners,
    stacks,
)

CREATE: Final = "CreateChangeSet"
TABLE: Final = "AWS::DynamoDB::Table"
_REASON: Final = (
    "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]. To "
    "troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure "
    "information."
)

Json = dict[str, Any]
Operation = Callable[[Mapping[str, Any]], Any]
Create = Callable[[str, Json, str], tuple[str, Json]]


def add() -> None:
    """Have them looked for; before MiniStack starts."""
    handlers._ACTION_HANDLERS[CREATE] = _validated(handlers._ACTION_HANDLERS[CREATE])
    tables = provisioners._RESOURCE_HANDLERS[TABLE]
    tables["create"] = _newly_named(tables["create"])


def _validated(create: Operation) -> Operation:
    def create_change_set(parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - MiniStack's own
        reply = create(parameters)
        names = (handlers._p(parameters, name) for name in ("ChangeSetName", "StackName"))
        _, change_set = changesets._find_change_set(*names)
        if reply[0] == 200 and not change_set["_disable_validation"]:
            _validate(change_set)
        return reply

    return create_change_set


def _validate(change_set: Json) -> None:
    """Fail the change set where it would create a resource by a name that exists; one to be
    imported is no conflict."""
    taken = changesets._existing_resources(change_set["Changes"], change_set["_template"])
    if not taken:
        return
    change_set.update(Status="FAILED", ExecutionStatus="UNAVAILABLE", StatusReason=_REASON)
    stack = cloudformation._stacks[change_set["StackName"]]
    stack["_operation_events"] = [_event(change_set["StackId"], resource) for resource in taken]


def _event(stack_id: str, resource: Json) -> Json:
    (name,) = resource["ResourceIdentifier"].values()
    kind, logical_id = resource["ResourceType"], resource["LogicalResourceId"]
    event: Json = stacks._operation_event(
        stack_id,
        new_uuid(),
        "VALIDATION_ERROR",
        "CREATE_CHANGESET",
        LogicalResourceId=logical_id,
        ResourceType=kind,
        ValidationFailureMode="FAIL",
        ValidationName="NAME_CONFLICT_VALIDATION",
        ValidationStatus="FAILED",
        ValidationStatusReason=f"Resource of type '{kind}' with identifier '{name}' already "
        "exists.",
        ValidationPath=f"/Resources/{logical_id}",
    )
    return event


def _newly_named(create: Create) -> Create:
    """A stack that is made again gives its tables new names, so that one that was retained stays:
    as MiniStack does for buckets."""

    def create_table(logical_id: str, properties: Json, stack_name: str) -> tuple[str, Json]:
        if "TableName" not in properties and not provisioners._NAME_SEED.get():
            provisioners._NAME_SEED.set(new_uuid()[:8])
        return create(logical_id, properties, stack_name)

    return create_table
