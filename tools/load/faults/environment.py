"""One environment of the built gateway function, and what can be seen of it from outside."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.runtime_service import Answer, RuntimeService

PROC = Path("/proc")
MODEL = "claude-haiku-4-5"
RESERVE_SECONDS = 5.0  # what the function keeps back of its time: gateway.deadline
PING_SECONDS = 3  # longer than any wait here: a ping decides the status
_VARIABLES = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "_HANDLER": "gateway.handler.handle",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "dev",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "STAGE": "faults",
    "GEOGRAPHIES": "global",
    "ALLOWED_MODELS": MODEL,
    "MAX_BODY_BYTES": "1000000",
    "PING_SECONDS": str(PING_SECONDS),
    "UNSUPPORTED_FIELDS": "drop",
    "API_KEY_NAMES": "{}",
    "POWERTOOLS_SERVICE_NAME": "gateway",
    "POWERTOOLS_METRICS_NAMESPACE": "ClaudeOnBedrock",
}


class Footprint(NamedTuple):
    """What a process holds: open files and sockets, and threads."""

    files: int
    threads: int


class Exchange(NamedTuple):
    """What the caller was given, what the audit line says, and how long it took."""

    answer: Answer
    line: Mapping[str, Any]
    seconds: float


class Environment:
    """Started as Lambda starts it; `endpoint` is its Bedrock, `ca` what it trusts, `more` are
    further variables."""

    def __init__(
        self, folder: Path, endpoint: str, ca: Path, more: Mapping[str, str] | None = None
    ) -> None:
        self._service = RuntimeService()
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - `close` closes it
        self._process = subprocess.Popen(
            [str(folder / "gateway" / "bootstrap"), sys.executable],
            env={
                **_VARIABLES,
                **(more or {}),
                "LAMBDA_TASK_ROOT": str(folder),
                "AWS_LAMBDA_RUNTIME_API": self._service.address,
                "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": endpoint,
                "SSL_CERT_FILE": str(ca),
            },
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self._service.wait_until_idle()

    def invoke(self, event: Mapping[str, Any], *, seconds: float) -> Exchange:
        """Return the answer to an event that may take `seconds`; Lambda would end the function
        RESERVE_SECONDS later."""
        began = time.monotonic()
        answer = self._service.invoke(_bytes(event), seconds + RESERVE_SECONDS)
        return Exchange(answer, self._audit_line(), time.monotonic() - began)

    def hand_out(self, event: Mapping[str, Any], *, seconds: float) -> None:
        """Send the event as `invoke` does, for a caller who does not wait for the answer."""
        self._service.hand_out(_bytes(event), seconds + RESERVE_SECONDS)

    def leave(self) -> Mapping[str, Any]:
        """End the connection of the response, as if nobody read it; the audit line."""
        self._service.leave()
        self._service.wait_until_idle()
        return self._audit_line()

    def footprint(self) -> Footprint:
        files = len([*(PROC / str(self._process.pid) / "fd").iterdir()])
        return Footprint(files, int(self._status("Threads")))

    def memory_kib(self) -> int:
        return int(self._status("VmRSS").split()[0])

    def close(self) -> None:
        self._service.close()
        self._process.kill()
        self._process.wait()
        self._log.close()

    def _status(self, name: str) -> str:
        for line in (PROC / str(self._process.pid) / "status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return line.partition(":")[2].strip()
        raise KeyError(name)

    def _audit_line(self) -> Mapping[str, Any]:
        """Of the one request since it was last looked; nothing else may have gone wrong."""
        self._log.seek(0)
        text = self._log.read()
        self._log.seek(0)
        self._log.truncate()
        lines = [json.loads(line) for line in text.splitlines()]
        assert not any(line.get("message") == "defect" for line in lines), text
        (line,) = [entry["audit"] for entry in lines if entry.get("message") == "audit"]
        assert isinstance(line, dict)
        return line


def _bytes(event: Mapping[str, Any]) -> bytes:
    return json.dumps(event).encode()
