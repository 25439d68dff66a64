"""The usage page: one file of HTML, in the look of the audit report."""

from typing import NamedTuple

from claude_bedrock.cli.html import render
from claude_bedrock.cli.usage.table import remarks
from claude_bedrock.cli.usage.totals import Usage


class About(NamedTuple):
    """What the numbers are of. Times are ISO 8601; `window` is in words."""

    stage: str
    account: str
    region: str
    window: str
    since: str
    until: str
    at: str
    version: str


def page(usages: list[Usage], about: About) -> str:
    """Return the page: a section for each of `usages`, the same calls by different dimensions."""
    return render(
        "claude_bedrock.cli.usage",
        "usage.html.j2",
        about=about,
        usages=usages,
        total=usages[0].total,
        notes=list(dict.fromkeys(note for usage in usages for note in remarks(usage))),
    )
