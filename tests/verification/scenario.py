"""Calls of a gateway and what Bedrock recorded of them, and which differences were put in."""

import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, get_args

from claude_bedrock.records.log_item import LogItem
from claude_bedrock.records.object_stat import ObjectStat
from claude_bedrock.records.window import Window
from claude_bedrock.verification.allowed_regions import AllowedRegions
from claude_bedrock.verification.finding import Outcome
from claude_bedrock.verification.known_call import KnownCall
from claude_bedrock.verification.principals import Principals
from claude_bedrock.verification.reconciliation import (
    DESTINATIONS,
    Destination,
    Lookups,
    reconcile,
)

HOUR = 3600.0
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()
WINDOW = Window(NOW - 10 * HOUR, NOW - HOUR / 2, NOW - HOUR)
BOUNDS = AllowedRegions("eu-central-1", None, ("eu",), ("claude-haiku-4-5",))
MODEL = "eu.anthropic.claude-haiku-4-5-20251001-v1:0"
GATEWAY_ROLE = "arn:aws:iam::123456789012:role/gateway"
ALLOWED = "arn:aws:sts::123456789012:assumed-role/batch/night"
CALLER_ROLE = "arn:aws:iam::123456789012:role/caller"
PRINCIPALS = Principals(
    GATEWAY_ROLE, frozenset({"arn:aws:iam::123456789012:role/jobs/batch"}), CALLER_ROLE
)
ROLE = "arn:aws:sts::123456789012:assumed-role/gateway/function"
OTHER_ROLE = "arn:aws:sts::123456789012:assumed-role/somebody/laptop"

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
    "cut, logged",  # after Bedrock's 200; the client got another status
    "cut, not logged",
    "never sent",
    "of an older version",
    "of an older version, not logged",
    "refused by an older version",
    "of another model",
    "of another identity",
    "copies differ",
    "audit entry lost",
    "record of another form",
    "allowed direct call",
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
    "dropped": "missing_record",
    "only in S3": "missing_record",
    "only in CloudWatch": "missing_record",
    "went round": "bypassed_gateway",
    "without body": "body_missing",
    "object absent": "body_missing",
    "of another caller": "caller_mismatch",
    "in another Region": "data_residency_violation",
    "cut, not logged": "missing_record",
    "of an older version, not logged": "missing_record",
    "of another model": "model_mismatch",
    "of another identity": "identity_mismatch",
    "copies differ": "content_mismatch",
    "audit entry lost": "audit_entry_lost",
    "record of another form": "unreadable_record",
}
_BEFORE = WINDOW.since - HOUR / 2
_EDGE = {"across the beginning": WINDOW.since - 0.5, "across the end": WINDOW.until - 0.5}


class Scenario(NamedTuple):
    lines: list[tuple[float, dict[str, Any]]]
    records: list[tuple[Destination, dict[str, Any]]]
    expected: set[tuple[str, str]]
    """Kind and request id of what has to be found."""
    fates: Counter[str]

    def reconciled(self) -> Outcome:
        return joined(self.lines, self.records, stored=lambda path: path != DELETED_OBJECT)


def joined(
    lines: Iterable[tuple[float, Mapping[str, Any]]],
    records: Iterable[tuple[Destination, Mapping[str, Any]]],
    *,
    window: Window = WINDOW,
    bounds: AllowedRegions = BOUNDS,
    principals: Principals = PRINCIPALS,
    stored: Callable[[str], bool] = lambda _: True,
    stats: Mapping[str, ObjectStat] | None = None,
    bodies: Mapping[str, object] | None = None,
    identical: Collection[tuple[str, str]] = (),
    access_log: Mapping[str, str] | None = None,
    compare: Callable[[Iterable[KnownCall]], None] | None = None,
) -> Outcome:
    """The join of entries, each with the moment it was written, and of records. `bodies` has those
    in S3 by their paths, without which all objects are equal; `identical` names those that are all
    the same, or `stats` says what S3 does. `access_log` has what the access log
    says of a request."""

    def stat(path: str) -> ObjectStat:
        if stats is not None:
            return stats[path]
        twin = next((first for first, other in identical if path in (first, other)), path)
        return ObjectStat(1, "the same" if bodies is None else twin)

    return reconcile(
        [LogItem(f"event {number}", at, line) for number, (at, line) in enumerate(lines)],
        [
            (destination, LogItem(f"{destination}, record {number}", NOW - 5 * HOUR, content))
            for number, (destination, content) in enumerate(records)
        ],
        window=window,
        bounds=bounds,
        principals=principals,
        lookups=Lookups(
            stat=lambda path: stat(path) if stored(path) else None,
            read_body=lambda path: (bodies or {})[path],
            find_requests=lambda ids: {item: (access_log or {}).get(item, "") for item in ids},
        ),
        compare=compare,
    )


