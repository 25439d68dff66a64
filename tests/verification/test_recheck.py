"""A day later: what came late settles its finding, and an operator accepts what stays."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from claude_bedrock.records.log_item import LogItem
from claude_bedrock.records.object_digest import ObjectDigest
from claude_bedrock.records.object_stat import ObjectStat
from claude_bedrock.records.read_digest import Fingerprint
from claude_bedrock.verification.accepted_findings import BadDispositionError, read_dispositions
from claude_bedrock.verification.assessment import assess
from claude_bedrock.verification.coverage import cover
from claude_bedrock.verification.evidence_bucket import DISPOSITIONS, SealedFile, key_of_hour
from claude_bedrock.verification.hours import HOUR, Span, iso
from claude_bedrock.verification.period import Period
from claude_bedrock.verification.read_budget import Budget
from claude_bedrock.verification.recheck import (
    EXPIRED,
    Recheck,
    recheck_window,
    sealed_changes,
)
from claude_bedrock.verification.record_digests import milliseconds
from claude_bedrock.verification.sealed_digests import MOST_NAMED
from claude_bedrock.verification.sealed_hours import SealedSum, sum_hours
from tests.verification.buckets import MONTH
from tests.verification.scenario import record
from tests.verification.test_scheduled_run import NOON, Account, account, refused
from verification.finding_requests import accept_finding, list_findings
from verification.handler import on_demand

__all__ = ["account"]
DAY = timedelta(days=1)
HALF_PAST = NOON + HOUR / 2
BY = "arn:aws:sts::123456789012:assumed-role/operator/anna"


class Late:
    """Records that CloudWatch does not have yet."""

    def __init__(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        self.missing: set[str] = set()
        self._all_in_logs = account.all_in_logs
        monkeypatch.setattr(account, "all_in_logs", self.read)

    def read(self, since: datetime, until: datetime, read: Fingerprint) -> list[LogItem]:
        return [e for e in self._all_in_logs(since, until, read) if e.source not in self.missing]


@pytest.fixture
def late(account: Account, monkeypatch: pytest.MonkeyPatch) -> Late:
    made = Late(account, monkeypatch)
    account.calls = [(HALF_PAST, "late"), (HALF_PAST, "there")]
    made.missing = {"late"}
    account.run(NOON + 2 * HOUR)
    return made


def day_later(account: Account) -> list[dict[str, Any]]:
    """Runs until the hour is sealed that looks at noon's again; what it says of it."""
    for hours in range(8, 33, 6):
        account.run(NOON + hours * HOUR)
    return [e for e in account.entries(NOON + DAY) if e["kind"] not in {"run", "end"}]


def summed(account: Account) -> SealedSum:
    window = Span(NOON, NOON + HOUR)
    files_of = Span(NOON, NOON + 30 * HOUR)
    files = cover(
        account.evidence, window, files_of=files_of, now=NOON + 32 * HOUR, logged=account.hashes
    ).files
    return sum_hours(files, window)


def test_what_came_late_is_sealed_as_settled(account: Account, late: Late) -> None:
    (finding,) = summed(account).outcome.findings
    late.missing.clear()

    recheck, settled = day_later(account)

    assert (recheck["kind"], recheck["settled"], recheck["found"]) == ("second_look", 1, 0)
    assert (settled["kind"], settled["id"]) == ("settled", finding.id)
    after = summed(account)
    assert (after.outcome.findings, after.settled) == ([], (finding,))
    counts = after.outcome.counts
    assert (counts.calls, counts.matched, counts.not_logged) == (2, 2, 0)


def test_what_stays_away_stays_a_finding(account: Account, late: Late) -> None:
    (recheck,) = day_later(account)

    assert (recheck["settled"], recheck["found"], late.missing) == (0, 0, {"late"})
    after = summed(account)
    assert ([finding.request_id for finding in after.outcome.findings], after.settled) == (
        ["late"],
        (),
    )
    assert after.outcome.counts.not_logged == 1


