"""A Bedrock that keeps a logging configuration, and a place CloudFormation's answers arrive at."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from moto import mock_aws

from claude_bedrock.logging_config.bedrock_client import BedrockControl, connect

REGION = "eu-west-1"
STACK_ID = f"arn:aws:cloudformation:{REGION}:111122223333:stack/claude-InvocationLogging/0f1e2d"
PROPERTIES = {
    "ServiceToken": f"arn:aws:lambda:{REGION}:111122223333:function:set-logging",
    "ServiceTimeout": "300",
    "LogGroupName": "/claude-on-bedrock/dev/invocations",
    "RoleArn": "arn:aws:iam::111122223333:role/delivery",
    "BucketName": "claude-dev-invocations",
    "LargeDataPrefix": "large-data",
    "ExistingLogging": "fail",
    "SavedIn": "/claude-on-bedrock/dev/saved-logging-configuration",
}
THEIR_ROLE = "arn:aws:iam::111122223333:role/of-another-team"


class Mailbox:
    """A web server that keeps what is PUT to it, after refusing as many times as it is told."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.content_types: list[str | None] = []
        self.refusals = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/answer?signature=x"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def take(self, body: bytes, content_type: str | None) -> int:
        if self.refusals > 0:
            self.refusals -= 1
            return 503
        self.received.append(json.loads(body))
        self.content_types.append(content_type)
        return 200

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        mailbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                self.send_response(mailbox.take(body, self.headers["content-type"]))
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing: the mailbox remembers."""

        return Handler


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    mailbox = Mailbox()
    yield mailbox
    mailbox.close()


@pytest.fixture
def bedrock() -> Iterator[BedrockControl]:
    with mock_aws():
        yield connect(REGION)


@pytest.fixture
def foreign() -> dict[str, Any]:
    """The configuration of a team that logs text, to its own bucket."""
    return {
        "s3Config": {"bucketName": "another-teams-bucket", "keyPrefix": "bedrock"},
        "textDataDeliveryEnabled": True,
        "imageDataDeliveryEnabled": False,
        "embeddingDataDeliveryEnabled": False,
        "videoDataDeliveryEnabled": False,
    }
