"""What a route needs beside the request: settings, upstream, the models allowed, the time left."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

import catalog
from gateway import errors
from gateway.settings import Settings
from gateway.upstream import Reply


class Upstream(Protocol):
    """Bedrock, as far as a route sees it."""

    def post(
        self, path: str, headers: Mapping[str, str], body: bytes, *, seconds: float
    ) -> Reply: ...


class Service(NamedTuple):
    """`remaining`: seconds until Lambda ends this invocation."""

    settings: Settings
    upstream: Upstream
    remaining: Callable[[], float]

    def resolve(self, requested: str) -> catalog.Resolved:
        """The model and profile that a caller's name means here.

        Raises NotFound for a model that is unknown or gone, PermissionDenied for one this stage
        does not allow, InvalidRequest for a route it does not allow.
        """
        try:
            return catalog.resolve(
                requested,
                allowed=self.settings.allowed_models,
                route=self.settings.route,
                today=datetime.now(UTC).date().isoformat(),
            )
        except (catalog.UnknownModel, catalog.RetiredModel) as error:
            raise errors.NotFound(str(error)) from error
        except catalog.ModelNotAllowed as error:
            raise errors.PermissionDenied(str(error)) from error
        except catalog.ResolutionError as error:
            raise errors.InvalidRequest(str(error)) from error
