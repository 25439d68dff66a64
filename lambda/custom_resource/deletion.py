"""Deletions that AWS refuses, or a defect of ours breaks off, succeed for CloudFormation.

A failed Delete leaves the whole stack in DELETE_FAILED, and whoever repeats it meets the same:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes-delete.html"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from claude_bedrock.iam.propagation import Timing
from custom_resource.response import Outcome

RETRY_SECONDS: Final = 15.0
_TRIES: Final = 4
_PAUSE_SECONDS: Final = 5.0

_log: Final = logging.getLogger(__name__)


Result = tuple[Outcome, dict[str, str]]
"""The outcome, and the data for the template."""


def retry_deletion(event: Mapping[str, Any], act: Callable[[], Result], waiting: Timing) -> Result:
    """Run `act` and return its result. A deletion that fails is tried again, as long as that began
    less than RETRY_SECONDS ago: once it is let through, nobody asks for it a second time."""
    give_up_at = waiting.clock() + RETRY_SECONDS
    result = act()
    for _ in range(_TRIES - 1):
        if event["RequestType"] != "Delete" or result[0].succeeded or waiting.clock() > give_up_at:
            break
        waiting.sleep(_PAUSE_SECONDS)
        result = act()
    return result


def succeed_despite_failure(event: Mapping[str, Any], outcome: Outcome, left: str) -> Outcome:
    """Return the outcome. A deletion that failed succeeds for CloudFormation; an error in the log
    and the reason of the response say why, what is `left`, and how to remove it."""
    if event["RequestType"] != "Delete" or outcome.succeeded:
        return outcome
    sentence = f"The deletion failed and was let through: {outcome.sentence} {left}"
    _log.error(sentence)
    return Outcome(succeeded=True, sentence=sentence)
