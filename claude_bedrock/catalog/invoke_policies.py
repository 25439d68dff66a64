"""The IAM statements that allow a set of models to be called by a stage's routes from one
Region."""

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from claude_bedrock.catalog.model import Model
from claude_bedrock.catalog.resolution import NoProfile, profile_id, reach

Statement = dict[str, Any]

INVOKE: Final = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
"""Converse and ConverseStream are covered by the same two actions."""

MANAGED_POLICY_CHARACTERS: Final = 6144
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html (no white space)"""

_SOME_ACCOUNT: Final = "0" * 12

PROFILE: Final = "bedrock:InferenceProfileArn"
"""Is there when a model is asked about, and absent when the profile itself is:
https://docs.aws.amazon.com/bedrock/latest/userguide/global-cross-region-inference.html"""

ROUTED_ANYWHERE: Final = {"aws:RequestedRegion": "unspecified"}
"""What Bedrock says of the Region when a `global` profile routes a call: same page."""

GUARDRAIL: Final = "bedrock:GuardrailIdentifier"
"""https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions-id.html"""

SERVICE_TIER: Final = "bedrock:ServiceTier"
"""Is there when a call names a tier:
https://docs.aws.amazon.com/bedrock/latest/userguide/security_iam_id-based-policy-examples-agent.html#security_iam_id-based-policy-examples-service-tiers"""


class InvocationScope(NamedTuple):
    """Where a stage calls from, and how: its routes in the order in which they are tried, its
    Region, and its account and partition, which may be CDK tokens. `guardrail` is the id and
    version without which nothing may be invoked."""

    routes: tuple[str, ...]
    region: str
    account: str
    partition: str = "aws"
    guardrail: tuple[str, str] | None = None

    def arn(self, resource: str) -> str:
        """Return the ARN of a Bedrock resource of this account and Region."""
        return f"arn:{self.partition}:bedrock:{self.region}:{self.account}:{resource}"

    def model_arn(self, base_id: str, *, region: str) -> str:
        """Model belong to no account, and where a `global` profile routes, to no Region."""
        return f"arn:{self.partition}:bedrock:{region}::foundation-model/{base_id}"

    @property
    def guardrail_version_arn(self) -> str | None:
        """How the condition key names the guardrail: a draft has no version in it."""
        if self.guardrail is None:
            return None
        name, version = self.guardrail
        return self.arn(
            f"guardrail/{name}" if version == "DRAFT" else f"guardrail/{name}:{version}"
        )

    @property
    def only_with_guardrail(self) -> dict[str, str]:
        """The condition on every model, where the stage has a guardrail."""
        guardrail = self.guardrail_version_arn
        return {GUARDRAIL: guardrail} if guardrail else {}


def profile_destinations(model: Model, route: str, region: str) -> tuple[str, ...]:
    """Return the same as `reach`, or raise NoProfile where that is None."""
    reached = reach(model, route, region)
    if reached is None:
        raise NoProfile(
            f"{model.display_name} ({model.name}) has no {route} profile callable from {region}; "
            f"it has {_what_it_has(model)}."
        )
    return reached


def invoke_statements(models: Sequence[Model], scope: InvocationScope) -> list[Statement]:
    """Return the IAM statements that open `models` by their profiles on the place's routes, and
    nothing else: not the bare models, not another route.

    Each model must have the first route; a further one that it lacks, it does not get. One
    statement serves all models that reach the same Regions by a route. That widens nothing: a
    system profile holds one model, so Bedrock never evaluates one model under another's profile,
    and both are open to the caller anyway. Raises NoProfile. Shapes:
    https://docs.aws.amazon.com/bedrock/latest/userguide/geographic-cross-region-inference.html
    https://docs.aws.amazon.com/bedrock/latest/userguide/global-cross-region-inference.html
    """
    for model in models:
        profile_destinations(model, scope.routes[0], scope.region)
    statements: list[Statement] = []
    for route in scope.routes:
        having = [model for model in models if reach(model, route, scope.region) is not None]
        by_route = _global_statements if route == "global" else _geography_statements
        statements += by_route(having, route, scope) if having else []
    return statements + _count_tokens_statements(models, scope) + guardrail_statements(scope)


def profile_arns(models: Sequence[Model], scope: InvocationScope) -> list[str]:
    """Return the profiles by which `models` are called, on each route that a model has."""
    return [
        scope.arn(f"inference-profile/{profile_id(model, route)}")
        for route in scope.routes
        for model in models
        if reach(model, route, scope.region) is not None
    ]


