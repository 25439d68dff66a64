"""The IAM requests of a Bedrock call: the profile, then the model in each Region that may answer.

https://docs.aws.amazon.com/bedrock/latest/userguide/geographic-cross-region-inference.html
https://docs.aws.amazon.com/bedrock/latest/userguide/global-cross-region-inference.html
"""

from collections.abc import Callable, Sequence
from typing import Final

from claude_bedrock.catalog import Model
from local.aws.authorization import AuthorizationError, Request
from local.bedrock.caller import Caller
from local.bedrock.errors import UnauthorizedError
from local.bedrock.model_ids import Target

Authorize = Callable[[Caller, Sequence[Request]], None]
"""Raises AuthorizationError for what the caller may not do. It may block: it is called in a
thread."""

_UNSPECIFIED: Final = "unspecified"
"""The Region that a global profile asks for, of a model whose ARN has none."""


def permit(_caller: Caller, _requests: Sequence[Request]) -> None:
    """Where there is no IAM, everybody who signs may call."""


def check(authorize: Authorize, caller: Caller, requests: Sequence[Request]) -> None:
    """Raise UnauthorizedError, with AWS's message."""
    try:
        authorize(caller, requests)
    except AuthorizationError as denied:
        raise UnauthorizedError(str(denied)) from denied


def inference_requests(
    target: Target, *, streamed: bool, region: str, account: str, tier: str
) -> list[Request]:
    """For InvokeModel and Converse alike, which share their actions."""
    action = "bedrock:InvokeModelWithResponseStream" if streamed else "bedrock:InvokeModel"
    profile = profile_arn(target.requested, region, account)
    context = (("bedrock:ServiceTier", tier),)
    behind = (*context, ("bedrock:InferenceProfileArn", profile))
    return [
        Request(action, profile, context, region),
        *(
            Request(
                action, _model_arn(target.model, model_region), behind, model_region or _UNSPECIFIED
            )
            for model_region in target.authorization_regions
        ),
    ]


def count_requests(model: Model, region: str) -> list[Request]:
    """For CountTokens, which takes the bare model."""
    return [Request("bedrock:CountTokens", _model_arn(model, region), (), region)]


def profile_arn(requested: str, region: str, account: str) -> str:
    """Return the ARN of the inference profile that a call names by its id or ARN."""
    if requested.startswith("arn:"):
        return requested
    return f"arn:aws:bedrock:{region}:{account}:inference-profile/{requested}"


def _model_arn(model: Model, region: str) -> str:
    return f"arn:aws:bedrock:{region}::foundation-model/{model.base_id}"
