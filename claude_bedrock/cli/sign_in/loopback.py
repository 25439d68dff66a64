"""The web server that a browser returns to after a sign-in: on 127.0.0.1, for one answer.

https://www.rfc-editor.org/rfc/rfc8252#section-7.3"""

import hmac
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import parse_qsl, urlsplit

from claude_bedrock.cli.sign_in.errors import ProviderError, SignInRequiredError

_HOST: Final = "127.0.0.1"
_PATH: Final = "/callback"
_PAGE: Final = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>claude-bedrock</title><p>{}</p></html>"
)
_HEADERS: Final = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'",
    "referrer-policy": "no-referrer",
    "connection": "close",
}


class Loopback:
    """Listens from the beginning of the block to its end."""

    def __init__(self, port: int, state: str) -> None:
        """Raises ProviderError where the port is taken."""
        self._state, self._arrived = state, Event()
        self._answer: Mapping[str, str] = {}
        try:
            self._server = ThreadingHTTPServer((_HOST, port), _handler(self))
        except OSError as error:
            raise ProviderError(
                f"Port {port} of {_HOST} is not free: {error.strerror}. Give another by --port, or "
                "sign in with --device."
            ) from error
        self._server.daemon_threads = True

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def redirect_uri(self) -> str:
        """Return where the provider is to send the browser."""
        return f"http://{_HOST}:{self._server.server_port}{_PATH}"

    def wait(self, seconds: float) -> Mapping[str, str]:
        """Return the parameters of the provider's answer. Raises SignInRequiredError where none
        comes."""
        if not self._arrived.wait(seconds):
            raise SignInRequiredError(
                f"Nobody signed in within {seconds:.0f} seconds. Try again, or use --device on a "
                "machine without a browser."
            )
        return self._answer

    def accept(self, target: str) -> bool:
        """Take the request's parameters if it is the answer to this sign-in, and the first."""
        parts = urlsplit(target)
        values = dict(parse_qsl(parts.query))
        is_ours = hmac.compare_digest(values.get("state", "").encode(), self._state.encode())
        if parts.path != _PATH or not is_ours or self._arrived.is_set():
            return False
        self._answer = values
        self._arrived.set()
        return True


def _handler(loopback: Loopback) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5  # a browser may open a connection ahead of time, and send nothing

        def do_GET(self) -> None:
            if loopback.accept(self.path):
                self._respond(200, "You can close this window and go back to the terminal.")
            else:
                self._respond(400, "This is not the answer to a sign-in that is under way.")

        def _respond(self, status: int, text: str) -> None:
            page = _PAGE.format(text).encode()
            self.send_response(status)
            for name, value in _HEADERS.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: Any) -> None:  # noqa: ANN401 - http.server's
            """Write nothing: the path holds the code."""

    return Handler
