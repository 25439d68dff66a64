"""The files of a report: the page, the data, the answers, and a manifest of all of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from claude_bedrock.cli.audit.page import page
from claude_bedrock.cli.audit.report import Report
from claude_bedrock.cli.shared.manifest import ManifestFolder
from claude_bedrock.cli.verify.evidence_folder import EvidenceError

PAGE, DATA = "audit.html", "audit.json"


class Written(NamedTuple):
    page: Path
    manifest: Path


def write(folder: Path, report: Report) -> Written:
    """The folder is new or empty but for the evidence of this run. Raises EvidenceError and
    FolderError."""
    written = report.completeness.report.evidence
    if written.error:
        raise EvidenceError(written.error)
    files = ManifestFolder(folder)
    for name, content in _contents(report):
        files.write(name, content)
    files.write(f"evidence/{written.file.name}", written.file.read_bytes())
    return Written(folder / PAGE, files.write_manifest())


def _contents(report: Report) -> Iterator[tuple[str, bytes]]:
    yield PAGE, page(report).encode()
    yield DATA, (json.dumps(report.as_data(), indent=2) + "\n").encode()
    for answer in report.answers:
        yield f"answers/{answer.name}", answer.content
