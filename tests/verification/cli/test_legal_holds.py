"""`claude-bedrock evidence hold`, `holds` and `release`, over an account of moto's."""

import gzip
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from typer.testing import CliRunner, Result

from claude_bedrock.cli.audit import legal_holds
from claude_bedrock.cli.evidence import legal_hold
from claude_bedrock.cli.evidence.archive_hold import Archive
from claude_bedrock.cli.evidence.command import app
from claude_bedrock.cli.evidence.object_versions import ObjectVersion
from claude_bedrock.cli.shared import deployment
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.verification.evidence_bucket import key_of_hour
from claude_bedrock.verification.legal_holds import HOLD_LISTS
from claude_bedrock.verification.signatures import PUBLIC_KEYS
from tests.verification.cli.test_chain import SETTINGS
from tests.verification.test_handler import (
    BUCKET,
    CONTEXT,
    ENVIRONMENT,
    HOUR,
    NOW,
    Account,
    run_at,
)
from verification import handler, sealing

ROOT = "AWSLogs/123456789012/BedrockModelInvocationLogs/eu-central-1"
BODY = f"large-data/{ROOT}/{HOUR:%Y/%m/%d/%H}/data/long_input.json.gz"
WINDOW = ("--from", f"{HOUR - timedelta(hours=5):%Y-%m-%dT%H:%M:%SZ}")
WHY = ("--reason", "Case 17")


MAKE: Any = boto3.client


@cache
def client(service: str) -> Any:  # noqa: ANN401 - boto3 makes it at run time
    return MAKE(service)


