"""What CloudFormation refuses when a deployed stage changes, computed from templates alone.

Exports in use: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-importvalue.html
Weak references: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getstackoutput.html
Custom names: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
Which property replaces its resource: the provider schemas that cfn-lint brings.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, NamedTuple

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]

from tests.infrastructure.variants import ACCOUNT, STACKS, STAGE, Templates
from tools.stage_blocks import Block

# Names that an account holds once, though they are not the resource's primary identifier.
UNIQUE: Final[Mapping[str, tuple[str, ...]]] = {
    "AWS::ApiGateway::GatewayResponse": ("RestApiId", "ResponseType"),
    "AWS::ApiGateway::Resource": ("RestApiId", "ParentId", "PathPart"),
    "AWS::Bedrock::ApplicationInferenceProfile": ("InferenceProfileName",),
    "AWS::Glue::Database": ("DatabaseInput/Name",),
    "AWS::Glue::Table": ("DatabaseName", "TableInput/Name"),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName",),
    "AWS::IAM::Policy": ("PolicyName", "Roles"),
    "AWS::SNS::Topic": ("TopicName",),
}
RETAIN: Final = {"Retain", "RetainExceptOnCreate"}

Properties = Mapping[str, Any]
Value = Any
Name = tuple[object, ...]
Resolve = Callable[[Value], Value]


class StackLocation(NamedTuple):
    """An account and Region: where a stack's name and its exports are one of a kind."""

    account: str
    region: str


@dataclass
class Resource:
    """A deployed resource; each physical one has a number of its own."""

    type: str
    number: int
    properties: Properties
    name: Name | None
    deletion: str
    replaced: str


@dataclass
class Stack:
    """A deployed stack, its references resolved as they were when it was last updated."""

    template: Mapping[str, Any] = field(default_factory=dict)
    imports: Set[str] = frozenset()
    weak_references: Set[tuple[str, str]] = frozenset()
    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: dict[str, Value] = field(default_factory=dict)

    def exports(self) -> dict[str, Value]:
        return {
            body["Export"]["Name"]: self.outputs[output]
            for output, body in self.template.get("Outputs", {}).items()
            if "Export" in body
        }

    def uses(self, mark: str) -> bool:
        return any(mark in json.dumps(resource.properties) for resource in self.resources.values())


