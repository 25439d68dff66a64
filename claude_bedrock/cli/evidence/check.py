"""Check the evidence in the folder of this file, with Python and openssl alone.

`claude-bedrock evidence export` puts a copy of it into each bundle. It uses nothing else of the
project: read it, then run `python3 check.py`. It exits with 0 if all holds, else 1. It cannot see
that hours before the first or after the last are missing: compare the times that it prints.
"""

import base64
import gzip
import hashlib
import json
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

LINKS = ("disposition", "hold")


def canonical(content: Mapping[str, Any]) -> bytes:
    """Return JSON as it was hashed and signed: names sorted, no spaces, ASCII."""
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def entries_of(file: Path) -> list[dict[str, Any]]:
    """Return the entries of a sealed file. Raises ValueError where an entry is not what was sealed,
    or does not follow the one before."""
    entries: list[dict[str, Any]] = []
    for line in file.read_bytes().splitlines():
        entry = json.loads(line)
        content = {name: value for name, value in entry.items() if name != "sha256"}
        is_canonical = canonical(entry) == line  # else a name could be there twice
        if not is_canonical or sha256(canonical(content) + b"\n") != entry["sha256"]:
            raise ValueError(f"entry {len(entries) + 1} is not what was sealed")
        if entries and entry["previous"] != entries[-1]["sha256"]:
            raise ValueError(f"entry {len(entries) + 1} does not follow the one before")
        entries.append(entry)
    if not entries or entries[-1]["kind"] != "end":
        raise ValueError("it has no end")
    return entries


def is_signed(folder: Path, fields: Mapping[str, Any]) -> bool:
    """Return whether openssl confirms a signature by the public key that it names."""
    key = folder / "evidence/public-keys" / (fields["head"]["key_id"].rpartition("/")[2] + ".pem")
    with tempfile.TemporaryDirectory() as scratch:
        message, signature = Path(scratch, "head"), Path(scratch, "signature")
        message.write_bytes(canonical(fields["head"]))
        signature.write_bytes(base64.b64decode(fields["signature"]))
        command = ["openssl", "dgst", "-sha256", "-verify", str(key), "-signature", str(signature)]
        process = subprocess.run(  # noqa: S603 - no shell, and names of this script's
            [*command, str(message)], capture_output=True, check=False
        )
    return process.returncode == 0


def check_signatures(folder: Path) -> Iterator[str]:
    """Compare each signature with its file; name the hours that none covers. A signature covers the
    hours before its own, since it names the last hash of the one before."""
    signed = set()
    for file in sorted((folder / "evidence/signatures").rglob("*.json")):
        fields = json.loads(file.read_bytes())
        head = fields["head"]
        name = head["key"][len("evidence/") : -len(".jsonl")] + f"-{head['sha256'][:16]}.json"
        if file != folder / "evidence/signatures" / name:
            yield f"{file}: it is of another file than its name says"
        elif not is_signed(folder, fields):
            yield f"{file}: openssl does not confirm it"
        elif entries_of(folder / head["key"])[-1]["sha256"] != head["sha256"]:
            yield f"{head['key']}: it was signed with another content"
        else:
            signed.add(head["sha256"])
    covered = set(signed)
    for file in reversed(files_of_hours(folder)):
        entries = entries_of(file)
        if entries[-1]["sha256"] not in covered:
            yield f"{file}: no signature covers it"
        else:
            covered.add(entries[0]["previous"])


def files_of_hours(folder: Path) -> list[Path]:
    return sorted(file for file in (folder / "evidence/hours").rglob("*") if file.is_file())


def digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def check_hours(folder: Path) -> Iterator[str]:
    until = last = ""
    stages = set()
    for file in files_of_hours(folder):
        first, *rest = entries_of(file)
        stages.add(stage_of(first))
        if digits(first["since"]) != digits("".join(file.parts[-4:])):
            yield f"{file}: it is of another time than its name says"
        if until and until != first["since"]:
            yield f"{file}: it begins at {first['since']}, and the file before ends at {until}"
        elif last and first["previous"] != last:
            yield f"{file}: it does not follow the hour before"
        until, last = first["until"], rest[-1]["sha256"]
        for name in ("objects", "log_events"):
            if first.get(name):
                yield from check_list(folder, first[name])
        for link in (entry for entry in rest if entry["kind"] in LINKS):
            yield from check_link(folder, link)
    if len(stages) > 1:
        yield f"the hours are of different stages: {', '.join(sorted(stages))}"