class Stage(Deployment):
    """The stage that is deployed in moto's account, and its function in this process."""

    def client(self, service: str) -> Any:  # noqa: ANN401
        return self if service == "lambda" else client(service)

    def outputs(self, _stack: str) -> dict[str, str]:
        return {
            "EvidenceBucketName": BUCKET,
            "LogBucketName": BUCKET,
            "LogGroupName": "/invocations",
            "VerificationFunctionName": "verifier",
            "Settings": json.dumps(SETTINGS),
        }

    def invoke(self, *, Payload: bytes, **_: object) -> dict[str, Any]:  # noqa: N803
        answer = handler.handle(json.loads(Payload), CONTEXT)
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """With a bucket that has Object Lock, an hour of two callers in three objects, and one of five
    hours before."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    client.cache_clear()
    with mock_aws():
        monkeypatch.setattr(boto3, "client", lambda service, **_: client(service))
        made = Account(object_lock=True)
        made.logs.create_log_group(logGroupName="/claude-on-bedrock/dev/verification")
        monkeypatch.setattr(sealing, "log_hash", made.log_hash)
        monkeypatch.setattr(deployment, "chosen", lambda *_: Stage("dev", "eu-central-1", None))
        for hours in range(6):  # moto drops the first key behind a marker; S3 does not
            made.s3.put_object(Bucket=BUCKET, Key=record("!", hours), Body=b"")
        made.s3.put_object(Bucket=BUCKET, Key=BODY, Body=gzip.compress(b"{}"))
        at = HOUR + timedelta(minutes=30)
        other = {"requestMetadata": {"api_key_id": "k2", "api_key_name": "anna"}}
        long = {"input": {"inputBodyS3Path": f"s3://{BUCKET}/{BODY}"}}
        made.recorded("search", at)
        made.recorded("anna", at, **other)
        made.recorded("long", at, **other, **long)
        made.recorded("early", HOUR - timedelta(hours=4), **other)
        run_at(NOW)
        yield made


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result


def hold(*arguments: str) -> str:
    """Return the id of a new hold."""
    result = run("hold", *arguments, *WHY, "--yes", "--json")
    assert result.exit_code == 0, result.output
    return str(json.loads(result.output)["id"])


def held(account: Account) -> set[str]:
    """Return the keys of which a version is under a legal hold."""
    versions = account.s3.list_object_versions(Bucket=BUCKET)["Versions"]
    return {version["Key"] for version in versions if _is_held(account, version)}


def _is_held(account: Account, version: dict[str, Any]) -> bool:
    named = {"Bucket": BUCKET, "Key": version["Key"], "VersionId": version["VersionId"]}
    answer = account.s3.head_object(**named)
    return bool(answer.get("ObjectLockLegalHoldStatus") == "ON")


def record(name: str, hours: int = 0) -> str:
    return f"{ROOT}/{HOUR - timedelta(hours=hours):%Y/%m/%d/%H}/{name}.json.gz"


def test_without_yes_you_see_what_would_be_held(account: Account) -> None:
    result = run("hold", "--caller", "anna", *WHY)

    assert result.exit_code == 0, result.output
    assert "3 records of anna from" in result.output
    assert "3 versions of objects of records, 1 of large bodies" in result.output
    assert "Run the command again with --yes" in result.output
    assert held(account) == set()


def test_the_files_of_a_caller_are_held_with_what_seals_them(account: Account) -> None:
    hold_id = hold("--caller", "anna")

    keys = held(account)
    records = {key for key in keys if not key.startswith("evidence/")}
    assert records == {record("anna"), record("long"), record("early", 4), BODY}
    assert {key_of_hour(HOUR), f"{HOLD_LISTS}{hold_id}.jsonl.gz"} <= keys
    for folder in ("objects", "log-events", "signatures/hours", "public-keys", "holds"):
        assert any(key.startswith(f"evidence/{folder}/") for key in keys), folder
    version = account.s3.head_object(Bucket=BUCKET, Key=record("anna"))["VersionId"]
    with pytest.raises(ClientError, match="AccessDenied"):
        account.s3.delete_object(Bucket=BUCKET, Key=record("anna"), VersionId=version)


def test_a_window_holds_every_caller_of_it(account: Account) -> None:
    hold("--from", f"{HOUR:%Y-%m-%dT%H:%M:%SZ}", "--to", f"{NOW:%Y-%m-%dT%H:%M:%SZ}")

    records = {key for key in held(account) if not key.startswith("evidence/")}
    assert records == {record("search"), record("anna"), record("long"), BODY}


def test_a_call_at_the_end_of_a_window_is_held_in_an_object_that_is_named_later(
    account: Account,
) -> None:
    account.recorded("last", HOUR - timedelta(seconds=1))
    early = account.s3.get_object(Bucket=BUCKET, Key=record("last", 1))["Body"].read()
    account.s3.put_object(Bucket=BUCKET, Key=record("late"), Body=early)
    since = f"{HOUR - timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}"

    hold("--from", since, "--to", f"{HOUR:%Y-%m-%dT%H:%M:%SZ}")

    records = {key for key in held(account) if not key.startswith("evidence/")}
    assert records == {record("last", 1), record("late")}


@pytest.mark.usefixtures("account")
def test_a_window_from_before_the_retention_says_what_cannot_be_held() -> None:
    note = "some may be gone, and cannot be held."
    assert note in run("hold", "--from", "2020-01-01", *WHY).output
    assert note not in run("hold", *WINDOW, *WHY).output


def test_an_object_that_cannot_be_read_is_held_since_it_may_hold_the_call(
    account: Account,
) -> None:
    account.s3.put_object(Bucket=BUCKET, Key=record("torn"), Body=b"no gzip")

    assert "1 objects cannot be read" in run("hold", "--caller", "anna", *WHY).output
    hold("--caller", "anna")

    assert record("torn") in held(account)


def test_an_order_is_listed_and_sealed_and_the_next_hour_names_it(account: Account) -> None:
    assert "No legal hold is in force" in run("holds").output
    hold_id = hold("--caller", "anna")

    result = run("holds")

    assert result.exit_code == 0, result.output
    assert f"{hold_id}: held, " in result.output
    assert "calls of anna, " in result.output
    assert "Case 17" in result.output
    (item,) = json.loads(run("holds", "--json").output)["items"]
    assert (item["id"], item["state"], item["failed"]) == (hold_id, "held", 0)
    run_at(NOW + timedelta(hours=1))

    entries = account.entries(key_of_hour(HOUR + timedelta(hours=1)))
    links = [entry["key"] for entry in entries if entry["kind"] == "hold"]
    sealed = [account.entries(key)[0] for key in sorted(links)]
    assert [(entry["action"], entry["id"]) for entry in sealed] == [
        ("hold", hold_id),
        ("held", hold_id),
    ]
    assert (sealed[0]["caller"], sealed[0]["reason"]) == ("anna", "Case 17")
    assert sealed[0]["by"].startswith("arn:aws:")
    assert sealed[1]["failed"] == 0


@pytest.mark.usefixtures("account")
def test_orders_that_were_compared_with_nothing_are_not_assessed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hold("--caller", "anna")
    refuse = Mock(side_effect=refusal("AccessDeniedException"))
    monkeypatch.setattr(client("logs"), "filter_log_events", refuse)

    result = run("holds")
    stage = Stage("dev", "eu-central-1", None)
    reported = legal_holds.collect_holds(stage, stage.outputs(""), NOW)

    assert result.exit_code == 2
    assert "the function's log" in result.output
    assert (reported.holds, reported.note[:12]) == ((), "Not assessed")


@pytest.mark.usefixtures("account")
def test_an_archive_is_named_since_its_copies_cannot_be_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(SETTINGS, "archive", "company-archive")

    result = run("hold", "--caller", "anna", *WHY, "--yes")

    assert result.exit_code == 0, result.output
    assert "copies in the archive company-archive are held too cannot be seen" in result.output


class ArchiveS3:
    """The S3 of the archive's account: replicas by key and version id, and whether each is held."""

    def __init__(self, account: Account) -> None:
        self.versions = {
            (item["Key"], item["VersionId"]): "OFF"
            for item in account.s3.list_object_versions(Bucket=BUCKET)["Versions"]
        }
        self.denied = ""
        self.lock_error = ""

    def get_object_lock_configuration(self, *, Bucket: str) -> None:  # noqa: N803
        assert Bucket == "company-archive"
        if self.lock_error:
            raise refusal(self.lock_error)

    def put_object_legal_hold(
        self,
        *,
        Key: str,  # noqa: N803
        VersionId: str,  # noqa: N803
        LegalHold: dict[str, str],  # noqa: N803
        **_: str,
    ) -> None:
        if Key == self.denied:
            raise refusal("AccessDenied")
        if (Key, VersionId) not in self.versions:
            raise refusal("NoSuchVersion")
        self.versions[Key, VersionId] = LegalHold["Status"]

    def held(self) -> set[str]:
        return {key for (key, _), status in self.versions.items() if status == "ON"}


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "PutObjectLegalHold")