DELETED_OBJECT = "s3://the-bucket/data/gone_input.json.gz"


def scenario(fates: Sequence[Fate], chance: random.Random) -> Scenario:
    """One call of each fate, at moments of the window, everything out of order."""
    made = Scenario([], [], set(), Counter(fates))
    for number, fate in enumerate(fates):
        _add(made, fate, f"id-{number}", chance)
    chance.shuffle(made.lines)
    chance.shuffle(made.records)
    return made


def _add(made: Scenario, fate: Fate, request_id: str, chance: random.Random) -> None:
    at = _moment(fate, chance)
    line = audit_line(request_id, fate)
    if not fate.startswith(("went round", "audit entry lost", "allowed direct")):
        made.lines.append((at + line["duration_ms"] / 1000, line))
    for number, destination in enumerate(_destinations(fate)):
        content = record(request_id, fate, at)
        if fate == "copies differ" and number:
            content["output"] = {"outputBodyJson": {"content": "another"}}
        if fate == "record of another form" and number:
            del content["modelId"]
        made.records.append((destination, content))
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
    nowhere = fate.startswith(("dropped", "refused", "never sent")) or fate.endswith("not logged")
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
        "upstream_status": 200,
        "upstream_complete": True,
        "outcome": "completed",
        "duration_ms": 1500,
    }
    if fate.startswith(("throttled", "unreadable", "answer lost", "never", "refused by an older")):
        line |= {"status": 429, "upstream_status": 429, "outcome": "upstream_error"}
    if fate.startswith(("answer lost", "never sent")):
        del line["bedrock_request_id"], line["upstream_status"]
    if fate == "never sent":
        line["upstream_reached"] = False
    if fate.startswith("cut"):
        line |= {"status": 500, "upstream_complete": False, "outcome": "upstream_error"}
    if "older version" in fate:
        del line["upstream_status"], line["upstream_complete"]
    if fate == "counted tokens":
        line["route"] = "POST /v1/messages/count_tokens"
    if fate.startswith("refused here"):
        line = {"route": "POST /v1/messages", "status": 400, "duration_ms": 1}
    if fate == "by the fallback":
        attempt = {
            "model_id": f"global.{MODEL}",
            "bedrock_request_id": f"first-{request_id}",
            "upstream_status": 503,
            "upstream_complete": True,
        }
        line["earlier_attempts"] = [attempt]
    return line


def record(request_id: str, fate: Fate = "kept", at: float = NOW - 5 * HOUR) -> dict[str, Any]:
    round_it = fate.startswith("went round")
    result: dict[str, Any] = {
        "timestamp": datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z"),
        "region": "eu-central-1",
        "inferenceRegion": "eu-west-1",
        "requestId": request_id,
        "modelId": MODEL,
        "identity": {"arn": OTHER_ROLE if round_it else ROLE},
        "requestMetadata": {
            "gateway_request_id": f"gateway-{request_id}",
            "api_key_id": "k1",
            "api_key_name": "search.nightly",
        },
        "input": {"inputBodyJson": {"messages": "secret-prompt"}},
        "output": {"outputBodyJson": {"content": "secret-completion"}},
    }
    if round_it:
        del result["requestMetadata"]
    if fate == "allowed direct call":
        result["identity"] = {"arn": ALLOWED}
    if fate == "of another identity":
        result["identity"] = {"arn": OTHER_ROLE}
    if fate == "of another model":
        result["modelId"] = MODEL.replace("eu.", "global.")
    if fate == "cut, logged":
        result["output"] = {}
    if fate == "without body":
        result["input"] = {}
    if fate == "object absent":
        result["input"] = {"inputBodyS3Path": DELETED_OBJECT}
    if fate == "of another caller":
        result["requestMetadata"]["api_key_name"] = "other"
    if fate == "in another Region":
        result["inferenceRegion"] = "us-east-1"
    if fate.startswith("throttled"):
        result = {**result, "errorCode": "ThrottlingException", "input": {}, "output": None}
    if fate.startswith("unreadable"):
        result = {**result, "errorCode": "SerializationException", "input": {}, "output": None}
        del result["requestMetadata"]
    return result
