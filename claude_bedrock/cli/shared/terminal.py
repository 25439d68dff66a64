"""Text for the terminal: what others wrote is shown, and moves, colors or hides nothing."""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from io import TextIOWrapper
from typing import Any, Final

import typer
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.segment import Segment, Segments
from rich.table import Table
from rich.text import Text

_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and line feed, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional controls
    "\u2028\u2029"  # separators of lines and paragraphs
    "\ud800-\udfff"  # halves of surrogate pairs, which no encoding has
    "\U000e0000-\U000e007f]"  # tags: letters that nobody sees
)
"""The bidirectional controls of https://www.unicode.org/reports/tr9/, the rest of Unicode's
categories Cc, Cs, Zl and Zp, and the block Tags."""

_PICTURES: Final = (
    0x2400  # of the controls 0x00 to 0x1f: https://www.unicode.org/charts/PDF/U2400.pdf
)
_PICTURE_OF_DEL: Final = "\u2421"


def escape_controls(text: str) -> str:
    """Return the text with each character that a terminal obeys instead of showing made visible: ␛
    for ESC, ``\\x9b`` or ``\\u202e`` where there is no picture. Tabs and line ends stay."""
    return _UNSAFE.sub(_visible, text.replace("\r\n", "\n"))


def escape_line(text: str) -> str:
    """Return the same of what is one line: it cannot begin another, which would look like ours."""
    return escape_controls(text).replace("\n", chr(_PICTURES + 0x0A))


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(_PICTURES + code)
    if code == 0x7F:
        return _PICTURE_OF_DEL
    return match[0].encode("unicode-escape", "surrogatepass").decode("ascii")


def plain(text: str, style: str = "") -> Text:
    """Return the text as Rich shows it: without markup, and with controls made visible."""
    return Text(escape_controls(text), style)


def plain_lines(*texts: str | None, style: str = "") -> Text:
    """Return each text that is not empty as one line, whatever is in it."""
    return Text("\n".join(escape_line(text) for text in texts if text), style)