def test_what_was_lost_since_is_a_finding_of_the_recheck(
    account: Account, late: Late, capsys: pytest.CaptureFixture[str]
) -> None:
    late.missing = {"late", "there"}
    capsys.readouterr()

    recheck, result = day_later(account)

    assert recheck["found"] == 1
    assert (result["kind"], result["finding"]["request_id"]) == ("late_finding", "there")
    assert '"InvocationRecordMissing": [1.0]' in capsys.readouterr().out
    after = summed(account).outcome
    assert len(after.findings) == 2
    assert (after.counts.calls, after.counts.matched, after.counts.not_logged) == (2, 0, 2)


def nothing(_since: datetime, _until: datetime, _read: Fingerprint) -> Iterator[LogItem]:
    return iter(())


@pytest.mark.parametrize(
    "deleted",
    [
        ("audit_lines",),
        ("audit_lines", "all_in_s3"),
        ("audit_lines", "all_in_s3", "all_in_logs"),
    ],
)
def test_a_finding_is_not_settled_by_what_was_deleted_since(
    account: Account, late: Late, monkeypatch: pytest.MonkeyPatch, deleted: tuple[str, ...]
) -> None:
    for name in deleted:
        monkeypatch.setattr(account, name, nothing)

    recheck, *_ = day_later(account)

    after = summed(account)
    assert (recheck["settled"], after.settled, late.missing) == (0, (), {"late"})
    assert "late" in {finding.request_id for finding in after.outcome.findings}
    assert assess(after.outcome, "October").verdict == "fail"


def test_an_entry_that_came_late_is_one_call_more(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.calls = [(HALF_PAST, "r1")]
    with monkeypatch.context() as patched:
        patched.setattr(account, "audit_lines", nothing)
        account.run(NOON + 2 * HOUR)
    assert summed(account).outcome.counts.audit_entries_lost == 1

    day_later(account)

    after = summed(account)
    counts = after.outcome.counts
    assert (after.outcome.findings, len(after.settled)) == ([], 1)
    assert (counts.calls, counts.matched, counts.audit_entries_lost) == (1, 1, 0)


def test_a_recheck_that_aws_refuses_stops_nothing(
    account: Account, late: Late, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = account.audit_lines

    def refuse(since: datetime, until: datetime, read: Fingerprint) -> Any:  # noqa: ANN401
        if since < NOON < until:
            raise refused()
        return stored(since, until, read)

    for hours in (8, 14, 20):
        account.run(NOON + hours * HOUR)
    with monkeypatch.context() as patched:
        patched.setattr(account, "audit_lines", refuse)
        account.run(NOON + 26 * HOUR)

    rechecks = [e for e in account.entries(NOON + DAY) if e["kind"] == "second_look"]
    assert [recheck["because"] for recheck in rechecks] == ["it could not be read: ClientError"]
    assert late.missing


def accepted(account: Account, reason: str = "deleted on request") -> dict[str, Any]:
    (finding,) = summed(account).outcome.findings
    request = {"id": finding.id, "reason": reason, "by": BY}
    return dict(accept_finding(account.work(), request, NOON + 2 * HOUR + HOUR / 4))


def test_a_finding_that_is_accepted_is_sealed_and_linked_into_the_chain(
    account: Account, late: Late
) -> None:
    answer = accepted(account)

    key = answer["evidence"]["key"]
    sha256, (entry, _) = account.evidence.entries(key)
    assert key.startswith(DISPOSITIONS)
    assert (entry["reason"], entry["by"], entry["finding"]["request_id"]) == (
        "deleted on request",
        BY,
        "late",
    )
    assert entry["previous"] == account.entries(NOON)[-1]["sha256"]
    account.run(NOON + 3 * HOUR)
    link = [item for item in account.entries(NOON + HOUR) if item["kind"] == "disposition"]
    assert [(link_item["key"], link_item["sealed_sha256"]) for link_item in link] == [(key, sha256)]
    account.run(NOON + 4 * HOUR)
    assert not [e for e in account.entries(NOON + 2 * HOUR) if e["kind"] == "disposition"]
    assert late.missing


def test_a_file_that_the_functions_log_lacks_settles_no_finding_of_the_list(
    account: Account, late: Late
) -> None:
    work, since = account.work(), NOON + 5 * HOUR
    (finding,) = list_findings(work, 1, NOON + 3 * HOUR)["findings"]
    entries = [
        {"kind": "run", "since": iso(since), "until": iso(since + HOUR)},
        {"kind": "settled", "id": finding["id"], "finding": finding},
    ]
    account.evidence.write(key_of_hour(since), entries, "0" * 64)

    (listed,) = list_findings(work, 1, NOON + 8 * HOUR)["findings"]

    assert listed["state"] == "open"
    assert late.missing


def test_findings_are_listed_with_what_became_of_them(account: Account, late: Late) -> None:
    work, now = account.work(), NOON + 3 * HOUR
    assert [finding["state"] for finding in list_findings(work, 1, now)["findings"]] == ["open"]

    accepted(account)

    (listed,) = list_findings(work, 1, now)["findings"]
    assert (listed["state"], listed["accepted"]["reason"]) == ("accepted", "deleted on request")
    late.missing.clear()
    day_later(account)
    (listed,) = list_findings(work, 3, NOON + 32 * HOUR)["findings"]
    assert listed["state"] == "settled"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"id": "0" * 12, "reason": "why", "by": BY}, "[Nn]o sealed finding has the id 0{12}"),
        ({"id": "xyz", "reason": "why", "by": BY}, "12 hexadecimal digits"),
        ({"id": "0" * 12, "reason": "", "by": BY}, "Give a reason of 1 to 500"),
        ({"id": "0" * 12, "reason": "x" * 501, "by": BY}, "Give a reason of 1 to 500"),
        ({"id": "0" * 12, "reason": "two\nlines", "by": BY}, "Give a reason of 1 to 500"),
        ({"id": "0" * 12, "reason": "why"}, "Name who accepts it"),
    ],
)
def test_what_is_no_disposition_is_refused(
    account: Account, fields: dict[str, str], error: str
) -> None:
    with pytest.raises(BadDispositionError, match=error):
        accept_finding(account.work(), fields, NOON + 3 * HOUR)
    assert not list(account.evidence.listed(DISPOSITIONS))


