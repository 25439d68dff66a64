"""Checks of a streamed response: its pace, and the gateway's headers."""

import json
from typing import Final

from claude_bedrock.cli.smoke.check import Check, Finding, failed, not_assessed, passed
from claude_bedrock.cli.smoke.deployed_stage import Subject

SHORTEST_SECONDS: Final = 0.5
"""An answer that takes less tells nothing about pacing."""
_REMAPPED: Final = "x-amzn-remapped-"
_EXPECTED: Final = ("content-type", "request-id")


def judge_message(subject: Subject) -> Finding:
    response = subject.message
    if response.status != 200:
        return failed(f"The status is {response.status}, not 200.", status=response.status)
    kind = json.loads(response.body).get("type")
    return (
        passed("A message came back.", status=200)
        if kind == "message"
        else failed(f"The body is no message, but {kind!r}.", type=kind)
    )


def judge_pacing(subject: Subject) -> Finding:
    """Check that events arrive one by one: those that all arrive at the end were buffered on the
    way."""
    response = subject.stream
    if response.status != 200 or not response.events:
        return failed(
            f"The answer is no stream (status {response.status}).", status=response.status
        )
    first, last = response.events[0], response.events[-1]
    measured = {
        "first_event_seconds": round(first, 2),
        "last_event_seconds": round(last, 2),
        "events": len(response.events),
    }
    times = f"The first event came after {first:.1f} s, the last after {last:.1f} s"
    if last < SHORTEST_SECONDS:
        return not_assessed(f"{times}: too short an answer to tell.", **measured)
    if last - first < last / 10:
        return failed(f"{times}: something on the way buffers the stream.", **measured)
    return passed(f"{times}.", **measured)


def judge_headers(subject: Subject) -> Finding:
    names = sorted({name for name, _ in subject.stream.headers})
    remapped = [name for name in names if name.startswith(_REMAPPED)]
    missing = [name for name in _EXPECTED if name not in names]
    if missing:
        return failed(
            f"The client does not see {', '.join(missing)}.", names=names, remapped=remapped
        )
    return passed("The client sees every header that it needs.", names=names, remapped=remapped)


CHECKS: Final = (
    Check(
        "message",
        "A Messages request is answered by the stage's cheapest model.",
        "https://platform.claude.com/docs/en/api/messages",
        judge_message,
    ),
    Check(
        "stream pacing",
        "API Gateway and Lambda pass each event of a stream on as it comes.",
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html",
        judge_pacing,
    ),
    Check(
        "response headers",
        "API Gateway does not rename the headers that clients read.",
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html",
        judge_headers,
        is_local=False,
    ),
)
