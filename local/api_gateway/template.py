"""A deployed stack's template with its references filled in, for what the embedded AWS drops.

MiniStack takes access-log settings, the key source and request validators, and keeps none of them.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from local.aws.client import Client

Value = Any
"""Any JSON."""

_PSEUDO = {"AWS::AccountId": 4, "AWS::Region": 3, "AWS::Partition": 1}


class Resource(NamedTuple):
    type: str
    id: str
    properties: Mapping[str, Any]


class StackTemplate:
    """The template of one stack, as deployed."""

    def __init__(self, cloudformation: Client, stack: str) -> None:
        body = cloudformation.get_template(StackName=stack)["TemplateBody"]
        self._template: dict[str, Any] = json.loads(body) if isinstance(body, str) else body
        resources = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
        self._ids = {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources
        }
        self._arn: str = resources[0]["StackId"]

    def of_type(self, kind: str) -> Iterator[Resource]:
        """Yield each resource of CloudFormation type `kind`."""
        for name, resource in self._template["Resources"].items():
            if resource["Type"] == kind:
                filled = self._filled(resource.get("Properties", {}))
                yield Resource(kind, self._ids[name], filled)

    def _filled(self, value: Value) -> Value:
        """`value` with Ref and Fn::Join replaced; other functions stay as they are written."""
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        if not isinstance(value, dict):
            return value
        match value:
            case {"Ref": str(name)}:
                return self._referenced(name)
            case {"Fn::Join": [str(separator), list(parts)]}:
                return separator.join(str(self._filled(part)) for part in parts)
            case _:
                return {name: self._filled(item) for name, item in value.items()}

    def _referenced(self, name: str) -> str:
        if name in _PSEUDO:
            return self._arn.split(":")[_PSEUDO[name]]
        return str(self._ids.get(name, name))
