"""How the commands that a page tells are read, and by what they are known: AWS's by botocore's
models of its services, ours by the command line itself."""

import re
import shlex
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import botocore.session
import typer
from botocore import xform_name

from claude_bedrock.cli.main import app
from tools.docs.pages import blocks, codes, prose

# Of the CLI itself: https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-options.html
_GLOBAL = {"output", "query", "region", "max-items", "cli-binary-format", "cli-read-timeout"}
_BY_ANOTHER_NAME = {"s3api": "s3"}
# Of the CLI, and of no service's model.
_CUSTOM = {"s3", "configure", "sso"}
_CUSTOM_OPERATIONS = {("cloudtrail", "validate-logs")}


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command of AWS's and ours, in a page's blocks and in its text."""
    lines = [line for block in blocks(text) for line in _joined(block).splitlines()]
    for candidate in [*lines, *codes(prose(text))]:
        match = re.search(r"(?:^|\$\()((?:aws|claude-bedrock) .*)", candidate.strip())
        if match:
            yield shlex.split(_without_the_rest(match[1]), comments=True)


def mistake(words: list[str]) -> str:
    """What is wrong with a command; empty if there is such a one."""
    known = _own_options(words[1:]) if words[0] == "claude-bedrock" else _of_aws(words[1:])
    if known is None:
        return "no such command"
    options = {word.partition("=")[0] for word in words if word.startswith("--")}
    return ", ".join(sorted(options - known)) if known != {"*"} else ""


def _joined(block: str) -> str:
    """A command that goes over lines, by a backslash or within quotes, on one."""
    quoted = r"\"[^\"]*\"|'[^']*'"
    return re.sub(quoted, lambda text: text[0].replace("\n", " "), block.replace("\\\n", " "))


def _without_the_rest(line: str) -> str:
    """Without the pipe or redirection behind it, and without the end of a substitution."""
    bare = re.match(r"(?:\"[^\"]*\"|'[^']*'|[^|>\"'])*", line)
    assert bare is not None
    return bare[0].strip().removesuffix(")").removesuffix(";")


def _own_options(words: list[str]) -> set[str] | None:
    """The options of a command of ours, or of a group that is only named."""
    command: Any = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    is_named = bool(words) and not words[0].startswith("-")
    if is_named and not getattr(command, "invoke_without_command", True):
        return None
    return {text for param in command.params for text in param.opts} | {"-h", "--help"}


def _of_aws(words: list[str]) -> set[str] | None:
    """The options of a command of the AWS CLI; `*` where no model tells."""
    service, operation = words[0], words[1] if len(words) > 1 else ""
    if service in _CUSTOM or (service, operation) in _CUSTOM_OPERATIONS:
        return {"*"}
    options = _operations(_BY_ANOTHER_NAME.get(service, service)).get(operation)
    return None if options is None else {f"--{option}" for option in options | _GLOBAL}


@cache
def _operations(service: str) -> dict[str, set[str]]:
    """The operations of a service as the AWS CLI spells them, and the options of each."""
    session = botocore.session.get_session()
    if service not in session.get_available_services():
        return {}
    model = session.get_service_model(service)
    shapes = {name: model.operation_model(name).input_shape for name in model.operation_names}
    return {
        xform_name(name, "-"): set(_options(shape.members)) if shape else set()
        for name, shape in shapes.items()
    }


def _options(members: Mapping[str, Any]) -> Iterator[str]:
    """A flag has an option that says no, too."""
    for name, shape in members.items():
        option = xform_name(name, "-")
        yield from (option, f"no-{option}") if shape.type_name == "boolean" else (option,)
