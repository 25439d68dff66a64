"""Calls of a gateway and what Bedrock recorded of them, and which differences were put in."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, get_args

from reconciliation.bounds import Bounds
from reconciliation.join import DESTINATIONS, Destination, Outcome, reconcile
from reconciliation.window import Window

HOUR = 3600.0
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()
WINDOW = Window(NOW - 10 * HOUR, NOW - HOUR / 2, NOW - HOUR)
BOUNDS = Bounds("eu-central-1", None, ("eu",), ("claude-haiku-4-5",))
MODEL = "eu.anthropic.claude-haiku-4-5-20251001-v1:0"
ROLE = "arn:aws:sts::123456789012:assumed-role/gateway/function"
SOMEBODY = "arn:aws:sts::123456789012:assumed-role/somebody/laptop"

Fate = Literal[
    "kept",
    "dropped",
    "only in S3",
    "only in CloudWatch",
    "delayed",  # younger than the allowance, and not there yet
    "duplicated",
    "went round",
    "went round young",
    "without body",
    "object absent",
    "of another caller",
    "in another Region",
    "throttled, logged",
    "throttled, not logged",
    "unreadable, logged",  # Converse's metadata is in the body
    "answer lost, logged",
    "answer lost, not logged",
    "counted tokens",
    "refused here",
    "before the window",
    "dropped before the window",
    "went round before the window",
    "refused here before the window",
    "across the beginning",
    "across the end",
    "by the fallback",
]
FATES: tuple[Fate, ...] = get_args(Fate)
_FINDS = {
    "dropped": "called, not logged",
    "only in S3": "called, not logged",
    "only in CloudWatch": "called, not logged",
    "went round": "logged, not called",
    "without body": "body missing",
    "object absent": "body missing",
    "of another caller": "caller differs",
    "in another Region": "outside the residency",
}
_BEFORE = WINDOW.since - HOUR / 2
_EDGE = {"across the beginning": WINDOW.since - 0.5, "across the end": WINDOW.until - 0.5}


class World(NamedTuple):
    lines: list[tuple[float, dict[str, Any]]]
    records: list[tuple[Destination, dict[str, Any]]]
    expected: set[tuple[str, str]]
    """Kind and request id of what has to be found."""
    fates: Counter[str]

    def reconciled(self) -> Outcome:
        return reconcile(
            self.lines, self.records, window=WINDOW, bounds=BOUNDS, stored=lambda path: path != GONE
        )


GONE = "s3://the-bucket/data/gone_input.json.gz"


def world(fates: Sequence[Fate], chance: random.Random) -> World:
    """One call of each fate, at moments of the window, everything out of order."""
    made = World([], [], set(), Counter(fates))
    for number, fate in enumerate(fates):
        _add(made, fate, f"id-{number}", chance)
    chance.shuffle(made.lines)
    chance.shuffle(made.records)
    return made


def _add(made: World, fate: Fate, request_id: str, chance: random.Random) -> None:
    at = _moment(fate, chance)
    line = audit_line(request_id, fate)
    if not fate.startswith("went round"):
        made.lines.append((at + line["duration_ms"] / 1000, line))
    for destination in _destinations(fate):
        made.records.append((destination, record(request_id, fate, at)))
    if fate in _FINDS:
        made.expected.add((_FINDS[fate], request_id))


def _moment(fate: Fate, chance: random.Random) -> float:
    if fate in ("delayed", "went round young"):
        return chance.uniform(WINDOW.settled, WINDOW.until - 1)
    if fate.endswith("before the window"):
        return _BEFORE
    return _EDGE.get(fate) or float(chance.randint(int(WINDOW.since), int(WINDOW.settled) - 1))


def _destinations(fate: Fate) -> Sequence[Destination]:
    if fate in ("only in S3", "only in CloudWatch"):
        return DESTINATIONS[:1] if fate == "only in S3" else DESTINATIONS[1:]
    if fate == "duplicated":
        return (*DESTINATIONS, *DESTINATIONS, DESTINATIONS[0])
    nowhere = fate.startswith(("dropped", "refused here")) or fate.endswith("not logged")
    if nowhere or fate in ("delayed", "counted tokens"):
        return ()
    return DESTINATIONS


def audit_line(request_id: str, fate: Fate = "kept") -> dict[str, Any]:
    line: dict[str, Any] = {
        "gateway_request_id": f"gateway-{request_id}",
        "bedrock_request_id": request_id,
        "api_key_id": "k1",
        "api_key_name": "search.nightly",
        "route": "POST /v1/messages",
        "model_id": MODEL,
        "status": 200,
        "outcome": "completed",
        "duration_ms": 1500,
    }
    if fate.startswith(("throttled", "unreadable", "answer lost")):
        line |= {"status": 429, "outcome": "upstream_error"}
    if fate.startswith("answer lost"):
        del line["bedrock_request_id"]
    if fate == "counted tokens":
        line["route"] = "POST /v1/messages/count_tokens"
    if fate.startswith("refused here"):
        line = {"route": "POST /v1/messages", "status": 400, "duration_ms": 1}
    if fate == "by the fallback":
        attempt = {"model_id": f"global.{MODEL}", "bedrock_request_id": f"first-{request_id}"}
        line["earlier_attempts"] = [attempt]
    return line


def record(request_id: str, fate: Fate = "kept", at: float = NOW - 5 * HOUR) -> dict[str, Any]:
    round_it = fate.startswith("went round")
    found: dict[str, Any] = {
        "timestamp": datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z"),
        "region": "eu-central-1",
        "inferenceRegion": "eu-west-1",
        "requestId": request_id,
        "modelId": MODEL,
        "identity": {"arn": SOMEBODY if round_it else ROLE},
        "requestMetadata": {
            "gateway_request_id": f"gateway-{request_id}",
            "api_key_id": "k1",
            "api_key_name": "search.nightly",
        },
        "input": {"inputBodyJson": {"messages": "secret-prompt"}},
        "output": {"outputBodyJson": {"content": "secret-completion"}},
    }
    if round_it:
        del found["requestMetadata"]
    if fate == "without body":
        found["input"] = {}
    if fate == "object absent":
        found["input"] = {"inputBodyS3Path": GONE}
    if fate == "of another caller":
        found["requestMetadata"]["api_key_name"] = "other"
    if fate == "in another Region":
        found["inferenceRegion"] = "us-east-1"
    if fate.startswith("throttled"):
        found = {**found, "errorCode": "ThrottlingException", "input": {}, "output": None}
    if fate.startswith("unreadable"):
        found = {**found, "errorCode": "SerializationException", "input": {}, "output": None}
        del found["requestMetadata"]
    return found
