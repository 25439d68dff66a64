"""`audit --accounts` judges each stage by its archive: chain, signatures, hours, findings."""

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from typer.testing import CliRunner, Result

from claude_bedrock.cli.main import app
from claude_bedrock.verification.evidence_bucket import EvidenceBucket, key_of_hour
from claude_bedrock.verification.finding import Counts, Finding
from claude_bedrock.verification.hours import HOUR, iso
from claude_bedrock.verification.legal_holds import hold_entry, key_of_entry
from claude_bedrock.verification.signatures import Head, Signature
from tests.verification.test_holds import ORDER
from verification import sealing
from verification.sealing import Seal

MONTH = datetime(2026, 10, 1, tzinfo=UTC)
HOURS = 6
WINDOW = ("--since", iso(MONTH), "--until", iso(MONTH + HOURS * HOUR))
REGION, STAGE = "eu-central-1", "prod"
FINDING = Finding("missing_record", "call-1", iso(MONTH + HOUR), "m", "<b>search</b>", "none in S3")


class LocalSigner:
    """Signs as KMS does, with a key of its own."""

    def __init__(self, key_id: str = "1") -> None:
        self.key_id = f"arn:aws:kms:eu-central-1:111111111111:key/{key_id}"
        self._key = ec.generate_private_key(ec.SECP256R1())

    def sign(self, head: Head) -> Signature:
        return Signature(head, self._key.sign(head.message(), ec.ECDSA(hashes.SHA256())))

    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def sha256(self) -> str:
        body = b"".join(self.public_key().splitlines()[1:-1])
        return hashlib.sha256(base64.b64decode(body)).hexdigest()


class FolderOfS3:
    """Objects of a bucket as files of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put_object(self, *, Key: str, Body: bytes, **_: object) -> None:  # noqa: N803 - boto3's
        file = self._folder / Key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(Body)


SEARCH = {"account": "111111111111", "region": "eu-central-1", "stage": "prod", "folder": "search"}


class Archive:
    """A copy of a stage's evidence: an hour after the other, one with a finding if asked."""

    def __init__(self, folder: Path, account: str) -> None:
        self.folder, self.account, self.signer = folder, account, LocalSigner()
        self.evidence = EvidenceBucket(FolderOfS3(folder), "bucket")
        self._seal = Seal(self.evidence, self.signer)
        self._previous = "0" * 64

    def replace_key(self) -> None:
        """Sign with another key from the next hour on, as a stage that was made anew does."""
        self.signer = LocalSigner("2")
        self._seal = Seal(self.evidence, self.signer)

    def seal(
        self,
        *,
        findings: Mapping[int, Finding] | None = None,
        region: str = REGION,
        numbers: range = range(HOURS),
    ) -> None:
        for number in numbers:
            since = MONTH + number * HOUR
            entries: list[dict[str, Any]] = [
                {
                    "kind": "run",
                    "account": self.account,
                    "stage": STAGE,
                    "region": region,
                    "gateway_role": "",
                    "since": iso(since),
                    "until": iso(since + HOUR),
                    "counts": Counts(calls=2, matched=2)._asdict(),
                }
            ]
            if finding := (findings or {}).get(number):
                entries.append({"kind": "finding", "finding": finding.as_data()})
            key = key_of_hour(since)
            window = {"since": since, "until": since + HOUR}
            self._previous = self._seal.write(key, entries, self._previous, **window)

    def entry(self, **more: object) -> dict[str, object]:
        key = {"public_key_sha256": self.signer.sha256}
        return {
            "name": self.folder.name,
            "account": self.account,
            "region": REGION,
            "stage": STAGE,
            "folder": self.folder.name,
            **(more or key),
        }

    def hour(self, number: int) -> Path:
        return self.folder / key_of_hour(MONTH + number * HOUR)


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    monkeypatch.setattr(sealing, "log_hash", lambda _: None)
    return Archive(tmp_path / "search", "111111111111")


def audited(tmp_path: Path, *entries: object) -> tuple[Result, dict[str, Any]]:
    file, out = tmp_path / "accounts.json", tmp_path / "report"
    file.write_text(json.dumps({"accounts": entries}))
    arguments = ["audit", "--accounts", str(file), "--out", str(out), "--json", *WINDOW]
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, SystemExit | None), result.exception
    data = out / "accounts.json"
    return result, json.loads(data.read_text()) if data.is_file() else {}