@pytest.fixture
def archive(account: Account, monkeypatch: pytest.MonkeyPatch) -> ArchiveS3:
    """The stage's archive with a replica of each version, which the profile `vault` may hold."""
    replicas, session = ArchiveS3(account), boto3.Session
    outputs = Stage("", "", None).outputs("")
    outputs["ArchiveBucketStatement"] = json.dumps({"Resource": "arn:aws:s3:::company-archive/*"})
    monkeypatch.setattr(Stage, "outputs", lambda *_: outputs)

    class Session:
        def __init__(self, **options: str) -> None:
            assert options["profile_name"] == "vault"

        def client(self, service: str, **_: object) -> Any:  # noqa: ANN401
            return replicas if service == "s3" else client(service)

    monkeypatch.setattr(
        boto3, "Session", lambda **of: Session(**of) if "profile_name" in of else session(**of)
    )
    return replicas


IN_ARCHIVE = ("--archive-profile", "vault")


def test_replicas_are_held_and_released_in_the_archive_and_both_places_are_sealed(
    account: Account, archive: ArchiveS3
) -> None:
    hold_id = hold("--caller", "anna", *IN_ARCHIVE)

    assert {record("anna"), record("long"), record("early", 4), BODY} <= archive.held()
    assert key_of_hour(HOUR) in archive.held()
    shown = run("holds").output
    assert f"{hold_id}: held, " in shown
    assert "in the archive company-archive: " in shown
    sealed = [account.entries(key)[0] for key in account.evidence().listed("evidence/holds/")]
    assert [entry.get("archive", {}).get("bucket") for entry in sealed] == [None, "company-archive"]
    assert sealed[1]["archive"]["versions"] == sealed[1]["versions"] == len(archive.held())
    assert sealed[1]["archive"]["by"].startswith("arn:aws:")

    alone = run("release", hold_id, *WHY, "--yes")
    assert alone.exit_code == 1, alone.output
    assert "The archive company-archive was not asked; at the last attempt " in alone.output
    assert f"{hold_id}: releasing" in run("holds").output
    assert archive.held()

    result = run("release", hold_id, *WHY, "--yes", *IN_ARCHIVE)
    assert result.exit_code == 0, result.output
    assert (archive.held(), held(account)) == (set(), set())
    assert "No legal hold is in force" in run("holds").output


