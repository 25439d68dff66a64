"""How large AWS takes parts of a template: limits that no resource schema states. A template over
one deploys up to the first service that refuses it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import aws_cdk as cdk
import jsii

from claude_bedrock.catalog.invoke_policies import MANAGED_POLICY_CHARACTERS

Resources = Mapping[str, Mapping[str, Any]]


class Limit(NamedTuple):
    """The largest size of a part, in `unit`, and the page that says so."""

    rule: str
    most: int
    unit: str
    page: str


_IAM: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
_CLOUDFORMATION: Final = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"
)
TRUST: Final = Limit("trust_policies_fit", 2_048, "characters", _IAM)
INLINE: Final = Limit("inline_policies_fit", 10_240, "characters", _IAM)
MANAGED: Final = Limit("managed_policies_fit", MANAGED_POLICY_CHARACTERS, "characters", _IAM)
ATTACHED: Final = Limit("attached_policies_fit", 10, "policies", _IAM)
ENVIRONMENT: Final = Limit(
    "environments_fit",
    4_096,
    "bytes as JSON",
    "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
)
PATTERN: Final = Limit(
    "event_patterns_fit",
    2_048,
    "characters",
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html",
)
KEY_POLICY: Final = Limit(
    "key_policies_fit",
    32_768,
    "bytes",
    "https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html",
)
BUCKET_POLICY: Final = Limit(
    "bucket_policies_fit",
    20_480,
    "bytes",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html",
)
API_POLICY: Final = Limit(
    "api_policies_fit",
    8_192,
    "bytes",
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/"
    "api-gateway-execution-service-limits-table.html",
)
RESOURCES: Final = Limit("stacks_fit", 500, "resources", _CLOUDFORMATION)
OUTPUTS: Final = Limit("outputs_fit", 200, "outputs", _CLOUDFORMATION)

_DOCUMENTS: Final[Mapping[str, tuple[str, Limit]]] = {
    "AWS::IAM::Role": ("AssumeRolePolicyDocument", TRUST),
    "AWS::IAM::ManagedPolicy": ("PolicyDocument", MANAGED),
    "AWS::Events::Rule": ("EventPattern", PATTERN),
    "AWS::KMS::Key": ("KeyPolicy", KEY_POLICY),
    "AWS::S3::BucketPolicy": ("PolicyDocument", BUCKET_POLICY),
    "AWS::ApiGateway::RestApi": ("Policy", API_POLICY),
}
# As long as the values that AWS gives: ids that it chooses, and names that CloudFormation makes.
_REFERENCES: Final[Mapping[str, int]] = {
    "AWS::ApiGateway::ApiKey": 10,
    "AWS::ApiGateway::Authorizer": 6,
    "AWS::ApiGateway::RestApi": 10,
    "AWS::ApiGateway::UsagePlan": 6,
    "AWS::EC2::SecurityGroup": 20,
    "AWS::KMS::Key": 36,
}
_ATTRIBUTES: Final[Mapping[str, int]] = {"InferenceProfileId": 12, "InferenceProfileArn": 82}
_PSEUDO: Final[Mapping[str, int]] = {
    "AWS::AccountId": 12,
    "AWS::Partition": 3,
    "AWS::Region": 14,
    "AWS::URLSuffix": 13,
}
_NAME, _ARN = 63, 110


class Excess(NamedTuple):
    """A part of a stack that is larger than AWS takes: `part` says which, `resource` is its logical
    id, `largest` names what makes it large."""

    limit: Limit
    part: str
    size: int
    resource: str = ""
    largest: str = ""

    def __str__(self) -> str:
        text = f"{self.part} has {self.size} {self.limit.unit}, and AWS takes {self.limit.most}"
        return f"{text}. {self.largest}" if self.largest else text


@jsii.implements(cdk.IPolicyValidationPlugin)
class TemplateSizes:
    """Refuses templates with a part that is larger than AWS takes, at synthesis."""

    @property
    def name(self) -> str:
        """The name that the report gives."""
        return "TemplateSizes"

    @property
    def version(self) -> str | None:
        """None: it is a part of this project."""
        return None

    @property
    def rule_ids(self) -> list[str] | None:
        """None: the violations name the rules."""
        return None

    def validate(self, context: cdk.IPolicyValidationContext) -> cdk.PolicyValidationPluginReport:
        """Return what is too large in the templates of `context`."""
        violations = [
            cdk.PolicyViolation(
                rule_name=excess.limit.rule,
                description=str(excess),
                fix=f"Name fewer or shorter values in the stage's block. {excess.limit.page}",
                violating_resources=[
                    cdk.PolicyViolatingResource(
                        locations=[], resource_logical_id=excess.resource, template_path=path
                    )
                ],
            )
            for path in context.template_paths
            for excess in excesses(json.loads(Path(path).read_text()))
        ]
        return cdk.PolicyValidationPluginReport(success=not violations, violations=violations)


def excesses(template: Mapping[str, Any]) -> Iterator[Excess]:
    """Yield each part of the template that is larger than AWS takes."""
    resources: Resources = template.get("Resources", {})
    for excess in _sizes(resources, template):
        if excess.size > excess.limit.most:
            yield excess


def _sizes(resources: Resources, template: Mapping[str, Any]) -> Iterator[Excess]:
    yield Excess(RESOURCES, "The stack", len(resources))
    yield Excess(OUTPUTS, "The stack", len(template.get("Outputs", {})))
    for name, resource in resources.items():
        properties = resource.get("Properties", {})
        if resource["Type"] in _DOCUMENTS:
            key, limit = _DOCUMENTS[resource["Type"]]
            size = _characters(properties.get(key, ""), resources)
            yield Excess(limit, f"{key} of {name}", size, name)
        variables = properties.get("Environment", {})
        if resource["Type"] == "AWS::Lambda::Function" and variables:
            yield _environment(name, variables["Variables"], resources)
    yield from _role_policies(resources)


def _environment(name: str, variables: Mapping[str, Any], resources: Resources) -> Excess:
    """Return the size of a function's variables, as Lambda measures them: as JSON, in which a
    quote within a value takes two characters."""
    texts = {key: _text(value, resources) for key, value in variables.items()}
    largest = sorted(texts, key=lambda key: -len(texts[key]))[:3]
    parts = ", ".join(f"{key} ({len(texts[key])})" for key in largest)
    size = len(json.dumps(texts, separators=(",", ":"), ensure_ascii=False).encode())
    return Excess(
        ENVIRONMENT, f"The environment of {name}", size, name, f"The largest variables: {parts}"
    )


def _role_policies(resources: Resources) -> Iterator[Excess]:
    """Yield the sizes of each role's inline policies together, and how many others it has."""
    inline: Counter[str] = Counter()
    attached: Counter[str] = Counter()
    for name, resource in resources.items():
        properties = resource.get("Properties", {})
        document = properties.get("PolicyDocument", {})
        roles = [_role(role) for role in properties.get("Roles", [])]
        if resource["Type"] == "AWS::IAM::Role":
            attached[name] += len(properties.get("ManagedPolicyArns", []))
            for policy in properties.get("Policies", []):
                inline[name] += _characters(policy["PolicyDocument"], resources)
        elif resource["Type"] == "AWS::IAM::Policy":
            inline.update(dict.fromkeys(roles, _characters(document, resources)))
        elif resource["Type"] == "AWS::IAM::ManagedPolicy":
            attached.update(roles)
    for role, size in inline.items():
        yield Excess(INLINE, f"The inline policies of {role}", size, role)
    for role, count in attached.items():
        yield Excess(ATTACHED, f"Role {role}", count, role)