def test_three_accounts_are_on_one_page_with_a_verdict_each(
    archive: Archive, tmp_path: Path
) -> None:
    archive.seal()
    found = Archive(tmp_path / "support", "222222222222")
    found.seal(findings={1: FINDING})
    unsigned = Archive(tmp_path / "trial", "333333333333")
    unsigned.seal()

    result, data = audited(
        tmp_path, archive.entry(), found.entry(), unsigned.entry(since=iso(MONTH))
    )

    assert result.exit_code == 1, result.output
    assert [(each["name"], each["verdict"]) for each in data["accounts"]] == [
        ("search", "pass"),
        ("support", "fail"),
        ("trial", "not assessed"),
    ]
    first, second, third = data["accounts"]
    assert (first["hours_verified"], first["hours"], first["signed"]) == (HOURS, HOURS, HOURS)
    assert first["counts"]["calls"] == 2 * HOURS
    assert "records alone, without a gateway" in first["reason"]
    assert (second["reason"], second["findings"][0]["id"]) == ("1 open finding", FINDING.id)
    assert "names no key" in third["reason"]
    page = (tmp_path / "report" / "accounts.html").read_text()
    assert "Of 3 stages, 1 fail, 1 could not be assessed, 1 pass" in page
    assert "<b>search</b>" not in page
    assert re.search(r"<code>missing_record</code></td><td class=\"number\"[^>]*>1<", page)
    assert (tmp_path / "report" / "SHA256SUMS").is_file()


def test_the_holds_of_each_account_are_on_the_page(archive: Archive, tmp_path: Path) -> None:
    archive.seal()
    order = {**ORDER, "reason": "<i>Case 17</i>"}
    done = {
        "action": "held",
        "id": order["id"],
        "by": "arn",
        "versions": 2,
        "failed": 0,
        "archive": {"bucket": "company-archive", "by": "arn", "versions": 1, "failed": 1},
    }
    for number, fields in enumerate((order, done)):
        at = MONTH + HOUR + timedelta(seconds=number)
        archive.evidence.write(key_of_entry(at), [hold_entry(fields, at)], "0" * 64)

    _, data = audited(tmp_path, archive.entry())

    (hold,) = data["accounts"][0]["legal_holds"]
    assert (hold["state"], hold["archive"]["failed"]) == ("incomplete", 1)
    page = (tmp_path / "report" / "accounts.html").read_text()
    assert "&lt;i&gt;Case 17&lt;/i&gt;" in page and "1 held, 1 not" in page


def test_a_doubt_is_no_failure(archive: Archive, tmp_path: Path) -> None:
    archive.seal(findings={1: FINDING._replace(kind="trail_incomplete")})

    result, data = audited(tmp_path, archive.entry())

    assert (result.exit_code, data["accounts"][0]["verdict"]) == (2, "not assessed")
    assert data["accounts"][0]["reason"] == "1 open finding of what could not be known"


def _delete(archive: Archive) -> None:
    archive.hour(3).unlink()


def _delete_the_tail(archive: Archive) -> None:
    archive.hour(HOURS - 1).unlink()
    for signature in (archive.folder / "evidence/signatures").rglob(f"*/{HOURS - 1:02}0000Z-*"):
        signature.unlink()


def _delete_the_head(archive: Archive) -> None:
    archive.hour(0).unlink()
    for signature in (archive.folder / "evidence/signatures").rglob("*/000000Z-*"):
        signature.unlink()


def _change(archive: Archive) -> None:
    file = archive.hour(2)
    file.write_bytes(file.read_bytes().replace(b'"matched":2', b'"matched":9'))


def _forge(archive: Archive) -> None:
    """As whoever has the archive's rights: everything anew, signed with a key of their own."""
    forged = Archive(archive.folder, archive.account)
    forged.seal()


@pytest.mark.parametrize(
    ("tamper", "reason"),
    [
        (_delete, "no evidence of 2026-10-01T03:00:00Z|was signed, and is gone"),
        (_delete_the_tail, "no evidence of 2026-10-01T05:00:00Z"),
        (_delete_the_head, "no evidence of 2026-10-01T00:00:00Z"),
        (_change, "000000Z|020000Z.jsonl"),
        (_forge, "was not made with the key|was signed with another content"),
    ],
)
def test_an_archive_that_was_tampered_with_fails(
    archive: Archive, tmp_path: Path, tamper: Callable[[Archive], None], reason: str
) -> None:
    archive.seal()
    (tmp_path / "key.pem").write_bytes(archive.signer.public_key())
    tamper(archive)

    result, data = audited(tmp_path, archive.entry(public_key="key.pem"))

    assert result.exit_code == 1, result.output
    (account,) = data["accounts"]
    assert account["verdict"] == "fail"
    assert account["hours_verified"] < HOURS
    assert re.search(reason, account["reason"]), account["reason"]


