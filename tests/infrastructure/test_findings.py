"""Every finding of the checkers is fixed, or answered where it arises; the answers are listed."""

from __future__ import annotations

from tools.synthesis import Synthesis

ANSWERED = {"APIG3", "APIG4", "APIG6", "COG4", "IAM5[Resource::*]", "L1", "S1"}
# The patterns behind this are listed, each with its actions, by test_statements.
OF_A_PATTERN = "IAM5[Resource::"


def test_no_finding_is_open(any_stage: Synthesis) -> None:
    reports = any_stage.report()["pluginReports"]
    assert "AwsSolutions" in {report["pluginName"] for report in reports}
    assert [report["violations"] for report in reports] == [[]] * len(reports)


def test_the_answers_are_the_listed_ones_and_give_a_reason(any_stage: Synthesis) -> None:
    answers = [
        (finding["acknowledgedId"].removeprefix("AwsSolutions::AwsSolutions-"), finding["reason"])
        for report in any_stage.report()["pluginReports"]
        for finding in report["suppressedViolations"]
    ]
    reported = {finding for finding, _ in answers}
    others = {
        finding
        for finding in reported
        if not finding.startswith(OF_A_PATTERN) or finding in ANSWERED
    }
    # L1 is found only while the Python that synthesizes is not the newest that Lambda has.
    assert others | {"L1"} == ANSWERED
    assert all(len(reason) > 20 for _, reason in answers)