def echo(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print the text, with controls made visible."""
    typer.echo(escape_controls(text), err=err, nl=nl)


class _JsonOutput:
    """What this run has printed of the JSON that its `--json` asks for."""

    is_requested = False
    has_begun = False
    unfinished: "JsonItems | None" = None


def expect_json(arguments: Sequence[str]) -> None:
    """Note whether a command's arguments ask for JSON, so that its errors are JSON too."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    _JsonOutput.is_requested = "--json" in options
    _JsonOutput.has_begun = False
    _JsonOutput.unfinished = None


def echo_json_error(text: str) -> None:
    """Print the object `{"error": …}` where JSON is asked for and there is none yet; complete one
    that an error cut off with the same member."""
    if _JsonOutput.unfinished is not None:
        _JsonOutput.unfinished.end(error=text)
    elif _JsonOutput.is_requested and not _JsonOutput.has_begun:
        echo_json({"error": text})


def echo_json(value: object, *, indent: int | None = 2, nl: bool = True) -> None:
    """Print the value as JSON, whose strings hold no control either and mean the same."""
    _JsonOutput.has_begun = True
    typer.echo(json.dumps(value, indent=indent).replace("\x7f", "\\u007f"), nl=nl)


def echo_items(items: Iterable[object], **others: object) -> None:
    """Print the one JSON object that every command prints which lists things: they are in `items`,
    beside what else there is to know."""
    echo_json({**others, "items": list(items)})


class JsonItems:
    """Prints items as they come: as one object that has them in `items`, an item a line, or with
    `lines_alone` as a line each, for what has no end."""

    def __init__(self, *, lines_alone: bool = False) -> None:
        self._lines_alone = lines_alone
        self._before = '{"items": ['

    def add(self, item: object) -> None:
        """Print one more."""
        _JsonOutput.unfinished = self
        if self._lines_alone:
            echo_json(item, indent=None)
        else:
            typer.echo(f"{self._before}\n", nl=False)
            echo_json(item, indent=None, nl=False)
            self._before = ","
        sys.stdout.flush()

    def end(self, *, error: str | None = None) -> None:
        """Complete the object, with the error that cut it off."""
        _JsonOutput.unfinished = None
        last = "" if error is None else f', "error": {json.dumps(error)}'
        if not self._lines_alone:
            typer.echo(f"{self._before}]{last}}}" if self._before != "," else f"\n]{last}}}")
        elif error is not None:
            echo_json({"error": error}, indent=None)


class SafeConsole(Console):
    """A console that reads no markup and passes no control on, whatever it is handed.

    On a terminal no word of a table is cut or folded. Elsewhere a table is plain rows with tabs
    between cells, and no line is folded."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - Rich's own
        super().__init__(markup=False, highlight=False, emoji=False, **options)

    def print(self, *objects: Any, **options: Any) -> None:  # noqa: ANN401 - Rich's own
        if self.is_terminal:
            for object_ in objects:
                _prevent_folding(object_)
            super().print(*objects, **{"crop": False, **options})
            return
        for object_ in objects:
            for part in _plain_parts(object_):
                super().print(part, **{**options, "soft_wrap": True})

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment(escape_controls(segment.text), segment.style)

    def on_broken_pipe(self) -> None:
        """Leave it to the command line's handler, which knows the exit code."""
        raise  # noqa: PLE0704 - Rich calls it while it handles the error


def _prevent_folding(renderable: Any) -> None:  # noqa: ANN401 - what Rich renders
    """Widen each column of a table to its longest word, or line if it is not to be wrapped: a
    table may be wider than the terminal, and an identifier is never cut or folded."""
    for part in getattr(renderable, "renderables", ()):
        _prevent_folding(part)
    for column in renderable.columns if isinstance(renderable, Table) else ():
        texts = [*_text(column.header).split(), *(_text(cell) for cell in column.cells)]
        pieces = [part for text in texts for part in _pieces(text, column.no_wrap)]
        column.min_width = max(map(cell_len, pieces), default=0)


def _pieces(text: str, no_wrap: bool) -> list[str]:
    return text.splitlines() if no_wrap else text.split()


def _plain_parts(renderable: Any) -> Iterator[Any]:  # noqa: ANN401 - as above
    """Yield the parts of what is printed, each table as its rows."""
    if isinstance(renderable, Group):
        for part in renderable.renderables:
            yield from _plain_parts(part)
    elif isinstance(renderable, Table):
        # Segments, since a Text would have its tabs expanded to spaces.
        yield Segments(map(Segment, _rows(renderable)), new_lines=True)
    else:
        yield renderable


def _rows(table: Table) -> Iterator[str]:
    if table.title:
        yield _text(table.title)
    if table.show_header:
        names = (" ".join(_text(column.header).split()) for column in table.columns)
        yield "\t".join(names).rstrip("\t")
    cells = ((_one_line(cell) for cell in column.cells) for column in table.columns)
    for row in zip(*cells, strict=True):
        yield "\t".join(row).rstrip("\t")
    if table.caption:
        yield _text(table.caption)


def _one_line(cell: Any) -> str:  # noqa: ANN401 - as above
    lines = (line.strip() for line in _text(cell).replace("\t", " ").splitlines())
    return "; ".join(line for line in lines if line)


def _text(cell: Any) -> str:  # noqa: ANN401 - as above
    """Return the characters of a cell; a bar, which is a picture of a number beside it, has
    none."""
    if isinstance(cell, Text):
        return cell.plain
    return cell if isinstance(cell, str) else ""


def console(*, err: bool = False, soft_wrap: bool = False) -> Console:
    """Return where tables and styled text go: standard output, or standard error."""
    return SafeConsole(stderr=err, soft_wrap=soft_wrap)


def accept_any_character() -> None:
    """Have output that the terminal's encoding lacks escaped instead of refused."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def working(what: str) -> AbstractContextManager[object]:
    """Show on a terminal's standard error that the program works on something."""
    out = console(err=True)
    return out.status(escape_line(what)) if out.is_terminal else nullcontext()


def is_terminal() -> bool:
    """Return whether standard output is read by a person."""
    return sys.stdout is not None and sys.stdout.isatty()
