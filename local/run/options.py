"""The options of a run of local mode, checked before anything is started."""

import json
import socket
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

PROJECT: Final = Path(__file__).parents[2]
DEFAULT_REGION: Final = "us-east-1"
"""Of a stage block that names none."""
_LAST_PORT: Final = 65_535


class OptionsError(Exception):
    """An option cannot be followed; the text names it and says what to do."""


class ClientDisconnect(StrEnum):
    """Whether a function sees that its client has disconnected. On AWS it does not: it writes on,
    and is billed, to its end: https://github.com/opennextjs/opennextjs-aws/issues/952"""

    INVISIBLE = "invisible"
    VISIBLE = "visible"


class Options(NamedTuple):
    """A port of 0 is any free one. `stages_file`: a JSON file of stage blocks in place of those in
    cdk.json. `iam_delay`: seconds until a new role holds, or a range."""

    stage: str
    port: int
    https_port: int
    aws_port: int
    state: Path
    stages_file: Path | None = None
    client_disconnect: ClientDisconnect = ClientDisconnect.INVISIBLE
    iam_delay: str = "0"


def check(options: Options) -> None:
    """Raise OptionsError for a port that is taken, and a stage that there is not."""
    ports = {
        "--port": options.port,
        "--https-port": options.https_port,
        "--aws-port": options.aws_port,
    }
    for name, port in ports.items():
        if port:
            _check_port(name, port)
    chosen = [port for port in ports.values() if port]
    if len(chosen) != len(set(chosen)):
        raise OptionsError(
            f"{', '.join(ports)} must differ: give another port, or 0 for a free one."
        )
    region(options.stage, options.stages_file)


def region(stage: str, stages_file: Path | None) -> str:
    """Return the Region of the stage. Raise OptionsError where there is no such stage, or one
    without an endpoint."""
    stages = read_stages(stages_file)
    if stage not in stages:
        raise OptionsError(
            f"--stage: {_file(stages_file)} has no stage {stage!r}; it has {', '.join(stages)}."
        )
    block = stages[stage]
    if isinstance(block, Mapping) and _at(block, "endpoint", "enabled") is False:
        raise OptionsError(
            f"--stage: {stage!r} has no endpoint (endpoint.enabled is false), and local mode is "
            "about one. Name a stage with an endpoint."
        )
    configured = (
        block.get("region", DEFAULT_REGION) if isinstance(block, Mapping) else DEFAULT_REGION
    )
    return str(configured)


def role_boundary(stage: str, stages_file: Path | None) -> str:
    """Return the permissions boundary that the stage names; empty where it names none. Raises
    OptionsError."""
    boundary = _at(read_stages(stages_file), stage, "account", "permissions_boundary")
    return boundary if isinstance(boundary, str) else ""


def read_stages(stages_file: Path | None) -> Mapping[str, Any]:
    """Return the map of stages of `stages_file`, else of cdk.json. Raises OptionsError."""
    file = _file(stages_file)
    try:
        content = json.loads(file.read_text())
    except json.JSONDecodeError as broken:
        raise OptionsError(
            f"{file} is no JSON: line {broken.lineno} column {broken.colno}: {broken.msg}."
        ) from broken
    except RecursionError as broken:
        raise OptionsError(f"{file} is no JSON: it is nested too deeply.") from broken
    except (OSError, UnicodeDecodeError) as unreadable:
        raise OptionsError(f"{file} cannot be read: {unreadable}.") from unreadable
    stages = content if stages_file else _at(content, "context", "stages")
    if not isinstance(stages, Mapping) or not stages:
        form = '{"NAME": {…}}' if stages_file else '{"context": {"stages": {"NAME": {…}}}}'
        raise OptionsError(f"{file} has no map of stages; its form is {form}.")
    return stages


def _file(stages_file: Path | None) -> Path:
    return stages_file or PROJECT / "cdk.json"


def _at(content: object, *names: str) -> object:
    for name in names:
        content = content.get(name) if isinstance(content, Mapping) else None
    return content


def _check_port(name: str, port: int) -> None:
    advice = "Give another port, or 0 for a free one."
    if not 0 < port <= _LAST_PORT:
        raise OptionsError(f"{name} {port} is no port: they end at {_LAST_PORT}. {advice}")
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as taken:
        raise OptionsError(f"{name} {port} cannot be used: {taken.strerror}. {advice}") from taken
