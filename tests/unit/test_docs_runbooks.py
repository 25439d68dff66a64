"""Each page for an alarm has the same parts, queries that ask for what is there, and commands that
there are: AWS's by botocore's models of its services, ours by the command line itself."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import botocore.session
import pytest
import typer
from botocore import xform_name
from botocore.exceptions import UnknownServiceError

from canary.look import Failure, Step
from cli.main import app
from gateway import audit
from invocation_logging import drift
from reconciliation import join
from tests.pages import ROOT, blocks, codes, first_codes, prose, read

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
FIELDS = {
    "gateway": {f"audit.{name}" for name in first_codes(OPERATIONS, "Audit lines")},
    "access": first_codes(OPERATIONS, "Access log"),
    "sentinel": {f"drift.{name}" for name in drift.Drift._fields},
    "verification": {f"finding.{name}" for name in join.Finding._fields},
    "canary": {f"failure.{name}" for name in Failure._fields},
    "key-expiry": set[str](),
}
VALUES = {
    "message": {"audit", "drift", "finding", "canary"},
    "audit.outcome": {
        *(audit.COMPLETED, audit.REFUSED, audit.UPSTREAM_ERROR),
        *(audit.INTERRUPTED, audit.CALLER_GONE, audit.FAILED),
    },
    "drift.kind": set(get_args(drift.Kind)),
    "finding.kind": set(get_args(join.Kind)),
    "failure.step": set(get_args(Step)),
}
# Of the CLI itself: https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-options.html
GLOBAL = {"output", "query", "region", "max-items", "cli-binary-format", "cli-read-timeout"}
SERVICES = {"s3api": "s3"}


def queries(page: Path) -> Iterator[tuple[str, str]]:
    """The log group's last part, and the query that is asked of it."""
    found = re.findall(
        r"Log group `/claude-on-bedrock/STAGE/([a-z-]+)`:\n\n```insights\n(.*?)```",
        read(page),
        re.DOTALL,
    )
    assert len(found) == read(page).count("```insights"), "a query without its log group"
    yield from found


def commands(page: Path) -> Iterator[list[str]]:
    """The words of each command, in blocks and in the text."""
    text = read(page)
    shell = [block for block in blocks(text) if block.strip().startswith("```bash")]
    lines = [line for block in shell for line in _joined(block).splitlines()]
    for told in [*lines, *codes(prose(text))]:
        found = re.search(r"(?:^|\$\()((?:aws|claude-bedrock|cdk) .*)", told.strip())
        if found:
            yield shlex.split(found[1].removesuffix(")"))


def _joined(block: str) -> str:
    """A command that goes over lines, by a backslash or within quotes, on one."""
    return re.sub(r'"[^"]*"', lambda text: text[0].replace("\n", " "), block.replace("\\\n", " "))


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.stem)
def test_every_page_has_the_same_parts(page: Path) -> None:
    text = read(page)
    parts = (f"# {page.stem}\n", "**Goes off** ", "**The caller sees** ", "## Look", "## Do")
    places = [text.find(part) for part in (*parts, "## Over")]
    assert places[0] == 0
    assert -1 not in places
    assert places == sorted(places)
    assert text.count("\n#") == 3
    assert [*queries(page), *commands(page)], "nothing to look with"


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.stem)
def test_a_query_asks_for_fields_and_values_that_lines_have(page: Path) -> None:
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


def test_a_query_for_what_no_line_has_is_found_out() -> None:
    query = 'filter message = "audit" and audit.stauts >= 500 | stats cuont() by bin(5m)'
    assert unknown("gateway", query) == {"audit.stauts", "cuont"}
    assert unknown("sentinel", "fields audit.status") == {"audit.status"}


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.stem)
def test_a_command_is_one_that_there_is(page: Path) -> None:
    for program, *words in commands(page):
        if program != "cdk":
            {"aws": check_aws, "claude-bedrock": check_ours}[program](words)


def check_aws(words: list[str]) -> None:
    service, operation, *rest = words
    names = _operations(SERVICES.get(service, service))
    assert operation in names, words
    assert _options(rest) - GLOBAL <= names[operation], words


def check_ours(words: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    while commands := getattr(command, "commands", {}):
        assert words, command.name
        assert words[0] in commands, words
        command, words = commands[words[0]], words[1:]
    known = {text for one in command.params for text in one.opts}
    assert {f"--{name}" for name in _options(words)} <= known, words


def _options(words: list[str]) -> set[str]:
    return {word.partition("=")[0][2:] for word in words if word.startswith("--")}


def _operations(service: str) -> dict[str, set[str]]:
    """The operations of a service as the AWS CLI spells them, and the options of each."""
    model = botocore.session.get_session().get_service_model(service)
    shapes = {name: model.operation_model(name).input_shape for name in model.operation_names}
    return {
        xform_name(name, "-"): {xform_name(one, "-") for one in shape.members} if shape else set()
        for name, shape in shapes.items()
    }


@pytest.mark.parametrize(
    "words",
    [
        "kms enable-keys --key-id k",
        "kms enable-key --key-arn k",
        "logs put-retention-policy --days 3",
    ],
)
def test_a_command_that_there_is_not_is_found_out(words: str) -> None:
    with pytest.raises(AssertionError):
        check_aws(words.split())
    with pytest.raises(UnknownServiceError):
        check_aws(["kmss", *words.split()[1:]])
    with pytest.raises(AssertionError):
        check_ours(["doctor", "--stages", "dev"])
