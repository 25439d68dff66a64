"""Each claim of the compliance page names a test that is there, or a command that there is."""

import pytest
import typer

from claude_bedrock.cli.audit.controls import CONTROLS
from claude_bedrock.cli.main import app
from tools.docs.pages import codes, is_a_test, rows

PAGE, HEADING = "docs/compliance.md", "Claims and tests"
CLAIMS = {claim: codes(shown_by) for claim, shown_by in rows(PAGE, HEADING)}


def test_every_claim_names_what_shows_it_and_nothing_else() -> None:
    assert len(CLAIMS) > 20
    for claim, shown_by in CLAIMS.items():
        assert shown_by, claim
        for item in shown_by:
            assert item.startswith(("tests/", "claude-bedrock ")), item


def test_the_controls_are_those_of_the_audit_report() -> None:
    frameworks = ("NIST", "ISO", "SOC", "EU AI")
    assert [(name, asks, codes(ids)) for name, asks, ids in rows(PAGE, "Controls")] == [
        (f"{control.framework} {control.id}", control.requirement, list(control.statements))
        for control in CONTROLS
        if control.framework.startswith(frameworks)
    ]


@pytest.mark.parametrize(
    "named", sorted({item for all_ in CLAIMS.values() for item in all_ if "tests/" in item})
)
def test_a_test_that_is_named_is_there(named: str) -> None:
    assert is_a_test(named)


@pytest.mark.parametrize(
    "named", sorted({claim for all_ in CLAIMS.values() for claim in all_ if "tests/" not in claim})
)
def test_a_command_that_is_named_is_there_with_its_options(named: str) -> None:
    _, *words = named.split()
    command: object = typer.main.get_command(app)
    for word in (item for item in words if not item.startswith("--")):
        command = command.commands[word]  # type: ignore[attr-defined]
    options = {text for param in command.params for text in param.opts}  # type: ignore[attr-defined]
    assert {word for word in words if word.startswith("--")} <= options
