"""The resolution of a client's name into a model and its inference profiles on this stage."""

import time
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from claude_bedrock import catalog
from gateway import errors, team_profiles
from gateway.settings import Settings

_MAX_CACHED_NAME: Final = 256  # characters of a name whose resolution is cached
_MAX_ENCODINGS: Final = 3  # clients encode an id, and some encode it again
_resolve = lru_cache(maxsize=64)(catalog.resolve)


def today() -> str:
    """Return the date in UTC, ISO 8601: models reach their end of life by it."""
    return time.strftime("%Y-%m-%d", time.gmtime())


def allowed_models(settings: Settings) -> list[catalog.Model]:
    """Return the models of this stage that Bedrock still has, in the catalog's order."""
    date = today()
    return [
        model
        for model in catalog.MODELS
        if model.name in settings.allowed_models and not catalog.is_retired(model, date)
    ]


def resolve(requested: str, settings: Settings, team: str = "") -> catalog.Resolved:
    """Return the model and profiles that a name means here, for a key of `team`.

    Raises NotFound for a model that is unknown or gone, PermissionDenied for one this stage
    does not allow, InvalidRequest for a geography it does not allow.
    """
    name = decode(requested)
    resolve_name = _resolve if len(name) <= _MAX_CACHED_NAME else catalog.resolve
    try:
        return resolve_name(
            team_profiles.copied_profile(name, team, settings.team_profiles) or name,
            allowed=settings.allowed_models,
            routes=settings.geographies,
            region=settings.region,
            today=today(),
        )
    except (catalog.UnknownModel, catalog.RetiredModel) as error:
        raise errors.NotFound(str(error)) from error
    except catalog.ModelNotAllowed as error:
        raise errors.PermissionDenied(str(error)) from error
    except catalog.ResolutionError as error:
        raise errors.InvalidRequest(str(error)) from error


def decode(part: str) -> str:
    """Return a part of a path without percent-encoding. The name of a model has no percent sign, so
    that decoding once too often loses nothing."""
    for _ in range(_MAX_ENCODINGS):
        if "%" not in part:
            break
        part = unquote(part)
    return part