def test_a_replica_that_cannot_be_held_is_named_with_the_reason(archive: ArchiveS3) -> None:
    archive.denied = BODY
    missing = next(name for name in archive.versions if name[0] == record("anna"))
    del archive.versions[missing]

    result = run("hold", "--caller", "anna", *WHY, "--yes", *IN_ARCHIVE)

    assert result.exit_code == 1, result.output
    assert f"Not in the archive, 1 (AccessDenied): {BODY}." in result.output
    older = "S3 does not replicate it: it is older than the rule, or matches none"
    assert f"Not in the archive, 1 ({older}): {record('anna')}." in result.output
    (item,) = json.loads(run("holds", "--json").output)["items"]
    assert (item["state"], item["failed"], item["archive"]["failed"]) == ("incomplete", 0, 2)
    again = run("holds", "--resume", item["id"])
    assert (again.exit_code, "2 were not." in again.output) == (1, True), again.output
    assert f"{item['id']}: incomplete" in run("holds").output

    archive.denied, archive.versions[missing] = "", "OFF"
    resumed = run("holds", "--resume", item["id"], *IN_ARCHIVE)
    assert resumed.exit_code == 0, resumed.output
    assert f"{item['id']}: held" in run("holds").output
    assert {record("anna"), BODY} <= archive.held()


def test_a_release_in_the_archive_leaves_what_another_hold_is_on(archive: ArchiveS3) -> None:
    first = hold("--caller", "anna", *IN_ARCHIVE)
    second = hold("--from", f"{HOUR:%Y-%m-%dT%H:%M:%SZ}", *IN_ARCHIVE)

    assert run("release", first, *WHY, "--yes", *IN_ARCHIVE).exit_code == 0
    assert record("early", 4) not in archive.held()
    assert {record("anna"), BODY} <= archive.held()
    assert run("release", second, *WHY, "--yes", *IN_ARCHIVE).exit_code == 0
    assert archive.held() == set()


@pytest.mark.parametrize(
    ("status", "because"),
    [
        ({"ReplicationStatus": "PENDING"}, "S3 has not replicated it yet"),
        ({"ReplicationStatus": "FAILED"}, "S3 could not replicate it"),
        ({"ReplicationStatus": "COMPLETED"}, "the replica is gone"),
        ({}, "S3 does not replicate it"),
    ],
)
def test_a_replica_is_missing_for_the_reason_that_s3_has(
    status: dict[str, str], because: str
) -> None:
    def put_object_legal_hold(**_: object) -> None:
        raise refusal("NoSuchVersion")

    replicas = SimpleNamespace(put_object_legal_hold=put_object_legal_hold)
    source = SimpleNamespace(head_object=lambda **_: status)
    archive = Archive(replicas, "company-archive", "arn", (source, BUCKET))

    ((_, reason),) = archive.set_all("ON", [ObjectVersion(BODY, "1")]).failed

    assert reason.startswith(because)
    assert archive.set_all("OFF", [ObjectVersion(BODY, "1")]).failed == ()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ObjectLockConfigurationNotFoundError", "The archive company-archive has no Object Lock"),
        ("AccessDenied", "AWS refuses the profile vault GetObjectLockConfiguration"),
    ],
)
def test_an_archive_that_takes_no_holds_is_named_before_anything_is_held(
    account: Account, archive: ArchiveS3, code: str, message: str
) -> None:
    archive.lock_error = code

    result = run("hold", "--caller", "anna", *WHY, "--yes", *IN_ARCHIVE)

    assert (result.exit_code, message in result.output) == (2, True), result.output
    assert held(account) == set()