def test_evidence_of_another_account_or_region_fails(archive: Archive, tmp_path: Path) -> None:
    archive.seal(region="us-east-1")

    _, data = audited(tmp_path, archive.entry())

    assert "of 111111111111 prod us-east-1, not of" in data["accounts"][0]["reason"]


def test_a_key_that_the_archive_does_not_have_fails(archive: Archive, tmp_path: Path) -> None:
    archive.seal()

    _, data = audited(tmp_path, archive.entry(public_key_sha256="0" * 64))

    assert data["accounts"][0]["verdict"] == "fail"
    assert "no public key of the SHA-256" in data["accounts"][0]["reason"]


@pytest.fixture
def keys_of_archive(archive: Archive, tmp_path: Path) -> tuple[str, str]:
    """Seal the archive with a key that was replaced after four hours, and return the SHA-256 of
    both keys. The file `former.pem` has the former one."""
    former = archive.signer
    (tmp_path / "former.pem").write_bytes(former.public_key())
    archive.seal(numbers=range(4))
    archive.replace_key()
    archive.seal(numbers=range(4, HOURS))
    return former.sha256, archive.signer.sha256


def test_an_archive_passes_by_all_keys_that_the_stage_has_signed_with(
    archive: Archive, tmp_path: Path, keys_of_archive: tuple[str, str]
) -> None:
    former, present = keys_of_archive
    by_hash = archive.entry(public_key_sha256=[former, present])
    by_file = archive.entry(public_key="former.pem", public_key_sha256=present)
    for entry in (by_hash, by_file):
        _, data = audited(tmp_path, entry)
        (account,) = data["accounts"]
        shutil.rmtree(tmp_path / "report")

        assert (account["verdict"], account["hours_verified"]) == ("pass", HOURS)
        spans = [(span["public_key_sha256"], span["files"]) for span in account["signed_by"]]
        assert spans == [(former, 4), (present, HOURS - 4)]
        assert account["signed_by"][1]["since"] == iso(MONTH + 4 * HOUR)


def test_an_archives_key_that_the_file_does_not_name_is_refused(
    archive: Archive, tmp_path: Path, keys_of_archive: tuple[str, str]
) -> None:
    former, present = keys_of_archive

    result, data = audited(tmp_path, archive.entry(public_key_sha256=present))

    (account,) = data["accounts"]
    assert (result.exit_code, account["verdict"], account["hours_verified"]) == (1, "fail", 0)
    assert f"a key that the file does not name: {former}" in account["reason"]
    assert account["refused_public_key_sha256"] == [former]
    assert "no: refused" in (tmp_path / "report" / "accounts.html").read_text()


def test_an_empty_archive_is_not_assessed_unless_the_stage_was_there(
    archive: Archive, tmp_path: Path
) -> None:
    archive.folder.mkdir()
    (tmp_path / "key.pem").write_bytes(archive.signer.public_key())
    key = {"public_key": "key.pem"}

    result, data = audited(tmp_path, archive.entry(**key))

    assert (result.exit_code, data["accounts"][0]["verdict"]) == (2, "not assessed")
    (tmp_path / "report" / "accounts.json").unlink()
    (tmp_path / "report").rename(tmp_path / "first")
    _, data = audited(tmp_path, archive.entry(since=iso(MONTH - timedelta(days=1)), **key))
    assert data["accounts"][0]["verdict"] == "fail"


@pytest.mark.parametrize(
    ("entries", "fault"),
    [
        ([], "has no list of accounts"),
        ([{"name": "a"}], "account 1: account has to be 12 digits"),
        ([{"nmae": "a"}], "account 1: unknown key 'nmae'"),
        (["text"], "account 1: an object expected"),
        ([{**SEARCH, "name": "a", "public_key_sha256": []}], "has to be 64 hexadecimal digits"),
        (
            [{**SEARCH, "name": "a"}, {**SEARCH, "name": "b", "folder": "copy"}],
            "has stage prod of account 111111111111 in eu-central-1 twice",
        ),
    ],
)
def test_a_file_with_a_mistake_is_refused_in_one_line(
    tmp_path: Path, entries: list[object], fault: str
) -> None:
    result, _ = audited(tmp_path, *entries)

    assert result.exit_code == 2
    assert fault in result.output


def test_it_is_about_no_single_stage() -> None:
    result = CliRunner().invoke(app, ["audit", "--accounts", "x.json", "--stage", "prod"])

    assert result.exit_code == 2
    assert "cannot be combined with --stage" in result.output
