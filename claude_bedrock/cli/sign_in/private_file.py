"""Files that only their owner can read: created so, and never read where others could."""

import json
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from claude_bedrock.cli.sign_in.errors import SignInRequiredError

Values = Mapping[str, Any]


def folder() -> Path:
    """Return the folder of sign-ins, where the system has the files of programs:
    https://specifications.freedesktop.org/basedir-spec/latest/

    Typer has a function of this name, and takes a tenth of a second to import."""
    if sys.platform == "win32":
        parent = os.environ.get("APPDATA", "~")
    elif sys.platform == "darwin":
        parent = "~/Library/Application Support"
    else:
        parent = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(parent).expanduser() / "claude-bedrock"


def write(file: Path, values: Values) -> None:
    """Replace the file by these values as JSON, of mode 0600 from its first byte on, in a folder
    that is created with mode 0700."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)  # as a process of the same id left it
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as out:
        json.dump(values, out)
    unfinished.replace(file)


def read(file: Path) -> Values | None:
    """Return the values of the file; None where there is none.

    Raises SignInRequiredError where others can read it, or it holds something else."""
    try:
        mode = file.stat().st_mode
        values = json.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        values = None
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SignInRequiredError(
            f"Other users can read {file} (mode {stat.S_IMODE(mode):04o}), which holds tokens. "
            f"Run `chmod 600 {file}`, or delete it and sign in again."
        )
    if not isinstance(values, dict):
        raise SignInRequiredError(f"{file} is not what `claude-bedrock login` writes. Delete it.")
    return values


@contextmanager
def lock(file: Path) -> Iterator[None]:
    """Hold the file's lock, for which other processes wait: a provider may take a refresh token
    once only, and end the sign-in when it comes again.
    https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2"""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _wait_for_lock(handle)
        yield
    finally:
        os.close(handle)  # which ends the lock


def _wait_for_lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - Windows has no other

        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
    else:
        import fcntl  # noqa: PLC0415 - as above

        fcntl.flock(handle, fcntl.LOCK_EX)
