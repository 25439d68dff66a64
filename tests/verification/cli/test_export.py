"""`claude-bedrock evidence export` writes what `evidence verify FOLDER` needs, and no more."""

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import textwrap
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from claude_bedrock.cli.evidence.command import app
from claude_bedrock.cli.evidence.record_copy import COPIES
from claude_bedrock.cli.shared import deployment
from claude_bedrock.verification.evidence_bucket import key_of_hour
from claude_bedrock.verification.hours import HOUR, iso
from tests.unit.cli.audit.test_signed_evidence import Stage
from tests.verification.buckets import BUCKET, MONTH, MemoryS3
from tests.verification.cli.test_chain import SETTINGS
from tests.verification.cli.test_offline_evidence import (
    HOURS,
    STAGE,
    log_event,
    record_key,
    sealed_bucket,
)
from verification import sealing

SINCE, UNTIL = "2026-10-01T01:00:00Z", "2026-10-01T04:00:00Z"
AUDIT_LINE = json.dumps({"message": "audit", "audit": {"model": "claude-haiku-4-5"}})


class Logs:
    """CloudWatch Logs with one audit entry and one other line, and the records of the hours."""

    def filter_log_events(
        self,
        *,
        logGroupName: str,  # noqa: N803
        startTime: int,  # noqa: N803
        endTime: int,  # noqa: N803
        **_: object,
    ) -> dict[str, Any]:
        if logGroupName == "/invocations":
            records = map(log_event, range(HOURS))
            return {"events": [e for e in records if startTime <= e["timestamp"] <= endTime]}
        messages = (AUDIT_LINE, "START RequestId: 1")
        events = [
            {"eventId": str(number), "timestamp": 1_790_820_000_000, "message": message}
            for number, message in enumerate(messages)
        ]
        return {"events": events}


class Exported(Stage):
    """The stage of which a bundle is made."""

    def client(self, service: str) -> Any:  # noqa: ANN401
        return Logs() if service == "logs" else super().client(service)

    def outputs(self, stack: str) -> dict[str, str]:
        return {
            **super().outputs(stack),
            "FunctionLogGroupName": "/gateway",
            "LogGroupName": "/invocations",
            "LogBucketName": BUCKET,
            "Settings": json.dumps({**SETTINGS, "retention_days": 3653}),
        }

    def created(self, _stack: str) -> datetime:
        return MONTH

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "123456789012"}


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Exported]:
    monkeypatch.setattr(sealing, "log_hash", lambda _: None)
    made = Exported("dev", "eu-central-1", None)
    made.s3 = MemoryS3()
    made.s3.objects = sealed_bucket()
    monkeypatch.setattr(deployment, "chosen", lambda *_: made)
    yield made


def export(folder: Path, *options: str) -> Result:
    window = ("--since", SINCE, "--until", UNTIL, "--out", str(folder))
    return run("export", *window, *options)


def verify(folder: Path) -> Result:
    return run("verify", str(folder))


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result


