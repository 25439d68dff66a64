"""Each threat of the security page names tests that show what stops it, and they are there."""

import re

import pytest

from tools.docs.pages import codes, is_a_test, read, rows, section

PAGE, AFTER = "docs/security.md", "Remaining risks"
_THREATS = read(PAGE).partition("\n## Threats\n")[2].partition("\n## ")[0]
DOORS = [item for item in re.findall(r"^### (.+)$", _THREATS, re.MULTILINE) if item != AFTER]
SHOWN = {
    (door, number): tests
    for door in DOORS
    for number, tests in re.findall(r"^(\d+)\. (`.+)$", section(PAGE, door), re.MULTILINE)
}
THREATS = {
    (door, row[2]): [*row[1:4], SHOWN.get((door, row[0]), "")]
    for door in DOORS
    for row in rows(PAGE, door)
}


def test_every_door_has_its_threats() -> None:
    assert len(DOORS) >= 11
    assert {door for door, _ in THREATS} == set(DOORS)


@pytest.mark.parametrize("threat", THREATS, ids=": ".join)
def test_a_threat_names_its_kind_and_what_shows_that_it_is_stopped(
    threat: tuple[str, str],
) -> None:
    kind, _, stopped, shown = THREATS[threat]
    assert set(kind.split(", ")) <= set("STRIDE")
    assert stopped
    assert codes(shown)
    assert "; ".join(f"`{code}`" for code in codes(shown)) == shown


@pytest.mark.parametrize(
    "named", sorted({code for row in THREATS.values() for code in codes(row[3])})
)
def test_a_test_that_is_named_is_there(named: str) -> None:
    assert named.startswith("tests/")
    assert is_a_test(named)
