"""What is looked at outside the models: CLI, credentials, clock, bootstrap, stacks, endpoint."""

import datetime as dt
import socket
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, TokenRetrievalError

from claude_bedrock.cli.doctor.check import Topic
from claude_bedrock.cli.doctor.checks import (
    aws_cli,
    bootstrap,
    concurrency,
    endpoint,
    identity,
    stacks,
)
from claude_bedrock.cli.doctor.checks.concurrency import Room
from claude_bedrock.cli.doctor.context import Account, Clients
from claude_bedrock.cli.doctor.runner import NAMES, judge_region, judge_settings, without_region
from claude_bedrock.cli.doctor.suggested_commands import complete
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.stage_settings import Settings

DEPLOYMENT = Deployment("dev", "us-east-1", None)
ACCOUNT = Account(DEPLOYMENT, Clients(DEPLOYMENT), "123456789012", "arn:…", "2026-11-25")
NOON = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("version", "outcome"),
    [
        ("aws-cli/2.13.23 Python/3.11.6 Linux/6.1", "ok"),
        ("aws-cli/2.100.0 Python/3.13.1 Linux/6.1", "ok"),
        ("aws-cli/2.13.22 Python/3.11.6 Linux/6.1", "warning"),
        ("aws-cli/1.45.11 Python/3.11.7", "warning"),
        ("command not found", "warning"),
        (None, "warning"),
    ],
)
def test_an_old_aws_cli_is_reported(version: str | None, outcome: str) -> None:
    check = aws_cli.judge(version)

    assert check.outcome == outcome
    assert ("install version 2" in check.fix) == (outcome != "ok")


def test_the_version_of_the_aws_cli_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "aws"
    program.write_text("#!/bin/sh\necho aws-cli/2.31.0\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")

    assert aws_cli.check() == [Topic("AWS CLI").ok("2.31.0")]


