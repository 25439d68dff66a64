"""Keys, plans and teams."""

from __future__ import annotations

from collections.abc import Iterator

from claude_bedrock.catalog.aws_regions import APPLICATION_PROFILE_REGIONS
from claude_bedrock.catalog.invoke_policies import MANAGED_POLICY_CHARACTERS
from stacks import team_profile_plan
from stacks.deny_policy_inputs import boundary_characters
from stacks.stage.block import Stage
from stacks.stage.combinations.account import is_reserved
from stacks.stage.token_issuers import DEFAULT_PLAN

# A function's environment may hold 4 KB; a key's id takes 10 of them and its quotes 6.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
NAMES_CHARACTERS = 3000
# A role may hold ten, one of which is the deny policy.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
POLICIES = 9
# "50 tags per resource":
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateInferenceProfile.html
_PROFILE_TAGS = 50


def plan_mistakes(stage: Stage) -> Iterator[str]:
    if DEFAULT_PLAN in stage.callers.plans:
        yield (
            f"callers.plans.{DEFAULT_PLAN}: given; allowed: other names, since callers.throttle "
            "and callers.quota are that plan"
        )
    burst = max(plan.throttle.burst for plan in stage.callers.all_plans.values())
    reserved = stage.endpoint.reserved_concurrency
    if reserved is not None and reserved < burst:
        yield (
            f"endpoint.reserved_concurrency: {reserved} given below a burst of {burst}; "
            f"allowed: {burst} or more, or null, since what a throttle lets through at once would "
            "be turned away with a 5xx"
        )


def key_mistakes(stage: Stage) -> Iterator[str]:
    callers = stage.callers
    for key in ("api_keys", "token_issuers", "quota", "plans"):
        if callers.auth == "iam" and key in callers.model_fields_set and getattr(callers, key):
            yield (
                f"callers.{key}: given with auth iam, where there are no keys; allowed: auth "
                f"key, or no {key}"
            )
    if callers.auth == "key" and not callers.api_keys and not callers.token_issuers:
        yield (
            "callers.api_keys: [] given; allowed: a list of 1 to 50 different names, or "
            "token_issuers with it, since nobody could call"
        )
    if len(set(callers.api_keys)) != len(callers.api_keys):
        yield f"callers.api_keys: {list(callers.api_keys)} given; allowed: each name once"
    if _key_characters(stage) > NAMES_CHARACTERS:
        yield (
            f"callers.api_keys: names and ids of {_key_characters(stage)} characters given; "
            f"allowed: {NAMES_CHARACTERS} together, since a function's environment holds 4 KB"
        )


def _key_characters(stage: Stage) -> int:
    return sum(16 + len(name) for name in stage.key_names)


def team_mistakes(stage: Stage) -> list[str]:
    """Return the mistakes of the teams, once it is known which models the stage has."""
    mistakes = [
        f"callers.teams.{name}.{tag}: given; allowed: other tags, since this one is not yours to "
        "set"
        for name, team in stage.callers.teams.items()
        for tag in team.tags
        if is_reserved(tag)
    ]
    mistakes += _team_tag_mistakes(stage)
    mistakes += _team_guardrail_mistakes(stage)
    profiles = team_profile_plan.planned(stage)
    if not profiles:
        return mistakes
    has_profiles = stage.region in APPLICATION_PROFILE_REGIONS
    if not has_profiles and not stage.callers.team_profiles_available:
        mistakes.append(
            f"callers.teams: given in {stage.region}, where CloudFormation has no application "
            "inference profiles by the resource schemas of November 2026 (cfn-lint 1.58.0); "
            f"allowed: one of {', '.join(APPLICATION_PROFILE_REGIONS)}, or "
            "callers.team_profiles_available true where AWS has added them since"
        )
    if team_profile_plan.policies_needed(stage) > POLICIES:
        mistakes.append(
            f"callers.teams: {len(profiles)} profiles given, one for each team, model and "
            f"geography; allowed: as many as {POLICIES} managed policies can name, which is what a "
            "role holds beside the deny policy"
        )
    keys, ids = (
        _key_characters(stage),
        team_profile_plan.environment_characters(profiles, stage.region),
    )
    if keys + ids > NAMES_CHARACTERS >= keys:
        mistakes.append(
            f"callers.teams: {ids} characters of profile ids given with {keys} of api_keys; "
            f"allowed: {NAMES_CHARACTERS} together, since a function's environment holds 4 KB"
        )
    return mistakes


def _team_tag_mistakes(stage: Stage) -> Iterator[str]:
    """Yield teams of which the profiles would have more tags than Bedrock takes."""
    for name, team in stage.callers.teams.items():
        tags = {*stage.account.tags, *team.tags, *team_profile_plan.OUR_TAGS}
        if len(tags) > _PROFILE_TAGS:
            yield (
                f"callers.teams.{name}.tags: {len(tags)} tags given with account.tags and the "
                f"stage's own; allowed: {_PROFILE_TAGS} together, as many as an inference profile "
                "has"
            )


def _team_guardrail_mistakes(stage: Stage) -> Iterator[str]:
    """Yield what a team's guardrail cannot stand beside: a call carries one guardrail, and IAM
    knows the team by the tag of its caller's session."""
    for team in stage.callers.team_guardrails:
        if stage.models.guardrail is not None:
            yield (
                f"callers.teams.{team}.guardrail: given with models.guardrail, and a call carries "
                "one; allowed: one of the two"
            )
        if stage.endpoint.enabled and not stage.callers.caller_sessions:
            yield (
                f"callers.teams.{team}.guardrail: given with caller_sessions false, without which "
                "IAM does not know a caller's team; allowed: callers.caller_sessions true"
            )
    if not stage.callers.team_guardrails:
        return
    if (length := boundary_characters(stage)) > MANAGED_POLICY_CHARACTERS:
        yield (
            f"callers.teams: guardrails given that make the permissions boundary {length} "
            f"characters long; allowed: fewer of them, since IAM takes {MANAGED_POLICY_CHARACTERS}"
        )
