"""Evidence of a made-up month: each hour is joined from what was made up, and sealed as the stage's
verification function seals its hours. The last file is signed, which covers those before it."""

import gzip
import json
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from claude_bedrock.cli.shared import stage_settings
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.record_sources import records_of
from claude_bedrock.cli.verify.verification import principals_of
from claude_bedrock.records.log_item import LogItem
from claude_bedrock.records.object_stat import ObjectStat
from claude_bedrock.records.read_digest import Fingerprint
from claude_bedrock.records.trail_event import TrailEvent
from claude_bedrock.records.trail_files import UnreadableFile
from claude_bedrock.records.trail_source import TrailSource, from_json
from claude_bedrock.verification import hash_chain, run
from claude_bedrock.verification.allowed_regions import AllowedRegions
from claude_bedrock.verification.evidence_bucket import (
    AlreadyVerifiedError,
    EvidenceBucket,
    key_of_hour,
)
from claude_bedrock.verification.hash_log import SealedHash
from claude_bedrock.verification.hours import HOUR, iso
from claude_bedrock.verification.linked_files import FOLDERS
from claude_bedrock.verification.period import Period
from claude_bedrock.verification.signatures import (
    Head,
    KmsSigner,
    key_of_public_key,
    key_of_signature,
)
from local.aws.event_batches import batches

_DELAY: Final = timedelta(hours=1)
_STREAM: Final = "made-up"


class Made(NamedTuple):
    """What was made up: audit log entries and records, each with its time in seconds since 1970,
    and CloudTrail's events."""

    entries: Sequence[LogItem]
    records: Sequence[LogItem]
    events: Sequence[TrailEvent]


@dataclass
class MadeEvents:
    """The made-up events, of the account's trail."""

    items: Sequence[TrailEvent]
    source: TrailSource

    def events(
        self, accounts: Collection[str], since: datetime, until: datetime, read: Fingerprint
    ) -> Iterator[TrailEvent | UnreadableFile]:
        first, last = since.timestamp(), until.timestamp()
        read.take("other management events", f"{since:%Y%m%dT%H%M}Z")  # as a trail has each hour
        for event in self.items:
            if first <= event.at < last and event.account in accounts:
                yield event


class MadeRecords(NamedTuple):
    """The made-up records, in both destinations; large bodies are those of the embedded S3."""

    items: Sequence[LogItem]
    stored: Any

    def all_in_s3(self, since: datetime, until: datetime, read: Fingerprint) -> Iterator[LogItem]:
        return _between(self.items, since, until, read)

    def all_in_logs(self, since: datetime, until: datetime, read: Fingerprint) -> Iterator[LogItem]:
        return _between(self.items, since, until, read)

    def stat(self, path: str) -> ObjectStat | None:
        stat: ObjectStat | None = self.stored.stat(path)
        return stat

    def read_body(self, path: str) -> object:
        return self.stored.read_body(path)


def without(objects: Mapping[str, bytes], request_id: str) -> dict[str, bytes]:
    """Return Bedrock's objects without the record of that call."""
    kept = {}
    for key, content in objects.items():
        lines = gzip.decompress(content).splitlines(keepends=True)
        remaining = [line for line in lines if request_id.encode() not in line]
        kept[key] = content if len(remaining) == len(lines) else gzip.compress(b"".join(remaining))
    return kept


def seal(
    stage: Deployment,
    made: Made,
    first: datetime,
    hours: int,
    previous: str = hash_chain.BEGINNING,
) -> str:
    """Seal so many hours from `first` on, in order, after the file whose last hash is `previous`.
    The first names the accepted findings and holds that are there. Return the last hash."""
    outputs = stage.outputs("InvocationLogging")
    bucket = EvidenceBucket(stage.client("s3"), outputs["EvidenceBucketName"])
    about = _stage(stage, made)
    by = stage.client("sts").get_caller_identity()["Arn"]
    links, sealed = list(_links(bucket)), []
    for since in (first + number * HOUR for number in range(hours)):
        until = since + HOUR
        result = run.run(about, Period(since, until, _DELAY, until + _DELAY), by=by)
        key = key_of_hour(since)
        sha256 = bucket.write(key, [*result.entries(), *links], previous)
        head = Head(
            *(bucket.name, outputs["SigningKeyArn"], key, sha256, previous),
            *(iso(since), iso(until)),
        )
        sealed.append(head)
        previous, links = sha256, []
    _log(stage, sealed)
    signer = KmsSigner(stage.client("kms"), outputs["SigningKeyArn"])
    signature = signer.sign(sealed[-1])
    bucket.put(key_of_signature(sealed[-1]), signature.content(), "application/json")
    with suppress(AlreadyVerifiedError):
        bucket.put(key_of_public_key(signer.key_id), signer.public_key(), "application/x-pem-file")
    return previous


def _links(bucket: EvidenceBucket) -> Iterator[dict[str, str]]:
    """Yield an entry for each accepted finding and each entry of a hold in the bucket."""
    for folder, kind in FOLDERS.items():
        for key in bucket.listed(folder):
            sha256, _ = bucket.entries(key)
            yield {"kind": kind, "key": key, "sealed_sha256": sha256}


def _stage(stage: Deployment, made: Made) -> run.Stage:
    meant = stage_settings.deployed(stage)
    source = from_json(stage.outputs("InvocationLogging").get("CloudTrailSource", ""))
    return run.Stage(
        name=stage.stage,
        account=stage.client("sts").get_caller_identity()["Account"],
        region=stage.region,
        bounds=AllowedRegions(stage.region, meant.residency, meant.geographies, meant.models),
        principals=principals_of(stage, meant),
        audit_lines=lambda since, until, read: _between(made.entries, since, until, read),
        find_requests=_no_requests,
        records=MadeRecords(made.records, records_of(stage)),
        trail=MadeEvents(made.events, source) if source else None,
    )


def _no_requests(_ids: Collection[str], _since: datetime, _until: datetime) -> Mapping[str, str]:
    return {}


def _between(
    items: Sequence[LogItem], since: datetime, until: datetime, read: Fingerprint
) -> Iterator[LogItem]:
    first, last = since.timestamp(), until.timestamp()
    for item in items:
        if first <= item.at < last:
            read.take(item.source)
            yield item


def _log(stage: Deployment, heads: Sequence[Head]) -> None:
    """Put the hashes where the function logs its own."""
    logs, group = stage.client("logs"), f"/claude-on-bedrock/{stage.stage}/verification"
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(logGroupName=group, logStreamName=_STREAM)
    now = round(time.time() * 1000)
    events = [
        {
            "timestamp": now,
            "message": json.dumps(
                {
                    "sealed": SealedHash(
                        head.bucket, head.key, head.sha256, head.since, head.until
                    )._asdict()
                }
            ),
        }
        for head in heads
    ]
    for batch in batches(events):
        logs.put_log_events(logGroupName=group, logStreamName=_STREAM, logEvents=batch)
