"""The match of a record's model with the model that the gateway called.

Bedrock's record may name a profile by its id or by its ARN, and names a team's application
inference profile by its ARN:
https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-use.html
"""

from functools import lru_cache

from claude_bedrock import catalog
from claude_bedrock.verification.calls import Call

_APPLICATION_PROFILE = ":application-inference-profile/"
_BASE_ID = "anthropic."


def is_model_of(call: Call, model_id: str) -> bool:
    """Return whether `model_id`, as a record has it, names what `call` called."""
    if _APPLICATION_PROFILE in model_id:
        # An entry of an older version does not say which profile that was.
        return call.profile_arn is None or model_id == call.profile_arn
    return _is_same(call.model_id, model_id)


@lru_cache(maxsize=1024)
def _is_same(called: str, recorded: str) -> bool:
    """Return whether both ids mean the same model. A profile of another geography is another model,
    which may answer elsewhere; the base model of the profile is the same one."""
    called, recorded = (model_id.rpartition("/")[2] for model_id in (called, recorded))
    if called == recorded:
        return True
    model = catalog.find(recorded) if recorded.startswith(_BASE_ID) else None
    return model is not None and model is catalog.find(called)
