"""In which Regions a stage's calls may be answered."""

from functools import lru_cache
from typing import NamedTuple

from claude_bedrock import catalog
from claude_bedrock.catalog.stage_models import within


class AllowedRegions(NamedTuple):
    """The stage's own settings, as docs/configuration.md tells them."""

    region: str
    residency: tuple[str, ...] | None
    geographies: tuple[str, ...]
    models: tuple[str, ...]

    def is_resident(self, region: str) -> bool:
        """Return whether the residency has a Region."""
        return self.residency is None or within(region, self.residency)

    def reach(self, model_id: str) -> frozenset[str]:
        """Return the Regions that may answer a call of that id, within the residency: where the
        profile leads; for one that is not the stage's, where any of the stage's does. Empty for
        everywhere, as a global profile reaches."""
        return _reach(self, model_id)


@lru_cache(maxsize=1024)
def _reach(bounds: AllowedRegions, model_id: str) -> frozenset[str]:
    """Empty for everywhere, as a global profile reaches."""
    model, route = catalog.find(model_id), model_id.rpartition("/")[2].partition(".")[0]
    if model is not None and route in bounds.geographies:
        own = catalog.reach(model, route, bounds.region)
        if own is not None:
            return frozenset(own)
    return _anywhere_of_the_stage(bounds)


def _anywhere_of_the_stage(bounds: AllowedRegions) -> frozenset[str]:
    models = [model for model in catalog.MODELS if model.name in bounds.models]
    reaches = [
        catalog.reach(model, route, bounds.region)
        for model in models
        for route in bounds.geographies
    ]
    known = [reach for reach in reaches if reach is not None]
    if any(not reach for reach in known):
        return frozenset()
    return frozenset({bounds.region}.union(*known))
