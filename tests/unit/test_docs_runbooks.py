"""Each page for an alarm has the same parts, and queries that ask for what is there."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from canary.record_check import Failure, Step
from claude_bedrock.logging_config import drift
from claude_bedrock.verification import coverage, finding
from gateway import request_context
from tests.commands import commands
from tools.docs.pages import ROOT, first_codes, read
from verification.report import COMPARISON_LINE, NOT_DELIVERED_LINE

RUNBOOKS = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
OPERATIONS = "docs/operations.md"
# What Logs Insights itself knows of an event, and the words of its language that are used here:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
OF_INSIGHTS = {"@timestamp", "@message", "message"}
WORDS = {
    "and",
    "or",
    "not",
    "in",
    "like",
    "as",
    "by",
    "desc",
    "asc",
    "filter",
    "fields",
    "stats",
    "sort",
    "limit",
}
FUNCTIONS = {"count", "count_distinct", "sum", "avg", "min", "max", "pct", "bin", "ispresent"}
COMPARISON = ("since", "missing_records", "missing_entries", "because")
FIELDS = {
    "gateway": {f"audit.{name}" for name in first_codes(OPERATIONS, "Audit log entries")},
    "access": first_codes(OPERATIONS, "Access log"),
    "drift-detector": {f"drift.{name}" for name in drift.Drift._fields},
    "verification": {
        *(f"finding.{name}" for name in ("id", *finding.Finding._fields)),
        *(f"mismatch.{name}" for name in coverage.Mismatch._fields),
        *("since", "because"),
        *(f"comparison.{name}" for name in COMPARISON),
        *("entry_files.missing", "entry_files.missing_ids.0", "entry_files.unreadable.0"),
    },
    "audit-entry-delivery": {"errorCode"},  # as Firehose writes it
    "canary": {f"failure.{name}" for name in Failure._fields},
    "api-key-expiry": set[str](),
}
VALUES = {
    "message": {
        "audit",
        "drift",
        "finding",
        "canary",
        "evidence",
        "not verified",
        *(COMPARISON_LINE, NOT_DELIVERED_LINE),
    },
    "audit.outcome": {
        *(request_context.COMPLETED, request_context.REFUSED, request_context.UPSTREAM_ERROR),
        *(request_context.INTERRUPTED, request_context.CLIENT_DISCONNECTED),
        request_context.FAILED,
    },
    "drift.kind": set(get_args(drift.Kind)),
    "finding.kind": set(get_args(finding.Kind)),
    "failure.step": set(get_args(Step)),
}


def queries(page: Path) -> Iterator[tuple[str, str]]:
    """The log group's last part, and the query that is asked of it."""
    result = re.findall(
        r"Log group `/claude-on-bedrock/STAGE/([a-z-]+)`:\n\n```insights\n(.*?)```",
        read(page),
        re.DOTALL,
    )
    assert len(result) == read(page).count("```insights"), "a query without its log group"
    yield from result


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.stem)
def test_every_page_has_the_same_parts(page: Path) -> None:
    text = read(page)
    parts = (f"# {page.stem}\n", "**Raised** ", "**Callers see** ", "## Investigate", "## Resolve")
    locations = [text.find(part) for part in (*parts, "## Verify")]
    assert locations[0] == 0
    assert -1 not in locations
    assert locations == sorted(locations)
    assert text.count("\n#") == 3
    assert [*queries(page), *commands(text)], "nothing to look with"


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.stem)
def test_a_query_names_fields_and_values_that_lines_have(page: Path) -> None:
    for group, query in queries(page):
        assert unknown(group, query) == set(), query
        for field, value in re.findall(r'([\w.]+) = "([^"]*)"', query):
            assert field not in VALUES or value in VALUES[field], query


def unknown(group: str, query: str) -> set[str]:
    """The words of a query that are neither of its language nor fields of that log group."""
    bare = re.sub(r'"[^"]*"|(?<=like )/(?:[^/\\]|\\.)*/', "", query)
    named = set(re.findall(r"\bas (\w+)", bare))
    words = set(re.findall(r"@?[A-Za-z_][\w.]*", re.sub(r"\b\d+m\b", "", bare)))
    return words - WORDS - FUNCTIONS - OF_INSIGHTS - named - FIELDS[group]


def test_a_query_for_what_no_line_has_is_detected() -> None:
    query = 'filter message = "audit" and audit.stauts >= 500 | stats cuont() by bin(5m)'
    assert unknown("gateway", query) == {"audit.stauts", "cuont"}
    assert unknown("drift-detector", "fields audit.status") == {"audit.status"}
