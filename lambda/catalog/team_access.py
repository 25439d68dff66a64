"""What IAM must allow for application inference profiles to be called, and nothing beside them."""

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from .access import (
    INVOKE,
    MANAGED_POLICY_CHARACTERS,
    Statement,
    profile_destinations,
)
from .model import Model
from .resolution import profile_id

_LONGEST_ID: Final = "0" * 16
"""Stands for an application profile's id while policies are measured: ids have 12 characters."""

_NO_UNLOGGED_ENDPOINT: Final[Statement] = {
    "Sid": "NoUnloggedEndpoint",
    "Effect": "Deny",
    "Action": "bedrock-mantle:*",
    "Resource": "*",
}
"""https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html"""


class ApplicationProfile(NamedTuple):
    """An application inference profile copied from the profile that `model` has on `route`.

    `id` may be a CDK token: Bedrock makes it when the profile is created.
    """

    model: Model
    route: str
    id: str


class Caller(NamedTuple):
    """From where the profiles are called; `account` and `partition` may be CDK tokens."""

    region: str
    account: str
    partition: str


def invoke_statements(profiles: Sequence[ApplicationProfile], caller: Caller) -> list[Statement]:
    """The IAM statements that open `profiles`, and the models behind them only by these profiles.

    Bedrock asks for the profile, then for the model in each Region behind it:
    https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html
    What `bedrock:InferenceProfileArn` then holds, no page says outright. AWS's answer on denials,
    https://repost.aws/knowledge-center/bedrock-access-denied-exception, looks for application
    profiles' ARNs in it; the copied profile's is let pass too. That opens no other way in, since
    the copied profile itself is not among the resources. Raises NoProfile.
    """
    statements: list[Statement] = []
    for number, (reached, group) in enumerate(_by_reach(profiles, caller).items(), start=1):
        statements += _group_statements(group, reached, caller, str(number))
    return statements


def invoke_policies(
    profiles: Sequence[ApplicationProfile], caller: Caller, *, described: bool = False
) -> list[list[Statement]]:
    """The same statements, dealt out over as few managed policies as hold them, each with the
    denial of the unlogged endpoint: one list of statements per policy. Raises NoProfile.

    `described` lets a client ask what model is behind a profile, whose ARN does not say it, and so
    how to word its requests: https://code.claude.com/docs/en/amazon-bedrock
    """
    batches: list[list[ApplicationProfile]] = [[]]
    for profile in profiles:
        grown = [*batches[-1], profile]
        if batches[-1] and _characters(grown, caller.region, described) > MANAGED_POLICY_CHARACTERS:
            batches.append([profile])
        else:
            batches[-1] = grown
    return [_policy(batch, caller, described) for batch in batches if batch]


def arn_prefix(caller: Caller) -> str:
    """What stands before an application profile's id in its ARN."""
    return (
        f"arn:{caller.partition}:bedrock:{caller.region}:{caller.account}"
        ":application-inference-profile/"
    )


def copied_arn(model: Model, route: str, caller: Caller) -> str:
    """The ARN of the profile that AWS defines for `model` on `route`. Raises NoProfile."""
    where = f"arn:{caller.partition}:bedrock:{caller.region}:{caller.account}:inference-profile"
    return f"{where}/{profile_id(model, route)}"


def _policy(
    profiles: Sequence[ApplicationProfile], caller: Caller, described: bool
) -> list[Statement]:
    asking: Statement = {
        "Sid": "WhatIsBehindTeamProfiles",
        "Effect": "Allow",
        "Action": "bedrock:GetInferenceProfile",
        "Resource": _arns(profiles, caller),
    }
    told = [asking] if described else []
    return [*invoke_statements(profiles, caller), *told, _NO_UNLOGGED_ENDPOINT]


def _by_reach(
    profiles: Sequence[ApplicationProfile], caller: Caller
) -> dict[tuple[str, ...], list[ApplicationProfile]]:
    groups: dict[tuple[str, ...], list[ApplicationProfile]] = {}
    for profile in profiles:
        reached = profile_destinations(profile.model, profile.route, caller.region)
        groups.setdefault(reached, []).append(profile)
    return groups


def _group_statements(
    group: Sequence[ApplicationProfile], reached: Sequence[str], caller: Caller, number: str
) -> list[Statement]:
    """Of profiles that reach the same Regions; those of `global` reach none that is named.

    The three statements of `global`:
    https://docs.aws.amazon.com/bedrock/latest/userguide/global-cross-region-inference.html
    """
    profiles = _arns(group, caller)
    through: dict[str, Any] = {"bedrock:InferenceProfileArn": [*profiles, *_copied(group, caller)]}
    if reached:
        models = _models(group, reached, caller)
        return [
            _allow(f"TeamProfiles{number}", profiles, {}),
            _allow(f"ModelsBehindTeamProfiles{number}", models, through),
        ]
    here: dict[str, Any] = {"aws:RequestedRegion": caller.region}
    anywhere: dict[str, Any] = {"aws:RequestedRegion": "unspecified"}
    return [
        _allow("GlobalTeamProfiles", profiles, here),
        _allow("TheirModelsInThisRegion", _models(group, [caller.region], caller), here | through),
        _allow("TheirModelsInAnyRegion", _models(group, [""], caller), anywhere | through),
    ]


def _arns(profiles: Sequence[ApplicationProfile], caller: Caller) -> list[str]:
    return [f"{arn_prefix(caller)}{profile.id}" for profile in profiles]


def _copied(group: Sequence[ApplicationProfile], caller: Caller) -> list[str]:
    return list(dict.fromkeys(copied_arn(each.model, each.route, caller) for each in group))


def _models(
    group: Sequence[ApplicationProfile], regions: Sequence[str], caller: Caller
) -> list[str]:
    models = list(dict.fromkeys(profile.model.base_id for profile in group))
    return [
        f"arn:{caller.partition}:bedrock:{region}::foundation-model/{base_id}"
        for base_id in models
        for region in regions
    ]


def _allow(sid: str, resources: list[str], equals: dict[str, Any]) -> Statement:
    statement: Statement = {"Sid": sid, "Effect": "Allow", "Action": INVOKE, "Resource": resources}
    return statement | {"Condition": {"StringEquals": equals}} if equals else statement


def _characters(profiles: Sequence[ApplicationProfile], region: str, described: bool) -> int:
    measured = [profile._replace(id=_LONGEST_ID) for profile in profiles]
    statements = _policy(measured, Caller(region, "0" * 12, "aws"), described)
    document = {"Version": "2012-10-17", "Statement": statements}
    return len(json.dumps(document, separators=(",", ":")))
