"""The main job, shown: two calls by the anthropic SDK, the two records of each, and CloudTrail's
event."""

import asyncio
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import anthropic
from rich.console import Console

from claude_bedrock.cli.logs.call_records import CallRecords, find
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.record_sources import destinations_of, records_of, trail_of
from claude_bedrock.records.invocation_records import Record
from claude_bedrock.records.read_digest import Fingerprint
from claude_bedrock.records.trail_event import TrailEvent
from claude_bedrock.records.trail_files import TrailFiles
from local.run.endpoint import Endpoint

MODEL = "claude-haiku-4-5"
QUESTION = "What is written down about this call?"
PACED = "Count slowly. [[reply: events=12 pace=0.1]]"
TIMEOUT_SECONDS = 30.0

Result = TypeVar("Result")


class DemoFailedError(Exception):
    """Something that the demonstration is to show was not there."""


async def demonstrate(endpoint: Endpoint, console: Console) -> None:
    """Call, print, and raise DemoFailedError unless both records of both calls are there, and an
    event of each, where the stage reads CloudTrail."""
    if not endpoint.api_keys:
        raise DemoFailedError("the stage has no key to show: its auth is iam; use `make local`")
    caller = Caller(endpoint, console)
    request_ids = [await asyncio.to_thread(caller.send), await asyncio.to_thread(caller.stream)]
    deployed = Deployment(endpoint.stage, endpoint.region, endpoint.aws_endpoint_url)
    records = await asyncio.to_thread(records_of, deployed)
    trail = await asyncio.to_thread(trail_of, deployed)
    account = await asyncio.to_thread(lambda: destinations_of(deployed).account)
    for request_id in request_ids:
        reading = partial(find, records, request_id, hours=1)
        result = await _wait(reading, lambda records: records.complete)
        _print_lines(console, _rendered(request_id, result))
        _check(request_id, result)
        if trail is not None:
            event = await _wait(partial(_event_of, trail, account, request_id), bool)
            _print_lines(console, _rendered_event(request_id, event))
    events = ", and CloudTrail has an event of each" if trail else ""
    console.out(
        f"\nBoth calls are on record in both places{events}, {datetime.now(UTC):%H:%M:%S} UTC.",
        highlight=False,
    )


class Caller:
    """An application: the anthropic SDK with its own defaults, but for whom to trust."""

    def __init__(self, endpoint: Endpoint, console: Console) -> None:
        trust = ssl.create_default_context(cafile=endpoint.ca_bundle)
        self._client = anthropic.Anthropic(
            base_url=endpoint.url,
            api_key=next(iter(endpoint.api_keys.values())),
            http_client=anthropic.DefaultHttpxClient(verify=trust),
        )
        self._console = console

    def send(self, question: str = QUESTION) -> str:
        """Print a complete answer and return its request id."""
        self._console.out(f"\nmessages.create: {question}", style="bold", highlight=False)
        message = self._client.messages.create(
            model=MODEL, max_tokens=200, messages=[{"role": "user", "content": question}]
        )
        for block in message.content:
            self._console.print(block.text if block.type == "text" else block.type, style="cyan")
        return _require_id(message._request_id)

    def stream(self) -> str:
        """Print an answer as it arrives and return its request id."""
        self._console.out(f"\nmessages.stream: {PACED}", style="bold", highlight=False)
        with self._client.messages.stream(
            model=MODEL, max_tokens=200, messages=[{"role": "user", "content": PACED}]
        ) as stream:
            for text in stream.text_stream:
                self._console.out(text, end="", style="cyan", highlight=False)
            self._console.print()
            return _require_id(stream.request_id)


def _require_id(request_id: str | None) -> str:
    if not request_id:
        raise DemoFailedError("the answer carried no request id")
    return request_id


async def _wait(read: Callable[[], Result], is_there: Callable[[Result], bool]) -> Result:
    """Return what is read once it is there, or after TIMEOUT_SECONDS."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + TIMEOUT_SECONDS
    while True:
        result = await asyncio.to_thread(read)
        if is_there(result) or loop.time() > deadline:
            return result
        await asyncio.sleep(0.2)


def _event_of(trail: TrailFiles, account: str, request_id: str) -> TrailEvent | None:
    now = datetime.now(UTC)
    since, until = now - timedelta(hours=1), now + timedelta(minutes=2)
    events = trail.events([account], since, until, Fingerprint())
    return next(
        (
            event
            for event in events
            if isinstance(event, TrailEvent) and event.request_id == request_id
        ),
        None,
    )


def _print_lines(console: Console, lines: list[str]) -> None:
    """Print each line whole, at any width, so that ids and ARNs can be searched for and copied."""
    for line in lines:
        console.out(line, highlight=False)


def _rendered_event(request_id: str, event: TrailEvent | None) -> list[str]:
    """Return the event's lines. Raises DemoFailedError where there is none."""
    if event is None:
        raise DemoFailedError(f"CloudTrail has no event of {request_id}")
    return [
        "CloudTrail",
        _line("requestID", event.request_id),
        _line("eventTime", f"{datetime.fromtimestamp(event.at, UTC):%Y-%m-%dT%H:%M:%SZ}"),
        _line("eventName", event.operation),
        _line("modelId", event.model_id),
        _line("userIdentity", event.principal),
    ]


def _rendered(request_id: str, records: CallRecords) -> list[str]:
    """Return the lines of both records, without prompt and completion."""
    in_s3 = records.in_s3
    return [
        "",
        f"request {request_id}",
        "CloudWatch Logs",
        *_record(records.in_logs),
        f"s3://{in_s3.bucket}/{in_s3.key}" if in_s3 else "S3",
        *_record(in_s3.record if in_s3 else None),
    ]


def _record(record: Record | None) -> list[str]:
    return [
        _line(name, _at(record, path))
        for name, *path in (
            ("requestId", "requestId"),
            ("timestamp", "timestamp"),
            ("operation", "operation"),
            ("modelId", "modelId"),
            ("identity", "identity", "arn"),
            ("key", "requestMetadata", "api_key_name"),
            ("tokens in", "input", "inputTokenCount"),
            ("tokens out", "output", "outputTokenCount"),
        )
    ]


def _line(name: str, value: str | None) -> str:
    return f"  {name:<13} {value}"


def _at(record: Record | None, path: list[str]) -> str:
    value: Any = record
    for name in path:
        value = (value or {}).get(name)
    return str(value)


def _check(request_id: str, records: CallRecords) -> None:
    for destination, record in (
        ("CloudWatch Logs", records.in_logs),
        ("S3", records.in_s3 and records.in_s3.record),
    ):
        if record is None or record["requestId"] != request_id:
            raise DemoFailedError(f"{destination} has no record of {request_id}")
