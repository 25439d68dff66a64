"""The style check counts what docs/style-guide.md limits, and where it stands."""

import pytest

from tools.check_style import Finding, Measured, exceeded, measure, pages, totals


def texts(text: str, name: str) -> list[str]:
    return [
        finding.text for finding in measure("page.md", text).findings if finding.measure == name
    ]


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("You set your key yourself; young youths do not.", "you", ["You", "your", "yourself"]),
        ("No key, nothing, neither this nor that.", "negations", ["No", "nothing", "nor"]),
        ("The key is stored and was not yet read.", "passive", ["is stored"]),
        ("It has been written, is then kept, is only partly shown.", "passive",
         ["been written", "is then kept", "is only partly shown"]),
        ("The need is indeed there; this is red.", "passive", []),
        ("A team whose key, by which it, made anew.", "archaic", ["whose", "by which", "anew"]),
        ("The authoriser's behaviour, catalogues, organisation, 3 licences", "british",
         ["authoriser", "behaviour", "catalogues", "organisation", "licences"]),
        ("Raise, otherwise promise, exercise, revise, precise, enterprise, noise, hours, four.",
         "british", []),
        ("| a licence | b |", "british", ["licence"]),
    ],
)  # fmt: skip
def test_each_measure_counts_its_words_and_no_others(
    text: str, name: str, expected: list[str]
) -> None:
    assert texts(text, name) == expected


def test_tables_code_and_link_targets_are_no_prose() -> None:
    text = (
        "Read [your page](whose.md) and `nobody`.\n\n```\nyou none\n```\n\n"
        "| you | no |\n| --- | --- |\n| whose | nothing |\n"
    )
    measured = measure("page.md", text)
    assert measured.words == 4
    assert [(finding.measure, finding.text) for finding in measured.findings] == [("you", "your")]


def test_a_finding_has_its_line_even_within_a_paragraph() -> None:
    text = "# Keys\n\nThe key\nis stored by nobody.\n\n- one\n- none of\n  it is\n  kept\n"
    findings = measure("page.md", text).findings
    assert [(location.line, location.measure) for location in findings] == [
        (4, "negations"),
        (4, "passive"),
        (7, "negations"),
        (8, "passive"),
    ]


def test_a_cell_is_as_long_as_a_reader_sees_it() -> None:
    link = f"[{'a' * 190}](https://example.com/{'b' * 100})"
    text = f"| {link} | {'a' * 201} | {'a' * 150} \\| {'a' * 60} |\n"
    assert len(texts(text, "long cell")) == 2


def test_rates_are_per_thousand_words_and_limits_hold_in_the_right_direction() -> None:
    findings = tuple(
        Finding("a.md", 1, name, "") for name in ("you", "you", "negations", "archaic")
    )
    sums = totals([Measured("a.md", 500, findings), Measured("b.md", 500, ())])
    assert (sums["you"], sums["negations"], sums["archaic"]) == (2.0, 1.0, 1)
    limits = {"you": 2, "negations": 0.9, "archaic": 1}
    assert exceeded(sums, limits) == ["negations: 1.0, limit 0.9"]
    assert exceeded(sums, {"you": 2.1}) == ["you: 2.0, limit 2.1"]


def test_generated_pages_and_the_changelog_are_exempt() -> None:
    assert {"README.md", "docs/deploy.md", "docs/runbooks/ServerErrors.md"} <= set(pages())
    assert not {"CHANGELOG.md", "docs/models.md", "docs/access/prod.md"} & set(pages())
