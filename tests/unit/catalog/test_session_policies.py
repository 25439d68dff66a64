"""The session policy of a caller with a list of models: short enough, and no other model."""

import json
from fnmatch import fnmatchcase

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
def test_it_names_what_the_role_allows_of_these_models_and_of_no_other(numbers: set[int]) -> None:
    models = [HERE[number] for number in numbers]
    named = resources(session_policy(models, SCOPE))
    for model in HERE:
        of_role = [
            resource
            for statement in invoke_policies.invoke_statements([model], SCOPE)
            for resource in statement["Resource"]
        ]
        allowed = [any(fnmatchcase(each, name) for name in named) for each in of_role]
        assert allowed == [model in models] * len(allowed)


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
        session_policy(HERE, SCOPE)
