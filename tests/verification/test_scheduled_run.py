"""Nothing stops the clock: no hour that is too large, killed, unreadable or refused, and no file
that was put in its way."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from claude_bedrock.records.log_item import LogItem
from claude_bedrock.records.object_stat import ObjectStat
from claude_bedrock.records.read_digest import Fingerprint
from claude_bedrock.verification import read_budget
from claude_bedrock.verification import run as running
from claude_bedrock.verification.allowed_regions import AllowedRegions
from claude_bedrock.verification.coverage import Coverage, cover, due_span
from claude_bedrock.verification.evidence_bucket import (
    HOURLY,
    NOT_VERIFIED,
    EvidenceBucket,
    key_of_hour,
)
from claude_bedrock.verification.hash_log import SealedHash
from claude_bedrock.verification.hours import HOUR, Span
from claude_bedrock.verification.large_bodies import LargeBodies
from claude_bedrock.verification.principals import Principals
from claude_bedrock.verification.read_budget import TooLargeError
from claude_bedrock.verification.recheck import EXPIRED
from claude_bedrock.verification.run import Stage
from claude_bedrock.verification.signatures import Head, Signature
from tests.verification.buckets import BUCKET, MONTH, MemoryS3
from tests.verification.local_signer import LocalSigner
from tests.verification.scenario import GATEWAY_ROLE, audit_line, record
from verification import scheduled_run, sealing
from verification.attempts import ATTEMPTS
from verification.scheduled_run import TOO_LARGE, Clock, Compare, Work, verify_due_hours
from verification.sealing import Seal

NOON = MONTH + 12 * HOUR
MINUTE = timedelta(minutes=1)


class Account:
    """A stage of which every call is on record, and its clock. `rate` is how many seconds it takes
    to read an entry or a record."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.s3 = MemoryS3()
        self.evidence = EvidenceBucket(self.s3, BUCKET)
        self.signer = LocalSigner()
        self.hashes: dict[str, SealedHash] = {}
        self.calls: list[tuple[datetime, str]] = []
        self.rate = 0.0
        self.left = 900.0
        self.error: Exception | None = None
        self.sent: list[tuple[str, str]] = []
        self.refuses_mail: Exception | None = None
        self.compare: Compare | None = None
        monkeypatch.setattr(sealing, "log_hash", self.log_hash)
        monkeypatch.setattr(read_budget, "_EVERY", 1)
        monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "verification")
        monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "ClaudeOnBedrock")

    def log_hash(self, sealed_hash: SealedHash) -> None:
        self.hashes.setdefault(sealed_hash.key, sealed_hash)

    def publish(self, subject: str, text: str) -> None:
        if self.refuses_mail:
            raise self.refuses_mail
        self.sent.append((subject, text))

    def sealed(self, _since: datetime, _until: datetime) -> dict[str, SealedHash]:
        return dict(self.hashes)

    def audit_lines(
        self, since: datetime, until: datetime, _read: Fingerprint
    ) -> Iterator[LogItem]:
        for at, request_id in self._read(since, until):
            yield LogItem(request_id, at.timestamp() + 1.5, audit_line(request_id))

    def all_in_s3(self, since: datetime, until: datetime, _read: Fingerprint) -> Iterator[LogItem]:
        for at, request_id in self._read(since, until):
            content = record(request_id, at=at.timestamp())
            yield LogItem(request_id, at.timestamp(), content)

    def all_in_logs(
        self, since: datetime, until: datetime, _read: Fingerprint
    ) -> Iterator[LogItem]:
        """One page after the other, which takes its time."""
        for item in self.all_in_s3(since, until, _read):
            self.left -= self.rate
            yield item

    def stat(self, _path: str) -> ObjectStat:
        return ObjectStat(1, "etag")

    def read_body(self, path: str) -> object:
        raise AssertionError(path)

    def _read(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, str]]:
        if self.error:
            raise self.error
        for at, request_id in self.calls:
            if since <= at < until:
                yield at, request_id

    def run(self, now: datetime, *, seconds: float = 900) -> list[Mapping[str, Any]]:
        self.left = seconds
        return list(verify_due_hours(self.work(), Clock(now, lambda: int(self.left * 1000))))

    def work(self) -> Work:
        stage = Stage(
            name="dev",
            account="123456789012",
            region="eu-central-1",
            bounds=AllowedRegions("eu-central-1", None, ("eu",), ("claude-haiku-4-5",)),
            principals=Principals(GATEWAY_ROLE, frozenset()),
            audit_lines=self.audit_lines,
            find_requests=lambda *_: {},
            records=self,
        )
        seal = Seal(self.evidence, self.signer)
        work = Work(stage, self.evidence, seal, self, "arn:function", 30, self.publish)
        return work._replace(compare=self.compare)

    def entries(self, since: datetime) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.s3.objects[key_of_hour(since)].splitlines()]

    def covered(self, until: datetime, now: datetime, since: datetime = NOON) -> Coverage:
        due = due_span(since, until, now=now, deployed=MONTH)
        files_of = Span(due.since, until)
        return cover(self.evidence, due, files_of=files_of, now=now, logged=self.hashes)

    def busy(self, hour: datetime, calls_a_minute: int) -> None:
        self.calls += [
            (
                hour + minute * MINUTE + timedelta(seconds=number % 60),
                f"{hour:%H}-{minute}-{number}",
            )
            for minute in range(60)
            for number in range(calls_a_minute)
        ]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    """Whose chain has reached noon."""
    made = Account(monkeypatch)
    made.run(NOON + HOUR)
    assert max(made.evidence.listed(HOURLY)) == key_of_hour(NOON - HOUR)
    return made


