"""What IAM must allow for a set of models to be called by one route from one Region."""

import json
from collections.abc import Sequence
from typing import Any, Final

from .model import Model
from .resolution import NoProfile, profile_id, reach

Statement = dict[str, Any]

INVOKE: Final = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
"""Converse and ConverseStream are covered by the same two actions."""

MANAGED_POLICY_CHARACTERS: Final = 6144
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html (no white space)"""

_SOME_ACCOUNT: Final = "0" * 12


def profile_destinations(model: Model, route: str, region: str) -> tuple[str, ...]:
    """As `reach`, but raises NoProfile where that is None."""
    reached = reach(model, route, region)
    if reached is None:
        raise NoProfile(
            f"{model.display_name} ({model.name}) has no {route} profile callable from {region}; "
            f"it has {_what_it_has(model)}."
        )
    return reached


def invoke_statements(
    models: Sequence[Model], *, route: str, region: str, account: str, partition: str
) -> list[Statement]:
    """The IAM statements that open `models` by their `route` profiles from `region`, and nothing
    else: not the bare models, not another route.

    One statement serves all models that reach the same Regions. That widens nothing: a system
    profile holds one model, so Bedrock never evaluates one model under another's profile, and
    both are open to the caller anyway. `account` and `partition` may be CDK tokens.
    Raises NoProfile. Shapes:
    https://docs.aws.amazon.com/bedrock/latest/userguide/geographic-cross-region-inference.html
    https://docs.aws.amazon.com/bedrock/latest/userguide/global-cross-region-inference.html
    """
    arns = _Arns(region, account, partition)
    if route == "global":
        statements = _global_statements(models, arns)
    else:
        statements = _geography_statements(models, route, arns)
    return statements + _count_tokens_statements(models, arns)


def invoke_policies(
    models: Sequence[Model],
    *,
    route: str,
    region: str,
    account: str,
    partition: str,
    limit: int = MANAGED_POLICY_CHARACTERS,
) -> list[list[Statement]]:
    """The same statements, dealt out over as few managed policies as hold them: one list of
    statements per policy, each at most `limit` characters. Raises NoProfile."""
    batches: list[list[Model]] = [[]]
    for model in models:
        grown = [*batches[-1], model]
        if batches[-1] and _characters(grown, route, region) > limit:
            batches.append([model])
        else:
            batches[-1] = grown
    return [
        invoke_statements(batch, route=route, region=region, account=account, partition=partition)
        for batch in batches
        if batch
    ]


def deny_mantle_statement() -> Statement:
    """Shuts the endpoint whose calls Bedrock's invocation logging does not record:
    https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html"""
    return {
        "Sid": "NoUnloggedEndpoint",
        "Effect": "Deny",
        "Action": "bedrock-mantle:*",
        "Resource": "*",
    }


class _Arns:
    """The ARNs of one caller: a source Region, an account, a partition."""

    def __init__(self, region: str, account: str, partition: str) -> None:
        self.region = region
        self._account = account
        self._partition = partition

    def profiles(self, models: Sequence[Model], route: str) -> list[str]:
        where = f"arn:{self._partition}:bedrock:{self.region}:{self._account}:inference-profile"
        return [f"{where}/{profile_id(model, route)}" for model in models]

    def models(self, models: Sequence[Model], regions: Sequence[str]) -> list[str]:
        return [
            f"arn:{self._partition}:bedrock:{region}::foundation-model/{model.base_id}"
            for model in models
            for region in regions
        ]


def _geography_statements(models: Sequence[Model], route: str, arns: _Arns) -> list[Statement]:
    by_reach: dict[tuple[str, ...], list[Model]] = {}
    for model in models:
        reach = profile_destinations(model, route, arns.region)
        by_reach.setdefault(reach, []).append(model)
    return [
        _allow("Profiles", arns.profiles(models, route)),
        *(
            _allow(
                f"ModelsBehindProfiles{number}",
                arns.models(group, reach),
                {"bedrock:InferenceProfileArn": arns.profiles(group, route)},
            )
            for number, (reach, group) in enumerate(by_reach.items(), start=1)
        ),
    ]


def _global_statements(models: Sequence[Model], arns: _Arns) -> list[Statement]:
    """Profile, model in the source Region, and the model with no Region at all, which is how
    Bedrock asks when it routes elsewhere."""
    for model in models:
        profile_destinations(model, "global", arns.region)
    profiles = arns.profiles(models, "global")
    here = {"aws:RequestedRegion": arns.region}
    anywhere = {"aws:RequestedRegion": "unspecified"}
    through = {"bedrock:InferenceProfileArn": profiles}
    return [
        _allow("GlobalProfiles", profiles, here),
        _allow("ModelsInThisRegion", arns.models(models, [arns.region]), here | through),
        _allow("ModelsInAnyRegion", arns.models(models, [""]), anywhere | through),
    ]


def _count_tokens_statements(models: Sequence[Model], arns: _Arns) -> list[Statement]:
    """CountTokens takes the bare model, in the Region called, and only some models have it:
    https://docs.aws.amazon.com/bedrock/latest/userguide/count-tokens.html"""
    counting = [model for model in models if model.count_tokens]
    if not counting:
        return []
    resources = arns.models(counting, [arns.region])
    return [_allow("CountTokens", resources) | {"Action": "bedrock:CountTokens"}]


def _allow(sid: str, resources: list[str], equals: dict[str, Any] | None = None) -> Statement:
    statement: Statement = {"Sid": sid, "Effect": "Allow", "Action": INVOKE, "Resource": resources}
    return statement | {"Condition": {"StringEquals": equals}} if equals else statement


def _characters(models: Sequence[Model], route: str, region: str) -> int:
    statements = invoke_statements(
        models, route=route, region=region, account=_SOME_ACCOUNT, partition="aws"
    )
    document = {"Version": "2012-10-17", "Statement": statements}
    return len(json.dumps(document, separators=(",", ":")))


def _what_it_has(model: Model) -> str:
    reaches = [
        f"{profile.route} from {', '.join(profile.regions) or 'any commercial Region'}"
        for profile in model.profiles
    ]
    return "; ".join(reaches) or "no profile on record"
