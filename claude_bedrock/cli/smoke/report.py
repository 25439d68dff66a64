"""The report of a run, fit to be attached to an issue: as JSON, and as Markdown."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

from claude_bedrock.cli.smoke.check import Result

_PATTERNS: Final = (
    (re.compile(r"arn:aws[a-z-]*:[^\s\"'`,)|]+"), "[ARN]"),
    (
        re.compile(r"https?://(?!docs\.aws\.amazon\.com|platform\.claude\.com)[^\s\"'`,)|]+"),
        "[URL]",
    ),
    (re.compile(r"\b[\w.-]+\.(?:amazonaws\.com|on\.aws)(?:\.cn)?\b"), "[host]"),
    (re.compile(r"cobk[A-Za-z0-9]{20,}|\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b"), "[key]"),
    (re.compile(r"(?<![0-9.])[0-9]{12}(?![0-9])"), "[account]"),
)


class Run(NamedTuple):
    """What the results are of. `dollars` is the estimate."""

    started_at: datetime
    region: str
    is_local: bool
    model: str
    dollars: str


def as_data(run: Run, results: Sequence[Result]) -> dict[str, Any]:
    """Return the report without account id, ARN, key and host, for JSON."""
    data = {
        "version": version("claude-on-bedrock"),
        "started_at": run.started_at.isoformat(timespec="seconds"),
        "region": run.region,
        "aws": "embedded" if run.is_local else "live",
        "model": run.model,
        "estimated_dollars": run.dollars,
        "checks": [
            {
                "name": check.name,
                "verdict": finding.verdict,
                "finding": finding.text,
                "fact": check.fact,
                "source": check.source,
                "measured": dict(finding.measured),
            }
            for check, finding in results
        ],
    }
    anonymous: dict[str, Any] = json.loads(anonymize(json.dumps(data)))
    return anonymous


def as_markdown(data: Mapping[str, Any]) -> str:
    """Return the same as a page."""
    about = [str(data[name]) for name in ("version", "region", "model", "started_at")]
    lines = [
        "# Smoke test",
        "",
        f"On {data['aws']} AWS: {', '.join(about)}",
        "",
        "| Check | Verdict | Finding |",
        "| --- | --- | --- |",
    ]
    checks = data["checks"]
    lines += [
        f"| {check['name']} | {check['verdict']} | {_cell(check['finding'])} |" for check in checks
    ]
    for check in checks:
        lines += ["", f"## {check['name']}", "", check["fact"], "", f"Source: <{check['source']}>"]
        if check["measured"]:
            lines += ["", "```json", json.dumps(check["measured"], indent=2), "```"]
    return "\n".join(lines) + "\n"


def anonymize(text: str) -> str:
    """Return the text without what tells an account, a key or an endpoint."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def write(data: Mapping[str, Any], folder: Path, name: str) -> tuple[Path, Path]:
    """Write both forms into `folder`, and return their paths. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    as_json, as_page = folder / f"{name}.json", folder / f"{name}.md"
    as_json.write_text(json.dumps(data, indent=2) + "\n")
    as_page.write_text(as_markdown(data))
    return as_json, as_page


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