def test_an_hour_of_too_many_entries_is_verified_in_slices(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.busy(NOON, calls_a_minute=10)
    monkeypatch.setattr(scheduled_run, "Budget", partial(read_budget.Budget, max_entries=1550))

    sealed = account.run(NOON + 2 * HOUR)

    assert len(sealed) == 2
    assert sum(hour["counts"]["matched"] for hour in sealed) == 600
    assert all(not item["counts"]["not_logged"] for item in sealed)
    covered = account.covered(NOON + HOUR, NOON + 4 * HOUR)
    assert (covered.holds, covered.hours, covered.hours_verified) == (True, 1, 1)
    assert account.run(NOON + 2 * HOUR) == []


def test_large_bodies_count_as_entries_do() -> None:
    path = {"input": {"inputBodyS3Path": "s3://b/k"}, "output": {"outputBodyS3Path": "s3://b/l"}}
    item = LogItem("s3://b/o", 0.0, {"timestamp": "2026-10-01T12:00:00Z", **path})
    bodies = LargeBodies(lambda _: ObjectStat(1, "etag"))
    limit = read_budget.Budget(lambda: 900_000, max_entries=2)

    assert len(list(running._with_bodies([("S3", item)] * 3, bodies, limit, None))) == 3
    with pytest.raises(TooLargeError):
        limit.charge(1)


def test_slices_find_what_one_query_of_the_hour_would(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.busy(NOON, calls_a_minute=10)
    lost = {f"12-{minute}-3" for minute in (0, 14, 15, 29, 30, 59)}
    stored = account.all_in_logs

    def without(since: datetime, until: datetime, read: Fingerprint) -> Iterator[LogItem]:
        return (log_item for log_item in stored(since, until, read) if log_item.source not in lost)

    monkeypatch.setattr(account, "all_in_logs", without)
    monkeypatch.setattr(scheduled_run, "Budget", partial(read_budget.Budget, max_entries=1550))

    account.run(NOON + 2 * HOUR)

    result = [
        item["finding"]["request_id"]
        for key in sorted(account.s3.objects)
        if key.startswith(HOURLY)
        for item in map(json.loads, account.s3.objects[key].splitlines())
        if item["kind"] == "finding"
    ]
    assert sorted(result) == sorted(lost)


def test_an_hour_that_takes_too_long_is_taken_up_again_in_slices(account: Account) -> None:
    for hours in range(-1, 4):
        account.busy(NOON + hours * HOUR, calls_a_minute=10)
    account.rate = 0.6  # 960 s for an hour and what lies around it, 780 s for half of one

    with pytest.raises(TooLargeError):
        account.run(NOON + 3 * HOUR)
    runs = 1
    while not account.covered(NOON + HOUR, NOON + 4 * HOUR).hours_verified:
        runs += 1
        assert runs < 10
        try:
            account.run(NOON + 3 * HOUR)
        except TooLargeError:
            continue

    assert runs == 3
    assert account.covered(NOON + HOUR, NOON + 4 * HOUR).holds


def test_what_does_not_fit_in_slices_either_is_sealed_with_the_reason(account: Account) -> None:
    account.busy(NOON, calls_a_minute=10)
    account.rate = 60.0

    for _ in range(4):
        with pytest.raises(TooLargeError):
            account.run(NOON + 2 * HOUR)
    (sealed,) = account.run(NOON + 2 * HOUR)

    assert sealed["because"] == TOO_LARGE
    run, end = account.entries(NOON)
    assert (run["kind"], run["because"], end["kind"]) == (NOT_VERIFIED, TOO_LARGE, "end")
    covered = account.covered(NOON + HOUR, NOON + 4 * HOUR)
    assert (covered.holds, covered.hours, covered.hours_verified) == (True, 1, 0)


def test_hours_that_stay_too_large_cost_a_run_each_and_smaller_ones_recover(
    account: Account,
) -> None:
    for hours in range(3):
        account.busy(NOON + hours * HOUR, calls_a_minute=10)
    account.rate = 60.0
    for _ in range(4):
        with pytest.raises(TooLargeError):
            account.run(NOON + 2 * HOUR)
    account.run(NOON + 2 * HOUR)

    with pytest.raises(TooLargeError):
        account.run(NOON + 3 * HOUR)
    (after,) = account.run(NOON + 3 * HOUR)
    assert after["since"] == f"{NOON + HOUR:%Y-%m-%dT%H}:00:00Z"

    assert after["because"] == TOO_LARGE
    account.calls.clear()
    account.rate = 0.0
    sealed = account.run(NOON + 6 * HOUR)
    assert sealed[-1]["until"] == f"{NOON + 5 * HOUR:%Y-%m-%dT%H}:00:00Z"
    assert account.covered(NOON + 5 * HOUR, NOON + 8 * HOUR).hours_verified == 3


def test_a_run_that_is_killed_tries_less_and_ends_with_a_reason(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    request: list[timedelta] = []

    class KilledError(BaseException):
        """As Lambda ends a process: nothing is written any more."""

    def kill(_stage: Stage, period: Any, **_: object) -> Any:  # noqa: ANN401
        request.append(period.until - period.since)
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(running, "run", kill)
        for _ in range(4):
            with pytest.raises(KilledError):
                account.run(NOON + 2 * HOUR)
        (sealed,) = account.run(NOON + 2 * HOUR)

    assert request == [60 * MINUTE, 30 * MINUTE, 15 * MINUTE, 5 * MINUTE]
    assert sealed["because"] == TOO_LARGE
    assert account.run(NOON + 3 * HOUR)


def refused() -> ClientError:
    body: Any = {"Error": {"Code": "AccessDeniedException", "Message": "arn:aws:iam::1:role/x"}}
    return ClientError(body, "FilterLogEvents")


def test_an_aws_that_refuses_is_retried_for_a_day_and_then_the_chain_goes_on(
    account: Account,
) -> None:
    account.error = refused()
    for hours in range(2, 25):
        with pytest.raises(ClientError):
            account.run(NOON + hours * HOUR)
    assert key_of_hour(NOON) not in account.s3.objects

    with pytest.raises(ClientError):
        account.run(NOON + 25 * HOUR)

    (run, _) = account.entries(NOON)
    assert run["because"] == "it could not be read: AccessDeniedException of FilterLogEvents"
    assert "arn:aws" not in json.dumps(run["because"])
    account.error = None
    assert account.run(NOON + 26 * HOUR)[0]["counts"]
    covered = account.covered(NOON + 2 * HOUR, NOON + 26 * HOUR)
    assert (covered.holds, covered.hours_verified) == (True, 1)


def test_an_hour_that_kms_does_not_sign_is_no_verified_hour(
    account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that VerificationOverdue goes off: the next run finds the hour sealed."""

    def refuse(_head: Head) -> Signature:
        raise refused()

    with monkeypatch.context() as patched:
        patched.setattr(account.signer, "sign", refuse)
        with pytest.raises(ClientError):
            account.run(NOON + 2 * HOUR)
    assert key_of_hour(NOON) in account.s3.objects
    assert '"VerifiedHours"' not in capsys.readouterr().out

    account.run(NOON + 3 * HOUR)
    assert capsys.readouterr().out.count('"VerifiedHours": [1.0]') == 1


def test_an_aws_that_answers_again_leaves_no_gap_and_no_smaller_slice(account: Account) -> None:
    account.error = refused()
    for hours in (2, 3, 4, 5, 6):
        with pytest.raises(ClientError):
            account.run(NOON + hours * HOUR)
    account.error = None

    sealed = account.run(NOON + 7 * HOUR)

    assert len(sealed) == 6
    assert account.covered(NOON + 6 * HOUR, NOON + 9 * HOUR).hours_verified == 6


def test_hours_whose_records_have_expired_are_not_joined(account: Account) -> None:
    later = NOON + timedelta(days=31, hours=2)

    sealed = account.run(later)

    assert sealed[0]["because"] == EXPIRED
    assert account.entries(NOON)[0]["until"] == f"{NOON + timedelta(days=1):%Y-%m-%dT%H}:00:00Z"
    later_on = account.run(later)
    assert [sorted(item) for item in later_on[:2]] == [
        ["because", "since", "until"],
        ["counts", "since", "until"],
    ]


def deleted(account: Account, *keys: str) -> None:
    for key in keys:
        del account.s3.objects[key]


def mismatches(account: Account, since: datetime) -> list[tuple[str, str]]:
    return [
        (entry["mismatch"]["kind"], entry["mismatch"]["key"])
        for entry in account.entries(since)
        if entry["kind"] == "mismatch"
    ]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_deleted_file_is_detected_by_the_next_run(
    account: Account, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    """The oldest, one in the middle, the newest."""
    account.run(NOON + 3 * HOUR)
    key = sorted(key for key in account.s3.objects if key.startswith(HOURLY))[number]
    written = account.s3.objects[key]
    deleted(account, key)
    capsys.readouterr()

    account.run(NOON + 4 * HOUR)

    assert key not in account.s3.objects
    assert mismatches(account, NOON + 2 * HOUR) == [("evidence_missing", key)]
    assert '"EvidenceChanged": [1.0]' in capsys.readouterr().out
    account.run(NOON + 5 * HOUR)
    assert mismatches(account, NOON + 3 * HOUR) == []
    assert '"EvidenceChanged": [1.0]' in capsys.readouterr().out
    account.s3.objects[key] = written
    account.run(NOON + 6 * HOUR)
    assert '"EvidenceChanged": [0.0]' in capsys.readouterr().out
    covered = account.covered(NOON + 5 * HOUR, NOON + 8 * HOUR, NOON - HOUR)
    assert (covered.holds, covered.hours_verified) == (True, 6)


def test_what_was_wiped_is_not_begun_anew(account: Account) -> None:
    account.run(NOON + 3 * HOUR)
    account.s3.objects.clear()

    sealed = account.run(NOON + 4 * HOUR)

    assert [item["since"] for item in sealed] == [f"{NOON + 2 * HOUR:%Y-%m-%dT%H}:00:00Z"]
    covered = account.covered(NOON + 3 * HOUR, NOON + 6 * HOUR)
    assert (covered.holds, covered.hours_verified) == (False, 1)
    assert len(mismatches(account, NOON + 2 * HOUR)) == 3


PUT_IN_THE_WAY: dict[str, Callable[[Account], bytes]] = {
    "notes.txt": lambda _: b"notes",
    "2099/01/01/000000Z.jsonl": lambda _: b"notes",
    "2026/10/01/120000Z.jsonl": lambda _: b"notes",
    "2026/13/41/990000Z.jsonl": lambda _: b"notes",
}


@pytest.mark.parametrize("name", PUT_IN_THE_WAY)
def test_a_file_that_was_put_in_the_way_is_named_and_the_clock_goes_on(
    account: Account, name: str
) -> None:
    account.s3.objects[f"{HOURLY}{name}"] = PUT_IN_THE_WAY[name](account)

    account.run(NOON + 3 * HOUR)

    assert key_of_hour(NOON + HOUR) in account.s3.objects
    newest = max(key for key in account.s3.objects if key.startswith(f"{HOURLY}2026/10"))
    entries = [json.loads(line) for line in account.s3.objects[newest].splitlines()]
    named = [
        item["mismatch"]["key"]
        for key in account.s3.objects
        if key.startswith(f"{HOURLY}2026/10/01/1") and account.s3.objects[key] != b"notes"
        for item in map(json.loads, account.s3.objects[key].splitlines())
        if item["kind"] == "mismatch"
    ]
    assert f"{HOURLY}{name}" in named, entries


def test_a_newest_file_that_was_changed_is_named_and_the_clock_goes_on(account: Account) -> None:
    key = key_of_hour(NOON - HOUR)
    written = account.s3.objects[key]
    account.s3.objects[key] = written.replace(b'"calls":0', b'"calls":1')

    account.run(NOON + 2 * HOUR)

    assert mismatches(account, NOON) == [("evidence_changed", key)]
    account.s3.objects[key] = written
    assert account.covered(NOON + HOUR, NOON + 4 * HOUR, NOON - HOUR).holds


@pytest.mark.parametrize("how", ["changed", "made anew"])
def test_within_a_day_a_file_of_any_hour_that_was_changed_is_named(
    account: Account, how: str
) -> None:
    for hour in range(2, 5):
        account.run(NOON + hour * HOUR)
    key = key_of_hour(NOON)
    written = account.s3.objects.pop(key)
    if how == "changed":
        account.s3.objects[key] = written.replace(b'"calls":0', b'"calls":1')
    else:
        first = json.loads(written.splitlines()[0])
        entry = {name: first[name] for name in ("kind", "since", "until", "at", "counts")}
        account.evidence.write(key, [entry], first["previous"])

    named = []
    for hour in range(5, 29):
        account.run(NOON + hour * HOUR)
        named.append(mismatches(account, NOON + (hour - 2) * HOUR))

    assert [item for item in named if item] == [[("evidence_changed", key)]]


def test_a_chain_written_by_another_principal_is_reported(account: Account) -> None:
    """As who may write to the bucket puts it there, before the function has come to the hour."""
    previous = account.hashes[key_of_hour(NOON - HOUR)].sha256
    since = f"{NOON:%Y-%m-%dT%H}:00:00Z"
    run = {"kind": "run", "since": since, "until": f"{NOON + HOUR:%Y-%m-%dT%H}:00:00Z"}
    account.evidence.write(key_of_hour(NOON), [{**run, "at": since, "counts": {}}], previous)

    account.run(NOON + 3 * HOUR)

    assert mismatches(account, NOON + HOUR) == [("evidence_changed", key_of_hour(NOON))]


def test_a_log_group_that_cannot_be_read_is_named_and_the_clock_goes_on(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> dict[str, SealedHash]:
        raise refused()

    monkeypatch.setattr(account, "sealed", refuse)

    account.run(NOON + 2 * HOUR)

    assert mismatches(account, NOON) == [("evidence_not_compared", HOURLY)]


def test_each_attempt_leaves_a_mark_before_anything_is_read(account: Account) -> None:
    account.error = refused()
    with pytest.raises(ClientError):
        account.run(NOON + 2 * HOUR)

    marks = [key for key in account.s3.objects if key.startswith(f"{ATTEMPTS}2026/10/01/12")]
    assert [key.rpartition("/")[2] for key in marks] == ["0001-begun.json", "0001-failed.json"]
