"""`claude-bedrock evidence verify` of a stage: which hours hold, and what cannot be said."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from claude_bedrock.cli.main import app
from claude_bedrock.cli.shared import deployment
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.verify import deployed_chain
from claude_bedrock.cli.verify.chain_report import (
    BROKEN,
    HOLDS,
    NOT_ASSESSED,
    chain_exit_code,
    chain_text,
)
from claude_bedrock.cli.verify.deployed_chain import (
    ChainReport,
    chain_report,
    changes_of,
    dispositions_of,
)
from claude_bedrock.cli.verify.evidence_folder import EvidenceError
from claude_bedrock.verification.accepted_findings import key_of
from claude_bedrock.verification.finding import Finding
from claude_bedrock.verification.hash_log import SealedHash
from claude_bedrock.verification.hours import HOUR, iso
from claude_bedrock.verification.object_check import Change, ObjectChange, ObjectCheck
from claude_bedrock.verification.period import Period
from claude_bedrock.verification.recheck import UNREAD
from tests.verification.buckets import AFTER, BUCKET, HOURS, MONTH, Month

SETTINGS = {
    "region": "eu-central-1",
    "geographies": ["eu"],
    "residency": None,
    "retention_days": 30,
    "models": ["claude-haiku-4-5"],
    "github": False,
}


class Stage(Deployment):
    """A deployed one whose bucket is a month in memory, and its log group too."""

    month: Month
    settings: Mapping[str, Any] = SETTINGS
    deployed_at: datetime = MONTH - HOUR
    refuses: bool = False

    def client(self, service: str) -> Any:  # noqa: ANN401
        return self if service == "logs" else self.month.s3

    def outputs(self, stack: str) -> Mapping[str, str]:
        return {
            "ModelAccess": {"Settings": json.dumps(self.settings)},
            "InvocationLogging": {"EvidenceBucketName": BUCKET},
        }[stack]

    def created(self, _stack: str) -> datetime:
        return self.deployed_at

    def filter_log_events(self, **_: object) -> dict[str, Any]:
        if self.refuses:
            body: Any = {"Error": {"Code": "AccessDeniedException", "Message": "arn:aws:iam::1:x"}}
            raise ClientError(body, "FilterLogEvents")
        lines = [{"sealed": hash_._asdict()} for hash_ in self.month.hashes.values()]
        return {
            "events": [
                {"timestamp": number, "eventId": str(number), "message": json.dumps(line)}
                for number, line in enumerate([{"sealed": "a word"}, *lines])
            ]
        }


@pytest.fixture
def stage() -> Stage:
    made = Stage("prod", "eu-central-1", None)
    made.month = Month()
    return made


def report(stage: Stage, now: datetime = AFTER) -> ChainReport:
    return chain_report(stage, MONTH, MONTH + HOURS * HOUR, now)


def test_a_month_that_holds(stage: Stage) -> None:
    chain = report(stage)

    assert chain_exit_code(chain) == HOLDS
    span = "2026-10-01T00:00:00Z to 2026-11-01T00:00:00Z"
    assert chain_text(chain).splitlines() == [
        f"744 of 744 hours hold, {span}.",
        f"The last hash is {chain.coverage.sha256}.",
    ]


@pytest.mark.parametrize(
    ("kind", "without", "code"),
    [
        ("object_changed", 0, BROKEN),
        ("object_missing", 0, BROKEN),
        ("evidence_changed", 0, BROKEN),
        ("object_new", 0, HOLDS),
        ("object_new", 1, NOT_ASSESSED),
    ],
)
def test_objects_that_are_not_what_was_read_are_named(
    stage: Stage, kind: Change, without: int, code: int
) -> None:
    change = ObjectChange(kind, "s3://b/k", "was read with 9 bytes")
    objects = ObjectCheck(1, 744, without, (change,))
    chain = report(stage)._replace(objects=objects)

    assert chain_exit_code(chain) == code
    assert f"{kind}: s3://b/k was read with 9 bytes." in chain_text(chain)
    assert ("name no objects" in chain_text(chain)) == bool(without)


def test_what_the_second_checks_found_and_could_not_do_is_told(stage: Stage) -> None:
    stage.month = Month(HOURS - 1)
    last = stage.month.hashes[stage.month.keys[-1]].sha256
    finding = Finding(
        "evidence_changed", "call-7", iso(MONTH + (HOURS - 25) * HOUR), "", "", "gone", "event 7"
    )
    entries: list[dict[str, Any]] = [
        {"kind": "second_look", "since": iso(MONTH), "because": "AWS refused"},
        {"kind": "second_look", "since": iso(MONTH + HOUR), UNREAD: [iso(MONTH + 9 * HOUR)]},
        {"kind": "late_finding", "finding": finding.as_data()},
    ]
    stage.month.seal(MONTH + (HOURS - 1) * HOUR, last, entries)

    text = chain_text(report(stage))

    assert "Gone or changed at the second check of their hour: call-7." in text
    assert f"hours could not be made: {iso(MONTH)} (AWS refused)." in text
    assert f"could not read all that may have come late: {iso(MONTH + HOUR)}." in text
    assert chain_exit_code(report(stage)) == HOLDS
    # `verify` joins what is stored now, which has nothing of that call.
    at = MONTH + (HOURS - 25) * HOUR
    window = Period(at, at + HOUR, HOUR, AFTER)
    assert changes_of(stage, window) == [finding]
    assert changes_of(stage, window._replace(since=at + HOUR / 2)) == []


def test_what_is_missing_is_listed(stage: Stage) -> None:
    stage.month.delete(stage.month.keys[10:12])

    text = chain_text(report(stage))

    assert chain_exit_code(report(stage)) == BROKEN
    assert "742 of 744 hours hold" in text
    assert "Missing: 2026-10-01T10:00:00Z to 2026-10-01T12:00:00Z." in text
    assert "evidence_missing: evidence/hours/2026/10/01/100000Z.jsonl was sealed with" in text


def test_a_log_group_that_cannot_be_read_leaves_the_files_uncompared(stage: Stage) -> None:
    stage.refuses = True

    chain = report(stage)

    assert chain_exit_code(chain) == NOT_ASSESSED
    assert "not compared with the function's log: the log group" in chain_text(chain)
    assert "(AccessDeniedException)" in chain_text(chain)
    assert "arn:aws" not in chain_text(chain)


def test_a_finding_is_accepted_only_where_the_log_can_be_read(stage: Stage) -> None:
    at = MONTH + HOUR
    fields = {"id": "0" * 12, "reason": "known", "by": "arn:anna", "at": iso(at)}
    key, bucket = key_of(at), stage.month.bucket
    sha256 = bucket.write(key, [{"kind": "disposition", **fields}], "0" * 64)
    stage.month.hashes[key] = SealedHash(bucket.name, key, sha256, iso(at), iso(at))

    assert list(dispositions_of(stage, AFTER)) == ["0" * 12]
    stage.refuses = True
    assert dispositions_of(stage, AFTER) == {}


def test_hours_that_are_no_longer_retained_are_not_missing_and_not_assessed(stage: Stage) -> None:
    now = MONTH + timedelta(days=36)
    stage.month.delete(stage.month.keys[:24])

    chain = report(stage, now)

    assert (chain.expired, chain.coverage.missing) == (24, ())
    assert chain_exit_code(chain) == NOT_ASSESSED
    assert "24 hours of the window are older than evidence is kept." in chain_text(chain)


def test_hours_that_were_not_verified_are_not_assessed(stage: Stage) -> None:
    stage.month = Month(HOURS - 1)
    last = MONTH + (HOURS - 1) * HOUR
    previous = stage.month.hashes[stage.month.keys[-1]].sha256
    stage.month.seal(last, previous, kind="not_verified", because="AWS refused")

    assert chain_exit_code(report(stage)) == NOT_ASSESSED
    assert "made: 2026-10-30T23:00:00Z (a day later, AWS refused)." in chain_text(report(stage))
    assert "Not verified: 2026-10-31T23:00:00Z to 2026-11-01T00:00:00Z (AWS refused)." in (
        chain_text(report(stage))
    )


def test_no_evidence_at_all_of_a_stage_that_seals_is_a_failure(stage: Stage) -> None:
    stage.month = Month(0)

    assert chain_exit_code(report(stage)) == BROKEN
    assert chain_text(report(stage)).startswith("0 of 744 hours hold")


def test_a_stage_that_seals_no_hours_reports_it(stage: Stage) -> None:
    stage.settings = {**SETTINGS, "verify_hourly": False}

    with pytest.raises(EvidenceError, match="its verify_hourly is false"):
        report(stage)


def test_the_command_ends_with_1_where_something_is_missing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.month.delete(stage.month.keys)
    monkeypatch.setattr(deployment, "chosen", lambda *_: stage)
    monkeypatch.setattr(
        deployed_chain, "chain_report", lambda *_: chain_report(stage, MONTH, AFTER, AFTER)
    )

    ended = CliRunner().invoke(app, ["evidence", "verify", "--stage", "prod", "--json"])

    assert ended.exit_code == BROKEN
    body = json.loads(ended.stdout)
    assert (body["hours"], body["hours_verified"]) == (HOURS, 0)
    assert body["missing"] == ["2026-10-01T00:00:00Z to 2026-11-01T00:00:00Z"]
