"""Alone knows how a matrix is written for a person: what is allowed, what is denied, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from claude_bedrock.catalog import MODELS, ROUTES, routes
from tools.docs.access.matrix import ALLOWED, NOT_ALLOWED, Matrix
from tools.docs.access.policy_test_cases import Cell
from tools.docs.access.principals import Principal

_UNCHECKED: Final = "†"
_WITHOUT_CHECK: Final = """\
Bedrock asks for a model behind a global profile by an ARN without a Region, which the simulator
does not know, and some actions are newer than its data. Its unsafe mode judges these, without a
check of the ARN and of the action."""
_MODELS: Final = {model.name for model in MODELS}


class Row(NamedTuple):
    """Cells of one outcome, along each axis. Every combination of the four stands for a cell."""

    actions: tuple[str, ...]
    ways: tuple[str, ...]
    regions: tuple[str, ...]
    subjects: tuple[str, ...]
    outcome: str


def page(matrix: Matrix) -> str:
    """Return the page of a stage, as it stands in docs/access/."""
    lines = [*_head(matrix), *_not_tested(matrix)]
    without_denial = []
    for principal in matrix.principals:
        rows = rows_of(matrix, principal)
        if {row.outcome for row in rows} == {NOT_ALLOWED}:
            without_denial.append(principal.name)
        else:
            lines += _section(principal, rows)
    if without_denial:
        names = ", ".join(without_denial)
        text = "For these, IAM denies each question implicitly: no statement allows or denies it."
        lines += ["", "## Principals without a permission", "", f"{text} {names}."]
    return "\n".join(lines) + "\n"


def _head(matrix: Matrix) -> Iterator[str]:
    stage = matrix.stage
    regions = dict.fromkeys(cell.region for cell in matrix.cells)
    yield f"# Who may do what: stage `{stage.name}`"
    yield ""
    yield "Written by `make docs` from the templates, and compared with them by a test."
    yield "How to read it, and how it is made: [access](README.md)."
    yield ""
    yield "| | |"
    yield "| --- | --- |"
    yield f"| Region of the stage, and the other Region of the questions | {', '.join(regions)} |"
    yield f"| Geographies | {', '.join(stage.models.geographies)} |"
    yield f"| Models of the stage | {', '.join(stage.models.allow)} |"
    yield f"| Every model (*all*), `bare` | {_names(m.name for m in MODELS if m.profiles)} |"
    for route in ROUTES:
        having = [model.name for model in MODELS if route in routes(model)]
        if having:
            yield f"| Every model by `{route}` | {_names(having)} |"
    yield ""
    yield f"{_UNCHECKED}: {_WITHOUT_CHECK}"


def _not_tested(matrix: Matrix) -> Iterator[str]:
    reasons = dict.fromkeys(
        (request.action, why) for request, why in matrix.answered_without_bedrock.items()
    )
    if not reasons:
        return
    yield ""
    yield "The simulator cannot judge these actions:"
    yield ""
    yield "| Action | The simulator's answer |"
    yield "| --- | --- |"
    for action, why in reasons:
        yield f"| `{action}` | `{why}` |"


def _section(principal: Principal, rows: Sequence[Row]) -> Iterator[str]:
    yield ""
    yield f"## {principal.name}"
    yield ""
    yield f"By {_names(policy.name for policy in principal.identity)}."
    if principal.boundary:
        yield f"Within the boundary {principal.boundary.name}."
    if principal.control:
        yield f"Under the service control policy {principal.control.name}."
    if principal.session:
        yield f"Within the {principal.session.name}."
    yield from _table("Allowed", [row for row in rows if row.outcome == ALLOWED])
    without_statement = [row for row in rows if row.outcome == NOT_ALLOWED]
    in_words = [row for row in rows if row.outcome not in {ALLOWED, NOT_ALLOWED}]
    yield from _table("Denied", in_words + without_statement, "Why")


def _table(title: str, rows: Sequence[Row], *more: str) -> Iterator[str]:
    if not rows:
        return
    heads = [title, "On", "How", "From", *more]
    yield ""
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    for row in rows:
        cells = [
            ", ".join(f"`{action}`" for action in row.actions),
            ", ".join(row.subjects),
            "; ".join(row.ways),
            ", ".join(row.regions),
            *(row.outcome for _ in more),
        ]
        yield f"| {' | '.join(cells)} |"


def rows_of(matrix: Matrix, principal: Principal) -> list[Row]:
    """Return every cell that was asked, brought together along one axis after the other."""
    by_question: dict[tuple[str, str, str, str], list[str]] = {}
    models: dict[tuple[str, str], list[str]] = {}
    for cell in matrix.cells:
        way = way_of(cell, matrix)
        if cell.subject in _MODELS:
            models.setdefault((cell.action, way), []).append(cell.subject)
        if answer := outcome_text(matrix.outcome(principal, cell)):
            question = (cell.action, way, cell.region, answer)
            by_question.setdefault(question, []).append(cell.subject)
    rows = [
        Row(
            (action,), (way,), (region,), _subjects(subjects, models.get((action, way), [])), answer
        )
        for (action, way, region, answer), subjects in by_question.items()
    ]
    return merged(rows)


def answers(matrix: Matrix) -> dict[str, list[list[str]]]:
    """Return of each principal every cell that was asked: action, subject, way, Region and
    outcome."""
    return {
        principal.name: [
            [cell.action, cell.subject, cell.way, cell.region, outcome_text(parts)]
            for cell in matrix.cells
            if (parts := matrix.outcome(principal, cell))
        ]
        for principal in matrix.principals
    }


def merged(rows: Sequence[Row]) -> list[Row]:
    """Return fewer rows that stand for the same cells."""
    for axis in ("regions", "ways", "actions", "subjects"):
        rows = _merged(rows, axis)
    return list(rows)


def _merged(rows: Iterable[Row], axis: str) -> list[Row]:
    """Rows that differ along `axis` alone become one."""
    merged: dict[Row, list[str]] = {}
    for row in rows:
        values = merged.setdefault(_with(row, axis, ()), [])
        values += getattr(row, axis)
    return [_with(key, axis, tuple(values)) for key, values in merged.items()]


def _with(row: Row, axis: str, values: tuple[str, ...]) -> Row:
    return Row._make({**row._asdict(), axis: values}.values())


def way_of(cell: Cell, matrix: Matrix) -> str:
    unchecked = any(request in matrix.unchecked for request in cell.requests)
    return f"{cell.way} {_UNCHECKED}" if unchecked else cell.way


def outcome_text(parts: Sequence[tuple[str, str]]) -> str:
    """`Allowed`, how it is denied, or, where parts of the call differ, each part's answer."""
    by_answer: dict[str, list[str]] = {}
    for part, answer in parts:
        by_answer.setdefault(_plain(answer), []).append(part)
    if len(by_answer) <= 1:
        return "".join(by_answer)
    models = [part for part, _ in parts if part.startswith("model")]
    return "; ".join(
        f"{'models' if labels == models != labels[:1] else ', '.join(labels)}: {answer}"
        for answer, labels in by_answer.items()
    )


def _plain(answer: str) -> str:
    return answer.replace("ExplicitlyDenied: ", "ExplicitlyDenied by ")


def _subjects(subjects: Sequence[str], every: Sequence[str]) -> tuple[str, ...]:
    """Return the subjects by name; models also by what they are all, or all but a few, of: `every`
    model that is asked about in the same way."""
    models = [subject for subject in subjects if subject in _MODELS]
    others = tuple(subject for subject in subjects if subject not in _MODELS)
    missing = [model for model in dict.fromkeys(every) if model not in models]
    if models and not missing:
        return (*others, "*all*")
    if len(missing) < len(models):
        return (*others, f"*all* but {', '.join(missing)}")
    return (*others, *models)


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)
