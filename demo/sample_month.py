"""What a stage's callers leave behind in a month, made up: how many call when, and which models.

The same month is the same to the last byte. `python -m demo.sample_month FOLDER` writes one.
"""

import argparse
import gzip
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

from claude_bedrock import catalog
from claude_bedrock.caller_sessions.session_name import session_name
from demo.sample_call import ACCOUNT, Call, Caller, audit_line, large_prompt, record
from local.bedrock.destinations import S3Destination
from local.bedrock.records import pack, record_key

_PER_FILE: Final = 500
_WORKDAY: Final = (1, 1, 1, 1, 1, 2, 4, 10, 22, 30, 32, 30, 24, 28, 32, 31, 28, 20, 11, 7, 5, 4, 3)
_BY_HOUR: Final = (*_WORKDAY, 2)
_WEEKEND: Final = 0.2
_THROTTLED, _LARGE, _CACHED, _STREAMED = 0.01, 0.002, 0.35, 0.6
_LONG_PROMPT: Final = 130_000
_PEOPLE = f"arn:aws:sts::{ACCOUNT}:assumed-role"
CALLERS: Final = {
    Caller("search.web"): 8,
    Caller("search.nightly"): 3,
    Caller("support.desk"): 5,
    Caller("default"): 2,
    Caller(arn=f"{_PEOPLE}/data-science/anna"): 1,
    Caller(arn=f"{_PEOPLE}/batch/i-0123456789abcdef0"): 2,
}
"""Who calls, and how often beside the others."""


class Month(NamedTuple):
    """`days` from `first` on; `routes` as of the stage, the first of them most used. `caller_role`
    is the ARN of the role of callers' sessions; empty where the gateway calls as `gateway_arn`."""

    first: date = date(2026, 10, 1)
    days: int = 31
    calls: int = 20_000
    seed: int = 1
    region: str = "us-east-1"
    routes: tuple[str, ...] = ("global", "us")
    models: tuple[str, ...] = (
        *("claude-haiku-4-5", "claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"),
    )
    bucket: str = "the-bucket"
    prefix: str = ""
    gateway_arn: str = f"{_PEOPLE}/claude-on-bedrock-gateway/gateway"
    caller_role: str = ""

    def identity(self, call: Call) -> str:
        """Return whom the record of the call names."""
        if not self.caller_role:
            return self.gateway_arn
        role = self.caller_role.rpartition("/")[2]
        return f"{_PEOPLE}/{role}/{session_name(call.caller.session)}"


class Hour(NamedTuple):
    """The `calls` that began in it, in order, and the objects that Bedrock writes of them."""

    at: datetime
    calls: Sequence[Call]
    objects: Mapping[str, bytes]

    def audit_lines(self) -> Iterator[tuple[float, dict[str, Any]]]:
        """As the reconciliation takes them: each with the moment it was written."""
        for call in self.calls:
            yield call.at + call.milliseconds / 1000, audit_line(call)


class Store(Protocol):
    """Where objects go."""

    def put(self, key: str, content: bytes) -> None: ...


class Folder(NamedTuple):
    """Objects as files, under their keys."""

    path: Path

    def put(self, key: str, content: bytes) -> None:
        file = self.path / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


class Bucket(NamedTuple):
    """Objects in S3, by boto3's client of it."""

    s3: Any
    name: str

    def put(self, key: str, content: bytes) -> None:
        self.s3.put_object(Bucket=self.name, Key=key, Body=content)


def hours(month: Month) -> Iterator[Hour]:
    """Yield all of the month, an hour at a time, which is all that is held."""
    chance = random.Random(month.seed)  # noqa: S311 - nothing is to be kept secret
    offers = _offers(month)
    weights = list(accumulate(offer.weight for offer in offers))
    often = list(accumulate(CALLERS.values()))
    for at, count in _traffic(month):
        begin = int(at.timestamp())
        moments = sorted(begin + chance.randrange(3600) for _ in range(count))
        callers = chance.choices(list(CALLERS), cum_weights=often, k=count)
        what = chance.choices(offers, cum_weights=weights, k=count)
        calls = [
            _call(month, at, choice, chance)
            for at, choice in zip(moments, zip(callers, what, strict=True), strict=True)
        ]
        yield Hour(at, calls, _objects(month, calls, chance))


def write(month: Month, store: Store) -> None:
    """Bedrock's objects into `store`."""
    for hour in hours(month):
        for key, content in hour.objects.items():
            store.put(key, content)


