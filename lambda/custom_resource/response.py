"""The response to CloudFormation: one PUT of a small JSON object to the URL it gave."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

_TRIES: Final = 3
_TIMEOUT_SECONDS: Final = 3.0
_LONGEST_REASON: Final = 2000
"""Characters. CloudFormation takes 4096 bytes in all:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html"""


class Outcome(NamedTuple):
    """Whether the change was carried out, and a sentence for whoever deploys."""

    succeeded: bool
    sentence: str


def answer(
    event: Mapping[str, Any],
    physical_id: str,
    outcome: Outcome,
    data: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """Return the response object for one event; a template asks for `data` by Fn::GetAtt."""
    return {
        "Status": "SUCCESS" if outcome.succeeded else "FAILED",
        "Reason": _shortened(outcome.sentence),
        "PhysicalResourceId": physical_id,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": dict(data),
    }


def send(url: str, body: Mapping[str, Any], *, sleep: Callable[[float], None] = time.sleep) -> None:
    """PUT the response object; raises URLError when three tries have failed.

    The URL is signed for an empty content type, which urllib would otherwise fill in."""
    request = urllib.request.Request(  # noqa: S310 - the URL is CloudFormation's own
        url, data=json.dumps(body).encode(), method="PUT", headers={"Content-Type": ""}
    )
    for attempt in range(1, _TRIES + 1):
        try:
            urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS).close()  # noqa: S310
        except urllib.error.URLError:
            if attempt == _TRIES:
                raise
            sleep(1.0)
        else:
            return


def _shortened(sentence: str) -> str:
    if len(sentence) <= _LONGEST_REASON:
        return sentence
    return f"{sentence[:_LONGEST_REASON]}… (the rest is in the function's log)"