def test_credentials_of_another_account_are_reported() -> None:
    caller = {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/ann"}

    assert identity.judge(caller, None).outcome == "ok"
    assert identity.judge(caller, "123456789012").outcome == "ok"
    check = identity.judge(caller, "210987654321")
    assert (check.outcome, "210987654321" in check.fix) == ("failed", True)
    expired = ClientError({"Error": {"Code": "ExpiredToken"}}, "GetCallerIdentity")
    assert "aws sso login" in identity.refused(expired).fix
    assert "aws configure sso" in identity.refused(NoCredentialsError()).fix
    no_token = identity.refused(TokenRetrievalError(provider="sso", error_msg="does not exist"))
    assert ("sso login" in no_token.fix, "configure" in no_token.fix) == (True, False)


@pytest.mark.parametrize(
    ("date", "outcome"),
    [
        ("Wed, 25 Nov 2026 12:00:02 GMT", "ok"),
        ("Wed, 25 Nov 2026 11:55:00 GMT", "ok"),
        ("Wed, 25 Nov 2026 12:05:01 GMT", "failed"),
        ("Wed, 25 Nov 2026 11:54:59 GMT", "failed"),
        ("yesterday", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_clock_over_five_minutes_off_fails(date: str | None, outcome: str) -> None:
    check = identity.skew(date, NOON)

    assert check.outcome == outcome
    assert (check.fix == "") == (outcome == "ok")


@pytest.mark.parametrize(
    ("version", "outcome"), [("33", "ok"), ("6", "ok"), ("5", "failed"), (None, "failed")]
)
def test_an_old_bootstrap_fails(version: str | None, outcome: str) -> None:
    check = bootstrap.judge(version, ACCOUNT)

    assert check.outcome == outcome
    if outcome == "failed":
        assert "cdk bootstrap aws://123456789012/us-east-1" in check.fix


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("CREATE_COMPLETE", "ok"),
        ("UPDATE_COMPLETE", "ok"),
        ("UPDATE_ROLLBACK_COMPLETE", "warning"),
        ("UPDATE_IN_PROGRESS", "failed"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "failed"),
        ("ROLLBACK_COMPLETE", "failed"),
        ("UPDATE_ROLLBACK_FAILED", "failed"),
        ("REVIEW_IN_PROGRESS", "failed"),
        (None, "failed"),
    ],
)
def test_a_stack_that_is_not_complete_is_reported(state: str | None, outcome: str) -> None:
    complete, check = stacks.judge({"ModelAccess": "CREATE_COMPLETE", "Gateway": state}, "dev")

    assert complete.outcome == "ok"
    assert (check.subject, check.outcome) == ("Gateway", outcome)
    if outcome == "failed" and state and not state.endswith("IN_PROGRESS"):
        assert "--stack-name claude-on-bedrock-dev-Gateway" in check.fix
    # REVIEW_IN_PROGRESS lasts until somebody executes the change set.
    ends_by_itself = f"{state}".endswith("IN_PROGRESS") and state != "REVIEW_IN_PROGRESS"
    assert ("wait" in check.fix) == ends_by_itself


def test_before_the_first_deployment_no_stack_is_missed() -> None:
    failed = stacks.judge(dict.fromkeys(stacks.STACKS), "dev")

    assert {check.outcome for check in failed} == {"skipped"}


@pytest.mark.parametrize(("state", "outcome"), [(None, "skipped"), ("UPDATE_COMPLETE", "failed")])
def test_a_stage_without_an_endpoint_has_no_stack_of_one(state: str | None, outcome: str) -> None:
    states = {"ModelAccess": "CREATE_COMPLETE", "Gateway": state}

    _, gateway = stacks.judge(states, "dev", has_endpoint=False)

    assert (gateway.subject, gateway.outcome) == ("Gateway", outcome)
    assert "no endpoint" in gateway.found


def test_an_endpoint_that_does_not_answer_fails() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    failed = endpoint.check(ACCOUNT, endpoint.LocalEndpoint(f"http://127.0.0.1:{port}/dev", None))

    assert [check.subject for check in failed] == ["GET /health", "HEAD /"]
    assert {check.outcome for check in failed} == {"failed"}
    assert all("does not answer" in check.found for check in failed)


def test_an_endpoint_that_answers_an_error_fails() -> None:
    check = endpoint.judge(Topic("endpoint"), 502, "")

    assert (check.outcome, check.found) == ("failed", "answers 502")
    assert "log group" in check.fix


@pytest.mark.parametrize(
    ("room", "reserved", "outcome", "words"),
    [
        (Room(1000, 1000, 0), 400, "ok", "400 reserved, of 900 that can be"),
        (Room(1000, 600, 400), 900, "ok", "900 reserved, of 900 that can be"),
        (Room(1000, 600, 400), 901, "failed", "901 to be reserved, and at most 900 can be"),
        (
            Room(10, 10, 0),
            1,
            "failed",
            "1 to be reserved, and at most 0 can be: of the account's 10",
        ),
        (Room(10, 10, 0), None, "warning", "nothing is reserved, and nothing can be"),
        (Room(1000, 1000, 0), None, "warning", "shares the account's 1,000 in us-east-1"),
    ],
)
def test_more_than_lambda_lets_be_reserved_fails_before_a_deployment_does(
    room: Room, reserved: int | None, outcome: str, words: str
) -> None:
    check = concurrency.judge(room, reserved, "us-east-1")

    assert (check.outcome, words in check.found) == (outcome, True), check
    assert ("--quota-code L-B99A9384" in check.fix) == (room.limit == 10 or outcome == "failed")


@pytest.mark.parametrize(
    ("unreserved", "has_authorizer", "proposal"),
    [
        (1000, True, 300),
        (1000, False, 300),
        (350, True, 150),
        (350, False, 250),
        (250, True, 75),
    ],
)
def test_a_number_is_proposed_that_can_be_reserved(
    unreserved: int, has_authorizer: bool, proposal: int
) -> None:
    room = Room(1000, unreserved, 0)
    auth = "key" if has_authorizer else "iam"
    block = {"callers": {"auth": auth}, "endpoint": {"reserved_concurrency": proposal}}

    check = concurrency.judge(room, None, "us-east-1", has_authorizer=has_authorizer)

    assert f"`endpoint.reserved_concurrency` to {proposal}" in check.fix
    assert concurrency.judge(room, concurrency.needed(block), "us-east-1").outcome == "ok"


def test_nothing_is_checked_where_nothing_is_to_be_deployed() -> None:
    (check,) = concurrency.check(ACCOUNT, None)

    assert check.outcome == "skipped"


def test_another_region_than_the_stages_fails() -> None:
    assert judge_region("us-east-1", None).outcome == "ok"
    assert judge_region("us-east-1", "us-east-1").outcome == "ok"
    check = judge_region("us-east-1", "eu-central-1")
    assert (check.outcome, check.fix) == ("failed", "give --region eu-central-1, or none")


def test_without_a_region_every_check_is_still_named() -> None:
    unknown = without_region("dev", "cdk.json is not JSON: line 1 column 2")

    assert {check.name for check in unknown} == set(NAMES)
    (failed,) = [check for check in unknown if check.outcome == "failed"]
    assert (failed.name, "AWS_REGION" in failed.fix) == ("Region", True)
    assert failed.found == "cdk.json is not JSON: line 1 column 2"


@pytest.mark.parametrize(
    ("fix", "expected"),
    [
        ("`claude-bedrock doctor --fix`, or", "`claude-bedrock doctor --fix{stage}{region}`, or"),
        ("`claude-bedrock models sync`", "`claude-bedrock models sync{region}`"),
        (
            "then `claude-bedrock access submit --form f.json`",
            "then `claude-bedrock access submit --form f.json{stage}{region}`",
        ),
        ("`claude-bedrock access form > f.json`", "`claude-bedrock access form > f.json`"),
        ("`aws sso login`", "`aws sso login`"),
        ("`aws iam get-user`", "`aws iam get-user`"),
    ],
)
def test_commands_that_are_printed_are_about_the_stage(fix: str, expected: str) -> None:
    check = Topic("x").failed("y", fix)

    completed = complete(check, Deployment("prod", "eu-central-1", None))
    assert completed.fix == expected.format(stage=" --stage prod", region=" --region eu-central-1")
    local = complete(check, Deployment("local", "us-east-1", "http://localhost:1"))
    assert local.fix == fix


def test_a_command_of_aws_names_the_region_once() -> None:
    account = Deployment("prod", "eu-central-1", None)
    fix = "`aws cloudformation describe-stack-events --stack-name s`"

    completed = complete(Topic("x").failed("y", fix), account)
    assert completed.fix == f"{fix[:-1]} --region eu-central-1`"
    assert complete(completed, account) == completed


def test_a_model_of_another_version_is_not_passed_over() -> None:
    settings = Settings(
        "the stack", "us-east-1", ("us",), None, ("claude-haiku-4-5",), None, 30, github=False
    )

    assert judge_settings(settings).outcome == "ok"
    newer = settings._replace(models=("claude-haiku-4-5", "claude-haiku-9"))
    check = judge_settings(newer)
    assert (check.outcome, "claude-haiku-9" in check.found) == ("failed", True)
    assert "version" in check.fix
