"""How text reaches the terminal: what others wrote is shown, and moves, colors or hides nothing."""

import json
import re
import sys
from collections.abc import Iterable
from io import TextIOWrapper
from typing import Any, Final

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
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
    """The text with each character that a terminal obeys instead of showing made visible: ␛ for
    ESC, ``\\x9b`` or ``\\u202e`` where there is no picture. Tabs and line ends stay."""
    return _UNSAFE.sub(_visible, text.replace("\r\n", "\n"))


def escape_line(text: str) -> str:
    """The same of what is one line: it cannot begin another, which would look like ours."""
    return escape_controls(text).replace("\n", chr(_PICTURES + 0x0A))


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(_PICTURES + code)
    if code == 0x7F:
        return _PICTURE_OF_DEL
    return match[0].encode("unicode-escape", "surrogatepass").decode("ascii")


def plain(text: str, style: str = "") -> Text:
    """The text as Rich shows it: without markup, and with controls made visible."""
    return Text(escape_controls(text), style)


def plain_lines(*texts: str | None, style: str = "") -> Text:
    """Each text that is not empty as one line, whatever is in it."""
    return Text("\n".join(escape_line(text) for text in texts if text), style)


def echo(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print the text, with controls made visible."""
    typer.echo(escape_controls(text), err=err, nl=nl)


def echo_json(value: object, *, indent: int | None = 2) -> None:
    """Print the value as JSON, whose strings hold no control either and mean the same."""
    typer.echo(json.dumps(value, indent=indent).replace("\x7f", "\\u007f"))


class SafeConsole(Console):
    """A console that reads no markup and passes no control on, whatever it is handed."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - Rich's own
        super().__init__(markup=False, highlight=False, emoji=False, **options)

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


def console(*, err: bool = False, soft_wrap: bool = False) -> Console:
    """Where tables and styled text go: standard output, or standard error."""
    return SafeConsole(stderr=err, soft_wrap=soft_wrap)


def accept_any_character() -> None:
    """Have output that the terminal's encoding lacks escaped instead of refused."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
