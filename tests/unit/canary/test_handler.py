"""One run against an endpoint of this process: as whom it asks, and what it tells of it."""

import json
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import pytest
from moto import mock_aws

from canary import handler
from canary.endpoint import CallFailedError, Endpoint, by_key
from canary.questions import questions
from canary.record_check import Failure
from canary.report import report_failures

MODEL = "claude-haiku-4-5"
ENVIRONMENT = {
    "STAGE": "dev",
    "MODEL": MODEL,
    "LOG_GROUP": "/invocations",
    "LOG_BUCKET": "the-bucket",
    "LOGGING_CONFIGURATION": "{}",
    "POWERTOOLS_SERVICE_NAME": "canary",
    "POWERTOOLS_METRICS_NAMESPACE": "ClaudeOnBedrock",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "ASIAKEY",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "token",
}


class Front(HTTPServer):
    """Answers each POST with `status` and `response_headers`; keeps the `requests`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.status = 200
        self.response_headers: Mapping[str, str] = {"request-id": "bedrocks-id"}
        self.requests: list[tuple[str, Mapping[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/dev/"


class _Answering(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        front = self.server
        assert isinstance(front, Front)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers["content-length"]))
        front.requests.append((self.path, headers, body))
        self.send_response(front.status)
        for name, value in front.response_headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def front(monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with Front() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def work(front: Front, key_id: str) -> handler.Work:
    environment = {**ENVIRONMENT, "ENDPOINT_URL": front.url, "API_KEY_ID": key_id}
    return handler.read(environment, "123456789012")


def test_it_calls_with_the_current_value_of_its_key(front: Front) -> None:
    with mock_aws():
        make: Any = boto3.client
        made = make("apigateway").create_api_key(name="canary", value="v" * 30, enabled=True)
        ready = work(front, made["id"])
    for question in questions(MODEL):
        assert ready.endpoint.send(question.body) == "bedrocks-id"

    paths, headers, bodies = zip(*front.requests, strict=True)
    assert set(paths) == {"/dev/v1/messages"}
    assert {header["x-api-key"] for header in headers} == {"v" * 30}
    assert [json.loads(body) for body in bodies] == [item.body for item in questions(MODEL)]
    assert len(bodies[1]) > 150_000


def test_without_a_key_it_signs_as_the_functions_role(front: Front) -> None:
    work(front, "").endpoint.send(questions(MODEL)[0].body)

    ((_, headers, _),) = front.requests
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=ASIAKEY/")
    assert "/eu-central-1/execute-api/aws4_request" in headers["authorization"]
    assert headers["x-amz-security-token"] == "token"
    assert "x-api-key" not in headers


def test_what_is_not_answered_is_a_failure_of_the_call_and_both_are_tried(front: Front) -> None:
    front.status = 429

    failures = handler.run(work(front, ""), questions(MODEL))

    why = "status 429, request id bedrocks-id"
    assert failures == [Failure(size, "call", why, "") for size in ("small", "large")]
    assert len(front.requests) == 2


def test_no_connection_and_no_id_are_reported_in_the_projects_words(front: Front) -> None:
    front.response_headers = {}
    with pytest.raises(CallFailedError, match=r"^an answer without request-id$"):
        Endpoint(front.url, by_key("key")).send({})
    with pytest.raises(CallFailedError, match=r"^no answer: ConnectionRefusedError$"):
        Endpoint("http://127.0.0.1:9", by_key("key")).send({})


@pytest.mark.usefixtures("front")
def test_a_run_is_counted_and_each_failure_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    failures = [Failure("large", "S3", "no record", "id-1"), Failure("large", "body", "gone", "2")]
    for failed, count in ((failures, 1.0), ([], 0.0)):
        report_failures(failed, "dev")

        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        outcome = [line["failure"] for line in lines if "failure" in line]
        assert outcome == [failure._asdict() for failure in failed]
        (metrics,) = [line for line in lines if "_aws" in line]
        assert (metrics["service"], metrics["stage"]) == ("canary", "dev")
        assert (metrics["CanaryRuns"], metrics["CanaryFailures"]) == ([1.0], [count])