def test_the_documented_policy_of_the_archives_account_allows_what_is_asked_of_it() -> None:
    """The fake has two operations, and an object that is missing is told from one that is denied
    only to who may list the bucket."""
    page = (Path(__file__).parents[3] / "docs/compliance.md").read_text()
    section = page[page.index("#### Holds in an archive") :]
    policy = json.loads(section.partition("```json\n")[2].partition("```")[0])

    allowed = [
        (item["Action"], item["Resource"].rpartition(":")[2]) for item in policy["Statement"]
    ]
    assert allowed == [
        (["s3:GetBucketObjectLockConfiguration", "s3:ListBucket"], "company-claude-archive"),
        ("s3:PutObjectLegalHold", "company-claude-archive/*"),
    ]


@pytest.mark.usefixtures("account")
def test_a_profile_without_an_archive_is_an_error_that_says_so() -> None:
    result = run("hold", "--caller", "anna", *WHY, "--yes", *IN_ARCHIVE)

    assert (result.exit_code, "The stage has no archive" in result.output) == (2, True)


def test_a_hold_is_found_behind_the_delete_marker_of_a_lifecycle_rule(account: Account) -> None:
    hold_id = hold("--caller", "anna")
    for key in held(account):
        account.s3.delete_object(Bucket=BUCKET, Key=key)  # as a rule expires the current version

    assert f"{hold_id}: held" in run("holds").output
    assert run("release", hold_id, *WHY, "--yes").exit_code == 0
    assert held(account) == set()


def test_a_release_leaves_what_another_hold_is_on(account: Account) -> None:
    first = hold("--caller", "anna")
    second = hold("--from", f"{HOUR:%Y-%m-%dT%H:%M:%SZ}")
    assert "Run the command again with --yes" in run("release", first, *WHY).output

    result = run("release", first, "--reason", "Settled", "--yes")

    assert result.exit_code == 0, result.output
    assert "stay held by other holds" in result.output
    keys = held(account)
    assert record("early", 4) not in keys
    assert {record("anna"), BODY, key_of_hour(HOUR)} <= keys
    assert any(key.startswith(PUBLIC_KEYS) for key in keys)
    assert f"{HOLD_LISTS}{first}.jsonl.gz" not in keys
    assert run("release", first, *WHY, "--yes").exit_code == 2
    assert "Settled" in run("holds", "--all").output
    assert run("release", second, *WHY, "--yes").exit_code == 0
    assert held(account) == set()


def test_what_s3_refuses_is_named_and_tried_again(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = legal_hold.Holder._put

    def refuse(holder: legal_hold.Holder, status: Any, version: Any) -> None:  # noqa: ANN401
        if version.key == BODY:
            body: Any = {"Error": {"Code": "SlowDown", "Message": ""}}
            raise ClientError(body, "PutObjectLegalHold")
        put(holder, status, version)

    with monkeypatch.context() as patched:
        patched.setattr(legal_hold.Holder, "_put", refuse)
        result = run("hold", "--caller", "anna", *WHY, "--yes")
        assert result.exit_code == 1, result.output
        assert f"S3 refused 1: {BODY} (SlowDown)" in result.output

    (item,) = json.loads(run("holds", "--json").output)["items"]
    assert (item["state"], item["failed"], run("holds").exit_code) == ("incomplete", 1, 1)
    assert BODY not in held(account)
    resumed = run("holds", "--resume", item["id"])
    assert resumed.exit_code == 0, resumed.output
    assert BODY in held(account)
    assert f"{item['id']}: held" in run("holds").output


def test_what_cannot_be_held_is_one_line_with_what_to_do(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Name --caller, a window" in run("hold", *WHY).output
    assert "No hold has the id 00" in run("release", "00", *WHY, "--yes").output
    nothing = run("hold", "--caller", "nobody", *WHY, "--yes")
    assert (nothing.exit_code, "nothing to hold" in nothing.output) == (0, True)
    account.s3.create_bucket(
        Bucket="unlocked", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    for bucket, message in (("unlocked", "has no Object Lock"), (BUCKET, "another team's bucket")):
        outputs = {**Stage("", "", None).outputs(""), "EvidenceBucketName": "unlocked"}
        monkeypatch.setattr(Stage, "outputs", lambda *_, o={**outputs, "LogBucketName": bucket}: o)
        result = run("hold", "--caller", "anna", *WHY, "--yes")
        assert (result.exit_code, message in result.output) == (2, True), result.output
