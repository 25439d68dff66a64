"""Each threat of the security page names tests that show what stops it, and they are there."""

import pytest

from tools.docs.pages import codes, headings, is_a_test, rows

PAGE, AFTER = "docs/security.md", "What nothing here stops"
DOORS = [each for each in headings(PAGE, 3) if each != AFTER]
THREATS = {(door, row[1]): row for door in DOORS for row in rows(PAGE, door)}


def test_every_door_has_its_threats() -> None:
    assert len(DOORS) >= 11
    assert {door for door, _ in THREATS} == set(DOORS)


@pytest.mark.parametrize("threat", THREATS, ids=": ".join)
def test_a_threat_says_of_what_kind_it_is_and_what_shows_that_it_is_stopped(
    threat: tuple[str, str],
) -> None:
    kind, _, stopped, shown, _ = THREATS[threat]
    assert set(kind.split(", ")) <= set("STRIDE")
    assert stopped
    assert codes(shown)
    assert "; ".join(f"`{each}`" for each in codes(shown)) == shown


@pytest.mark.parametrize(
    "named", sorted({each for row in THREATS.values() for each in codes(row[3])})
)
def test_a_test_that_is_named_is_there(named: str) -> None:
    assert named.startswith("tests/")
    assert is_a_test(named)
