"""The inline session policy that holds one caller to some of the stage's models.

A session may do what its role and its session policy both allow, so this one names models and
profiles only; tiers, Regions, guardrail and denials are the role's.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from claude_bedrock.catalog.invoke_policies import (
    INVOKE,
    InvocationScope,
    Statement,
    document_text,
    guardrail_statements,
)
from claude_bedrock.catalog.model import Model
from claude_bedrock.catalog.resolution import profile_id, reach

SESSION_POLICY_CHARACTERS: Final = 2048
"""https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""

_NO_COPIES: Final[Mapping[str, str]] = MappingProxyType({})


class SessionPolicyTooLong(Exception):
    """The models' names fill more than AWS takes of a session policy."""


def session_statements(
    models: Sequence[Model], scope: InvocationScope, copies: Mapping[str, str] = _NO_COPIES
) -> list[Statement]:
    """Return the statements that leave a session `models` by the scope's routes.

    `copies` are a team's own profiles: id of the profile that AWS defines -> ARN of the copy.
    """
    profiles = [
        copies.get(id_) or scope.arn(f"inference-profile/{id_}")
        for model in models
        for id_ in _profile_ids(model, scope)
    ]
    # In which Regions a model may answer, the role's own policies say.
    behind = [scope.model_arn(model.base_id, region="*") for model in models]
    invoke: Statement = {
        "Sid": "CallModels",
        "Effect": "Allow",
        "Action": [*INVOKE, "bedrock:CountTokens"],
        "Resource": profiles + behind,
    }
    return [invoke, *guardrail_statements(scope)]


def session_policy(
    models: Sequence[Model], scope: InvocationScope, copies: Mapping[str, str] = _NO_COPIES
) -> str:
    """Return the text of that policy. Raises SessionPolicyTooLong."""
    text = document_text(session_statements(models, scope, copies))
    if len(text) > SESSION_POLICY_CHARACTERS:
        raise SessionPolicyTooLong(
            f"a list of {len(models)} models makes a session policy of {len(text)} characters; "
            f"AWS takes {SESSION_POLICY_CHARACTERS}"
        )
    return text


def _profile_ids(model: Model, scope: InvocationScope) -> list[str]:
    routes = [route for route in scope.routes if reach(model, route, scope.region) is not None]
    return [profile_id(model, route) for route in routes]
