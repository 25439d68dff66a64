"""Geographies and service tiers."""

from __future__ import annotations

from collections.abc import Iterator

from claude_bedrock.catalog import stage_models
from claude_bedrock.catalog.model import STANDARD_TIER, TIERS_WITHOUT_CLAUDE
from stacks.stage.block import Stage


def geography_mistakes(stage: Stage) -> Iterator[str]:
    """Yield the mistakes of the geographies: those that cannot be called from the Region, are
    given twice, or leave the residency. They are checked first, since no model could be called
    by them."""
    models = stage.models
    callable_here = stage_models.callable_geographies(stage.region)
    for key, geographies in (
        ("geography", (models.geography,)),
        ("fallback_geographies", models.fallback_geographies),
    ):
        for geography in geographies:
            if geography not in callable_here:
                yield (
                    f"models.{key}: {geography!r} given, which cannot be called from "
                    f"{stage.region}; allowed: {', '.join(callable_here)}"
                )
    if len(set(models.geographies)) != len(models.geographies):
        yield (
            f"models.fallback_geographies: {list(models.fallback_geographies)} given with "
            f"geography {models.geography}; allowed: each geography once"
        )
    if models.residency is not None and "global" in models.geographies:
        yield (
            "models.residency: given with the geography global, whose calls may be answered in "
            "any commercial Region; allowed: another geography, or no residency"
        )


def tier_mistakes(stage: Stage) -> Iterator[str]:
    tiers = stage.models.service_tiers
    if STANDARD_TIER not in tiers or len(set(tiers)) != len(tiers):
        yield (
            f"models.service_tiers: {list(tiers)} given; allowed: default and others, each once, "
            "since a call that names no tier runs on default"
        )


def tier_warnings(stage: Stage) -> Iterator[str]:
    """Yield a warning about the service tiers at which AWS lists no Claude model, if there are
    any. The stage may be deployed: AWS may add them any day."""
    tiers = [tier for tier in stage.models.service_tiers if tier in TIERS_WITHOUT_CLAUDE]
    if tiers:
        yield (
            f"models.service_tiers: {' and '.join(tiers)} given, but AWS's model cards of November "
            "2026 list no Claude model there, and Bedrock answers such calls with 400. Remove "
            f"{'it' if len(tiers) == 1 else 'them'}, unless the card of your model lists "
            f"{'it' if len(tiers) == 1 else 'them'} by now: "
            "https://docs.aws.amazon.com/bedrock/latest/userguide/model-cards.html"
        )
