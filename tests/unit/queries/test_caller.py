"""The queries name a record's caller as Python does, by metadata or by the caller's session."""

import gzip
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlglot

from claude_bedrock.caller_sessions.qualified_name import of_record
from claude_bedrock.caller_sessions.session_name import session_name
from claude_bedrock.cli.usage import duckdb_engine
from claude_bedrock.cli.usage.rows import Row
from claude_bedrock.cli.usage.totals import usage
from claude_bedrock.queries import render
from claude_bedrock.queries.render import Query

AT = datetime(2026, 11, 30, 1, tzinfo=UTC)
FILE = "AWSLogs/1/BedrockModelInvocationLogs/us-east-1/2026/11/30/01/records.json.gz"
STS = "arn:aws:sts::123456789012:assumed-role"
SESSIONS = f"{STS}/claude-on-bedrock-dev-us-east-1-caller"
IAM = "arn:aws:iam::123456789012"
NAMES = ["search.web", "Deploy/ci", "corp:ana+b@example.com", "corp:Zoë, B = 100%", "x", "k" * 70]
CALLERS: list[tuple[dict[str, str], str]] = [
    *(({}, f"{SESSIONS}/{session_name(name)}") for name in NAMES),
    *(({}, f"{SESSIONS}/{name}") for name in ("=zz", "a=", "a==b")),
    ({}, f"{STS}/Admin/a=2Fb"),
    ({}, f"{STS}/app-claude-on-bedrock-dev-us-east-1-caller/{session_name('search.web')}"),
    ({}, f"{IAM}:user/division/ana"),
    ({}, ""),
    ({"api_key_id": "a1"}, f"{STS}/claude-on-bedrock-dev-us-east-1-gateway/gateway"),
    ({"api_key_id": "a1", "api_key_name": "search.web"}, f"{SESSIONS}/a1"),
    ({"token_issuer": "corp", "caller": "search.web"}, f"{SESSIONS}/search.web"),
    *(
        ({"caller_arn": arn}, f"{SESSIONS}/other")
        for arn in (f"{STS}/Deploy/ci", f"{IAM}:user/a/b/ana", f"{IAM}:user/ana", f"{IAM}:root")
    ),
]


@pytest.mark.parametrize("engine", ["duckdb", "athena"])
def test_a_caller_has_one_name_in_every_reader(tmp_path: Path, engine: str) -> None:
    rows = answer_of("calls", engine, write(tmp_path, CALLERS))

    names = {row["request_id"]: row["caller"] for row in rows}
    assert [names[f"r{number:02}"] for number in range(len(CALLERS))] == [
        of_record(metadata, identity) for metadata, identity in CALLERS
    ]


def test_the_team_is_the_one_that_the_gateway_wrote(tmp_path: Path) -> None:
    ana = {"token_issuer": "corp", "caller": "ana@example.com"}
    file = write(
        tmp_path, [({**ana, "team": "search"}, ""), ({**ana, "team": "ads"}, ""), (ana, "")]
    )
    rows = [Row(**row) for row in answer_of("usage", "duckdb", file)]

    assert usage(rows, ["caller", "team"], {}).groups.keys() == {
        ("corp:ana@example.com", team) for team in ("search", "ads", "(no team)")
    }


def write(folder: Path, callers: Sequence[tuple[dict[str, str], str]]) -> Path:
    """Write a record of each caller, whose metadata and identity are given, into one object."""
    file = folder / FILE
    file.parent.mkdir(parents=True)
    records = [
        {
            "timestamp": f"{AT:%Y-%m-%dT%H:%M:%SZ}",
            "requestId": f"r{number:02}",
            "modelId": "anthropic.claude-haiku-4-5",
            "region": "us-east-1",
            "requestMetadata": metadata,
            "identity": {"arn": identity},
        }
        for number, (metadata, identity) in enumerate(callers)
    ]
    file.write_bytes(gzip.compress("\n".join(map(json.dumps, records)).encode()))
    return file


def answer_of(query: Query, engine: str, file: Path) -> list[dict[str, Any]]:
    sql = render.text(query, render.between(AT, AT.replace(hour=2)), ())
    (text,) = sqlglot.transpile(sql, read=engine, write="duckdb")
    answer = duckdb_engine.ask(text, [file])
    return [
        {
            name: "" if value is None else value
            for name, value in zip(answer.names, row, strict=True)
        }
        for row in answer.rows
    ]
