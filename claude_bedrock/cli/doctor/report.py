"""The table of checks for people: one row for those of a name with the same result."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from claude_bedrock.cli.doctor.check import Check, Outcome
from claude_bedrock.cli.shared.terminal import escape_line, plain, plain_lines

_SIGNS: dict[Outcome, tuple[str, str]] = {
    "ok": ("✓", "green"),
    "warning": ("!", "yellow"),
    "skipped": ("-", "dim"),
    "unknown": ("?", "magenta"),
    "failed": ("✗", "red"),
}
_MOST_SUBJECTS = 2


def report(checks: Sequence[Check]) -> RenderableType:
    """Return a table of the results, and below it what to do."""
    table = Table.grid(padding=(0, 2))
    for _ in range(4):
        table.add_column()
    rows: dict[tuple[str, Outcome, str, str], list[str]] = {}
    for name, subject, outcome, result, fix in checks:
        rows.setdefault((name, outcome, result, fix), []).append(subject)
    for (name, outcome, result, _), subjects in rows.items():
        sign, style = _SIGNS[outcome]
        table.add_row(Text(sign, style), name, plain_lines(_subject_list(subjects)), plain(result))
    to_do = [
        plain(f"\n{name} {escape_line(_subject_list(subjects))}".rstrip() + f": {fix}")
        for (name, _, _, fix), subjects in rows.items()
        if fix
    ]
    return Group(table, *to_do, Text(f"\n{summary(checks)}"))


def summary(checks: Sequence[Check]) -> str:
    """Return the number of checks by outcome, in words."""
    counts = [(sum(check.outcome == sign for check in checks), sign) for sign in _SIGNS]
    return ", ".join(f"{count} {outcome}" for count, outcome in counts if count)


def _subject_list(subjects: Sequence[str]) -> str:
    if len(subjects) > _MOST_SUBJECTS:
        return f"{len(subjects)} of them"
    return ", ".join(subjects)
