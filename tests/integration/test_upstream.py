"""The connection to Bedrock over a real socket: reuse, silence, and every way a peer can fail."""

import errno
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
import trustme

from gateway import errors
from gateway.connection import (
    CHECK_SECONDS,
    IDLE_SECONDS,
    _connect,
    _is_timeout,
    _set_receive_timeout,
)
from gateway.runtime import ClientDisconnected
from gateway.signing import Credentials
from gateway.upstream import Upstream, read_all

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
NO_LINGER = struct.pack("ii", 1, 0)  # a close is then a reset
Script = Callable[[socket.socket], None]


def stays() -> None:
    """A caller who does not leave."""


class Unsigned:
    def sign(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        credentials: Credentials | None = None,  # noqa: ARG002
    ) -> dict[str, str]:
        del method, url, body
        return dict(headers)


@contextmanager
def peer(
    *scripts: Script, scheme: str = "http", meanwhile: Callable[[], None] | None = None
) -> Iterator[Upstream]:
    """An upstream whose first connection runs the first script, and so on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_accept, args=(listener, scripts), daemon=True)
        thread.start()
        with closing(_upstream(listener.getsockname()[1], scheme, meanwhile)) as upstream:
            yield upstream
        thread.join(5)
        assert not thread.is_alive(), "the upstream made fewer connections than expected"


def _upstream(
    port: int, scheme: str = "http", meanwhile: Callable[[], None] | None = None
) -> Upstream:
    return Upstream(f"{scheme}://127.0.0.1:{port}", Unsigned(), meanwhile)


def _accept(listener: socket.socket, scripts: tuple[Script, ...]) -> None:
    for script in scripts:
        connection, _ = listener.accept()
        with closing(connection):
            script(connection)


def _request(connection: socket.socket) -> bytes:
    received = b""
    while not received.endswith(b"\r\n\r\nbody"):
        data = connection.recv(65_536)
        assert data, "the upstream closed instead of asking"
        received += data
    return received


def answers(*parts: bytes | float, requests: int = 1) -> Script:
    """Reads a request, then sends the parts, or waits that many seconds; then closes."""

    def script(connection: socket.socket) -> None:
        for _ in range(requests):
            _request(connection)
            with suppress(OSError):  # the upstream may leave before the script is done
                for part in parts:
                    time.sleep(part) if isinstance(part, float) else connection.sendall(part)

    return script


def _post(upstream: Upstream, seconds: float = 5) -> bytes:
    reply = upstream.post(
        "/model/x/invoke", {"a": "b"}, b"body", seconds=seconds, check_client=stays
    )
    try:
        return read_all(reply, seconds)
    finally:
        reply.close()


def test_a_connection_is_used_again() -> None:
    with peer(answers(OK, requests=3)) as upstream:
        assert [_post(upstream) for _ in range(3)] == [b"ok"] * 3


def test_a_connection_that_the_peer_closed_concurrently_is_replaced_without_a_second_attempt() -> (
    None
):
    with peer(answers(OK), answers(OK)) as upstream:
        assert _post(upstream) == b"ok"
        time.sleep(0.05)
        assert _post(upstream) == b"ok"


def test_a_connection_from_before_a_long_freeze_is_not_used_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with peer(answers(OK, 0.5), answers(OK)) as upstream:
        assert _post(upstream) == b"ok"
        thawed = time.time() + IDLE_SECONDS + 1
        monkeypatch.setattr(time, "time", lambda: thawed)
        assert _post(upstream) == b"ok"


def test_a_reply_that_is_left_unread_costs_its_connection() -> None:
    with peer(answers(CHUNKED + b"2\r\nok\r\n", 0.2), answers(OK)) as upstream:
        reply = upstream.post("/", {}, b"body", seconds=5, check_client=stays)
        assert reply.read(5) == b"ok"
        reply.close()
        assert _post(upstream) == b"ok"


def test_idle_time_is_distinguished_from_the_end_and_the_body_goes_on_after_it() -> None:
    with peer(answers(CHUNKED, b"1\r\na\r\n", 0.3, b"1\r\nb\r\n0\r\n\r\n")) as upstream:
        reply = upstream.post("/", {}, b"body", seconds=5, check_client=stays)
        assert reply.read(5) == b"a"
        assert reply.read(0.05) is None
        assert reply.read(5) == b"b"
        assert reply.read(5) == b""


def test_bytes_that_drip_do_not_postpone_the_idle_timeout() -> None:
    drip = [part for byte in b"ffff\r\n" for part in (bytes([byte]), 0.05)]
    with peer(answers(CHUNKED, *drip)) as upstream:
        reply = upstream.post("/", {}, b"body", seconds=5, check_client=stays)
        began = time.monotonic()
        assert reply.read(0.1) is None
        assert time.monotonic() - began < 1
        reply.close()


@pytest.mark.parametrize(
    "parts",
    [(), (b"HTTP/1.1 200",), (CHUNKED,), (CHUNKED + b"5\r\nab",), (b"garbage\r\n\r\n",),
     (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab",)],
)  # fmt: skip
def test_a_peer_that_breaks_off_is_a_failure_and_the_next_call_works(
    parts: tuple[bytes, ...],
) -> None:
    with peer(answers(*parts), answers(OK)) as upstream:
        with pytest.raises(errors.UpstreamFailed):
            _post(upstream)
        assert _post(upstream) == b"ok"


@pytest.mark.parametrize("body", [b"zz\r\n", b"ffffffffff\r\n"])
def test_a_head_counts_even_where_the_bytes_behind_it_are_damaged(body: bytes) -> None:
    with peer(answers(CHUNKED + body), answers(OK)) as upstream:
        reply = upstream.post("/", {}, b"body", seconds=5, check_client=stays)
        assert reply.status == 200
        with pytest.raises(errors.UpstreamFailed):
            read_all(reply, 5)
        reply.close()
        assert _post(upstream) == b"ok"


def test_a_request_that_cannot_be_sent_completely_has_not_arrived() -> None:
    def script(connection: socket.socket) -> None:
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)

    with peer(script) as upstream, pytest.raises(errors.Unreachable):
        upstream.post("/", {}, b"x" * 20_000_000, seconds=5, check_client=stays)


REFUSED = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\n\r\nno"


@pytest.mark.parametrize("linger", [True, False])
def test_an_answer_that_comes_before_the_complete_body_was_sent_is_read(*, linger: bool) -> None:
    """And costs its connection, on which the rest of the body would be the next request."""

    def script(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(REFUSED)
        if not linger:
            time.sleep(0.2)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        else:
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(0.5)
            with suppress(OSError):
                while connection.recv(1 << 20):
                    pass

    with peer(script, answers(OK)) as upstream:
        reply = upstream.post("/", {}, b"x" * 20_000_000, seconds=5, check_client=stays)
        assert (reply.status, read_all(reply, 5)) == (429, b"no")
        reply.close()
        assert _post(upstream) == b"ok"


def test_whatever_fails_between_request_and_answer_costs_the_connection() -> None:
    """Else the next caller would read this one's answer."""
    failures = iter([ImportError("once")])

    def meanwhile() -> None:
        for failure in failures:
            raise failure

    late = answers(0.2, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nALICE")
    with peer(late, answers(OK), meanwhile=meanwhile) as upstream:
        with pytest.raises(ImportError):
            _post(upstream)
        assert _post(upstream) == b"ok"


def test_resolution_and_all_addresses_of_a_host_share_one_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[float] = []
    now = [0.0]

    class Unanswered:
        def __init__(self, *_: object) -> None:
            self._seconds = 0.0

        def settimeout(self, seconds: float) -> None:
            self._seconds = seconds

        def connect(self, _address: object) -> None:
            waited.append(self._seconds)
            now[0] += self._seconds
            raise TimeoutError

        def close(self) -> None:
            pass

    def resolve(*_: object, **__: object) -> list[tuple[object, ...]]:
        now[0] += 2.0
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 443))] * 8

    monkeypatch.setattr("gateway.connection.socket.getaddrinfo", resolve)
    monkeypatch.setattr("gateway.connection.socket.socket", Unanswered)
    monkeypatch.setattr("gateway.connection.time.monotonic", lambda: now[0])
    with pytest.raises(TimeoutError):
        _connect((b"h.example", 443), 5.0)
    assert len(waited) == 8
    assert now[0] == pytest.approx(5.0)


