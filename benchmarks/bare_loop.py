"""The floor: the least Python that obeys the Lambda Runtime API and streams canned bytes.

`python bare_loop.py JSON_FILE STREAM_FILE`; standard library only, sockets, no upstream, no check.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
"""

import json
import os
import socket
import sys

_API = "/2018-06-01/runtime/invocation"
_PIECE = 65_536  # a burst reaches a relay in reads, not whole


def serve(address: str, json_body: bytes, stream_body: bytes) -> None:
    host = address.partition(":")[0]
    while True:
        with connect(address) as connection:
            connection.sendall(next_request(host))
            headers, body = read(connection)
            streamed = '"stream":true' in json.loads(body)["body"]
            kind = "text/event-stream; charset=utf-8" if streamed else "application/json"
            connection.sendall(head(host, headers["lambda-runtime-aws-request-id"], kind))
            _send(connection, stream_body if streamed else json_body)
            read(connection)


def connect(address: str) -> socket.socket:
    host, _, port = address.partition(":")
    connection = socket.create_connection((host, int(port)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def next_request(host: str) -> bytes:
    """Return the request for the next invocation."""
    return f"GET {_API}/next HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


def read(connection: socket.socket) -> tuple[dict[str, str], bytes]:
    """Return one message of the Runtime API: header names in lower case, and the body."""
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += receive(connection)
    lines = data[:end].decode().split("\r\n")[1:]
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    parts, missing = [data[end + 4 :]], int(headers["content-length"]) - len(data) + end + 4
    while missing > 0:
        parts.append(receive(connection))
        missing -= len(parts[-1])
    return headers, b"".join(parts)


def receive(connection: socket.socket) -> bytes:
    data = connection.recv(_PIECE)
    if not data:
        raise ConnectionError("the other side has closed")
    return data


def head(host: str, request_id: str, kind: str) -> bytes:
    """Return an answer's beginning: an HTTP head, and the chunk that says status and content
    type."""
    prelude = json.dumps({"statusCode": 200, "headers": {"content-type": kind}}).encode()
    lines = (
        f"POST {_API}/{request_id}/response HTTP/1.1\r\nHost: {host}\r\n"
        "Content-Type: application/vnd.awslambda.http-integration-response\r\n"
        "Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    return lines.encode() + _chunk(prelude + b"\0" * 8)


def _send(connection: socket.socket, body: bytes) -> None:
    for at in range(0, len(body), _PIECE):
        connection.sendall(_chunk(body[at : at + _PIECE]))
    connection.sendall(b"0\r\n\r\n")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _file(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123 - pathlib costs a third of this program's start
        return file.read()


if __name__ == "__main__":
    serve(os.environ["AWS_LAMBDA_RUNTIME_API"], _file(sys.argv[1]), _file(sys.argv[2]))
