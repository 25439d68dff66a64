"""A copy of the evidence is checked with its files and a public key: no tampering is missed."""

import gzip
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from claude_bedrock.cli.evidence import check, offline
from claude_bedrock.cli.evidence.command import app
from claude_bedrock.cli.evidence.record_copy import COPIES, key_of_copy, line_of_copy
from claude_bedrock.cli.evidence.s3_checksum import matches
from claude_bedrock.cli.shared.manifest import ManifestFolder
from claude_bedrock.verification.accepted_findings import key_of
from claude_bedrock.verification.evidence_bucket import EvidenceBucket, key_of_hour
from claude_bedrock.verification.hash_chain import chained
from claude_bedrock.verification.hour_digests import HourDigests
from claude_bedrock.verification.hours import iso
from claude_bedrock.verification.legal_holds import key_of_entry, key_of_list
from claude_bedrock.verification.object_digests import key_of_objects
from claude_bedrock.verification.record_digests import key_of_log_events
from claude_bedrock.verification.signatures import Head, key_of_public_key, key_of_signature
from tests.verification.buckets import BUCKET, MONTH, MemoryS3
from tests.verification.local_signer import LocalSigner
from verification import sealing
from verification.sealing import Seal

HOURS = 5
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SIGNER = LocalSigner()
STAGE = {"account": "123456789012", "region": "eu-central-1", "stage": "dev"}
HELD = key_of_entry(MONTH + 3 * HOUR - MINUTE)
HOLD_LIST = key_of_list("0123456789ab")


def record_key(number: int) -> str:
    at = MONTH + number * HOUR
    root = "AWSLogs/123456789012/BedrockModelInvocationLogs/eu-central-1"
    return f"{root}/{at:%Y/%m/%d/%H}/{at:%Y%m%dT%H%M%S}000Z_{number}.json.gz"


def log_event(number: int) -> dict[str, Any]:
    """Return the record of an hour's one call, as CloudWatch Logs has it."""
    at = int((MONTH + number * HOUR).timestamp() * 1000) + 60_000
    message = json.dumps({"requestId": f"call-{number}", "input": f"prompt {number} \u20ac"})
    return {"eventId": f"event-{number}", "timestamp": at, "message": message}


def sealed_bucket(
    signer: LocalSigner = SIGNER, stages: Mapping[int, str] = MappingProxyType({})
) -> dict[str, bytes]:
    """Return the objects of a bucket with HOURS hours, each of which rests on one object. `stages`
    names those of some hours, by their numbers."""
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
        with HourDigests(since, since + HOUR) as digests:
            digests.records.take_record(log_event(number), f"call-{number}")
            content, counted = digests.records.finish()
            evidence.put(key_of_log_events(since, 1), content, "application/gzip")
        times = {"since": iso(since), "until": iso(since + HOUR), "at": iso(since + 2 * HOUR)}
        about = {**times, **STAGE, "stage": stages.get(number, STAGE["stage"])}
        named = {"key": key, "sha256": hashlib.sha256(objects).hexdigest()}
        log_events = {"key": key_of_log_events(since, 1), **counted}
        entry = {"kind": "run", **about, "counts": {}, "objects": named, "log_events": log_events}
        entries: list[dict[str, Any]] = [entry]
        if number == 3:
            accepted, at = key_of(since - MINUTE), {"since": since, "until": since}
            sha256 = seal.write(accepted, [{"kind": "disposition"}], previous, **at)
            entries += [{"kind": "disposition", "key": accepted, "sealed_sha256": sha256}]
            listing = gzip.compress(b'{"key":"k","version":"v"}\n', mtime=0)
            s3.objects[HOLD_LIST] = listing
            digest = hashlib.sha256(listing).hexdigest()
            held = {"kind": "hold", "list": {"key": HOLD_LIST, "sha256": digest}}
            sha256 = seal.write(HELD, [held], previous, **at)
            entries += [{"kind": "hold", "key": HELD, "sealed_sha256": sha256}]
        previous = seal.write(
            key_of_hour(since), entries, previous, since=since, until=since + HOUR
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
    copies = ManifestFolder(folder)
    for number in range(HOURS):
        line = line_of_copy(log_event(number), f"call-{number}")
        copies.write_packed_lines(record_copy(number), [line])
    return folder


def record_copy(number: int) -> str:
    return key_of_copy(key_of_log_events(MONTH + number * HOUR, 1))


@pytest.fixture
def copy(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "copy"))


