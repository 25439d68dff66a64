"""A table's encryption, recovery and TTL, properties that MiniStack's CloudFormation drops and its
DynamoDB has.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ministack.services import dynamodb  # type: ignore[import-untyped]
from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

_TYPE: Final = "AWS::DynamoDB::Table"

Properties = Mapping[str, Any]
Create = Callable[[str, Properties, str], tuple[str, dict[str, Any]]]


def add() -> None:
    """Teach MiniStack the properties; before it starts."""
    handlers = provisioners._RESOURCE_HANDLERS[_TYPE]
    handlers["create"] = _with_properties(handlers["create"])


def _with_properties(create: Create) -> Create:
    def create_table(
        logical_id: str, properties: Properties, stack_name: str
    ) -> tuple[str, dict[str, Any]]:
        name, attributes = create(logical_id, properties, stack_name)
        encryption = properties.get("SSESpecification")
        if encryption:
            specification = {**encryption, "Enabled": encryption["SSEEnabled"]}
            description = dynamodb._sse_description_from_spec(specification)
            dynamodb._tables[name]["SSEDescription"] = description
        for member, update in (
            ("PointInTimeRecoverySpecification", dynamodb._update_continuous_backups),
            ("TimeToLiveSpecification", dynamodb._update_ttl),
        ):
            if member in properties:
                update({"TableName": name, member: properties[member]})
        return name, attributes

    return create_table
