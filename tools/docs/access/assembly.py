"""Alone knows what a stage's templates come to once deployed: a reference becomes a name or ARN."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

ACCOUNT: Final = "123456789012"

_PSEUDO: Final = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
}
# The property that names a resource of a type; one without it is named by its logical id.
_NAMED_BY: Final = {
    "AWS::IAM::Role": "RoleName",
    "AWS::KinesisFirehose::DeliveryStream": "DeliveryStreamName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
}
# What `Arn` gives: https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
_ARNS: Final = {
    "AWS::ApiGateway::RestApi": "arn:aws:apigateway:{region}::/restapis/{name}",
    "AWS::Bedrock::ApplicationInferenceProfile": (
        "arn:aws:bedrock:{region}:{account}:application-inference-profile/{name}"
    ),
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:{region}:{account}:table/{name}",
    "AWS::IAM::ManagedPolicy": "arn:aws:iam::{account}:policy/{name}",
    "AWS::IAM::OIDCProvider": "arn:aws:iam::{account}:oidc-provider/{name}",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{name}",
    "AWS::KinesisFirehose::DeliveryStream": (
        "arn:aws:firehose:{region}:{account}:deliverystream/{name}"
    ),
    "AWS::KMS::Key": "arn:aws:kms:{region}:{account}:key/{name}",
    "AWS::Lambda::Function": "arn:aws:lambda:{region}:{account}:function:{name}",
    "AWS::Logs::LogGroup": "arn:aws:logs:{region}:{account}:log-group:{name}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{name}",
    "AWS::SNS::Topic": "arn:aws:sns:{region}:{account}:{name}",
}
_REFERS_BY_ARN: Final = ("AWS::IAM::ManagedPolicy", "AWS::IAM::OIDCProvider", "AWS::SNS::Topic")
_ARN_ATTRIBUTES: Final = ("Arn", "InferenceProfileArn", "TopicArn")
_NAME_ATTRIBUTES: Final = ("GroupId", "InferenceProfileId")


class UnresolvedError(LookupError):
    """A reference is of a kind that is not read here yet; the text names it."""


class Resource(NamedTuple):
    """One resource of one template. `path` is that of its construct."""

    stack: str
    id: str
    type: str
    properties: Mapping[str, Any]
    path: str

    @property
    def location(self) -> str:
        """`Gateway/Function/Role` of `claude-on-bedrock-dev-Gateway/Function/Role/Resource`."""
        stack, _, inside = self.path.removesuffix("/Resource").partition("/")
        return f"{stack.rsplit('-', 1)[-1]}/{inside}"


class Assembly:
    """The templates of one stage, as `cdk synth` writes them into `folder`."""

    def __init__(self, folder: Path, region: str) -> None:
        self.region = region
        paths = sorted(folder.glob("*.template.json"))
        self._templates: dict[str, Any] = {
            path.name.removesuffix(".template.json"): json.loads(path.read_text()) for path in paths
        }
        self._paths = {
            stack: _paths(folder / f"{stack}.metadata.json") for stack in self._templates
        }
        self.resources = tuple(self._read())

    def of_type(self, *types: str) -> list[Resource]:
        return [resource for resource in self.resources if resource.type in types]

    def arn(self, resource: Resource) -> str:
        """Raises UnresolvedError for a type whose ARN is not on record here."""
        form = _ARNS.get(resource.type)
        if form is None:
            raise UnresolvedError(f"{resource.path}: the ARN of {resource.type} is not known here")
        name = self.name(resource)
        return form.format(region=self.region, account=ACCOUNT, name=name)

    def name(self, resource: Resource) -> str:
        name = resource.properties.get(_NAMED_BY.get(resource.type, ""))
        if name is not None:
            return str(self.resolve(name, resource.stack))
        if resource.type == "AWS::DynamoDB::Table":  # a boundary knows its name by the stack's
            return f"{resource.stack}-{resource.id}"
        lower = resource.type in {"AWS::S3::Bucket", "AWS::Bedrock::ApplicationInferenceProfile"}
        return resource.id.lower() if lower else resource.id

    def resolve(self, value: Any, stack: str) -> Any:  # noqa: ANN401 - any value of a template
        """`value` with every intrinsic function in it worked out. Raises UnresolvedError."""
        if isinstance(value, list):
            return [self.resolve(item, stack) for item in value]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            ((function, argument),) = value.items()
            if function == "Ref" or function.startswith("Fn::"):
                return self._call(function, argument, stack)
        return {key: self.resolve(item, stack) for key, item in value.items()}

    def _call(self, function: str, argument: Any, stack: str) -> Any:  # noqa: ANN401
        match function:
            case "Ref":
                return self._reference(argument, stack)
            case "Fn::GetAtt":
                id_, attribute = argument if isinstance(argument, list) else argument.split(".", 1)
                return self._attribute(id_, attribute, stack)
            case "Fn::Join":
                separator, parts = argument
                return separator.join(self.resolve(parts, stack))
            case "Fn::Sub":
                return self._substitute(argument, stack)
            case "Fn::ImportValue":
                return self._imported(self.resolve(argument, stack))
            case "Fn::GetStackOutput":
                return self._output(argument["StackName"], argument["OutputName"])
        raise UnresolvedError(f"{stack}: {function} is not read here")

    def _reference(self, id_: str, stack: str) -> str:
        if id_ == "AWS::Region":
            return self.region
        if id_ == "AWS::StackName":
            return stack
        if id_ == "AWS::StackId":
            return f"arn:aws:cloudformation:{self.region}:{ACCOUNT}:stack/{stack}/{stack}"
        if id_ in _PSEUDO:
            return _PSEUDO[id_]
        resource = self._resource(id_, stack)
        by_arn = resource.type in _REFERS_BY_ARN
        return self.arn(resource) if by_arn else self.name(resource)

    def _attribute(self, id_: str, attribute: str, stack: str) -> str:
        if attribute in _ARN_ATTRIBUTES:
            return self.arn(self._resource(id_, stack))
        if attribute in _NAME_ATTRIBUTES:
            return self.name(self._resource(id_, stack))
        raise UnresolvedError(f"{stack}: {id_}.{attribute} is not known here")

    def _substitute(self, argument: Any, stack: str) -> str:  # noqa: ANN401
        text, variables = argument if isinstance(argument, list) else (argument, {})

        def value(match: re.Match[str]) -> str:
            name = match[1]
            if name in variables:
                return str(self.resolve(variables[name], stack))
            id_, dot, attribute = name.partition(".")
            return self._attribute(id_, attribute, stack) if dot else self._reference(name, stack)

        return re.sub(r"\$\{([^!}]+)\}", value, text).replace("${!", "${")

    def _imported(self, export: str) -> Any:  # noqa: ANN401
        for stack, template in self._templates.items():
            for output in template.get("Outputs", {}).values():
                name = output.get("Export", {}).get("Name")
                if name is not None and self.resolve(name, stack) == export:
                    return self.resolve(output["Value"], stack)
        raise UnresolvedError(f"no stack exports {export}")

    def _output(self, stack: str, name: str) -> Any:  # noqa: ANN401
        outputs = self._templates[stack].get("Outputs", {})
        if name not in outputs:
            raise UnresolvedError(f"{stack} has no output {name}")
        return self.resolve(outputs[name]["Value"], stack)

    def _resource(self, id_: str, stack: str) -> Resource:
        for resource in self.resources:
            if (resource.stack, resource.id) == (stack, id_):
                return resource
        raise UnresolvedError(f"{stack} has no resource {id_}")

    def _read(self) -> Iterator[Resource]:
        for stack, template in self._templates.items():
            for id_, body in template["Resources"].items():
                properties = body.get("Properties", {})
                yield Resource(stack, id_, body["Type"], properties, self._paths[stack][id_])


def _paths(metadata: Path) -> dict[str, str]:
    """Logical id -> path of the construct, as the CDK writes them beside a template."""
    return {
        entry["data"]: path.removeprefix("/")
        for path, entries in json.loads(metadata.read_text()).items()
        for entry in entries
        if entry["type"] == "aws:cdk:logicalId"
    }
