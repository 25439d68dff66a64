"""The content of the state folder: logs, the CA, the address of what is up, and whose run it is."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class InUseError(Exception):
    """Another run has the state folder."""


class State:
    """One run's folder, `.local` unless another is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.endpoint = self.folder / "endpoint.json"
        self.ca_bundle = self.folder / "ca.pem"
        self.client_certificate = self.folder / "client.pem"
        self.gateway_log = self.folder / "gateway.log"
        self.functions = self.folder / "functions"
        self.aws = self.folder / "aws"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other runs out of the folder; raise InUseError if one is in it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as taken:
                lock.seek(0)
                raise InUseError(
                    f"{self.folder} is in use by process {lock.read().strip()}: "
                    "stop that first, or give another folder with --local-dir"
                ) from taken
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            self.endpoint.unlink(missing_ok=True)  # of a run that was killed
            try:
                yield
            finally:
                self.endpoint.unlink(missing_ok=True)

    def read_endpoint(self) -> dict[str, Any] | None:
        """Return what the run that uses the folder has written, None while there is none."""
        try:
            endpoint: dict[str, Any] = json.loads(self.endpoint.read_text())
        except FileNotFoundError:
            return None
        return endpoint

    def write_endpoint(self, endpoint: Mapping[str, Any]) -> None:
        """Whoever reads the file sees all of it or none: it holds keys, so for its owner only."""
        new = self.endpoint.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(json.dumps(endpoint, indent=2) + "\n")
        new.replace(self.endpoint)