def guardrail_statements(scope: InvocationScope) -> list[Statement]:
    """Return what a caller needs beside invoking, where the place has a guardrail:
    https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions.html"""
    if scope.guardrail is None:
        return []
    name, _ = scope.guardrail
    return [
        {
            "Sid": "ApplyGuardrail",
            "Effect": "Allow",
            "Action": "bedrock:ApplyGuardrail",
            "Resource": scope.arn(f"guardrail/{name}"),
        }
    ]


def invoke_policies(
    models: Sequence[Model], scope: InvocationScope, *, limit: int = MANAGED_POLICY_CHARACTERS
) -> list[list[Statement]]:
    """Return the same statements, dealt out over as few managed policies as hold them: one list of
    statements per policy, each at most `limit` characters. Raises NoProfile."""
    batches: list[list[Model]] = [[]]
    for model in models:
        grown = [*batches[-1], model]
        if batches[-1] and characters(invoke_statements(grown, _written_out(scope))) > limit:
            batches.append([model])
        else:
            batches[-1] = grown
    return [invoke_statements(batch, scope) for batch in batches if batch]


def characters(statements: Sequence[Statement]) -> int:
    """Return the length by which IAM measures a policy: without white space."""
    return len(document_text(statements))


def document_text(statements: Sequence[Statement]) -> str:
    """Return a policy of `statements`, as short as JSON can be."""
    document = {"Version": "2012-10-17", "Statement": statements}
    return json.dumps(document, separators=(",", ":"))


def _geography_statements(
    models: Sequence[Model], route: str, scope: InvocationScope
) -> list[Statement]:
    by_reach: dict[tuple[str, ...], list[Model]] = {}
    for model in models:
        destinations = profile_destinations(model, route, scope.region)
        by_reach.setdefault(destinations, []).append(model)
    name = route.capitalize()
    return [
        _allow(f"Invoke{name}Profiles", _profiles(models, route, scope)),
        *(
            _allow(
                f"Invoke{name}Models{number}",
                _models(group, destinations, scope),
                {PROFILE: _profiles(group, route, scope)} | scope.only_with_guardrail,
            )
            for number, (destinations, group) in enumerate(by_reach.items(), start=1)
        ),
    ]


def _global_statements(
    models: Sequence[Model], route: str, scope: InvocationScope
) -> list[Statement]:
    """Profile, model in the source Region, and the model with no Region at all, which is how
    Bedrock asks when it routes elsewhere."""
    profiles = _profiles(models, route, scope)
    here = {"aws:RequestedRegion": scope.region}
    through = {PROFILE: profiles} | scope.only_with_guardrail
    return [
        _allow("InvokeGlobalProfiles", profiles, here),
        _allow("InvokeGlobalModelsHere", _models(models, [scope.region], scope), here | through),
        _allow(
            "InvokeGlobalModelsAnywhere", _models(models, [""], scope), ROUTED_ANYWHERE | through
        ),
    ]


def _count_tokens_statements(models: Sequence[Model], scope: InvocationScope) -> list[Statement]:
    """CountTokens takes the bare model, in the Region called, and only some models have it:
    https://docs.aws.amazon.com/bedrock/latest/userguide/count-tokens.html"""
    counting = [model for model in models if model.count_tokens]
    if not counting:
        return []
    resources = _models(counting, [scope.region], scope)
    return [_allow("CountTokens", resources) | {"Action": "bedrock:CountTokens"}]


def _profiles(models: Sequence[Model], route: str, scope: InvocationScope) -> list[str]:
    return profile_arns(models, scope._replace(routes=(route,)))


def _models(models: Sequence[Model], regions: Sequence[str], scope: InvocationScope) -> list[str]:
    return [scope.model_arn(model.base_id, region=region) for model in models for region in regions]


def _allow(sid: str, resources: list[str], equals: dict[str, Any] | None = None) -> Statement:
    statement: Statement = {"Sid": sid, "Effect": "Allow", "Action": INVOKE, "Resource": resources}
    return statement | {"Condition": {"StringEquals": equals}} if equals else statement


def _written_out(scope: InvocationScope) -> InvocationScope:
    """Return the same place with an account's digits for a token, to measure what will be
    deployed."""
    return scope._replace(account=_SOME_ACCOUNT, partition="aws")


def _what_it_has(model: Model) -> str:
    reaches = [
        f"{profile.route} from {', '.join(profile.regions) or 'any commercial Region'}"
        for profile in model.profiles
    ]
    return "; ".join(reaches) or "no profile on record"
