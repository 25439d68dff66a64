"""The model that `ask` calls: the one that was given, or one that the stage allows."""

from collections.abc import Iterable

from claude_bedrock import catalog
from claude_bedrock.catalog import Model
from claude_bedrock.cli.ask.request_body import BadQuestionError
from claude_bedrock.cli.models import listing
from claude_bedrock.cli.shared.endpoint import Endpoint

_DEFAULT_FAMILY = "haiku"


def choose_model(requested: str | None, endpoint: Endpoint) -> str:
    """Return the name to send. A family, as in `cdk.json`, means the newest of it that the stage
    allows; nothing means the newest Haiku, or else the stage's newest model.

    Asks the endpoint for its models only where it has to. Raises BadQuestionError, RefusedError."""
    families = {model.family for model in catalog.MODELS}
    if requested is not None and requested not in families:
        return requested
    allowed = [offer.model for offer in listing.of_endpoint(endpoint)]
    of_family = [model for model in allowed if model.family == (requested or _DEFAULT_FAMILY)]
    if of_family:
        return _newest(of_family).name
    if requested is None and allowed:
        return _newest(allowed).name
    names = ", ".join(model.name for model in allowed) or "none"
    raise BadQuestionError(f"The stage allows no {requested or ''} model. It allows: {names}.")


def _newest(models: Iterable[Model]) -> Model:
    return max(models, key=lambda model: model.released or "")
