"""The socket to an AWS service: opened within a deadline, watched while it is idle, kept open.

What fails on it is a GatewayError that says whether the request can have arrived.
"""

import os
import select
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterable
from struct import pack
from urllib.parse import urlsplit

from gateway import errors, tls
from gateway.http1 import ProtocolError, ResponseReader

CONNECT_SECONDS = 5.0
IDLE_SECONDS = 60.0  # a connection idle for longer may be dead without a sign: AWS drops silently
CHECK_SECONDS = 0.5  # in silence, how often it is looked whether the caller is still there
_READ_BYTES = 1 << 18
_KEEPALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}  # in seconds, and probes
_UNACKNOWLEDGED_MS = 15_000


class Connection:
    """`service` is the name of the peer in messages. `is_spoiled`: a request was not sent
    completely, so that no other may follow it."""

    def __init__(self, endpoint: str, service: str) -> None:
        self.service = service
        parts = urlsplit(endpoint)
        self.host = parts.netloc
        self._address = (
            (parts.hostname or "").encode("ascii"),  # text would import the codec of other scripts
            parts.port or (443 if parts.scheme == "https" else 80),
        )
        self._tls = tls.client_context() if parts.scheme == "https" else None
        self._socket: socket.socket | None = None
        self._used_at = _now()
        self._wait_seconds = 0.0  # for which the kernel waits in a read; 0: not told yet
        self.is_spoiled = False  # by a request that was not sent whole

    def send(self, pieces: Iterable[bytes], until: float) -> OSError | None:
        """Return what kept the whole from being sent, where the peer may have answered
        nevertheless.

        Raises Unreachable, NotSent.
        """
        self.is_spoiled, self._wait_seconds = False, 0.0
        try:
            open_socket = self._ready(until)
        except OSError as error:
            self.close()
            raise self.not_reached(error) from error
        try:
            for piece in pieces:
                open_socket.settimeout(_socket_timeout(until))
                open_socket.sendall(piece)
        except OSError as error:
            if not _has_input(open_socket):
                self.close()
                raise self.not_reached(error) from error
            self.is_spoiled = True
            return error
        return None

    def receive(
        self, reader: ResponseReader, until: float, check_client: Callable[[], None]
    ) -> bytes | None:
        """Feed the reader once. None when nothing comes until `until`, by the monotonic clock."""
        open_socket = self._socket or self._open(until)
        while True:
            try:
                reader.check()
                seconds = max(min(until - time.monotonic(), CHECK_SECONDS), 0.001)
                if seconds != self._wait_seconds:
                    self._wait_seconds = seconds
                    _set_receive_timeout(open_socket, seconds)
                data = open_socket.recv(_READ_BYTES)
                if data:
                    body = reader.feed(data)
                    if reader.complete:
                        self._used_at = _now()
                    return body
                reader.end()
            except (OSError, ProtocolError) as error:
                if not _is_timeout(error):
                    self.close()
                    raise self._broken_off(error) from error
                if time.monotonic() >= until:
                    return None
                check_client()
            else:
                return b""

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def not_reached(self, error: Exception) -> errors.GatewayError:
        """Return the error of a request that did not arrive. A wrong certificate is not retried:
        the next attempt would meet the same one."""
        message, cause = f"{self.service} could not be reached. Try again.", type(error).__name__
        if isinstance(error, ssl.SSLCertVerificationError):
            return errors.NotSent(message, cause=cause)
        return errors.Unreachable(message, cause=cause)

    def _broken_off(self, error: Exception) -> errors.GatewayError:
        message = (
            f"{self.service} ended the connection before the response was complete. Try again."
        )
        return errors.UpstreamFailed(message, cause=type(error).__name__)

    def _ready(self, until: float) -> socket.socket:
        """Return an open connection that the peer has not closed meanwhile."""
        idle = max(now - then for now, then in zip(_now(), self._used_at, strict=True))
        if self._socket is not None and (idle > IDLE_SECONDS or _has_input(self._socket)):
            self.close()
        return self._open(until)

    def _open(self, until: float) -> socket.socket:
        if self._socket is None:
            plain = _connect(self._address, time.monotonic() + _socket_timeout(until))
            _set_socket_options(plain)
            host = self._address[0]
            self._socket = (
                self._tls.wrap_socket(plain, server_hostname=host) if self._tls else plain
            )
        return self._socket


def _connect(address: tuple[bytes, int], until: float) -> socket.socket:
    """Return a connection to the first of the host's addresses that takes one, within one deadline
    for looking them up and for all of them. Raises OSError.

    How long a look-up takes is the resolver's: the wrapper script bounds it by RES_OPTIONS.
    """
    addresses = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)
    failure = OSError("the name has no address")
    for number, (family, kind, protocol, _, where) in enumerate(addresses):
        opened = socket.socket(family, kind, protocol)
        opened.settimeout(max((until - time.monotonic()) / (len(addresses) - number), 0.001))
        try:
            opened.connect(where)
        except OSError as error:
            opened.close()
            failure = error
        else:
            opened.settimeout(max(until - time.monotonic(), 0.001))  # of a TLS handshake
            return opened
    raise failure


def _now() -> tuple[float, float]:
    """Return the time by both clocks: AWS does not say which of them stand still while an
    environment is frozen."""
    return time.monotonic(), time.time()


def _socket_timeout(until: float) -> float:
    """Return seconds for a connection to be made, or for a request to be taken."""
    return max(min(CONNECT_SECONDS, until - time.monotonic()), 0.001)


def _set_socket_options(connection: socket.socket) -> None:
    """Set keep-alive probes: they detect within a minute a peer that has vanished, and keep a long
    idle wait alive in what tracks connections on the way, such as a NAT gateway."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sys.platform == "linux":
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MS)
        for name, value in _KEEPALIVE.items():
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _set_receive_timeout(connection: socket.socket, seconds: float) -> None:
    """Let a read wait in the kernel for so long. Python polls a socket with a timeout of its own
    before each read, and TLS reads first in vain; it takes this one for one that does not wait:
    https://man7.org/linux/man-pages/man7/socket.7.html (SO_RCVTIMEO)"""
    connection.settimeout(0)
    os.set_blocking(connection.fileno(), True)
    timeval = pack("ll", int(seconds), int(seconds % 1 * 1_000_000))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeval)


def _is_timeout(error: Exception) -> bool:
    """Return whether our own wait ended; a peer that has vanished is a TimeoutError."""
    return isinstance(error, BlockingIOError | ssl.SSLWantReadError)


def _has_input(idle: socket.socket) -> bool:
    """Return whether an idle connection has input: that is its end, or a response to no request."""
    return bool(select.select([idle], [], [], 0)[0])
