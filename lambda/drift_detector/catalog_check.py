"""The comparison of the catalog of models with the account, reported as drift for a person to act
on. Only what is worth a person's time is: see `claude_bedrock.catalog.comparison.outdated`."""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from claude_bedrock.catalog import MODELS, comparison
from claude_bedrock.logging_config.drift import Drift

Lists = tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]
"""Summaries of ListFoundationModels and of ListInferenceProfiles, as boto3 gives them."""

_KIND: Final = "catalog_outdated"


def find_outdated(
    read: Callable[[], Lists], models: Collection[str], *, region: str, today: dt.date
) -> list[Drift]:
    """Return the drift of the catalog from what the account lists.

    That AWS refuses the two lists is one drift and no failure: it would end the look at the record,
    too."""
    try:
        summaries, profiles = read()
    except (BotoCoreError, ClientError) as error:
        code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
        return [Drift(_KIND, f"could not be compared: {code or type(error).__name__}")]
    claudes = [profile for profile in profiles if ".anthropic." in profile["inferenceProfileId"]]
    reported = comparison.read(summaries, claudes)
    differing = comparison.differences(MODELS, reported, region=region, today=today.isoformat())
    return [Drift(_KIND, sentence) for sentence in comparison.outdated(differing, reported, models)]