def verify(folder: Path, *arguments: str) -> Result:
    given_key = arguments or ("--public-key", str(folder / "key.pem"))
    result = CliRunner().invoke(app, ["verify", str(folder), *given_key])
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result


def files_of(folder: Path) -> list[Path]:
    """Return what the function has sealed, and the objects in S3."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pem")
    return sorted(file for file in files if COPIES not in file.as_posix())


def test_an_unchanged_copy_holds(copy: Path) -> None:
    result = verify(copy)

    assert result.exit_code == 0, result.output
    assert f"{HOURS} of {HOURS} hours hold" in result.output
    assert f"Signatures cover {HOURS} of {HOURS} files" in result.output
    assert f"{HOURS} objects are what was read, 0 are changed" in result.output
    assert f"of {HOURS} files of hours, {HOURS} are what was read, 0 are changed" in result.output


def test_a_key_that_came_with_the_folder_is_named_for_comparison(copy: Path) -> None:
    result = verify(copy, "--json")
    data = json.loads(result.output)

    assert data["key_from_folder"] is True
    assert len(data["key_fingerprints"][0]) == 64
    assert "Compare its SHA-256" in CliRunner().invoke(app, ["verify", str(copy)]).output


@settings(max_examples=3 * settings().max_examples // 5)
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


@settings(max_examples=settings().max_examples // 5)
@given(data=st.data())
def test_any_changed_character_of_a_record_is_found(
    original: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """By what the line says: JSON and gzip have many forms of it, and SHA256SUMS has the bytes."""
    folder = Path(shutil.copytree(original, tmp_path_factory.mktemp("changed") / "copy"))
    copy, before = folder / record_copy(1), line_of_copy(log_event(1), "call-1")
    at = data.draw(st.integers(0, len(before) - 1), label="at")
    after = before[:at] + data.draw(st.characters(codec="utf-8"), label="to") + before[at + 1 :]
    ManifestFolder(folder).write_packed_lines(copy.relative_to(folder).as_posix(), [after])

    with suppress(ValueError):
        assume(json.loads(after) != json.loads(before))
    assert verify(folder).exit_code == 1


@pytest.mark.parametrize("number", range(HOURS))
def test_a_deleted_hour_is_found_even_the_last(copy: Path, number: int) -> None:
    (copy / key_of_hour(MONTH + number * HOUR)).unlink()

    assert verify(copy).exit_code == 1


def _change(file: Path, old: bytes, new: bytes) -> None:
    content = file.read_bytes()
    assert old in content
    file.write_bytes(content.replace(old, new, 1))


def _swap(one: Path, other: Path) -> None:
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)


def _swap_entries(file: Path) -> None:
    first, second, *rest = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([second, first, *rest]))


def _seal_again(file: Path, entries: Iterable[dict[str, Any]]) -> None:
    """As who has every right on the bucket, and knows the form, but may not use KMS."""
    previous = json.loads(file.read_bytes().splitlines()[0])["previous"] if file.exists() else "0"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"".join(chained(entries, previous)))


def _forge_the_tail(folder: Path) -> None:
    """Who has every right on the bucket writes the last hours anew, and signs with another key."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing, "log_hash", lambda _: None)
        forged = sealed_bucket(LocalSigner())
    for key, body in forged.items():
        if key.startswith("evidence/") and not key.endswith(".pem"):
            (folder / key).parent.mkdir(parents=True, exist_ok=True)
            (folder / key).write_bytes(body)