def test_who_leaves_while_it_is_idle_ends_the_call_and_its_connection() -> None:
    def leaves() -> None:
        raise ClientDisconnected

    ended = threading.Event()

    def script(connection: socket.socket) -> None:
        _request(connection)
        connection.settimeout(5)
        if connection.recv(1) == b"":
            ended.set()

    with peer(script, answers(OK)) as upstream:
        with pytest.raises(ClientDisconnected):
            upstream.post("/", {}, b"body", seconds=60, check_client=leaves)
        assert ended.wait(5)
        assert _post(upstream) == b"ok"


def test_an_answer_in_one_piece_that_never_ends_is_not_buffered() -> None:
    endless = CHUNKED + b"".join(b"100000\r\n%b\r\n" % (b"x" * 0x100000) for _ in range(30))
    with peer(answers(endless)) as upstream, pytest.raises(errors.UpstreamFailed) as ended:
        _post(upstream)
    assert ended.value.cause == "TooLong"


def test_a_peer_that_vanished_is_not_taken_for_an_idle_one() -> None:
    own, the_kernels = BlockingIOError(), OSError(errno.ETIMEDOUT, "timed out")
    assert isinstance(the_kernels, TimeoutError)
    assert (_is_timeout(own), _is_timeout(the_kernels)) == (True, False)


