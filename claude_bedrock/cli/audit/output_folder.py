"""The files of a report: the page, the data, the answers, and a manifest of all of it."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from claude_bedrock.cli.audit.page import page
from claude_bedrock.cli.audit.report import Report
from claude_bedrock.cli.verify.evidence_folder import EvidenceError

PAGE, DATA, MANIFEST = "audit.html", "audit.json", "SHA256SUMS"


class Written(NamedTuple):
    page: Path
    manifest: Path


def write(folder: Path, report: Report) -> Written:
    """The folder is new or empty but for the evidence of this run. Raises EvidenceError.

    The manifest is of the form that `sha256sum --check` reads."""
    contents = dict(_contents(report))
    written = report.completeness.report.evidence
    if written.error:
        raise EvidenceError(written.error)
    evidence = written.file
    contents[f"evidence/{evidence.name}"] = evidence.read_bytes()
    lines = [
        f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in contents.items()
    ]
    contents[MANIFEST] = "".join(lines).encode()
    try:
        for name, content in contents.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    except OSError as error:
        raise EvidenceError(f"{folder} cannot be written: {error.strerror}") from error
    return Written(folder / PAGE, folder / MANIFEST)


def _contents(report: Report) -> Iterator[tuple[str, bytes]]:
    yield PAGE, page(report).encode()
    yield DATA, (json.dumps(report.as_data(), indent=2) + "\n").encode()
    for answer in report.answers:
        yield f"answers/{answer.name}", answer.content
