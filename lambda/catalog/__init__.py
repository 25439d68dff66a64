"""The Claude models Bedrock has, as data, and what can be worked out from a model's name."""

from .model import ROUTES, Life, LongPrompt, Model, Price, Profile
from .resolution import (
    MODELS,
    ModelNotAllowed,
    NoProfile,
    ResolutionError,
    Resolved,
    RetiredModel,
    RouteNotAllowed,
    UnknownModel,
    find,
    is_legacy,
    is_retired,
    profile_id,
    resolve,
    routes,
)

__all__ = [
    "MODELS",
    "ROUTES",
    "Life",
    "LongPrompt",
    "Model",
    "ModelNotAllowed",
    "NoProfile",
    "Price",
    "Profile",
    "ResolutionError",
    "Resolved",
    "RetiredModel",
    "RouteNotAllowed",
    "UnknownModel",
    "find",
    "is_legacy",
    "is_retired",
    "profile_id",
    "resolve",
    "routes",
]
