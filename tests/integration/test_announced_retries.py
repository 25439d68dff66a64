"""The SDKs say of their first attempt already that they try again: the gateway counts on it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import NamedTuple

import anthropic
import boto3
import pytest
from botocore.exceptions import ClientError

from gateway.retries import client_retries


class Peer(NamedTuple):
    """Refuses every request; `heard` has the headers of each."""

    url: str
    heard: list[dict[str, str]]


@pytest.fixture
def peer() -> Iterator[Peer]:
    heard: list[dict[str, str]] = []

    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append({name.lower(): value for name, value in self.headers.items()})
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(400)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Peer(f"http://127.0.0.1:{server.server_port}", heard)
        server.shutdown()
        thread.join(5)


def test_anthropics_does(peer: Peer) -> None:
    client = anthropic.Anthropic(api_key="k", base_url=peer.url)
    with client, pytest.raises(anthropic.BadRequestError):
        client.messages.create(model="m", max_tokens=1, messages=[])
    assert [client_retries(headers) for headers in peer.heard] == [True]


def test_awss_does(peer: Peer) -> None:
    client = boto3.client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=peer.url,
        aws_access_key_id="k",
        aws_secret_access_key="s",
    )
    with pytest.raises(ClientError):
        client.invoke_model(modelId="m", body=b"{}")
    assert [client_retries(headers) for headers in peer.heard] == [True]


def test_a_plain_client_does_not() -> None:
    assert not client_retries({"user-agent": "curl/8", "content-type": "application/json"})