def test_a_disposition_that_the_function_has_not_sealed_accepts_nothing(
    account: Account, late: Late
) -> None:
    answer = accepted(account)
    key = answer["evidence"]["key"]
    value = answer["accepted"]
    forged = key.replace("/2026/10/01T", "/2026/10/02T")
    account.evidence.write(forged, [{**value, "id": "f" * 12}], "0" * 64)

    result = read_dispositions(account.evidence, account.hashes)

    assert list(result) == [value["id"]]
    account.s3.objects[key] = account.s3.objects[key].replace(b"on request", b"by request")
    assert read_dispositions(account.evidence, account.hashes) == {}
    assert late.missing


def test_a_disposition_that_was_deleted_is_a_mismatch(account: Account, late: Late) -> None:
    key = accepted(account)["evidence"]["key"]
    del account.s3.objects[key]

    account.run(NOON + 3 * HOUR)

    deleted = [
        e["mismatch"]["key"] for e in account.entries(NOON + HOUR) if e["kind"] == "mismatch"
    ]
    assert deleted == [key]
    assert late.missing


def test_the_report_of_the_day_is_sent_once(account: Account) -> None:
    account.sent.clear()
    account.calls = [(HALF_PAST, "there")]
    for hours in range(2, 12):
        account.run(NOON + hours * HOUR)
    assert account.sent == []

    for hours in range(12, 16):
        account.run(NOON + hours * HOUR)

    ((subject, text),) = account.sent
    assert subject == "claude-on-bedrock dev: verification of the day"
    assert "dev, 2026-10-01T11:00:00Z to 2026-10-01T21:00:00Z" in text
    assert "Hours that hold: 10 of 10\nNo findings" in text
    assert f"Last hash: {account.entries(NOON + 9 * HOUR)[-1]['sha256']}" in text


