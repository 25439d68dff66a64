"""Which forms are fit to be submitted: those that a person has filled in."""

import json
from pathlib import Path

import pytest

from claude_bedrock.cli.access.use_case_form import UnfitFormError, as_sent, empty, read

FILLED = {
    "companyName": "Octo GmbH",
    "companyWebsite": "https://octo.dev",
    "intendedUsers": "2",
    "industryOption": "Software",
    "otherIndustryOption": "",
    "useCases": "Search in our own documents, für unsere Leute.",
}


def file_of(folder: Path, content: object) -> Path:
    file = folder / "form.json"
    file.write_text(json.dumps(content))
    return file


def test_a_filled_form_is_sent_as_it_is(tmp_path: Path) -> None:
    form = read(file_of(tmp_path, FILLED))

    assert json.loads(as_sent(form)) == FILLED
    assert "für" in as_sent(form).decode()


def test_the_empty_form_has_every_field_and_is_refused(tmp_path: Path) -> None:
    assert set(empty()) == set(FILLED)
    with pytest.raises(UnfitFormError) as refused:
        read(file_of(tmp_path, empty()))
    assert str(refused.value).count(": empty") == 5


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"companyName": "TODO"}, "placeholder"),
        ({"companyName": "<your company>"}, "placeholder"),
        ({"companyName": "Your company"}, "placeholder"),
        ({"companyWebsite": "https://example.com"}, "placeholder"),
        ({"useCases": "…"}, "placeholder"),
        ({"useCases": "   "}, "empty"),
        ({"companyName": "x" * 129}, "129 characters, and 128 are allowed"),
        ({"useCases": "a b" * 2731}, "8193 characters"),
        ({"intendedUsers": "3"}, '"0" (internal)'),
        ({"intendedUsers": "both"}, "1 are allowed"),
        ({"intendedUsers": 2}, "not text"),
        ({"industryOption": "Other"}, "otherIndustryOption: empty"),
        ({"company": "Octo"}, "company: no field of the form"),
        ({"useCases": "é" * 8192}, "more than 16384 bytes"),
    ],
)
def test_an_empty_field_is_refused(
    tmp_path: Path, change: dict[str, object], expected: str
) -> None:
    with pytest.raises(UnfitFormError) as refused:
        read(file_of(tmp_path, FILLED | change))
    assert expected in str(refused.value)


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    form = {name: value for name, value in FILLED.items() if name != "useCases"}

    with pytest.raises(UnfitFormError, match="useCases: missing"):
        read(file_of(tmp_path, form))


@pytest.mark.parametrize("content", [[], "text", 7])
def test_what_is_no_object_is_refused(tmp_path: Path, content: object) -> None:
    with pytest.raises(UnfitFormError, match="not a JSON object"):
        read(file_of(tmp_path, content))


def test_what_is_no_json_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "form.json").write_text("companyName: Octo")

    with pytest.raises(UnfitFormError, match="not JSON"):
        read(tmp_path / "form.json")
    with pytest.raises(UnfitFormError, match="cannot be read"):
        read(tmp_path / "absent.json")