class Deployment:
    """One stage as it is deployed; `update` tells what AWS would refuse of a change."""

    def __init__(self) -> None:
        self._stacks: dict[tuple[StackLocation, str], Stack] = {}
        self._names: dict[Name, str] = {}
        self._numbers = itertools.count()

    def update(self, block: Block, templates: Templates) -> list[str]:
        """Deploys the stacks in their order. Returns what is refused; deploys it all the same."""
        location = StackLocation(block.get("account.id") or ACCOUNT, block["region"])
        refusals: list[str] = []
        for name in filter(templates.__contains__, STACKS):
            refusals += self._update(location, name, templates[name])
        return refusals

    def destroy(self, block: Block, *names: str) -> None:
        """Deletes stacks of the stage, which no other one needs."""
        location = StackLocation(block.get("account.id") or ACCOUNT, block["region"])
        for name in names:
            self._rename(name, self._stacks.pop((location, name)), Stack())

    def _update(
        self, location: StackLocation, name: str, template: Mapping[str, Any]
    ) -> Iterator[str]:
        old = self._stacks.get((location, name), Stack())
        new = Stack(template, *_references(template))
        numbers = self._numbered(old, template)
        resolve = _Resolver(location, name, template["Resources"], numbers, self._stacks).resolve
        while replaced := self._replaced(old, template, numbers, resolve):
            numbers.update({logical_id: next(self._numbers) for logical_id in replaced})
        for logical_id, body in template["Resources"].items():
            new.resources[logical_id] = _resource(location, body, numbers[logical_id], resolve)
        new.outputs = {
            output: resolve(body["Value"]) for output, body in template.get("Outputs", {}).items()
        }
        refusals = [
            *self._exports_in_use(location, name, old, new),
            *self._attached(location, name, old, new),
            *self._names_taken(name, old, new),
            *self._missing_outputs(location, name, new),
            *_endpoint_types(name, old, new),
        ]
        if template == old.template:
            refusals += self._stale(name, old, new)
        self._stacks[location, name] = new
        self._rename(name, old, new)
        return iter(refusals)

    def _numbered(self, old: Stack, template: Mapping[str, Any]) -> dict[str, int]:
        """Logical id -> number, where a resource stays what it was until it is known replaced."""
        return {
            logical_id: old.resources[logical_id].number
            if logical_id in old.resources and old.resources[logical_id].type == body["Type"]
            else next(self._numbers)
            for logical_id, body in template["Resources"].items()
        }

    def _replaced(
        self, old: Stack, template: Mapping[str, Any], numbers: Mapping[str, int], resolve: Resolve
    ) -> list[str]:
        """Those whose create-only properties differ from what is deployed."""
        return [
            logical_id
            for logical_id, was in old.resources.items()
            if numbers.get(logical_id) == was.number
            and _create_only(was.type, was.properties)
            != resolve(
                _create_only(was.type, template["Resources"][logical_id].get("Properties", {}))
            )
        ]

    def _exports_in_use(
        self, location: StackLocation, name: str, old: Stack, new: Stack
    ) -> Iterator[str]:
        exported = new.exports()
        for export, value in old.exports().items():
            for importer in self._importers(location, export, but=name):
                if export not in exported:
                    yield f"{name}: Export {export} cannot be deleted as it is in use by {importer}"
                elif exported[export] != value:
                    yield f"{name}: Export {export} cannot be updated as it is in use by {importer}"

    def _importers(self, location: StackLocation, export: str, *, but: str) -> Iterator[str]:
        for (where, name), stack in self._stacks.items():
            if where == location and name != but and export in stack.imports:
                yield name

    def _attached(
        self, location: StackLocation, name: str, old: Stack, new: Stack
    ) -> Iterator[str]:
        """IAM deletes no managed policy that a role holds, and no role that another stack uses."""
        for logical_id, was in old.resources.items():
            goes = logical_id not in new.resources or new.resources[logical_id].number != was.number
            if goes and was.type in {"AWS::IAM::ManagedPolicy", "AWS::IAM::Role"}:
                mark = f"<{name}.{logical_id}#{was.number}"
                for (where, other), stack in self._stacks.items():
                    if where == location and other != name and stack.uses(mark):
                        yield f"{name}: {logical_id} cannot be deleted while {other} uses it"

    def _names_taken(self, stack: str, old: Stack, new: Stack) -> Iterator[str]:
        for logical_id, resource in new.resources.items():
            was = old.resources.get(logical_id)
            if resource.name is None or (was and was.number == resource.number):
                continue
            if was and was.name == resource.name:
                yield (
                    f"{stack}: CloudFormation cannot update a stack when a custom-named resource "
                    f"requires replacing. Rename {resource.name[-1]}"
                )
            elif resource.name in self._names:
                yield f"{stack}: {logical_id} {resource.name[-1]} already exists"

    def _missing_outputs(self, location: StackLocation, name: str, new: Stack) -> Iterator[str]:
        for export in new.imports:
            if _exported(self._stacks, location, export) is None:
                yield f"{name}: No export named {export} found"
        for stack, output in new.weak_references:
            producer = stack.removeprefix(f"claude-on-bedrock-{STAGE}-")
            if output not in self._stacks.get((location, producer), Stack()).outputs:
                yield f"{name}: {stack} has no output {output}"

    def _stale(self, stack: str, old: Stack, new: Stack) -> Iterator[str]:
        """`cdk deploy` leaves out a stack whose template is what is deployed."""
        for logical_id, resource in new.resources.items():
            if resource.properties != old.resources[logical_id].properties:
                yield (
                    f"{stack}: {logical_id} keeps an old value, since its template does not differ"
                )

    def _rename(self, stack: str, old: Stack, new: Stack) -> None:
        """Keeps account of the names in use, those of retained resources among them."""
        for logical_id, was in old.resources.items():
            still = new.resources.get(logical_id)
            policy = was.replaced if still else was.deletion
            if was.name and (not still or still.number != was.number) and policy not in RETAIN:
                self._names.pop(was.name, None)
        self._names.update(
            {
                resource.name: stack
                for resource in new.resources.values()
                if resource.name is not None
            }
        )