@pytest.mark.usefixtures("stage")
def test_a_bundle_of_a_window_holds(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"

    result = export(folder, "--json")

    assert result.exit_code == 0, result.output
    entries = gzip.decompress((folder / "audit-entries.jsonl.gz").read_bytes()).splitlines()
    assert {json.loads(entry)["audit"]["model"] for entry in entries} == {"claude-haiku-4-5"}
    assert json.loads(result.output) == {
        "folder": str(folder),
        "hours": 3,
        "objects": 3,
        "log_records": 3,
        "audit_entries": len(entries),
        "missing": [],
        "gaps": [],
    }
    assert verify(folder).exit_code == 0, verify(folder).output
    assert "Signatures cover 3 of 3 files" in verify(folder).output
    assert "of 3 files of hours, 3 are what was read, 0 are changed" in verify(folder).output
    assert not (folder / record_key(0)).exists()
    assert not (folder / key_of_hour(MONTH + 4 * HOUR)).exists()


@pytest.mark.usefixtures("stage")
def test_the_manifest_names_every_file(tmp_path: Path) -> None:
    export(tmp_path / "bundle")

    lines = (tmp_path / "bundle/SHA256SUMS").read_text().splitlines()
    manifest = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    files = {
        file.relative_to(tmp_path / "bundle").as_posix(): hashlib.sha256(file.read_bytes())
        for file in (tmp_path / "bundle").rglob("*")
        if file.is_file() and file.name != "SHA256SUMS"
    }
    assert manifest == {name: digest.hexdigest() for name, digest in files.items()}


@pytest.mark.usefixtures("stage")
def test_prompts_stay_out_where_you_say_so(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"

    assert export(folder, "--without-records").exit_code == 0

    assert not (folder / "AWSLogs").exists()
    assert not (folder / COPIES).exists()
    assert verify(folder).exit_code == 0
    assert "no object was compared" in verify(folder).output


def commands(folder: Path) -> list[str]:
    """Return what the bundle's README has you run."""
    readme = (folder / "README.md").read_text()
    blocks = re.findall(r"(?:\n {7}.*)+", readme)
    return [textwrap.dedent(block.strip("\n")) for block in blocks]


def shell(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    shell_command = ["bash", "-c", command]
    return subprocess.run(shell_command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.usefixtures("stage")
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_a_third_party_checks_the_bundle_by_its_instructions(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    export(folder)
    sums, script, fingerprint = commands(folder)

    assert shell(folder, sums).stdout == "as written\n"
    hours = f"{SINCE} to {UNTIL}"
    assert shell(folder, script).stdout == (
        f"3 files of hours, {hours}: all holds\n"
        f"Account, Region and stage: {' '.join(STAGE.values())}\n"
        "Records of CloudWatch Logs were compared in 3 of 3 hours\n"
        "audit-entries.jsonl.gz was not compared: the hours have no digests of its lines\n"
    )
    printed = shell(folder, fingerprint).stdout.split()[-1]
    assert f"The SHA-256 of the public key is {printed}." in verify(folder).output


def test_an_object_that_is_gone_is_named(stage: Exported, tmp_path: Path) -> None:
    del stage.s3.objects[record_key(2)]

    result = export(tmp_path / "bundle")

    assert result.exit_code == 1
    assert f"Gone from the bucket: {record_key(2)}" in result.output
    assert verify(tmp_path / "bundle").exit_code == 1


@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_hour_of_the_window_that_is_in_no_file_is_named(
    stage: Exported, tmp_path: Path, number: int
) -> None:
    since = MONTH + number * HOUR
    del stage.s3.objects[key_of_hour(since)]

    result = export(tmp_path / "bundle")

    assert result.exit_code == 1
    assert f"In no sealed file: {iso(since)} to {iso(since + HOUR)}." in result.output


def test_a_file_that_is_no_hour_is_exported_and_found(stage: Exported, tmp_path: Path) -> None:
    stage.s3.objects["evidence/hours/2026/10/01/02notes.txt"] = b"notes"

    assert export(tmp_path / "bundle").exit_code == 0

    checked = verify(tmp_path / "bundle")
    assert checked.exit_code == 1
    assert "02notes.txt is no file that the function has sealed" in checked.output


def test_what_is_held_is_exported_after_it_has_expired(stage: Exported, tmp_path: Path) -> None:
    """S3's lifecycle rule hides what a legal hold keeps behind a delete marker."""
    stage.s3.expired = set(stage.s3.objects)

    result = export(tmp_path / "bundle")

    assert (result.exit_code, "Gone from the bucket" in result.output) == (0, False)
    assert (tmp_path / "bundle" / record_key(2)).exists()
    checked = verify(tmp_path / "bundle")
    assert checked.exit_code == 0, checked.output
    assert "of 3 files of hours, 3 are what was read, 0 are changed" in checked.output


def test_a_file_that_does_not_hold_is_exported_as_it_is(stage: Exported, tmp_path: Path) -> None:
    key = key_of_hour(MONTH + 2 * HOUR)
    stage.s3.objects[key] = stage.s3.objects[key].replace(b"run", b"ran", 1)

    assert export(tmp_path / "bundle").exit_code == 0

    assert verify(tmp_path / "bundle").exit_code == 1


def test_nothing_is_written_over_and_no_evidence_is_one_line(
    stage: Exported, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    assert "is not empty" in export(tmp_path).output
    stage.s3.objects = {}
    assert "No hour of the window is sealed." in export(tmp_path / "bundle").output
