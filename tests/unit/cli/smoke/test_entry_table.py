"""What the check of the table of audit log entries makes of Athena's answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from claude_bedrock.cli.smoke import entry_table, runner
from claude_bedrock.cli.smoke.entry_table import OUTPUT, judge_table
from tests.unit.cli.smoke.fakes import REQUEST_ID, MadeUp, response

OUTPUTS = {"WorkgroupName": "the-workgroup", "RecordsDatabaseName": "the_database"}


class Athena:
    """boto3's clients of Athena and CloudFormation; each query has the next of `answers`: the rows
    of its result, or the state in which it ended."""

    def __init__(self, *answers: list[list[str]] | str) -> None:
        self._answers = list(answers)
        self.questions: list[str] = []

    def describe_stacks(self, **_: object) -> Mapping[str, Any]:
        outputs = [{"OutputKey": name, "OutputValue": value} for name, value in OUTPUTS.items()]
        return {"Stacks": [{"Outputs": outputs}]}

    def start_query_execution(self, **request: Any) -> Mapping[str, str]:  # noqa: ANN401
        assert request["WorkGroup"] == OUTPUTS["WorkgroupName"]
        self.questions.append(request["QueryString"])
        self._answer = self._answers.pop(0)
        return {"QueryExecutionId": "q"}

    def get_query_execution(self, **_: object) -> Mapping[str, Any]:
        state = self._answer if isinstance(self._answer, str) else "SUCCEEDED"
        statistics = {"DataScannedInBytes": 7}
        return {"QueryExecution": {"Status": {"State": state}, "Statistics": statistics}}

    def get_paginator(self, _name: str) -> Athena:
        return self

    def paginate(self, **_: object) -> Iterator[Mapping[str, Any]]:
        rows = [{"Data": [{"VarCharValue": value} for value in row]} for row in self._answer]
        yield {"ResultSet": {"Rows": rows}}


def subject_with(athena: Athena) -> MadeUp:
    subject = MadeUp(message=response(), outputs={OUTPUT: "audit_entries"})
    subject.deployment._clients.update(athena=athena, cloudformation=athena)
    return subject


@pytest.mark.parametrize(
    ("answers", "verdict", "words"),
    [
        ([[["n"], ["1"]], [["missing"]]], "pass", "Athena compares both tables"),
        ([[["n"], ["0"]]], "not assessed", "wait longer with --wait 20"),
        (["FAILED"], "fail", "Athena did not answer query q"),
        ([[["n"], ["1"]], "FAILED"], "fail", "Athena did not answer query q"),
    ],
)
def test_the_entry_has_to_be_there_and_athena_to_compare(
    answers: list[Any], verdict: str, words: str
) -> None:
    athena = Athena(*answers)

    finding = judge_table(subject_with(athena))

    assert (finding.verdict, words in finding.text) == (verdict, True)
    assert f"audit.bedrock_request_id = '{REQUEST_ID}'" in athena.questions[0]


@pytest.mark.parametrize(("outputs", "count"), [({}, 0), ({OUTPUT: "audit_entries"}, 1)])
def test_only_a_stage_with_the_table_is_checked(
    monkeypatch: pytest.MonkeyPatch, outputs: dict[str, str], count: int
) -> None:
    monkeypatch.setattr(runner, "CHECKS", entry_table.CHECKS)
    subject = MadeUp(message=response(), outputs=outputs)
    athena = Athena([["n"], ["1"]], [["missing"]])
    subject.deployment._clients.update(athena=athena, cloudformation=athena)

    assert len(list(runner.run(subject))) == count
