"""The faults of AWS STS, which opens a session for each caller: an environment with caller
sessions, before an STS that misbehaves."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.environment import built
from tools.load.faults.environment import Environment
from tools.load.faults.formats import COMPLETE, FORMATS, Format
from tools.load.faults.harness import local_bedrock

AREA: Final = "AWS STS"
KEYS: Final = {
    "AWS_ACCESS_KEY_ID": "dev",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "token",
}
"""Of the session that STS opens here, which the local Bedrock knows."""
CALLER_ROLE: Final = "arn:aws:iam::123456789012:role/claude-on-bedrock-faults-us-east-1-caller"
_OPENED: Final = (
    "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>dev</AccessKeyId>"
    "<SecretAccessKey>secret</SecretAccessKey><SessionToken>{token}</SessionToken></Credentials>"
    "</AssumeRoleResult></AssumeRoleResponse>"
)
_SLOW_SECONDS: Final = 4.0
_PATIENT: Final = 30.0


class StsFault(NamedTuple):
    """`answer` is the status and body that STS gives to the first `times` requests; None for
    silence. `is_down`: nobody listens. `seconds`: what the call has."""

    name: str
    answer: tuple[int, str] | None = None
    times: int = 100
    is_down: bool = False
    seconds: float = 10.0


def _error(code: str) -> str:
    error = f"<Code>{code}</Code><Message>{CALLER_ROLE}</Message>"
    return f"<ErrorResponse><Error>{error}</Error></ErrorResponse>"


STS_FAULTS: Final = (
    StsFault("nobody listens at STS", is_down=True),
    StsFault("STS does not answer", seconds=1.0),
    StsFault("STS refuses", (403, _error("AccessDenied"))),
    StsFault("STS throttles", (400, _error("Throttling"))),
    StsFault("STS throttles once", (400, _error("Throttling")), times=1),
    StsFault("STS fails", (500, _error("InternalFailure"))),
    StsFault("STS fails once", (500, _error("InternalFailure")), times=1),
    StsFault("STS answers a page of HTML, with 200", (200, "<html>Welcome</html>")),
)


class ScriptedSts:
    """Opens sessions, but for the fault that is set."""

    def __init__(self, token: str = KEYS["AWS_SESSION_TOKEN"]) -> None:
        self._opened = _OPENED.format(token=token)
        self._fault: StsFault | None = None
        self._requests = 0
        self._server = self._listening(0)
        self.port: int = self._server.server_address[1]

    def set_fault(self, fault: StsFault | None) -> None:
        self._fault, self._requests = fault, 0
        is_down = fault is not None and fault.is_down
        if is_down:
            self._server.shutdown()
            self._server.server_close()
        elif self._server.socket.fileno() < 0:
            self._server = self._listening(self.port)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _listening(self, port: int) -> ThreadingHTTPServer:
        server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server

    def _answer(self) -> tuple[int, str] | None:
        fault, self._requests = self._fault, self._requests + 1
        if fault is None or self._requests > fault.times:
            return 200, self._opened
        return fault.answer

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer: Callable[[], tuple[int, str] | None] = self._answer

        class Handler(BaseHTTPRequestHandler):
            """One request a connection, so that none outlives the server."""

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                told = answer()
                if told is None:
                    self.connection.settimeout(_SLOW_SECONDS)
                    _wait_for_the_end(self.connection)
                    return
                status, text = told
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_arguments: object) -> None:
                pass

        return Handler


def _wait_for_the_end(connection: socket.socket) -> None:
    try:
        connection.recv(1)
    except OSError:
        return


class StsHarness:
    """An environment with caller sessions; every request is of a caller who has none yet."""

    def __init__(self, environment: Environment, sts: ScriptedSts) -> None:
        self.environment = environment
        self._sts = sts
        self._numbers = count()
        for form in FORMATS:
            assert self.observed(form, _PATIENT) == COMPLETE
        self.footprint = environment.footprint()

    def see(self, fault: StsFault, form: Format) -> tuple[str, str]:
        """Return what comes of a request that meets the fault, and of the next."""
        self._sts.set_fault(fault)
        try:
            seen = self.observed(form, fault.seconds)
        finally:
            self._sts.set_fault(None)
        return seen, self.observed(form, _PATIENT)

    def observed(self, form: Format, seconds: float) -> str:
        event: dict[str, Any] = form.build_event("hello", retries_itself=True)
        event["requestContext"]["identity"] = {"apiKeyId": f"key-{next(self._numbers)}"}
        answer, line, _ = self.environment.invoke(event, seconds=seconds)
        what = form.see(answer)
        assert b"arn:aws" not in answer.body, answer.body
        if what == COMPLETE:
            assert line["session_ms"] >= 0
            return what
        assert "bedrock_request_id" not in line
        assert line["outcome"] == "refused"
        assert answer.headers["retry-after"] == "2"
        return f"{what}, `{line['error_cause']}`"


@contextmanager
def prepared_with_sts(folder: Path) -> Iterator[StsHarness]:
    """What is started here is gone with the context; `folder` holds nothing."""
    with local_bedrock(KEYS) as bedrock, closing(ScriptedSts()) as sts:
        more = {
            **KEYS,
            "CALLER_ROLE_ARN": CALLER_ROLE,
            "AWS_ENDPOINT_URL_STS": f"http://localhost:{sts.port}",
        }
        environment = Environment(built(), f"http://{bedrock}", folder / "none.pem", more)
        with closing(environment):
            yield StsHarness(environment, sts)
