"""A copy of the evidence is checked with its files and a public key: no tampering is missed."""

import gzip
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from claude_bedrock.cli.evidence.command import app
from claude_bedrock.verification.coverage import iso
from claude_bedrock.verification.evidence_bucket import EvidenceBucket, key_of_hour
from claude_bedrock.verification.object_digests import key_of_objects
from claude_bedrock.verification.signatures import Head, key_of_public_key, key_of_signature
from tests.unit.verification.buckets import BUCKET, MONTH, MemoryS3
from tests.unit.verification.local_signer import LocalSigner
from verification import sealing
from verification.sealing import Seal

HOURS = 5
HOUR = timedelta(hours=1)
SIGNER = LocalSigner()


def record_key(number: int) -> str:
    at = MONTH + number * HOUR
    root = "AWSLogs/123456789012/BedrockModelInvocationLogs/eu-central-1"
    return f"{root}/{at:%Y/%m/%d/%H}/{at:%Y%m%dT%H%M%S}000Z_{number}.json.gz"


def sealed_bucket(signer: LocalSigner = SIGNER) -> dict[str, bytes]:
    """Return the objects of a bucket with HOURS hours, each of which rests on one object."""
    s3 = MemoryS3()
    evidence = EvidenceBucket(s3, BUCKET)
    seal, previous = Seal(evidence, signer), "0" * 64
    for number in range(HOURS):
        since, body = MONTH + number * HOUR, gzip.compress(b"%d" % number, mtime=0)
        s3.objects[record_key(number)] = body
        line = {
            "path": f"s3://{BUCKET}/{record_key(number)}",
            "size": len(body),
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        objects = gzip.compress(json.dumps(line).encode() + b"\n", mtime=0)
        key = key_of_objects(since, 1)
        s3.objects[key] = objects
        about = {"since": iso(since), "until": iso(since + HOUR), "at": iso(since + 2 * HOUR)}
        named = {"key": key, "sha256": hashlib.sha256(objects).hexdigest()}
        entry = {"kind": "run", **about, "counts": {}, "objects": named}
        previous = seal.write(
            key_of_hour(since), [entry], previous, since=since, until=since + HOUR
        )
    return s3.objects


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing, "log_hash", lambda _: None)
        objects = sealed_bucket()
    folder = tmp_path_factory.mktemp("bucket")
    for key, body in objects.items():
        file = folder / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
    (folder / "key.pem").write_bytes(SIGNER.public_key())
    return folder


@pytest.fixture
def copy(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "copy"))


def verify(folder: Path, *arguments: str) -> Result:
    given_key = arguments or ("--public-key", str(folder / "key.pem"))
    result = CliRunner().invoke(app, ["verify", str(folder), *given_key])
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result


def files_of(folder: Path) -> list[Path]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "key.pem")
    return sorted(file for file in files if file.suffix != ".pem")


def test_an_unchanged_copy_holds(copy: Path) -> None:
    result = verify(copy)

    assert result.exit_code == 0, result.output
    assert f"{HOURS} of {HOURS} hours hold" in result.output
    assert f"Signatures cover {HOURS} of {HOURS} files" in result.output
    assert f"{HOURS} objects are what was read, 0 are changed" in result.output


def test_a_key_that_came_with_the_folder_is_named_for_comparison(copy: Path) -> None:
    result = verify(copy, "--json")
    data = json.loads(result.output)

    assert data["key_from_folder"] is True
    assert len(data["key_fingerprints"][0]) == 64
    assert "Compare its SHA-256" in CliRunner().invoke(app, ["verify", str(copy)]).output


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_changed_byte_of_any_file_is_found(
    original: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = Path(shutil.copytree(original, tmp_path_factory.mktemp("changed") / "copy"))
    file = data.draw(st.sampled_from(files_of(folder)), label="file")
    content = bytearray(file.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1), label="at")] ^= data.draw(
        st.integers(1, 255), label="by"
    )
    file.write_bytes(content)

    result = verify(folder)

    assert result.exit_code == 1, result.output