def _traffic(month: Month) -> Iterator[tuple[datetime, int]]:
    """Yield each hour with its calls: many on a workday's morning, few at night; all together
    exactly as many as were asked for."""
    first = datetime(*month.first.timetuple()[:3], tzinfo=UTC)
    moments = [first + timedelta(hours=number) for number in range(24 * month.days)]
    weights = [_BY_HOUR[at.hour] * (_WEEKEND if at.weekday() >= 5 else 1) for at in moments]
    total, sofar, made = sum(weights), 0.0, 0
    for at, weight in zip(moments, weights, strict=True):
        sofar += weight
        due = round(month.calls * sofar / total)
        yield at, due - made
        made = due


class _Offer(NamedTuple):
    model: str
    model_id: str
    answering: tuple[str, ...]
    weight: int


def _offers(month: Month) -> list[_Offer]:
    """Return each model by each route that it has from the month's Region."""
    return [
        _Offer(
            model.name,
            catalog.profile_id(model, route),
            reach or (month.region, "eu-west-1", "ap-southeast-2"),
            8 if route == month.routes[0] else 2,
        )
        for model in catalog.MODELS
        if model.name in month.models
        for route in month.routes
        if (reach := catalog.reach(model, route, month.region)) is not None
    ]


def _call(month: Month, at: int, choice: tuple[Caller, _Offer], chance: random.Random) -> Call:
    caller, offer = choice
    request_id = _id(chance)
    large, throttled = chance.random() < _LARGE, chance.random() < _THROTTLED
    written = read = 0
    if chance.random() < _CACHED:
        written, read = chance.choice(((2048, 0), (0, 2048), (1024, 4096)))
    return Call(
        request_id=request_id,
        gateway_request_id=_id(chance),
        at=at,
        caller=caller,
        model=offer.model,
        model_id=offer.model_id,
        region=month.region,
        answered_in=chance.choice(offer.answering),
        stream=chance.random() < _STREAMED,
        throttled=throttled,
        input=_LONG_PROMPT if large else int(chance.expovariate(1 / 900)) + 8,
        output=int(chance.expovariate(1 / 300)) + 1,
        cache_read=read,
        cache_write=written,
        large=f"s3://{month.bucket}/{_large_key(month, at, request_id)}" if large else "",
        milliseconds=int(chance.expovariate(1 / 4000)) + 300,
    )


def _objects(month: Month, calls: Sequence[Call], chance: random.Random) -> Mapping[str, bytes]:
    objects: dict[str, bytes] = {}
    for begin in range(0, len(calls), _PER_FILE):
        part = calls[begin : begin + _PER_FILE]
        text = "".join(f"{record(call, month.identity(call))}\n" for call in part)
        first = datetime.fromtimestamp(part[0].at, UTC)
        suffix = f"{chance.getrandbits(64):016x}"
        key = record_key(_destination(month), ACCOUNT, month.region, first, suffix)
        objects[key] = gzip.compress(text.encode(), compresslevel=1, mtime=0)
    for call in calls:
        if call.large:
            objects[call.large.removeprefix(f"s3://{month.bucket}/")] = _packed_large_prompt()
    return objects


def _large_key(month: Month, at: int, request_id: str) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    folder = record_key(_destination(month), ACCOUNT, month.region, moment, "").rpartition("/")[0]
    return f"{folder}/data/{request_id}_input.json.gz"


def _destination(month: Month) -> S3Destination:
    return S3Destination(month.bucket, month.prefix)


def _id(chance: random.Random) -> str:
    return str(UUID(int=chance.getrandbits(128), version=4))


@cache
def _packed_large_prompt() -> bytes:
    return pack(large_prompt())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.sample_month", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--calls", type=int, default=Month().calls)
    parser.add_argument("--seed", type=int, default=Month().seed)
    parser.add_argument("--first", type=date.fromisoformat, default=Month().first)
    parser.add_argument("--days", type=int, default=Month().days)
    arguments = parser.parse_args()
    month = Month(arguments.first, arguments.days, arguments.calls, arguments.seed)
    store = Folder(arguments.folder)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(arguments.folder / "audit-lines.jsonl.gz", "wt", compresslevel=1) as lines:
        for hour in hours(month):
            for key, content in hour.objects.items():
                store.put(key, content)
            lines.writelines(
                json.dumps({"timestamp": round(at * 1000), "audit": line}) + "\n"
                for at, line in hour.audit_lines()
            )


if __name__ == "__main__":
    main()
