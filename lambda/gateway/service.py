"""What a route needs beside the request: settings, upstream, the models allowed, the time left."""

import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple, Protocol
from urllib.parse import quote, unquote

from claude_bedrock import catalog
from gateway import errors, team_profiles
from gateway.retries import Retries
from gateway.settings import Settings
from gateway.upstream import Reply

MODEL_PREFIX = "/model/"
_LONGEST_KEPT = 256  # characters of a name whose resolution is kept for the next call
_resolve = lru_cache(maxsize=64)(catalog.resolve)
_OFTEN_ENCODED = 3  # times at most: clients encode an id, and some encode it again


@lru_cache(maxsize=64)
def model_path(model_id: str, operation: str) -> str:
    """The path of an operation of bedrock-runtime on a model, percent-encoded."""
    return f"{MODEL_PREFIX}{quote(model_id, safe='')}/{operation}"


class Upstream(Protocol):
    """Bedrock, as far as a route sees it."""

    def post(
        self,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        seconds: float,
        look: Callable[[], None],
    ) -> Reply: ...


class Service(NamedTuple):
    """`remaining`: seconds until Lambda ends this invocation. `look` raises CallerGone where the
    caller has left. `retries` are the environment's."""

    settings: Settings
    upstream: Upstream
    remaining: Callable[[], float]
    look: Callable[[], None]
    retries: Retries

    def today(self) -> str:
        """The date in UTC, ISO 8601: lives of models end by it."""
        return time.strftime("%Y-%m-%d", time.gmtime())

    def allowed(self) -> list[catalog.Model]:
        """The models of this stage that Bedrock still has, in the catalog's order."""
        names, today = self.settings.allowed_models, self.today()
        return [
            each
            for each in catalog.MODELS
            if each.name in names and not catalog.is_retired(each, today)
        ]

    def resolve(self, requested: str, team: str = "") -> catalog.Resolved:
        """The model and profiles that a name means here, asked by a key of `team`.

        Raises NotFound for a model that is unknown or gone, PermissionDenied for one this stage
        does not allow, InvalidRequest for a route it does not allow.
        """
        name = _decoded(requested)
        resolve = _resolve if len(name) <= _LONGEST_KEPT else catalog.resolve
        try:
            return resolve(
                self.copied_profile(name, team) or name,
                allowed=self.settings.allowed_models,
                routes=self.settings.routes,
                region=self.settings.region,
                today=self.today(),
            )
        except (catalog.UnknownModel, catalog.RetiredModel) as error:
            raise errors.NotFound(str(error)) from error
        except catalog.ModelNotAllowed as error:
            raise errors.PermissionDenied(str(error)) from error
        except catalog.ResolutionError as error:
            raise errors.InvalidRequest(str(error)) from error

    def copied_profile(self, requested: str, team: str, *, by_id: bool = False) -> str:
        """The id of the profile whose copy a name means by its ARN, or also `by_id`: empty where
        it means none. Raises PermissionDenied, NotFound."""
        profiles = self.settings.team_profiles
        own_ids = (
            team_profiles.id_of(arn) for copies in profiles.values() for arn in copies.values()
        )
        if team_profiles.is_named(requested) or (by_id and requested in own_ids):
            return team_profiles.copied_profile(requested, team, profiles)
        return ""

    def called_as(self, model_id: str, team: str) -> str:
        """What Bedrock is asked by: the team's own copy of that profile, if it has one.

        An ARN may stand where an id does:
        https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-use.html"""
        return self.settings.team_profiles.get(team, {}).get(model_id, model_id)

    def team_of(self, api_key_name: str) -> str:
        """The team of a key called TEAM.NAME, empty for any other key."""
        team = api_key_name.partition(".")[0]
        return team if "." in api_key_name and team in self.settings.team_profiles else ""


def _decoded(name: str) -> str:
    """No model's name has a percent sign, so that nothing is lost by decoding once too often."""
    for _ in range(_OFTEN_ENCODED):
        if "%" not in name:
            break
        name = unquote(name)
    return name