def _endpoint_types(stack: str, old: Stack, new: Stack) -> Iterator[str]:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies.html"""
    for logical_id, was in old.resources.items():
        if was.type == "AWS::ApiGateway::RestApi" and logical_id in new.resources:
            both = (was.properties, new.resources[logical_id].properties)
            before, after = (each["EndpointConfiguration"]["Types"] for each in both)
            if before != after and was.properties["EndpointAccessMode"] == "STRICT":
                yield (
                    f"{stack}: to change the endpoint type, first change the endpoint access mode "
                    "to BASIC"
                )


class _Resolver:
    """Works out the intrinsic functions of one stack's template."""

    def __init__(
        self,
        location: StackLocation,
        stack: str,
        resources: Properties,
        numbers: Mapping[str, int],
        stacks: Mapping[tuple[StackLocation, str], Stack],
    ) -> None:
        self._location, self._stack, self._stacks = location, stack, stacks
        self._resources, self._numbers = resources, numbers
        self._pseudo = {
            "AWS::AccountId": location.account,
            "AWS::Region": location.region,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackId": f"<{stack}>",
            "AWS::StackName": f"claude-on-bedrock-{STAGE}-{stack}",
            "AWS::NoValue": "",
        }

    def resolve(self, value: Value) -> Value:
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((function, argument),) = value.items()
            if function == "Ref" or function.startswith("Fn::"):
                return self._call(function, argument)
        return {key: self.resolve(value) for key, value in value.items()}

    def _call(self, function: str, argument: Value) -> Value:  # noqa: PLR0911 - one for each
        match function:
            case "Ref":
                return self._pseudo[argument] if argument in self._pseudo else self._mark(argument)
            case "Fn::GetAtt":
                return self._mark(argument[0], f".{argument[1]}")
            case "Fn::Join":
                return argument[0].join(map(str, self.resolve(argument[1])))
            case "Fn::Sub":
                return re.sub(r"\$\{([^}]+)\}", lambda match: self._pseudo[match[1]], argument)
            case "Fn::Select":
                return self._select(int(argument[0]), self.resolve(argument[1]))
            case "Fn::Split":
                return str(self.resolve(argument[1])).split(argument[0])
            case "Fn::ImportValue":
                return _exported(self._stacks, self._location, argument)
            case "Fn::GetStackOutput":
                producer = argument["StackName"].removeprefix(f"claude-on-bedrock-{STAGE}-")
                stack = self._stacks.get((self._location, producer), Stack())
                return stack.outputs.get(argument["OutputName"])
        raise ValueError(f"{function} is not resolved here")

    def _select(self, index: int, parts: list[Value]) -> Value:
        """A part of what is known, or a value of its own for a part of what is not."""
        return parts[index] if index < len(parts) else f"<{index} of {parts}>"

    def _mark(self, logical_id: str, attribute: str = "") -> str:
        """A value that stays while its resource does; what a custom resource answers may change
        with what it is given."""
        resource = self._resources[logical_id]
        properties_text = ""
        if attribute and resource["Type"].startswith("Custom::"):
            properties_text = json.dumps(self.resolve(resource["Properties"]))
        return (
            f"<{self._stack}.{logical_id}#{self._numbers[logical_id]}{attribute}{properties_text}>"
        )


def _exported(
    stacks: Mapping[tuple[StackLocation, str], Stack], location: StackLocation, name: str
) -> Value:
    for (where, _), stack in stacks.items():
        if where == location and name in (exports := stack.exports()):
            return exports[name]
    return None


def _resource(
    location: StackLocation, body: Mapping[str, Any], number: int, resolve: Resolve
) -> Resource:
    properties = resolve(body.get("Properties", {}))
    return Resource(
        body["Type"],
        number,
        properties,
        _name(location, body["Type"], properties),
        body.get("DeletionPolicy", "Delete"),
        body.get("UpdateReplacePolicy", "Delete"),
    )


def _name(location: StackLocation, type_: str, properties: Properties) -> Name | None:
    """What nothing else of the type in the account (and Region, but for IAM) may be called."""
    values = [_at(properties, path) for path in _name_paths(type_)]
    if not values or None in values:
        return None
    where = location.account if type_.startswith("AWS::IAM::") else location
    return (where, type_, json.dumps(values))


@cache
def _name_paths(type_: str) -> tuple[str, ...]:
    """The properties that name a resource, if a template can set them all."""
    if type_ in UNIQUE or type_.startswith("Custom::"):
        return UNIQUE.get(type_, ())
    schema = _schema(type_)
    read_only = set(schema.get("readOnlyProperties", ()))
    identifier = schema["primaryIdentifier"]
    if read_only & {*identifier}:
        return ()
    return tuple(path.removeprefix("/properties/") for path in identifier)


def _create_only(type_: str, properties: Properties) -> list[Value]:
    """Those that replace the resource when they change; of a custom resource, its function."""
    if type_.startswith("Custom::"):
        return [properties["ServiceToken"]]
    paths = _schema(type_).get("createOnlyProperties", ())
    return [_at(properties, path.removeprefix("/properties/")) for path in paths]


@cache
def _schema(type_: str) -> Mapping[str, Any]:
    schema: Mapping[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(
        "us-east-1", type_
    ).schema
    return schema


def _at(properties: Value, path: str) -> Value:
    for part in path.split("/"):
        properties = properties.get(part) if isinstance(properties, dict) else None
    return properties


def _references(template: object) -> tuple[Set[str], Set[tuple[str, str]]]:
    """The exports that a template imports, and the outputs of other stacks that it reads."""
    text = json.dumps(template)
    weak = re.findall(r'"StackName": "([^"]+)", "OutputName": "([^"]+)"', text)
    return frozenset(re.findall(r'"Fn::ImportValue": "([^"]+)"', text)), frozenset(weak)
