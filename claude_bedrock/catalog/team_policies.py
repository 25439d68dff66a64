"""The IAM statements that allow application inference profiles to be called, and nothing beside
them."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from claude_bedrock.catalog.invoke_policies import (
    INVOKE,
    MANAGED_POLICY_CHARACTERS,
    PROFILE,
    ROUTED_ANYWHERE,
    InvocationScope,
    Statement,
    characters,
    guardrail_statements,
    profile_destinations,
)
from claude_bedrock.catalog.model import Model
from claude_bedrock.catalog.resolution import profile_id

_SOME_ACCOUNT: Final = "0" * 12
_SOME_ID: Final = "0" * 16
"""Stands for an application profile's id while policies are measured; AWS's have 12 characters."""


class ApplicationProfile(NamedTuple):
    """An application inference profile, copied from the profile that `model` has on `route`.

    `id` may be a CDK token: Bedrock makes it when the profile is created.
    """

    model: Model
    route: str
    id: str


def invoke_statements(
    profiles: Sequence[ApplicationProfile], scope: InvocationScope
) -> list[Statement]:
    """Return the IAM statements that open `profiles`, and the models behind them only by these
    profiles.

    Bedrock asks for the profile, then for the model in each Region behind it:
    https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html
    What `bedrock:InferenceProfileArn` then holds, no page says outright. AWS's answer on denials,
    https://repost.aws/knowledge-center/bedrock-access-denied-exception, looks for application
    profiles' ARNs in it; the copied profile's is let pass too. That opens no other way in, since
    the copied profile itself is not among the resources. Raises NoProfile.
    """
    by_reach: dict[tuple[str, ...], list[ApplicationProfile]] = {}
    for profile in profiles:
        reached = profile_destinations(profile.model, profile.route, scope.region)
        by_reach.setdefault(reached, []).append(profile)
    statements: list[Statement] = []
    for number, (reached, group) in enumerate(by_reach.items(), start=1):
        statements += (
            _geography_statements(group, reached, scope, number)
            if reached
            else _global_statements(group, scope)
        )
    return statements + guardrail_statements(scope)


def invoke_policies(
    profiles: Sequence[ApplicationProfile], scope: InvocationScope, *, described: bool = False
) -> list[list[Statement]]:
    """Return the same statements, dealt out over as few managed policies as hold them: one list of
    statements per policy. Raises NoProfile.

    `described` lets a client ask what model is behind a profile, whose ARN does not say it, and so
    how to word its requests: https://code.claude.com/docs/en/amazon-bedrock
    """
    batches: list[list[ApplicationProfile]] = [[]]
    for profile in profiles:
        grown = [*batches[-1], profile]
        if batches[-1] and _length(grown, scope, described) > MANAGED_POLICY_CHARACTERS:
            batches.append([profile])
        else:
            batches[-1] = grown
    return [_policy(batch, scope, described) for batch in batches if batch]


def arn_prefix(scope: InvocationScope) -> str:
    """Return what stands before an application profile's id in its ARN."""
    return scope.arn("application-inference-profile/")


def copied_arn(model: Model, route: str, scope: InvocationScope) -> str:
    """Return the ARN of the profile that AWS defines for `model` on `route`. Raises NoProfile."""
    return scope.arn(f"inference-profile/{profile_id(model, route)}")


def _geography_statements(
    group: Sequence[ApplicationProfile], reached: Sequence[str], scope: InvocationScope, number: int
) -> list[Statement]:
    return [
        _allow(f"InvokeTeamProfiles{number}", _arns(group, scope), {}),
        _allow(f"InvokeTeamModels{number}", _models(group, reached, scope), _through(group, scope)),
    ]


def _global_statements(
    group: Sequence[ApplicationProfile], scope: InvocationScope
) -> list[Statement]:
    """Three, as a profile of AWS's on that route needs them:
    https://docs.aws.amazon.com/bedrock/latest/userguide/global-cross-region-inference.html"""
    here, through = {"aws:RequestedRegion": scope.region}, _through(group, scope)
    return [
        _allow("InvokeGlobalTeamProfiles", _arns(group, scope), here),
        _allow("InvokeGlobalTeamModelsHere", _models(group, [scope.region], scope), here | through),
        _allow(
            "InvokeGlobalTeamModelsAnywhere", _models(group, [""], scope), ROUTED_ANYWHERE | through
        ),
    ]


def _through(group: Sequence[ApplicationProfile], scope: InvocationScope) -> dict[str, Any]:
    copied = dict.fromkeys(
        copied_arn(team_profile.model, team_profile.route, scope) for team_profile in group
    )
    return {PROFILE: [*_arns(group, scope), *copied], **scope.only_with_guardrail}


def _arns(profiles: Sequence[ApplicationProfile], scope: InvocationScope) -> list[str]:
    return [f"{arn_prefix(scope)}{profile.id}" for profile in profiles]


def _models(
    group: Sequence[ApplicationProfile], regions: Sequence[str], scope: InvocationScope
) -> list[str]:
    base_ids = dict.fromkeys(profile.model.base_id for profile in group)
    return [scope.model_arn(id_, region=region) for id_ in base_ids for region in regions]


def _allow(sid: str, resources: list[str], equals: dict[str, Any]) -> Statement:
    statement: Statement = {"Sid": sid, "Effect": "Allow", "Action": INVOKE, "Resource": resources}
    return statement | {"Condition": {"StringEquals": equals}} if equals else statement


def _policy(
    profiles: Sequence[ApplicationProfile], scope: InvocationScope, described: bool
) -> list[Statement]:
    reading: Statement = {
        "Sid": "DescribeTeamProfiles",
        "Effect": "Allow",
        "Action": "bedrock:GetInferenceProfile",
        "Resource": _arns(profiles, scope),
    }
    return invoke_statements(profiles, scope) + ([reading] if described else [])


def _length(profiles: Sequence[ApplicationProfile], scope: InvocationScope, described: bool) -> int:
    """Return the length of what will be deployed, with digits and letters for tokens."""
    measured = [profile._replace(id=_SOME_ID) for profile in profiles]
    written_out = scope._replace(account=_SOME_ACCOUNT, partition="aws")
    return characters(_policy(measured, written_out, described))
