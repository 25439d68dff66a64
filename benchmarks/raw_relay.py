"""The floor of a relay: the least Python that gives the Runtime API the bytes of an upstream.

`python -m benchmarks.raw_relay UPSTREAM REQUEST_FILE`, the upstream being HOST:PORT. Whatever is
asked, the request in the file is sent. Both sides speak HTTP's chunks, so that what one read brings
leaves in one write as it is; nothing is looked at but the end.
"""

import os
import sys
from pathlib import Path

from benchmarks import bare_loop

_KIND = "application/vnd.amazon.eventstream"
_END = b"0\r\n\r\n"


def serve(address: str, upstream: str, request: bytes) -> None:
    host = address.partition(":")[0]
    with bare_loop.connect(upstream) as bedrock:
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


if __name__ == "__main__":
    serve(os.environ["AWS_LAMBDA_RUNTIME_API"], sys.argv[1], Path(sys.argv[2]).read_bytes())
