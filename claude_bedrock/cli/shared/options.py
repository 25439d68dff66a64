"""Options that several commands share, and how a command ends in one line."""

import os
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from claude_bedrock.cli.shared.errors import (
    DEFECT,
    FAILED,
    INTERRUPTED,
    NOT_ASSESSED,
    OUTPUT_CLOSED,
    CliError,
    Role,
)
from claude_bedrock.cli.shared.redaction import redact
from claude_bedrock.cli.shared.terminal import echo

DEBUG: Final = "CLAUDE_BEDROCK_DEBUG"
MOST_HOURS: Final = 87_840
"""Ten years, as long as CloudWatch Logs keeps at most."""

MOST_DAYS: Final = 3660
"""As many years."""

MOST_MINUTES: Final = 44_640
"""31 days."""

_STAGE: Final = re.compile(r"[a-z][a-z0-9]{0,15}")


def not_empty(value: str | None) -> str | None:
    """The option's value. Raises BadParameter for an empty one, which an unset variable leaves
    behind, and which would mean something else than what was meant."""
    if value is not None and not value.strip():
        raise typer.BadParameter("it is empty: is the variable set that it comes from?")
    return value


def _stage_name(value: str | None) -> str | None:
    if not_empty(value) is not None and not _STAGE.fullmatch(str(value)):
        raise typer.BadParameter(
            f"{value!r} is no stage: a name is 1 to 16 small letters and digits, a letter first"
        )
    return value


StateFolder = Annotated[Path, typer.Option(help="Where `make local` keeps its files.")]
Stage = Annotated[
    str | None,
    typer.Option(
        help="A stage in your AWS account; else what is up locally.", callback=_stage_name
    ),
]
Region = Annotated[
    str | None,
    typer.Option(
        help="The stage's Region; else that of its block in cdk.json, of AWS_REGION, "
        "AWS_DEFAULT_REGION or your profile.",
        callback=not_empty,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
Url = Annotated[
    str | None,
    typer.Option(
        help="The endpoint; else what is up locally.",
        envvar="CLAUDE_BEDROCK_URL",
        callback=not_empty,
    ),
]
Key = Annotated[
    str | None, typer.Option(help="The API key.", envvar="CLAUDE_BEDROCK_KEY", callback=not_empty)
]
Iam = Annotated[
    bool, typer.Option("--iam", help="With --url: sign with your AWS credentials, use no key.")
]
LOCAL_STATE = Path(".local")


@contextmanager
def one_line_errors(exit_code: int = FAILED, role: Role | None = None) -> Iterator[None]:
    """End the program with one line for each error that a user can do something about; `role` is
    the stage's role that may do what is done inside."""
    try:
        yield
    except BrokenPipeError:
        raise
    except CliError as error:
        fail(str(error), error.exit_code or exit_code)
    except _foreign_errors() as error:
        fail(_describe(error, role), exit_code)


def _foreign_errors() -> tuple[type[Exception], ...]:
    """Classes of AWS's SDK, the library and Python that a user can act on. Their modules are
    imported once something was raised, not by each start."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    from claude_bedrock.records.window import UnreadableError  # noqa: PLC0415
    from claude_bedrock.verification.period import BadWindowError  # noqa: PLC0415

    of_aws = (BotoCoreError, ClientError, ResponseParserError)
    return (*of_aws, BadWindowError, UnreadableError, OSError, OverflowError, UnicodeError)


@contextmanager
def last_resort() -> Iterator[None]:
    """End the program without a traceback, whatever happens, and a defect with a code of its own.

    Put around all commands, since what they print is not in their `one_line_errors`."""
    try:
        with one_line_errors(NOT_ASSESSED):
            try:
                yield
            finally:
                _flush_output()
    except BrokenPipeError:
        _discard_output()
        sys.exit(OUTPUT_CLOSED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except (typer.TyperException, typer.Exit, typer.Abort):
        raise
    except Exception as defect:  # noqa: BLE001 - the command line's only one: see above
        _report_defect(defect)
        sys.exit(DEFECT)


def fail(text: str, exit_code: int = FAILED) -> NoReturn:
    """End the program with that line, without what it holds of credentials."""
    echo(f"claude-bedrock: {redact(text)}", err=True)
    sys.exit(exit_code)


def _describe(error: Exception, role: Role | None) -> str:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as above
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    from claude_bedrock.cli.shared.aws_errors import explain  # noqa: PLC0415

    if isinstance(error, (ClientError, BotoCoreError)):
        return explain(error, role)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, ResponseParserError):  # whose text is all that came
        return "what answered is not AWS: does a proxy stand between, or is AWS_ENDPOINT_URL set?"
    if isinstance(error, OverflowError):
        return f"a number or a time is out of range: {error}"
    if isinstance(error, (UnicodeDecodeError, UnicodeEncodeError)):
        return f"text is not {error.encoding}: {error.reason}"
    return str(error)


def _report_defect(defect: Exception) -> None:
    """Its type and place only: its text may hold what was said to a model."""
    if os.environ.get(DEBUG):
        echo(redact("".join(traceback.format_exception(defect))), err=True)
        return
    *_, last = traceback.extract_tb(defect.__traceback__)
    place = f"{Path(last.filename).name}, line {last.lineno}"
    echo(
        f"claude-bedrock: a defect of this program: {type(defect).__name__} in {place}. "
        f"{DEBUG}=1 shows where it comes from; please report it",
        err=True,
    )


def _flush_output() -> None:
    """Meet what is wrong with the output here, and not when Python ends."""
    if sys.stdout is not None:  # as where it was closed before the start
        sys.stdout.flush()


def _discard_output() -> None:
    """Keep Python from complaining of the same at its end."""
    with open(os.devnull, "wb") as nothing:  # noqa: PTH123 - a device
        os.dup2(nothing.fileno(), 1)