def test_no_answer_in_time_is_a_timeout_and_the_next_call_works() -> None:
    with peer(answers(0.3), answers(OK)) as upstream:
        with pytest.raises(errors.UpstreamTimeout):
            _post(upstream, seconds=0.1)
        assert _post(upstream) == b"ok"


def test_what_can_wait_is_done_after_the_request_has_left_and_before_the_answer() -> None:
    done = threading.Event()

    def script(connection: socket.socket) -> None:
        _request(connection)
        if done.wait(5):
            connection.sendall(OK)

    with peer(script, meanwhile=done.set) as upstream:
        assert not done.is_set()
        assert _post(upstream) == b"ok"


def test_a_port_that_refuses_is_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(errors.UpstreamFailed, match="could not be reached"):
        _post(_upstream(port))


def test_the_request_on_the_wire_is_http() -> None:
    seen: list[bytes] = []

    def script(connection: socket.socket) -> None:
        seen.append(_request(connection))
        connection.sendall(OK)

    with peer(script) as upstream:
        _post(upstream)
    head, _, body = seen[0].partition(b"\r\n\r\n")
    first, *fields = head.split(b"\r\n")
    assert first == b"POST /model/x/invoke HTTP/1.1"
    assert {b"a: b", b"Content-Length: 4"} <= set(fields)
    assert sum(field.lower().startswith(b"host:") for field in fields) == 1
    assert body == b"body"


def test_a_body_too_large_to_be_copied_arrives_completely() -> None:
    sent, received = bytes(range(256)) * 4_000, bytearray()

    def script(connection: socket.socket) -> None:
        while not received.endswith(sent):
            received.extend(connection.recv(65_536))
        connection.sendall(OK)

    with peer(script) as upstream:
        reply = upstream.post("/", {}, sent, seconds=5, check_client=stays)
        assert read_all(reply, 5) == b"ok"
    assert received.count(b"Content-Length: 1024000\r\n\r\n") == 1


def over_tls(authority: trustme.CA, script: Script) -> Script:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    def wrapped(connection: socket.socket) -> None:
        with suppress(ssl.SSLError), context.wrap_socket(connection, server_side=True) as secured:
            script(secured)

    return wrapped


def test_a_peer_that_no_authority_of_amazons_vouches_for_receives_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    server = over_tls(trustme.CA(), answers(OK))
    with (
        peer(server, scheme="https") as upstream,
        pytest.raises(errors.UpstreamFailed, match="could not be reached") as failure,
    ):
        _post(upstream)
    assert failure.value.cause == "SSLCertVerificationError"


def test_another_authority_is_believed_where_the_environment_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with peer(over_tls(authority, answers(OK)), scheme="https") as upstream:
        assert _post(upstream) == b"ok"


def test_a_silent_peer_over_tls_is_waited_for_no_longer_than_one_over_http(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its caller is looked for meanwhile: Python repeats a read that TLS wants."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    def script(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as peer_end:
            answers(0.9, OK)(peer_end)

    checks: list[float] = []
    with peer(script, script, scheme="https") as upstream:
        with pytest.raises(errors.UpstreamTimeout):
            _post(upstream, seconds=0.1)
        reply = upstream.post(
            "/", {}, b"body", seconds=5, check_client=lambda: checks.append(time.monotonic())
        )
        assert read_all(reply, 5) == b"ok"
        reply.close()
    assert len(checks) == 1


def test_a_read_of_a_paced_stream_waits_in_one_system_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """What sets a timeout does so once a response, since every read would pay for it."""
    armed: list[float] = []

    def set_and_note(connection: socket.socket, seconds: float) -> None:
        armed.append(seconds)
        _set_receive_timeout(connection, seconds)

    monkeypatch.setattr("gateway.connection._set_receive_timeout", set_and_note)
    pieces = [part for _ in range(10) for part in (b"1\r\nx\r\n", 0.002)]
    with peer(answers(CHUNKED, *pieces, b"0\r\n\r\n")) as upstream:
        assert _post(upstream) == b"x" * 10
    assert armed == [CHECK_SECONDS]
