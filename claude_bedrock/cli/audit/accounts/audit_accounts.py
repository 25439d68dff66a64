"""What `claude-bedrock audit --accounts FILE` does."""

import json
from pathlib import Path

from rich.table import Table
from rich.text import Text

from claude_bedrock.cli.audit.accounts import accounts_file
from claude_bedrock.cli.audit.accounts.accounts_report import (
    DATA,
    PAGE,
    AccountsReport,
    assess_all,
    page,
)
from claude_bedrock.cli.audit.statement import EXIT_CODES, Verdict
from claude_bedrock.cli.shared.manifest import ManifestFolder
from claude_bedrock.cli.shared.terminal import console, echo, echo_json, plain, plain_lines, working
from claude_bedrock.cli.shared.writable import require_new_folder
from claude_bedrock.verification.period import Period

_COLORS: dict[Verdict, str] = {"pass": "green", "fail": "red", "not assessed": "magenta"}


def audit_accounts(file: Path, period: Period, out: Path | None, *, as_json: bool) -> int:
    """Write page, data and manifest of the stages that the file names into the folder `out`, and
    return the exit code of the worst verdict.

    Raises AccountsFileError, NotWritableError and FolderError."""
    stages = accounts_file.read(file)
    folder = out or Path(f"audit-accounts-{period.now:%Y%m%dT%H%M%SZ}")
    require_new_folder(folder)
    with working(f"Auditing {len(stages)} stages by their archives"):
        report = assess_all(stages, period)
    files = ManifestFolder(folder)
    files.write(PAGE, page(report).encode())
    files.write(DATA, (json.dumps(report.as_data(), indent=2) + "\n").encode())
    files.write_manifest()
    if as_json:
        echo_json(report.as_data())
    else:
        _print(report)
    echo(f"Report: {folder / PAGE}", err=True)
    return EXIT_CODES[report.verdict]


def _print(report: AccountsReport) -> None:
    table = Table.grid(padding=(0, 2))
    for _ in range(3):
        table.add_column()
    for assessment in report.assessments:
        stage = assessment.stage
        hours = f"{assessment.hours_verified:,} of {assessment.hours:,} hours"
        about = f"{stage.account}, {stage.stage} in {stage.region}; {hours}"
        table.add_row(
            Text(assessment.verdict, _COLORS[assessment.verdict]),
            plain(stage.name),
            plain_lines(assessment.reason, about),
        )
    console().print(plain(f"{report.headline}.", "bold"), table)
