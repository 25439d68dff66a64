"""Which part of a page is written by a run, and how it gets there."""

from pathlib import Path


class NoSuchPartError(Exception):
    """The page lacks the marks of a part; the message names both."""


def write(page: Path, part: str, content: str) -> None:
    """Put `content` between the marks of `part`. Raises NoSuchPartError."""
    begin, end = f"<!-- {part}: written by a run -->", f"<!-- end of {part} -->"
    before, begin_match, rest = page.read_text().partition(begin)
    _, end_match, after = rest.partition(end)
    if not (begin_match and end_match):
        raise NoSuchPartError(f"{page} has no part {part!r} between {begin} and {end}")
    page.write_text(f"{before}{begin}\n\n{content}\n\n{end}{after}")
