"""The inline session policy that holds one caller to some of the stage's models.

A session may do what its role and its session policy both allow, so this one names models and
profiles only; tiers, Regions, guardrail and denials are the role's.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
"""

from collections.abc import Iterator, Mapping, Sequence
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
    profiles = [arn for model in models for arn in _profile_arns(model, scope, copies)]
    # Which model is behind a profile, and in which Regions it may answer, the role's own policies
    # say: they allow a model by its profile only, and deny a bare one.
    invoke: Statement = {
        "Sid": "CallModels",
        "Effect": "Allow",
        "Action": INVOKE,
        "Resource": [*profiles, scope.model_arn("anthropic.claude-*", region="*")],
    }
    return [invoke, *_count_statements(models, scope), *guardrail_statements(scope)]


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


def _count_statements(models: Sequence[Model], scope: InvocationScope) -> list[Statement]:
    """Return what lets a session count tokens, which is asked of the bare model."""
    counting = [
        scope.model_arn(model.base_id, region=scope.region)
        for model in models
        if model.count_tokens
    ]
    if not counting:
        return []
    return [
        {
            "Sid": "CountTokens",
            "Effect": "Allow",
            "Action": ["bedrock:CountTokens"],
            "Resource": counting,
        }
    ]


def _profile_arns(model: Model, scope: InvocationScope, copies: Mapping[str, str]) -> Iterator[str]:
    """Yield the team's copies of the model's profiles, and AWS's that have none: two of them as
    one pattern, since the role's own policies name the geographies."""
    routes = [route for route in scope.routes if reach(model, route, scope.region) is not None]
    ids = [profile_id(model, route) for route in routes]
    yield from (copies[id_] for id_ in ids if id_ in copies)
    others = [id_ for id_ in ids if id_ not in copies]
    if others:
        name = others[0] if len(others) == 1 else f"*.{model.base_id}"
        yield scope.arn(f"inference-profile/{name}")
