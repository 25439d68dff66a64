"""The session policy of a caller with a list of models: short enough, and no other model."""

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock.catalog import MODELS, invoke_policies, profile_id, reach
from claude_bedrock.catalog.invoke_policies import InvocationScope
from claude_bedrock.catalog.session_policies import (
    SESSION_POLICY_CHARACTERS,
    SessionPolicyTooLong,
    session_policy,
)

SCOPE = InvocationScope(("eu", "global"), "eu-central-1", "123456789012")
HERE = [model for model in MODELS if reach(model, "eu", SCOPE.region) is not None]


def resources(text: str) -> list[str]:
    statements = json.loads(text)["Statement"]
    return [resource for statement in statements for resource in statement["Resource"]]


NUMBERS = st.integers(0, len(HERE) - 1)


@given(st.sets(NUMBERS, min_size=1, max_size=4))
def test_it_lets_by_what_the_role_allows_of_these_models_and_no_profile_of_another(
    numbers: set[int],
) -> None:
    models = [HERE[number] for number in numbers]
    statements = json.loads(session_policy(models, SCOPE))["Statement"]
    for model in HERE:
        for statement in invoke_policies.invoke_statements([model], SCOPE):
            for action in _listed(statement["Action"]):
                of_role = [arn for arn in statement["Resource"] if _decides(action, arn)]
                allowed = [_allows(statements, action, arn) for arn in of_role]
                assert allowed == [model in models] * len(allowed)
                if model in models:
                    assert all(_allows(statements, action, arn) for arn in statement["Resource"])


def _decides(action: str, arn: str) -> bool:
    """Return whether the request is about the profile, or about a model that needs none."""
    return ":foundation-model/" not in arn or action == "bedrock:CountTokens"


def _allows(statements: list[dict[str, Any]], action: str, arn: str) -> bool:
    return any(
        action in statement["Action"]
        and any(fnmatchcase(arn, pattern) for pattern in statement["Resource"])
        for statement in statements
    )


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_two_geographies_take_no_more_room_than_one() -> None:
    one, two = (
        session_policy(HERE[:4], SCOPE._replace(routes=routes))
        for routes in (("eu",), ("eu", "global"))
    )
    assert len(two) <= len(one)


def test_a_team_calls_by_its_own_profiles() -> None:
    model = HERE[-1]
    copied = profile_id(model, "eu")
    arn = SCOPE.arn("application-inference-profile/abcdefghijkl")
    named = resources(session_policy([model], SCOPE, {copied: arn}))
    assert arn in named
    assert SCOPE.arn(f"inference-profile/{copied}") not in named


def test_a_guardrail_may_be_applied() -> None:
    text = session_policy(HERE[:1], SCOPE._replace(guardrail=("abc123", "1")))
    assert "bedrock:ApplyGuardrail" in text


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(SessionPolicyTooLong, match=f"AWS takes {SESSION_POLICY_CHARACTERS}"):
        session_policy([*HERE, *HERE], SCOPE)
