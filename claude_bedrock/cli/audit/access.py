"""The roles and users that may invoke models, by the stage's policies as IAM holds them, and
whether the deny policy holds.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListEntitiesForPolicy.html
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final, NamedTuple

from claude_bedrock import catalog
from claude_bedrock.catalog.inference_actions import DENIED_ACTIONS
from claude_bedrock.catalog.invoke_policies import INVOKE
from claude_bedrock.cli.audit.recorded_responses import RecordingDeployment
from claude_bedrock.cli.audit.statement import Judgment, Statement, stated
from claude_bedrock.logging_config.resource_policy import members

_KINDS: Final = {
    "PolicyRoles": ("role", "RoleName"),
    "PolicyUsers": ("user", "UserName"),
    "PolicyGroups": ("group", "GroupName"),
}
_INVOKING: Final = tuple(action.lower() for action in (*INVOKE, *DENIED_ACTIONS))
"""Actions that call a model; so does every other with "invoke" in its name."""
_READS: Final = "iam:ListEntitiesForPolicy, iam:GetPolicy and iam:GetPolicyVersion"


class Holder(NamedTuple):
    """A principal, and what of the stage's is attached to it. `models` are by the catalog."""

    kind: str
    name: str
    policy: str
    models: Sequence[str]
    has_deny_policy: bool | None  # None where it was not asked


class Access(NamedTuple):
    holders: Sequence[Holder]
    statements: tuple[Statement, ...]


class Policy(NamedTuple):
    """`foreign` is what it allows to invoke beside `models` of the stage."""

    name: str
    models: Sequence[str]
    foreign: Sequence[str]

    @property
    def allows(self) -> bool:
        """The deny policy, which goes with a team's policies, allows nothing."""
        return bool(self.models or self.foreign)


def collect_access(
    deployment: RecordingDeployment, outputs: Mapping[str, str], models: Sequence[str]
) -> Access:
    """Return who may invoke what; `outputs` are those of ModelAccess, `models` the stage's."""
    settings = json.loads(outputs.get("Settings", "{}"))
    has_endpoint = settings.get("endpoint", True)
    attached: list[tuple[Policy, str, str]] = []
    protected: set[tuple[str, str]] = set()

    def bounded() -> Judgment:
        policies, attachments = [], []
        for arn in _invoking(outputs):
            policy = read_policy(arn, _document(deployment, arn), models)
            if not policy.allows:
                continue
            policies.append(policy)
            attachments += [(policy, kind, name) for kind, name in _attached(deployment, arn)]
        attached.extend(attachments)  # all of them or none: a part would look like all
        return _judge(policies, len({attachment[1:] for attachment in attached}))

    def denied() -> Judgment:
        if not has_endpoint:
            return Judgment("not assessed", "The stage has no endpoint, and so no such role.")
        own_boundary = "permissions_boundary" not in settings
        arn = outputs["BoundaryPolicyArn" if own_boundary else "GuardPolicyArn"]
        protected.update(_attached(deployment, arn, boundary=own_boundary))
        role = _invoking_role(deployment.outputs("Gateway"))
        return judge_deny_policy(role, protected, own_boundary=own_boundary)

    statements = (
        stated(
            deployment,
            "models-bounded",
            "The stage's IAM policies for direct callers allow the stage's models only",
            _READS,
            bounded,
        ),
        stated(
            deployment,
            "deny-policy",
            "The gateway's role that calls models has the deny policy",
            "cloudformation:DescribeStacks and iam:ListEntitiesForPolicy",
            denied,
        )._replace(applies=has_endpoint),
    )
    holders = (
        Holder(
            kind, name, policy.name, policy.models, _held(statements[1], (kind, name), protected)
        )
        for policy, kind, name in attached
    )
    return Access(tuple(holders), statements)


def _held(
    statement: Statement, principal: tuple[str, str], protected: Collection[tuple[str, str]]
) -> bool | None:
    return None if statement.verdict == "not assessed" else principal in protected


