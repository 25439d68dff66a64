"""What becomes of a check that AWS does not answer, and how checks are told."""

import io
from typing import NoReturn

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from rich.console import Console

from claude_bedrock.cli.doctor.check import Check, Topic, exit_code
from claude_bedrock.cli.doctor.report import report

TOPIC = Topic("form")


def withheld(error: Exception) -> Check:
    def read() -> NoReturn:
        raise error

    return TOPIC.run("bedrock:GetUseCaseForModelAccess", read)


@pytest.mark.parametrize(
    "code",
    ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403"],
)
def test_a_denial_is_unknown_and_names_the_permission(code: str) -> None:
    check = withheld(ClientError({"Error": {"Code": code, "Message": "no"}}, "Get"))

    assert check.outcome == "unknown"
    assert "allow bedrock:GetUseCaseForModelAccess" in check.fix


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow"}}, "Get"),
        EndpointConnectionError(endpoint_url="https://nowhere"),
    ],
)
def test_no_answer_is_unknown(error: Exception) -> None:
    check = withheld(error)

    assert (check.outcome, check.fix != "") == ("unknown", True)


def test_a_defect_of_ours_is_no_answer_of_aws() -> None:
    with pytest.raises(KeyError):
        withheld(KeyError("x"))


def test_the_exit_code_is_that_of_the_worst() -> None:
    fine = [TOPIC.ok(""), TOPIC.warning("", "x"), TOPIC.skipped("")]

    assert exit_code(fine) == 0
    assert exit_code([*fine, TOPIC.unknown("", "x")]) == 2
    assert exit_code([*fine, TOPIC.unknown("", "x"), TOPIC.failed("", "x")]) == 1


def test_a_report_groups_what_is_the_same_and_names_the_fix() -> None:
    checks = [Topic("life", name).ok("active") for name in ("a", "b", "c")]
    console = Console(file=io.StringIO(), width=100)
    console.print(report([*checks, TOPIC.failed("none [here]", "run `that`")]))

    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "3 of them" in text
    assert "none [here]" in text
    assert "form: run `that`" in text
    assert "3 ok, 1 failed" in text
