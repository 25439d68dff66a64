"""Alone knows who there is in a stage's templates, and by which policies each of them is judged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from claude_bedrock.catalog import MODELS, deny_policy, session_policies
from claude_bedrock.catalog.invoke_policies import InvocationScope
from stacks.stage import Stage
from tools.docs.access.assembly import ACCOUNT, Assembly, Resource, UnresolvedError

Document = dict[str, Any]

_BOUNDARY: Final = re.compile(r"Guard|Boundary")
_EVERYTHING: Final = {"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"}
_VERSION: Final = "2012-10-17"


class Policy(NamedTuple):
    """A policy by the path of its construct; every statement in it has a Sid."""

    name: str
    document: Document

    @property
    def statements(self) -> list[dict[str, Any]]:
        statements: list[dict[str, Any]] = self.document["Statement"]
        return statements


class Principal(NamedTuple):
    """Somebody who calls AWS: what is allowed is what `identity` allows, `boundary`, `control` (a
    service control policy) and `session` (a session policy), where there are any, allow too, and
    nothing denies.

    `made_up` says that no template makes this principal: it stands for whoever is given a policy.
    """

    name: str
    arn: str
    identity: tuple[Policy, ...]
    boundary: Policy | None = None
    control: Policy | None = None
    made_up: bool = False
    session: Policy | None = None

    @property
    def policies(self) -> tuple[Policy, ...]:
        further = (policy for policy in (self.boundary, self.control, self.session) if policy)
        return (*self.identity, *further)


ADMINISTRATOR: Final = Policy("Administrator", {"Version": _VERSION, "Statement": [_EVERYTHING]})


def principals(assembly: Assembly) -> list[Principal]:
    """Return every role of the templates; whoever is given a policy that no role has; and, for
    each guard or boundary, an administrator who is held by it in each way it can be used.

    Raises UnresolvedError for a policy that the templates do not hold, such as one of AWS's.
    """
    policies = _Policies(assembly)
    roles = [_role(resource, policies) for resource in assembly.of_type("AWS::IAM::Role")]
    attached = {policy.name for role in roles for policy in role.policies}
    unattached = [
        Principal(f"Whoever is given {policy.name}", _made_up("Reader"), (policy,), made_up=True)
        for arn, policy in policies.managed.items()
        if policy.name not in attached and not _BOUNDARY.search(policy.name)
    ]
    guards = [policy for policy in policies.managed.values() if _BOUNDARY.search(policy.name)]
    held = [name for policy in guards for name in _held_by(policy)]
    return sorted(roles, key=lambda role: role.name) + unattached + held


def restricted_sessions(roles: Sequence[Principal], stage: Stage) -> list[Principal]:
    """Return a session of the callers' role, if there is one, that is held to the stage's first
    model as a caller with a list of that model is."""
    guardrail = stage.models.guardrail
    scope = InvocationScope(
        stage.models.geographies,
        stage.region,
        ACCOUNT,
        guardrail=(guardrail.id, guardrail.version) if guardrail else None,
    )
    model = next(each for each in MODELS if each.name == stage.models.allow[0])
    statements = session_policies.session_statements([model], scope)
    session = Policy(
        f"session policy of a caller of {model.name}",
        {"Version": _VERSION, "Statement": statements},
    )
    return [
        role._replace(
            name=f"A session of {role.name} for {model.name} alone", session=session, made_up=True
        )
        for role in roles
        if role.arn.endswith(f"-{deny_policy.CALLER_ROLE}")
    ]


def _held_by(guard: Policy) -> Iterator[Principal]:
    """Yield an administrator under `guard`. Beside its allowances and its denials together, each is
    judged alone: one may cover for what is missing in the other.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
    """
    arn = _made_up("Administrator")
    allows = [statement for statement in guard.statements if statement["Effect"] == "Allow"]
    denies = [statement for statement in guard.statements if statement["Effect"] == "Deny"]
    if allows:
        boundary = f"An administrator whose boundary is {guard.name}"
        yield Principal(boundary, arn, (ADMINISTRATOR,), boundary=guard, made_up=True)
        yield Principal(
            f"Whoever may do what {guard.name} leaves to be allowed",
            arn,
            (_replaced(guard, allows),),
            made_up=True,
        )
    elif denies:
        policy = f"An administrator who is also given {guard.name}"
        yield Principal(policy, arn, (ADMINISTRATOR, guard), made_up=True)
        control = f"An administrator of an account under {guard.name} as a service control policy"
        yield Principal(control, arn, (ADMINISTRATOR,), control=guard, made_up=True)


def _replaced(policy: Policy, statements: list[dict[str, Any]]) -> Policy:
    return policy._replace(document={**policy.document, "Statement": statements})


def _made_up(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


class _Policies:
    """The policies of the templates: the managed ones by ARN, the others by whom they belong to."""

    def __init__(self, assembly: Assembly) -> None:
        self.assembly = assembly
        self.managed: dict[str, Policy] = {}
        self._of_role: dict[str, list[Policy]] = {}
        for resource in assembly.of_type("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"):
            self._add(resource)

    def _add(self, resource: Resource) -> None:
        document = self.assembly.resolve(resource.properties["PolicyDocument"], resource.stack)
        policy = Policy(resource.location, _with_sids(document))
        if resource.type == "AWS::IAM::ManagedPolicy":
            self.managed[self.assembly.arn(resource)] = policy
        for role in self.assembly.resolve(resource.properties.get("Roles", []), resource.stack):
            self._of_role.setdefault(role, []).append(policy)

    def of(self, role: Resource) -> Iterator[Policy]:
        yield from self._of_role.get(self.assembly.name(role), [])
        for inline in self.assembly.resolve(role.properties.get("Policies", []), role.stack):
            name = f"{role.location}/{inline['PolicyName']}"
            yield Policy(name, _with_sids(inline["PolicyDocument"]))
        for arn in self.assembly.resolve(role.properties.get("ManagedPolicyArns", []), role.stack):
            yield self._managed(arn, role)

    def boundary(self, role: Resource) -> Policy | None:
        reference = role.properties.get("PermissionsBoundary")
        return (
            self._managed(self.assembly.resolve(reference, role.stack), role) if reference else None
        )

    def _managed(self, arn: str, role: Resource) -> Policy:
        if arn not in self.managed:
            raise UnresolvedError(f"{role.path} has {arn}, which no template holds")
        return self.managed[arn]


def _role(resource: Resource, policies: _Policies) -> Principal:
    return Principal(
        resource.location,
        policies.assembly.arn(resource),
        tuple(policies.of(resource)),
        policies.boundary(resource),
    )


def _with_sids(document: Mapping[str, Any]) -> Document:
    statements = document["Statement"]
    listed = statements if isinstance(statements, list) else [statements]
    return {
        **document,
        "Statement": [
            {"Sid": f"Statement{number}", **statement}
            for number, statement in enumerate(listed, start=1)
        ],
    }
