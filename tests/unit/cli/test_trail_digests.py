"""What no command compares is said, with the AWS CLI's command that does."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from claude_bedrock.cli.audit.completeness import _with_note
from claude_bedrock.cli.audit.statement import Statement
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.verify.trail_digests import note_on_calls
from claude_bedrock.verification.hours import Span
from tests.commands import mistake
from tools.docs.pages import codes

STAGE = Deployment("prod", "eu-central-1", None)
SINCE = datetime(2026, 10, 1, tzinfo=UTC)
WINDOW = Span(SINCE, SINCE + timedelta(days=1))
KEY = {"KeyArn": "arn:aws-us-gov:kms:eu-central-1:123456789012:key/k"}
CREATED = {"CloudTrailSource": json.dumps({"bucket": "trail"}), "CloudTrailBucketName": "trail"}
ORGANIZATIONS = {"CloudTrailSource": json.dumps({"bucket": "company", "organization": "o-1"})}


@pytest.mark.parametrize(
    ("outputs", "trail"),
    [
        (
            CREATED,
            "-gov:cloudtrail:eu-central-1:123456789012:trail/claude-on-bedrock-prod-eu-central-1 ",
        ),
        (ORGANIZATIONS, "--account-id ACCOUNT"),
    ],
)
def test_a_stage_that_reads_a_trail_gets_the_command(outputs: dict[str, str], trail: str) -> None:
    note = note_on_calls(STAGE, {**KEY, **outputs}, WINDOW)

    (command,) = codes(note)
    assert mistake(command.split()) == ""
    assert trail in command
    assert "--start-time 2026-10-01T00:00:00Z --end-time 2026-10-02T01:00:00Z" in command
    assert "were not compared with CloudTrail's digest files" in note


def test_a_stage_without_a_trail_gets_none() -> None:
    assert note_on_calls(STAGE, KEY, WINDOW) == ""


@pytest.mark.parametrize(
    ("name", "applies", "words"),
    [("cloudtrail", True, "Words. Note."), ("cloudtrail", False, "Words."), ("no", True, "Words.")],
)
def test_the_report_names_the_command_beside_its_cloudtrail_statement(
    name: str, words: str, *, applies: bool
) -> None:
    statement = Statement(name, "claim", "pass", "Words.", applies=applies)

    assert _with_note(statement, "Note.").words == words
