"""What the embedded AWS is told to answer instead, by its URL: docs/local.md."""

import json
import urllib.request
from collections.abc import Mapping

Override = Mapping[str, object]


def override(service: str, operation: str, body: object, status: int = 200) -> Override:
    return {"service": service, "asked": operation, "status": status, "body": body}


def set_overrides(url: str, *answers: Override) -> None:
    """From now on, and nothing that was told before."""
    request = urllib.request.Request(  # noqa: S310 - loopback
        url, json.dumps(answers).encode(), {"x-amz-target": "LocalAnswers"}
    )
    with urllib.request.urlopen(request) as response:  # noqa: S310 - loopback
        assert json.load(response) == list(answers)