def test_a_report_that_sns_refuses_is_sent_by_the_next_run(
    account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    account.sent.clear()
    account.refuses_mail = refused()
    account.run(MONTH + DAY + 2 * HOUR)
    assert "daily report not sent" in caplog.text
    account.refuses_mail = None

    account.run(MONTH + DAY + 3 * HOUR)
    account.run(MONTH + DAY + 4 * HOUR)

    assert len(account.sent) == 1
    assert key_of_hour(MONTH + DAY) in account.s3.objects


def test_records_of_an_hour_that_counted_no_regions_are_of_none_that_is_known() -> None:
    runs = (
        {"counts": {"records": 5}, "answered_in": {"us-east-1": 3, "us-west-2": 2}},
        {"counts": {"records": 4}},
        {"counts": {"records": 0}},
    )
    files = [SealedFile("key", NOON, NOON + HOUR, "", "", "", (run,)) for run in runs]

    total = sum_hours(files, Span(NOON, NOON + HOUR))

    assert total.answered_in == {"us-east-1": 3, "us-west-2": 2, "": 4}


class Stored(Account):
    """Of each call an entry, a record in each destination, and a large body, as digests take them.
    `gone` and `changed` have the names of those that are no longer what they were."""

    KINDS = ("entry", "s3://b/log", "event", "s3://b/body")

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.numbers = count()
        self.gone: frozenset[str] = frozenset()
        self.changed: frozenset[str] = frozenset()

    def audit_lines(self, since: datetime, until: datetime, read: Fingerprint) -> Iterator[LogItem]:
        lines = super().audit_lines(since, until, read)
        return (item for item in lines if f"entry-{item.source}" not in self.gone)

    def record(self, kind: str, at: datetime, request_id: str) -> dict[str, Any]:
        content = record(request_id, at=at.timestamp())
        # Both copies alike, so that nothing but a digest can tell.
        if f"{kind}-{request_id}" in self.changed:
            content["input"] = {"inputBodyJson": "another prompt"}
        return {**content, "output": {"outputBodyS3Path": f"s3://b/body-{request_id}"}}

    def all_in_s3(self, since: datetime, until: datetime, read: Fingerprint) -> Iterator[LogItem]:
        for at, request_id in self._read(since, until):
            path = f"s3://b/log-{request_id}"
            if path not in self.gone:
                content = self.record("s3://b/log", at, request_id)
                yield LogItem(path, at.timestamp(), content)
                sha256 = str(hash(json.dumps(content)))
                # The fields beside the SHA-256 may be forged.
                read.take_object(ObjectDigest(path, at.timestamp(), 1, "etag", "", sha256))

    def all_in_logs(self, since: datetime, until: datetime, read: Fingerprint) -> Iterator[LogItem]:
        for at, request_id in self._read(since, until):
            name = f"event-{request_id}"
            if name not in self.gone:
                content = self.record("event", at, request_id)
                # CloudWatch may give the same event another id.
                event = {"eventId": f"{name} {next(self.numbers)}", "timestamp": milliseconds(at)}
                read.take_record({**event, "message": json.dumps(content)}, request_id)
                yield LogItem(name, at.timestamp(), content)

    def stat(self, path: str) -> ObjectStat | None:  # type: ignore[override]
        etag = "another" if path in self.changed else "etag"
        return None if path in self.gone else ObjectStat(1, etag)

    def second_look(
        self, since: datetime, until: datetime, retained_since: datetime = MONTH
    ) -> Recheck:
        window = Period(since, until, HOUR, NOON + DAY)
        work = self.work()
        budget = Budget(lambda: 900_000)
        return recheck_window(
            work.stage, self.evidence, window, by="", budget=budget, retained_since=retained_since
        )


CALLS = ("r1", "r2", "late")
NAMES = [f"{kind}-{call}" for kind in Stored.KINDS for call in CALLS[:2]]


@pytest.fixture(scope="module")
def stored() -> Iterator[Stored]:
    with pytest.MonkeyPatch.context() as patched:
        made = Stored(patched)
        made.run(NOON + HOUR)
        made.calls = [(HALF_PAST - HOUR / 4, "r1"), (HALF_PAST, "r2")]
        made.run(NOON + 2 * HOUR)
        made.calls.append((HALF_PAST + HOUR / 4, "late"))
        yield made


@given(
    gone=st.frozensets(st.sampled_from(NAMES)),
    changed=st.frozensets(st.sampled_from(NAMES[2:])),
    in_slices=st.booleans(),
)
@example(gone=frozenset(), changed=frozenset(), in_slices=False)
@example(gone=frozenset(NAMES), changed=frozenset(), in_slices=False)
@example(gone=frozenset(NAMES[:-2]), changed=frozenset(), in_slices=True)
@example(gone=frozenset(), changed=frozenset({"s3://b/log-r1", "event-r1"}), in_slices=True)
@settings(max_examples=6)
def test_whatever_is_gone_or_changed_since_is_found_and_nothing_else(
    stored: Stored, gone: frozenset[str], changed: frozenset[str], in_slices: bool
) -> None:
    stored.gone, stored.changed = gone, changed
    middle = HALF_PAST - HOUR / 8
    windows = [(NOON, middle), (middle, NOON + HOUR)] if in_slices else [(NOON, NOON + HOUR)]

    findings = [finding for window in windows for finding in stored.second_look(*window).findings]

    touched = {name.rpartition("-")[2] for name in gone | changed}
    named = {f"{finding.request_id} {finding.source}" for finding in findings}
    assert {call for call in CALLS if any(call in name for name in named)} == touched


def test_what_is_gone_since_is_sealed_and_raises_the_alarm_of_evidence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    account = Stored(monkeypatch)
    account.run(NOON + HOUR)
    account.calls = [(HALF_PAST, f"r{number}") for number in range(MOST_NAMED + 2)]
    account.run(NOON + 2 * HOUR)
    lists = [account.entries(NOON)[0][name]["key"] for name in ("objects", "log_events")]
    account.calls = []
    del account.s3.objects[lists[0]]
    capsys.readouterr()

    recheck, *rest = day_later(account)

    findings = [entry["finding"] for entry in rest]
    assert (recheck["found"], {entry["kind"] for entry in rest}) == (
        MOST_NAMED + 2,
        {"late_finding"},
    )
    assert [finding["request_id"] for finding in findings[:2]] == ["r0", "r1"]
    assert [(finding["source"], finding["detail"]) for finding in findings[MOST_NAMED:]] == [
        (lists[1], "2 more of this list are gone or changed"),
        (lists[0], f"{lists[0]} is gone"),
    ]
    assert f'"EvidenceChanged": [{MOST_NAMED + 2}.0]' in capsys.readouterr().out
    outcome = summed(account).outcome
    assert {finding.kind for finding in outcome.findings} == {"evidence_changed"}
    assert assess(outcome, "October").headline == (
        "102 of 102 calls of October were on record in both places; "
        "102 findings name records, objects or lists of sealed hours that are gone or changed."
    )
    # A window that is joined anew has nothing left to join, and fails all the same.
    window = Period(NOON, NOON + HOUR / 2 + timedelta(minutes=1), HOUR, NOON + 32 * HOUR)
    answer = on_demand(account.work(), window)
    assert {finding["id"] for finding in answer["findings"]} == {e.id for e in outcome.findings}
    assert not sealed_changes(account.evidence, window._replace(now=NOON + DAY))


def test_an_unreadable_object_of_two_hours_is_found_once(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    written_at = (NOON + HOUR + timedelta(minutes=5)).timestamp()
    item = LogItem("s3://b/k", written_at, None, "no gzip file", earliest=HALF_PAST.timestamp())
    monkeypatch.setattr(account, "all_in_s3", lambda *_: [item])
    account.run(NOON + 2 * HOUR)
    assert [e["finding"]["kind"] for e in account.entries(NOON) if e["kind"] == "finding"] == [
        "unreadable_record"
    ]

    (recheck,) = day_later(account)

    assert recheck["found"] == 0


def test_what_may_have_expired_is_not_called_gone(stored: Stored) -> None:
    stored.gone = frozenset(NAMES)

    (recheck,), findings = stored.second_look(NOON, NOON + HOUR, retained_since=NOON + HOUR)

    assert (recheck["because"], findings) == (EXPIRED, [])