def _role(role: object) -> str:
    """Return the logical id of a role, or the name of one in another stack."""
    return str(role["Ref"]) if isinstance(role, Mapping) and "Ref" in role else json.dumps(role)


def _characters(value: object, resources: Resources) -> int:
    """Return the length of a document as JSON without white space."""
    return len(json.dumps(_resolved(value, resources), separators=(",", ":")).replace(" ", ""))


def _resolved(value: object, resources: Resources) -> object:
    """Return the value with texts of the length that references have."""
    if isinstance(value, list):
        return [_resolved(item, resources) for item in value]
    if not isinstance(value, Mapping):
        return value
    if len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref")):
        return _text(value, resources)
    return {key: _resolved(item, resources) for key, item in value.items()}


def _text(value: Any, resources: Resources) -> str:  # noqa: ANN401 - a template's value
    """Return a value with references as texts of their length."""
    if not isinstance(value, Mapping):
        return str(value)
    ((function, argument),) = value.items()
    if function == "Fn::Join":
        return str(argument[0]).join(_text(part, resources) for part in argument[1])
    if function == "Fn::Sub":
        return str(argument if isinstance(argument, str) else argument[0])
    return "x" * _reference_characters(function, argument, resources)


def _reference_characters(function: str, argument: Any, resources: Resources) -> int:  # noqa: ANN401
    if function == "Ref":
        type_ = resources.get(argument, {}).get("Type", "")
        is_arn = type_ in {"AWS::IAM::ManagedPolicy", "AWS::SNS::Topic"}
        return _PSEUDO.get(argument) or _REFERENCES.get(type_, _ARN if is_arn else _NAME)
    attribute = str(argument[1]) if function == "Fn::GetAtt" else json.dumps(argument)
    known = [length for name, length in _ATTRIBUTES.items() if name in attribute]
    return known[0] if known else (_ARN if "Arn" in attribute else _NAME)
