"""Options that several commands share, and how a command ends in one line."""

import os
import re
import sys
import traceback
from collections.abc import Iterable, Iterator
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
from claude_bedrock.cli.shared.terminal import echo, echo_json_error

DEBUG: Final = "CLAUDE_BEDROCK_DEBUG"
MOST_DAYS: Final = 3660
"""Ten years, as long as CloudWatch Logs keeps at most."""

_NAMED_ON_THE_COMMAND_LINE: Final = ("url", "local_dir", "everything", "folder")

_STAGE: Final = re.compile(r"[a-z][a-z0-9]{0,15}")


def not_empty(value: str | None) -> str | None:
    """Return the option's value. Raises BadParameter for an empty one, which an unset variable
    leaves behind, and which would mean something else than what was meant."""
    if value is not None and not value.strip():
        raise typer.BadParameter("The value is empty. Is the variable set that it comes from?")
    return value


def _stage_name(context: typer.Context, value: str | None) -> str | None:
    if _yields(context, "stage", _NAMED_ON_THE_COMMAND_LINE):
        return None
    if not_empty(value) is not None and not _STAGE.fullmatch(str(value)):
        raise typer.BadParameter(
            f"{value!r} is not a stage's name. Use 1 to 16 lowercase letters and digits, a letter "
            "first."
        )
    return value


def _url(context: typer.Context, value: str | None) -> str | None:
    return None if _yields(context, "url", ("stage", "local_dir")) else not_empty(value)


def _yields(context: typer.Context, option: str, others: Iterable[str]) -> bool:
    """Return whether the option's value is the environment's, and another option on the command
    line names what the command is about. Options of the command line are read first."""
    return _source(context, option) == "ENVIRONMENT" and any(
        _source(context, other) == "COMMANDLINE" for other in others
    )


def _source(context: typer.Context, option: str) -> str:
    source = context.get_parameter_source(option)
    return source.name if source else ""


LocalDir = Annotated[
    Path,
    typer.Option(help="The folder of local mode, in which `make local` writes endpoint.json."),
]
Stage = Annotated[
    str | None,
    typer.Option(
        help="A stage in your AWS account; else local mode.",
        envvar="CLAUDE_BEDROCK_STAGE",
        callback=_stage_name,
    ),
]
Region = Annotated[
    str | None,
    typer.Option(
        help="The stage's Region; else that of its block in cdk.json, AWS_REGION, "
        "AWS_DEFAULT_REGION, then your profile.",
        callback=not_empty,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Url = Annotated[
    str | None,
    typer.Option(
        help="The endpoint's URL; else local mode.",
        envvar="CLAUDE_BEDROCK_URL",
        callback=_url,
    ),
]
Key = Annotated[
    str | None, typer.Option(help="The API key.", envvar="CLAUDE_BEDROCK_KEY", callback=not_empty)
]
Iam = Annotated[
    bool, typer.Option("--iam", help="With --url: sign with your AWS credentials instead of a key.")
]
LOCAL_DIR = Path(".local")


@contextmanager
def one_line_errors(exit_code: int = FAILED, role: Role | None = None) -> Iterator[None]:
    """End the program with one line for each error that a user can do something about; `role` is
    the stage's role that may do what is done inside."""
    try:
        yield
    except (BrokenPipeError, typer.TyperException, typer.Exit, typer.Abort):
        raise  # before `_foreign_errors` below imports what a help does without
    except CliError as error:
        fail(str(error), error.exit_code or exit_code)
    except _foreign_errors() as error:
        fail(_describe(error, role), exit_code)


def _foreign_errors() -> tuple[type[Exception], ...]:
    """Return the classes of errors of AWS's SDK, the library and Python that a user can act on.
    Their modules are imported once something was raised, not by each start."""
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
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # Rich met it, and ends with 1
            sys.exit(OUTPUT_CLOSED)
        raise
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except (typer.TyperException, typer.Exit, typer.Abort):
        raise
    except Exception as defect:  # noqa: BLE001 - the command line's only one: see above
        _report_defect(defect)
        sys.exit(DEFECT)


def fail(text: str, exit_code: int = FAILED) -> NoReturn:
    """End the program with that line, without what it holds of credentials."""
    line = redact(text)
    echo(f"claude-bedrock: {line}", err=True)
    echo_json_error(line)
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
        return "The answer is not one of AWS. Is a proxy on the way, or AWS_ENDPOINT_URL set?"
    if isinstance(error, OverflowError):
        return f"A number or a time is out of range: {error}"
    if isinstance(error, (UnicodeDecodeError, UnicodeEncodeError)):
        return f"The text is not {error.encoding}: {error.reason}"
    return str(error)


def _report_defect(defect: Exception) -> None:
    """Report a defect by its type and location only: its text may hold a prompt."""
    if os.environ.get(DEBUG):
        echo(redact("".join(traceback.format_exception(defect))), err=True)
        return
    *_, last = traceback.extract_tb(defect.__traceback__)
    location = f"{Path(last.filename).name}, line {last.lineno}"
    line = (
        f"A defect of this program: {type(defect).__name__} in {location}. "
        f"Run it with {DEBUG}=1 for the traceback, and please report it."
    )
    echo(f"claude-bedrock: {line}", err=True)
    echo_json_error(line)


def _flush_output() -> None:
    """Meet what is wrong with the output here, and not when Python ends."""
    if sys.stdout is None:  # as where it was closed before the start
        return
    try:
        sys.stdout.flush()
    except OSError:
        # Python would try once more at its end, and from 3.13 on exit with 120.
        _discard_output()
        raise


def _discard_output() -> None:
    """Keep Python from complaining of the same at its end."""
    with open(os.devnull, "wb") as nothing:  # noqa: PTH123 - a device
        os.dup2(nothing.fileno(), 1)
