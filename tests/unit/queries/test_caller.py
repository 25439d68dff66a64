"""The queries name a record's caller as Python does, by metadata or by the caller's session."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlglot

from claude_bedrock.caller_sessions.qualified_name import of_record
from claude_bedrock.caller_sessions.session_name import session_name
from claude_bedrock.cli.usage import duckdb_engine
from claude_bedrock.queries import render

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
    file = tmp_path / FILE
    file.parent.mkdir(parents=True)
    records = [
        {
            "timestamp": f"{AT:%Y-%m-%dT%H:%M:%SZ}",
            "requestId": f"r{number:02}",
            "requestMetadata": metadata,
            "identity": {"arn": identity},
        }
        for number, (metadata, identity) in enumerate(CALLERS)
    ]
    file.write_bytes(gzip.compress("\n".join(map(json.dumps, records)).encode()))
    sql = render.text("calls", render.between(AT, AT.replace(hour=2)), ())

    (text,) = sqlglot.transpile(sql, read=engine, write="duckdb")
    answer = duckdb_engine.ask(text, [file])

    assert answer.names[1:3] == ["request_id", "caller"]
    assert [row[2] for row in sorted(answer.rows, key=lambda row: row[1])] == [
        of_record(metadata, identity) for metadata, identity in CALLERS
    ]
