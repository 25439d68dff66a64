"""A run writes its own part of a page, and nothing else."""

from pathlib import Path

import pytest

from benchmarks import page

BEGIN, END = "<!-- figures: written by a run -->", "<!-- end of figures -->"


def test_only_what_is_between_the_marks_is_written(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text(f"# Title\n\n{BEGIN}\n\nold\n\n{END}\n\nThe rest\n")
    page.write(file, "figures", "new")
    assert file.read_text() == f"# Title\n\n{BEGIN}\n\nnew\n\n{END}\n\nThe rest\n"


@pytest.mark.parametrize(
    "text", ["", BEGIN, f"{END} {BEGIN}", "<!-- records: written by a run -->"]
)
def test_a_page_without_the_marks_is_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "page.md"
    file.write_text(text)
    with pytest.raises(page.NoSuchPartError, match="figures"):
        page.write(file, "figures", "new")
    assert file.read_text() == text