def _remove_hour(folder: Path, number: int) -> None:
    """As who has every right on the bucket: with its signature."""
    since = MONTH + number * HOUR
    (folder / key_of_hour(since)).unlink()
    (signature,) = (folder / "evidence/signatures/hours").glob(f"{since:%Y/%m/%d/%H%M%S}Z-*.json")
    signature.unlink()


def _of_another_stage(folder: Path) -> None:
    """Hours of another stage that the same key has signed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing, "log_hash", lambda _: None)
        mixed = sealed_bucket(stages={4: "prod"})
    shutil.rmtree(folder / "evidence")
    for key, body in mixed.items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(body)


def _change_record_copy(folder: Path) -> None:
    line = line_of_copy({**log_event(2), "message": "another prompt"}, "call-2")
    ManifestFolder(folder).write_packed_lines(record_copy(2), [line])


def _empty_record_copy(folder: Path) -> None:
    ManifestFolder(folder).write_packed_lines(record_copy(2), [])


ACCEPTED = key_of(MONTH + 3 * HOUR - MINUTE)
LAST = key_of_hour(MONTH + (HOURS - 1) * HOUR)
SPAN_OF_LAST = {
    "since": iso(MONTH + (HOURS - 1) * HOUR),
    "until": iso(MONTH + HOURS * HOUR),
    "at": iso(MONTH + (HOURS + 1) * HOUR),
}
TAMPERING: dict[str, tuple[Callable[[Path], object], str]] = {
    "an object deleted": (lambda f: (f / record_key(2)).unlink(), record_key(2)),
    "an object changed": (lambda f: (f / record_key(2)).write_bytes(b"x"), record_key(2)),
    "objects swapped": (lambda f: _swap(f / record_key(1), f / record_key(2)), record_key(2)),
    "a list of objects deleted": (
        lambda f: (f / key_of_objects(MONTH + 2 * HOUR, 1)).unlink(),
        "is gone",
    ),
    "a list of objects of another hour": (
        lambda f: _swap(*(f / key_of_objects(MONTH + number * HOUR, 1) for number in (1, 2))),
        "is not what was sealed",
    ),
    "a list of records deleted": (
        lambda f: (f / key_of_log_events(MONTH + 2 * HOUR, 1)).unlink(),
        "is gone",
    ),
    "a record changed": (_change_record_copy, "Records, changed: call-2, event event-2"),
    "a record deleted": (_empty_record_copy, "Records, missing: call-2, event event-2"),
    "an hour deleted": (lambda f: (f / key_of_hour(MONTH + HOUR)).unlink(), "Missing: "),
    "an hour removed with its signature": (lambda f: _remove_hour(f, 2), "Missing: "),
    "hours of another stage": (_of_another_stage, "of different stages"),
    "hours swapped": (
        lambda f: _swap(*(f / key_of_hour(MONTH + number * HOUR) for number in (1, 2))),
        "is of another time than its name says",
    ),
    "entries swapped": (lambda f: _swap_entries(f / key_of_hour(MONTH + 3 * HOUR)), "entry 1"),
    "an hour added within another": (
        lambda f: shutil.copy(f / LAST, f / LAST.replace("040000Z", "043000Z")),
        "043000Z",
    ),
    "an hour of other counts": (
        lambda f: _change(f / LAST, b'"counts":{}', b'"counts":{"matched":9}'),
        "it is not what was written",
    ),
    "a name twice in an entry": (
        lambda f: _change(f / LAST, b'{"', b'{"kind":"forged","'),
        "it is not what was written",
    ),
    "an hour sealed anew": (
        lambda f: _seal_again(f / LAST, [{"kind": "run", **SPAN_OF_LAST, "counts": {}}]),
        "was signed with another content",
    ),
    "a file that is no hour": (
        lambda f: (f / "evidence/hours/notes.txt").write_text("notes"),
        "notes.txt is no file that the function has sealed",
    ),
    "an acceptance deleted": (lambda f: (f / ACCEPTED).unlink(), f"{ACCEPTED} is gone"),
    "an acceptance made anew": (
        lambda f: _seal_again(f / ACCEPTED, [{"kind": "disposition", "reason": "forged"}]),
        f"{ACCEPTED} was sealed with",
    ),
    "a legal hold deleted": (lambda f: (f / HELD).unlink(), f"{HELD} is gone"),
    "a list of held versions changed": (
        lambda f: (f / HOLD_LIST).write_bytes(gzip.compress(b"{}")),
        f"{HOLD_LIST} is not what was sealed",
    ),
    "a signature of another file": (
        lambda f: _swap(*sorted((f / "evidence/signatures/hours").rglob("*.json"))[:2]),
        "is of another file than its name says",
    ),
    "the tail forged": (_forge_the_tail, "was not made with the key"),
}


@pytest.mark.parametrize(("tamper", "named"), TAMPERING.values(), ids=TAMPERING)
def test_tampering_breaks_the_evidence(
    copy: Path, tamper: Callable[[Path], object], named: str
) -> None:
    tamper(copy)

    result = verify(copy)

    assert result.exit_code == 1, result.output
    assert named in result.output


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_the_script_of_a_bundle_finds_the_same_tampering(
    original: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check.main(original) == 0, capsys.readouterr().out
    for kind, (tamper, _) in TAMPERING.items():
        copy = Path(shutil.copytree(original, tmp_path / kind.replace(" ", "-")))
        tamper(copy)

        assert check.main(copy) == 1, kind
        assert "NOT as they were sealed" in capsys.readouterr().out


def test_a_folder_that_begins_later_says_so(copy: Path) -> None:
    assert "An hour before the first" not in verify(copy).output
    previous = json.loads((copy / key_of_hour(MONTH)).read_bytes().splitlines()[-1])["sha256"]
    _remove_hour(copy, 0)

    result = verify(copy)

    assert "4 of 4 hours hold, 2026-10-01T01:00:00Z to 2026-10-01T05:00:00Z." in result.output
    assert f"An hour before the first is not in the folder: its last hash was {previous}." in (
        result.output
    )


def test_a_second_key_in_the_folder_is_named_with_what_it_signed(copy: Path) -> None:
    """Who has every right on the bucket adds an hour, and a key that signs it."""
    forger = LocalSigner()
    forger.key_id = f"{forger.key_id}-of-a-forger"
    since = MONTH + HOURS * HOUR
    last = json.loads((copy / LAST).read_bytes().splitlines()[-1])["sha256"]
    s3 = MemoryS3()
    entry = {"kind": "run", "since": iso(since), "until": iso(since + HOUR), "counts": {}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing, "log_hash", lambda _: None)
        Seal(EvidenceBucket(s3, BUCKET), forger).write(
            key_of_hour(since), [entry], last, since=since, until=since + HOUR
        )
    for key, body in s3.objects.items():
        (copy / key).parent.mkdir(parents=True, exist_ok=True)
        (copy / key).write_bytes(body)

    result = CliRunner().invoke(app, ["verify", str(copy)])

    assert "It made 1 of the signatures." in result.output
    assert f"It made {HOURS + 2} of the signatures." in result.output
    assert verify(copy).exit_code == 1
    both = ("--public-key", str(copy / "key.pem"), "--public-key", str(copy / "second.pem"))
    (copy / "second.pem").write_bytes(forger.public_key())
    named = verify(copy, *both)
    assert named.exit_code == 0, named.output
    assert f"It covers the hours {iso(since)} to {iso(since + HOUR)}." in named.output


CHECKSUMS = {
    "CRC64NVME": "rosUhgp5mIg=",
    "CRC32C": "4waSgw==",
    "CRC32": "y/Q5Jg==",
    "SHA1": "98O8HYCOBHMq32eZZczDTKeuNEE=",
    "SHA256": "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
}


@pytest.mark.parametrize(("algorithm", "value"), CHECKSUMS.items())
def test_a_large_body_is_compared_by_the_checksum_of_s3(algorithm: str, value: str) -> None:
    assert matches(b"123456789", f"{algorithm}:{value}") is True
    assert matches(b"123456780", f"{algorithm}:{value}") is False
    assert matches(b"123456789", "") is None


@pytest.mark.parametrize(
    ("content", "checksum", "state"),
    [
        (b"123456789", "CRC64NVME:rosUhgp5mIg=", "unchanged by checksum"),
        (b"123456780", "CRC64NVME:rosUhgp5mIg=", "changed"),
        (b"123456780", "", "unchanged by size"),
        (b"1234567890", "", "changed"),
    ],
)
def test_a_large_body_of_the_same_size_is_not_called_what_was_read(
    tmp_path: Path, content: bytes, checksum: str, state: str
) -> None:
    (tmp_path / "body").write_bytes(content)
    line = {"path": "s3://bucket/body", "size": 9, "etag": "e", "checksum": checksum}

    assert offline._state(tmp_path, "body", line) == state


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_the_script_says_what_it_could_not_compare(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copy / record_copy(1)).unlink()
    shutil.rmtree(copy / "AWSLogs")
    assert check.main(copy) == 0
    output = capsys.readouterr().out
    assert f"compared in {HOURS - 1} of {HOURS} hours\n" in output
    assert "Objects of S3 were not compared" in output

    damaged = (copy / record_copy(2)).read_bytes()
    for content in (damaged[:-9], damaged[:12] + b"\xff" * 40, b""):
        (copy / record_copy(2)).write_bytes(content)
        assert check.main(copy) == 1
        assert "NOT as they were sealed" in capsys.readouterr().out


def test_a_list_that_does_not_hold_is_found_without_the_objects(copy: Path) -> None:
    shutil.rmtree(copy / "AWSLogs")
    (copy / key_of_objects(MONTH + 2 * HOUR, 1)).write_bytes(b"")

    assert verify(copy).exit_code == 1


@pytest.mark.parametrize("key", [key_of_hour(MONTH + HOURS * HOUR), key_of(MONTH + 2 * HOUR)])
def test_a_file_that_was_added_without_a_signature_is_not_assessed(copy: Path, key: str) -> None:
    """An hour behind the last, which continues the chain; an acceptance that no hour names."""
    last = json.loads((copy / LAST).read_bytes().splitlines()[-1])["sha256"]
    since, until, at = (iso(MONTH + (HOURS + hours) * HOUR) for hours in (0, 1, 2))
    span = {"since": since, "until": until, "at": at}
    (copy / key).parent.mkdir(parents=True, exist_ok=True)
    (copy / key).write_bytes(b"".join(chained([{"kind": "run", **span, "counts": {}}], last)))

    result = verify(copy)

    assert result.exit_code == 2, result.output
    assert key in result.output


def test_records_of_some_hours_alone_are_not_assessed_and_of_none_are_not_asked_for(
    copy: Path,
) -> None:
    (copy / record_copy(2)).unlink()
    assert verify(copy).exit_code == 2
    assert f"not in the folder: {key_of_hour(MONTH + 2 * HOUR)}" in verify(copy).output

    shutil.rmtree(copy / COPIES)
    assert verify(copy).exit_code == 0
    assert "The folder has no records of CloudWatch Logs" in verify(copy).output


def test_a_tail_without_signatures_is_not_assessed(copy: Path) -> None:
    for file in (copy / "evidence/signatures/hours").rglob("*0[34]0000Z-*.json"):
        file.unlink()

    result = verify(copy)

    assert result.exit_code == 2
    assert "Signatures cover 3 of 5 files" in result.output
    assert f"Not signed: {key_of_hour(MONTH + 3 * HOUR)}" in result.output
    assert check.main(copy) == 1


def test_a_later_signature_covers_an_hour_without_one(copy: Path) -> None:
    for file in (copy / "evidence/signatures/hours").rglob("*0[0123]0000Z-*.json"):
        file.unlink()

    assert verify(copy).exit_code == 0
    assert check.main(copy) == 0


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