def judge_deny_policy(
    role: str, protected: Collection[tuple[str, str]], *, own_boundary: bool = True
) -> Judgment:
    """Judge whether the gateway's `role` that invokes has the deny policy: as its boundary, or,
    where the account's own rules demand another boundary, attached."""
    if ("role", role) not in protected:
        return Judgment("fail", f"{role} lacks it.")
    if own_boundary:
        return Judgment("pass", f"It is the permissions boundary of {role}.")
    return Judgment("pass", f"It is attached to {role}, whose boundary is the account's own.")


def _invoking_role(outputs: Mapping[str, str]) -> str:
    """Return the name of the role that calls models, by the outputs of the Gateway stack: that of
    callers' sessions, else the function's."""
    arn = outputs.get("CallerRoleArn") or outputs["FunctionRoleArn"]
    return arn.rpartition("/")[2]


def _invoking(outputs: Mapping[str, str]) -> list[str]:
    teams = json.loads(outputs.get("TeamPolicyArns", "{}"))
    of_teams = [arn for arns in teams.values() for arn in arns]
    return list(dict.fromkeys([*outputs["InvokePolicyArn"].split(","), *of_teams]))


def _judge(policies: Sequence[Policy], holders: int) -> Judgment:
    foreign = {name for policy in policies for name in policy.foreign}
    if foreign:
        return Judgment("fail", f"They name {', '.join(sorted(foreign))}.")
    models = sorted({name for policy in policies for name in policy.models})
    return Judgment(
        "pass",
        f"{len(policies)} policies, attached to {holders} principals, name {', '.join(models)}.",
    )


def read_policy(arn: str, document: Mapping[str, Any], models: Sequence[str]) -> Policy:
    """Return the policy with what its document allows to invoke: models of the stage, and all else
    that it names."""
    own: set[str] = set()
    foreign: set[str] = set()
    for resource in _allowed(document):
        model = catalog.find(resource.rpartition("/")[2])
        if model is not None and model.name in models:
            own.add(model.name)
        elif ":application-inference-profile/" not in resource:
            foreign.add(model.name if model else resource)
    return Policy(arn.rpartition("/")[2], sorted(own), sorted(foreign))


def _allowed(document: Mapping[str, Any]) -> Iterator[str]:
    for statement in members(document["Statement"]):
        if statement["Effect"] == "Allow" and _invokes(statement):
            yield from members(statement.get("Resource", []))
            for resource in members(statement.get("NotResource", [])):
                yield f"everything but {resource}"


def _invokes(statement: Mapping[str, Any]) -> bool:
    """Return whether the statement is of an action that invokes models. IAM takes actions in any
    case and with wildcards, and NotAction is of all others:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html"""
    if "NotAction" in statement:
        return not all(_is_named(action, statement["NotAction"]) for action in _INVOKING)
    actions = statement.get("Action", [])
    named = any(_is_named(action, actions) for action in _INVOKING)
    return named or any("invoke" in action.lower() for action in members(actions))


def _is_named(action: str, patterns: object) -> bool:
    return any(fnmatchcase(action, pattern.lower()) for pattern in members(patterns))


def _document(deployment: RecordingDeployment, arn: str) -> Mapping[str, Any]:
    iam = deployment.client("iam")
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    answer = iam.get_policy_version(PolicyArn=arn, VersionId=version)
    document: dict[str, Any] = answer["PolicyVersion"]["Document"]
    return document


def _attached(
    deployment: RecordingDeployment, arn: str, *, boundary: bool = False
) -> Iterator[tuple[str, str]]:
    usage = "PermissionsBoundary" if boundary else "PermissionsPolicy"
    pages = deployment.client("iam").get_paginator("list_entities_for_policy")
    for page in pages.paginate(PolicyArn=arn, PolicyUsageFilter=usage):
        for field, (kind, name) in _KINDS.items():
            for entity in page.get(field, []):
                yield kind, entity[name]
