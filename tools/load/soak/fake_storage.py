"""The folder in which the local Bedrock of a soak leaves objects, log events and its own count."""

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from claude_bedrock.cli.usage.local_files import of_records
from claude_bedrock.records.log_item import LogItem
from claude_bedrock.records.object_stat import ObjectStat
from claude_bedrock.verification.reconciliation import Destination
from local.bedrock.delivery import Clients

BUCKET = "records"
_LARGE = "large-data"
_ROLE = "arn:aws:iam::123456789012:role/delivery"


class FakeStorage(NamedTuple):
    """Where things lie in `folder`. Audit lines: `AT TEXT`, the moment in seconds since 1970."""

    folder: Path

    @property
    def audit_lines(self) -> Path:
        return self.folder / "audit-lines.txt"

    @property
    def requests(self) -> Path:
        return self.folder / "requests.txt"

    @property
    def events(self) -> Path:
        return self.folder / "events.jsonl"

    @property
    def items(self) -> Path:
        """The items of the table of budgets by subject, as JSON, once the endpoint has ended."""
        return self.folder / "budgets.json"

    def object(self, key: str) -> Path:
        return self.folder / BUCKET / key

    def stat(self, path: str) -> ObjectStat | None:
        """Return what S3 says of the object of an `s3://` path; None where there is none."""
        file = self.object(path.removeprefix(f"s3://{BUCKET}/"))
        if not file.exists():
            return None
        content = file.read_bytes()
        return ObjectStat(len(content), hashlib.sha256(content).hexdigest())

    def read_body(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON in the object of an `s3://` path."""
        content = self.object(path.removeprefix(f"s3://{BUCKET}/")).read_bytes()
        return json.loads(gzip.decompress(content))

    def lines(self) -> Iterator[tuple[float, Mapping[str, Any]]]:
        """Yield the audit lines, as the reconciliation reads them."""
        for line in self.audit_lines.read_text().splitlines():
            at, _, text = line.partition(" ")
            yield float(at), json.loads(text)["audit"]

    def upstream(self) -> list[str]:
        """Return an id for each request that Bedrock counted, empty where its answer told none."""
        return [line.strip() for line in self.requests.read_text().splitlines()]

    def records(self, since: datetime, until: datetime) -> Iterator[tuple[Destination, LogItem]]:
        """Yield every record, from each of the two destinations."""
        for file in of_records(self.folder / BUCKET, since, until, may_be_empty=True):
            with gzip.open(file) as lines:
                for line in lines:
                    yield "S3", LogItem(str(file), 0, json.loads(line))
        with self.events.open() as lines_of_group:
            for text in lines_of_group:
                if text.startswith("{"):  # the first line is a sentence
                    yield "CloudWatch Logs", LogItem(str(self.events), 0, json.loads(text))


class Account:
    """The three services of an account that delivery talks to, as far as it does; boto3's names."""

    class exceptions:  # noqa: N801 - boto3's name
        class ResourceAlreadyExistsException(Exception):
            """There is one log stream, and it is always made anew."""

    def __init__(self, storage: FakeStorage) -> None:
        self._storage = storage
        self._events = storage.events.open("a", buffering=1)

    def clients(self) -> Clients:
        return Clients(self, self, self, lambda _role: {}, lambda _credentials: self)

    def get_model_invocation_logging_configuration(self) -> dict[str, Any]:
        destination = {"bucketName": BUCKET, "keyPrefix": _LARGE}
        group = {"logGroupName": "g", "roleArn": _ROLE, "largeDataDeliveryS3Config": destination}
        return {"loggingConfig": {"s3Config": {"bucketName": BUCKET}, "cloudWatchConfig": group}}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803, ARG002
        file = self._storage.object(Key)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(Body)

    def create_log_stream(self, **_parameters: str) -> None: ...

    def put_log_events(self, *, logEvents: list[dict[str, Any]], **_parameters: str) -> None:  # noqa: N803
        self._events.writelines(f"{event['message']}\n" for event in logEvents)

    def put_metric_data(self, **_parameters: object) -> None: ...

    def close(self) -> None:
        """Of the client of CloudWatch Logs: another is made for the next batch."""
