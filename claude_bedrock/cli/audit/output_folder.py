"""The files of a report: the page, the data in several formats, the answers, and a manifest of all
of it."""

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from claude_bedrock.cli.audit import ocsf
from claude_bedrock.cli.audit.csv_tables import findings_csv, statements_csv
from claude_bedrock.cli.audit.page import page
from claude_bedrock.cli.audit.report import Report
from claude_bedrock.cli.shared.manifest import ManifestFolder
from claude_bedrock.cli.verify.evidence_folder import EvidenceError

PAGE, DATA = "audit.html", "audit.json"
SCHEMA = "audit.schema.json"
EVENTS, STATEMENTS, FINDINGS = "ocsf.jsonl", "statements.csv", "findings.csv"


class Written(NamedTuple):
    page: Path
    manifest: Path


def write(folder: Path, report: Report) -> Written:
    """The folder is new or empty but for the evidence of this run. Raises EvidenceError and
    FolderError."""
    written = report.completeness.report.evidence
    if written.error:
        raise EvidenceError(written.error)
    output = ManifestFolder(folder)
    for name, content in _contents(report):
        output.write(name, content)
    output.write(f"evidence/{written.file.name}", written.file.read_bytes())
    return Written(folder / PAGE, output.write_manifest())


def _contents(report: Report) -> Iterator[tuple[str, bytes]]:
    yield PAGE, page(report).encode()
    yield DATA, (json.dumps(report.as_data(), indent=2) + "\n").encode()
    yield SCHEMA, schema()
    yield EVENTS, b"".join(json.dumps(event).encode() + b"\n" for event in ocsf.events(report))
    yield STATEMENTS, statements_csv(report)
    yield FINDINGS, findings_csv(report)
    for answer in report.answers:
        yield f"answers/{answer.name}", answer.content


def schema() -> bytes:
    """Return the JSON Schema of `audit.json`, draft 2020-12."""
    return files("claude_bedrock.cli.audit").joinpath(SCHEMA).read_bytes()
