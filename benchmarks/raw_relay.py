"""The floor of a relay: the least Python that gives the Runtime API the bytes of an upstream.

`python -m benchmarks.raw_relay UPSTREAM REQUEST_FILE CA_FILE`, the upstream being a URL. Whatever
is asked, the request in the file is sent. Both sides speak HTTP's chunks, so that what one read
brings leaves in one write as it is; nothing is looked at but the end.
"""

import os
import socket
import ssl
import sys
from pathlib import Path

from benchmarks import bare_loop

_KIND = "application/vnd.amazon.eventstream"
_END = b"0\r\n\r\n"


def serve(address: str, upstream: str, request: bytes, ca_file: str) -> None:
    host = address.partition(":")[0]
    with _connect(upstream, ca_file) as bedrock:
        while True:
            with bare_loop.connect(address) as connection:
                connection.sendall(bare_loop.next_request(host))
                headers, _ = bare_loop.read(connection)
                request_id = headers["lambda-runtime-aws-request-id"]
                bedrock.sendall(request)
                data = bare_loop.receive(bedrock).partition(b"\r\n\r\n")[2]
                connection.sendall(bare_loop.head(host, request_id, _KIND) + data)
                last = data[-5:]
                while last != _END:
                    data = bare_loop.receive(bedrock)
                    connection.sendall(data)
                    last = (last + data[-5:])[-5:]
                bare_loop.read(connection)


def _connect(upstream: str, ca_file: str) -> socket.socket:
    scheme, _, address = upstream.partition("://")
    plain = bare_loop.connect(address)
    if scheme == "http":
        return plain
    context = ssl.create_default_context(cafile=ca_file)
    return context.wrap_socket(plain, server_hostname=address.partition(":")[0])


if __name__ == "__main__":
    request = Path(sys.argv[2]).read_bytes()
    serve(os.environ["AWS_LAMBDA_RUNTIME_API"], sys.argv[1], request, sys.argv[3])