def stage_of(first: Mapping[str, Any]) -> str:
    return " ".join(str(first.get(name)) for name in ("account", "region", "stage"))


def check_link(folder: Path, link: Mapping[str, Any]) -> Iterator[str]:
    """Compare a file that an hour names, and the list that it names in turn, with their hashes."""
    first, *_, end = entries_of(folder / link["key"])
    if end["sha256"] != link["sealed_sha256"]:
        yield f"{link['key']}: it is not what was sealed"
    named = first.get("list")
    if named and sha256((folder / named["key"]).read_bytes()) != named["sha256"]:
        yield f"{named['key']}: it is not what was sealed"


def check_list(folder: Path, named: Mapping[str, Any]) -> Iterator[str]:
    """Compare a list of digests with its SHA-256, and what it lists with the copies here."""
    content = (folder / named["key"]).read_bytes()
    if sha256(content) != named["sha256"]:
        yield f"{named['key']}: it is not what was sealed"
        return
    lines = [json.loads(line) for line in gzip.decompress(content).splitlines()]
    if "/log-events/" in named["key"]:
        yield from check_records(folder, named["key"], lines)
    elif (folder / "AWSLogs").is_dir():
        for line in lines:
            yield from check_object(folder, line) if "path" in line else ()


def check_object(folder: Path, line: Mapping[str, Any]) -> Iterator[str]:
    """Compare an object by size, and one of records by SHA-256."""
    key = line["path"].partition("://")[2].partition("/")[2]
    file = folder / key
    if not file.is_file():
        yield f"{key}: it is missing"
    elif file.stat().st_size != line["size"]:
        yield f"{key}: it has another size"
    elif "sha256" in line and sha256(file.read_bytes()) != line["sha256"]:
        yield f"{key}: it is not what was read"


def check_records(folder: Path, key: str, lines: list[dict[str, Any]]) -> Iterator[str]:
    """Compare the records of CloudWatch Logs, where the folder has those of this list."""
    copy = folder / copy_of(key)
    if not copy.is_file():
        return
    copies = (json.loads(line) for line in gzip.decompress(copy.read_bytes()).splitlines())
    messages = {record["eventId"]: record["message"] for record in copies}
    for line in lines:
        if "event_id" in line:
            message = messages.get(line["event_id"], "").encode(errors="backslashreplace")
            if sha256(message) != line["sha256"]:
                yield f"record {line['request_id']}: it is missing, or is not what was read"


def copy_of(key: str) -> str:
    """Return where a bundle has the records of a list in CloudWatch Logs."""
    return key.replace("evidence/log-events/", "cloudwatch-records/")


def summary(folder: Path) -> Iterator[str]:
    """Yield what the hours are about, of which each holds, and what was not compared."""
    firsts = [entries_of(file)[0] for file in files_of_hours(folder)]
    yield f"{len(firsts)} files of hours, {firsts[0]['since']} to {firsts[-1]['until']}: all holds"
    yield f"Account, Region and stage: {stage_of(firsts[0])}"
    unverified = [first for first in firsts if first["kind"] == "not_verified"]
    if unverified:
        yield f"{len(unverified)} of these files say that their time was not verified"
    listed = [first["log_events"]["key"] for first in firsts if first.get("log_events")]
    copies = sum((folder / copy_of(key)).is_file() for key in listed)
    yield f"Records of CloudWatch Logs were compared in {copies} of {len(listed)} hours"
    if (folder / "audit-entries.jsonl.gz").is_file():
        yield "audit-entries.jsonl.gz was not compared: the hours have no digests of its lines"
    if not (folder / "AWSLogs").is_dir():
        yield "Objects of S3 were not compared: the folder has no AWSLogs/"
    elif any((first.get("objects") or {}).get("bodies") for first in firsts):
        yield "Large prompts and completions were compared by size alone"


def main(folder: Path) -> int:
    try:
        problems = [*check_hours(folder), *check_signatures(folder)]
    except (OSError, EOFError, zlib.error, ValueError, LookupError, TypeError) as error:
        problems = [f"{type(error).__name__}: {error}"]
    for problem in problems:
        print(problem)
    hours = len(files_of_hours(folder))
    if problems or not hours:
        print(f"{hours} files of hours: NOT as they were sealed")
        return 1
    print("\n".join(summary(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent))
