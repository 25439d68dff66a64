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
    host, _, port = address.partition(":")
    ask = f"GET {_API}/next HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    while True:
        with socket.create_connection((host, int(port))) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(ask)
            headers, body = _read(connection)
            streamed = '"stream":true' in json.loads(body)["body"]
            request_id = headers["lambda-runtime-aws-request-id"]
            connection.sendall(_head(host, request_id, streamed=streamed))
            _send(connection, stream_body if streamed else json_body)
            _read(connection)


def _read(connection: socket.socket) -> tuple[dict[str, str], bytes]:
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += _receive(connection)
    lines = data[:end].decode().split("\r\n")[1:]
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    parts, missing = [data[end + 4 :]], int(headers["content-length"]) - len(data) + end + 4
    while missing > 0:
        parts.append(_receive(connection))
        missing -= len(parts[-1])
    return headers, b"".join(parts)


def _receive(connection: socket.socket) -> bytes:
    data = connection.recv(_PIECE)
    if not data:
        raise ConnectionError("the Runtime API has closed")
    return data


def _head(host: str, request_id: str, *, streamed: bool) -> bytes:
    kind = "text/event-stream; charset=utf-8" if streamed else "application/json"
    prelude = json.dumps({"statusCode": 200, "headers": {"content-type": kind}}).encode()
    head = (
        f"POST {_API}/{request_id}/response HTTP/1.1\r\nHost: {host}\r\n"
        "Content-Type: application/vnd.awslambda.http-integration-response\r\n"
        "Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    return head.encode() + _chunk(prelude + b"\0" * 8)


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
