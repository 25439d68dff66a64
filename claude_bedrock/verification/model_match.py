"""The names by which a record's model is matched with the model that the gateway called.

Bedrock's record may name a profile by its id or by its ARN, or the base model of the profile; a
profile of another geography is another model, which may answer elsewhere. It names a team's
application inference profile by its ARN:
https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-use.html
"""

from typing import Final

from claude_bedrock import catalog

_BASE_ID: Final = "anthropic."


def model_name(model_id: str) -> str:
    """Return the catalog's name of the model that an id or ARN means; empty for another."""
    model = catalog.find(model_id.rpartition("/")[2])
    return model.name if model else ""


def base_model_name(model_id: str) -> str:
    """Return the same, of the id of a base model alone."""
    return model_name(model_id) if model_id.rpartition("/")[2].startswith(_BASE_ID) else ""