@pytest.mark.parametrize("number", range(HOURS))
def test_a_deleted_hour_is_found_even_the_last(copy: Path, number: int) -> None:
    (copy / key_of_hour(MONTH + number * HOUR)).unlink()

    assert verify(copy).exit_code == 1


def _delete_record(folder: Path) -> None:
    (folder / record_key(2)).unlink()


def _delete_objects_file(folder: Path) -> None:
    (folder / key_of_objects(MONTH + 2 * HOUR, 1)).unlink()


def _swap_hours(folder: Path) -> None:
    one, other = (folder / key_of_hour(MONTH + number * HOUR) for number in (1, 2))
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)


def _forge_the_tail(folder: Path) -> None:
    """Who has every right on the bucket writes the last hours anew, and signs with another key."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing, "log_hash", lambda _: None)
        forged = sealed_bucket(LocalSigner())
    for key, body in forged.items():
        if key.startswith("evidence/") and not key.endswith(".pem"):
            (folder / key).parent.mkdir(parents=True, exist_ok=True)
            (folder / key).write_bytes(body)


@pytest.mark.parametrize(
    "tamper", [_delete_record, _delete_objects_file, _swap_hours, _forge_the_tail]
)
def test_tampering_breaks_the_evidence(copy: Path, tamper: Callable[[Path], None]) -> None:
    tamper(copy)

    assert verify(copy).exit_code == 1


def test_a_tail_without_signatures_is_not_assessed(copy: Path) -> None:
    for file in (copy / "evidence/signatures/hours").rglob("*0[34]0000Z-*.json"):
        file.unlink()

    result = verify(copy)

    assert result.exit_code == 2
    assert "Signatures cover 3 of 5 files" in result.output
    assert f"Not signed: {key_of_hour(MONTH + 3 * HOUR)}" in result.output


def test_a_later_signature_covers_an_hour_without_one(copy: Path) -> None:
    for file in (copy / "evidence/signatures/hours").rglob("*0[0123]0000Z-*.json"):
        file.unlink()

    assert verify(copy).exit_code == 0


def test_an_object_that_came_later_is_new_and_breaks_nothing(copy: Path) -> None:
    (copy / record_key(1)).with_name("20261001T013000000Z_late.json.gz").write_bytes(b"")

    result = verify(copy)

    assert result.exit_code == 0
    assert "1 are new" in result.output


def test_a_folder_without_evidence_or_key_is_one_plain_line(tmp_path: Path, copy: Path) -> None:
    assert "has no public key" in verify(tmp_path, "--json").output
    shutil.rmtree(copy / "evidence/hours")
    assert "has no evidence" in verify(copy).output
    (copy / "key.pem").write_text("nonsense")
    assert "is not a public key" in verify(copy).output


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_confirms_a_signature_without_this_project(copy: Path, tmp_path: Path) -> None:
    """As docs/compliance.md shows: jq -cjS .head writes what json.dumps writes here."""
    file = next((copy / "evidence/signatures/hours").rglob("*.json"))
    fields = json.loads(file.read_bytes())
    message, signature = tmp_path / "message", tmp_path / "signature"
    message.write_text(json.dumps(fields["head"], sort_keys=True, separators=(",", ":")))
    subprocess.run(
        ["openssl", "base64", "-d", "-A", "-out", signature],
        input=fields["signature"].encode(),
        check=True,
    )
    options = ["-verify", str(copy / "key.pem"), "-signature", str(signature)]

    checked = subprocess.run(
        ["openssl", "dgst", "-sha256", *options, str(message)], capture_output=True, check=False
    )

    assert checked.stdout == b"Verified OK\n"


def test_a_signature_has_a_name_that_nobody_can_take_first() -> None:
    heads = [Head(BUCKET, "", key_of_hour(MONTH), sha * 64, "", "", "") for sha in "ab"]

    assert len({key_of_signature(head) for head in heads}) == 2
    assert key_of_public_key("arn:aws:kms:eu-central-1:1:key/k1") == "evidence/public-keys/k1.pem"
