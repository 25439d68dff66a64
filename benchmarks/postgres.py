"""A Postgres server for one run, of the programs that this machine has; its data lasts as long.

https://www.postgresql.org/docs/15/app-initdb.html
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from pwd import getpwall

from benchmarks.http_peer import free_port, listens
from benchmarks.processes import ProcessFailed

_SECONDS = 30
_DEBIANS = "usr/lib/postgresql/*/bin/initdb"  # which Debian leaves out of the path


def programs() -> Path | None:
    """Return the folder that has `initdb` and `postgres`; None if this machine has none."""
    program = shutil.which("initdb") or max(map(str, Path("/").glob(_DEBIANS)), default=None)
    return Path(program).resolve().parent if program else None


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Yield the URL of an empty database on loopback, without a password. Raise ProcessFailed."""
    user = _user()
    with tempfile.TemporaryDirectory(prefix="benchmarks-postgres-") as data:
        if user is not None:
            shutil.chown(data, user)
        port = free_port()
        start = partial(
            subprocess.Popen,
            cwd=data,
            user=user,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        making = ["-D", data, "-A", "trust", "-U", "benchmark", "--no-sync"]
        if start([str(folder / "initdb"), *making]).wait():
            raise ProcessFailed("initdb made no database")
        listening = ["-p", str(port), "-c", "listen_addresses=127.0.0.1"]
        settings = ["-c", "unix_socket_directories=", "-c", "fsync=off"]
        server = start([str(folder / "postgres"), "-D", data, *listening, *settings])
        try:
            _wait(server, port)
            yield f"postgres://benchmark@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # its fast shutdown
            server.wait(_SECONDS)


def _user() -> str | None:
    """Return as whom it runs, since it refuses to be root; None for the user of this process."""
    if os.geteuid():
        return None
    known = {entry.pw_name for entry in getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _wait(server: subprocess.Popen[str], port: int) -> None:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until and server.poll() is None:
        if listens(port):
            return
        time.sleep(0.05)
    raise ProcessFailed("Postgres does not listen")
