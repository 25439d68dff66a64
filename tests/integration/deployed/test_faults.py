"""What the caller sees when Bedrock fails, and when the caller itself goes."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from tests.integration.deployed.deployment import MODEL, Answer, Deployment, eventually, message


def events(answer: Answer) -> list[tuple[str, dict[str, object]]]:
    """The server-sent events of a streamed answer: name and data."""
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    names = []
    for block in answer.body.decode().strip().split("\n\n"):
        name, data = block.split("\n", 1)
        names.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return names


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        ("validation", 400, "invalid_request_error"),
        ("access_denied", 403, "permission_error"),
        ("not_found", 404, "not_found_error"),
        ("model_timeout", 504, "timeout_error"),
        ("model_error", 500, "api_error"),
        ("throttle", 429, "rate_limit_error"),
        ("quota", 429, "rate_limit_error"),
        ("not_ready", 529, "overloaded_error"),
        ("internal", 500, "api_error"),
        ("unavailable", 529, "overloaded_error"),
        ("cut after=0", 500, "api_error"),
    ],
)
def test_a_failure_before_the_first_byte_is_a_status_in_anthropics_form(
    deployment: Deployment, fault: str, status: int, kind: str, stream: bool
) -> None:
    answer = deployment.ask(f"[[fault: {fault}]]", stream=stream)

    assert (answer.status, answer.json()["error"]["type"]) == (status, kind)
    assert answer.json()["request_id"] == answer.headers["request-id"]
    assert ("retry-after" in answer.headers) == (status == 429)
    assert "arn:aws" not in answer.body.decode()
    assert "123456789012" not in answer.body.decode()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("exception type=throttlingException after=3", "rate_limit_error"),
        ("exception type=modelStreamErrorException after=3", "api_error"),
        ("exception type=serviceUnavailableException after=3", "overloaded_error"),
        ("cut after=3", "api_error"),
    ],
)
def test_a_failure_mid_stream_is_an_error_event(
    deployment: Deployment, fault: str, kind: str
) -> None:
    *before, (last, data) = events(deployment.ask(f"[[fault: {fault}]]", stream=True))

    assert [name for name, _ in before][:2] == ["message_start", "content_block_start"]
    assert len(before) == 3
    assert last == "error"
    assert data["type"] == "error"
    assert data["error"]["type"] == kind  # type: ignore[index]


def test_a_slow_start_is_waited_for(deployment: Deployment) -> None:
    assert deployment.ask("[[fault: slow seconds=2]]").status == 200


def test_twenty_idle_seconds_are_filled_with_pings(deployment: Deployment) -> None:
    answer = deployment.ask("[[fault: silence seconds=20 after=3]]", stream=True)

    names = [name for name, _ in events(answer)]

    assert "ping" in names[3:]
    assert names[-1] == "message_stop"


NATIVE = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 1000,
    "messages": [{"role": "user", "content": "[[fault: silence seconds=5 after=3]]"}],
}


@pytest.mark.parametrize(
    ("path", "body", "begun"),
    [
        (
            "/v1/messages",
            {**message("[[reply: events=80 pace=0.05]]"), "stream": True},
            b"content_block_delta",
        ),
        (f"/model/{MODEL}/invoke-with-response-stream", NATIVE, b":event-type"),
    ],
    ids=["while it writes", "in a silence without pings"],
)
def test_a_client_that_disconnects_mid_stream_is_invisible_to_the_function(
    deployment: Deployment, path: str, body: dict[str, object], begun: bytes
) -> None:
    url = urlsplit(deployment.endpoint["http_url"])
    sent = json.dumps(body).encode()
    with socket.create_connection((url.hostname or "", url.port or 0)) as connection:
        connection.sendall(
            f"POST {url.path}{path} HTTP/1.1\r\nhost: localhost\r\n"
            f"x-api-key: {deployment.key}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(sent)}\r\n\r\n".encode()
            + sent
        )
        received = b""
        while begun not in received:
            received += connection.recv(65536)
    head = received.partition(b"\r\n\r\n")[0].decode().lower()
    request_id = head.partition("\r\nrequest-id: ")[2].partition("\r\n")[0]

    line = deployment.audit_line(bedrock_request_id=request_id)

    assert line["outcome"] == "completed"
    text = (deployment.state / "gateway.log").read_text()
    assert text.count(f'"bedrock_request_id":"{request_id}"') == 1


def test_two_requests_at_once_have_two_processes(deployment: Deployment) -> None:
    prompt = "[[reply: events=40 pace=0.1]]"
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(deployment.ask, prompt, stream=True) for _ in range(2)]
        ids = [call.result().headers["request-id"] for call in calls]

    streams = {stream_of(deployment, request_id) for request_id in ids}

    assert len(streams) == 2


def stream_of(deployment: Deployment, request_id: str) -> str:
    """The log stream, and so the process, that has the request's audit line."""
    group = deployment.output("Gateway", "FunctionLogGroupName")
    logs = deployment.client("logs")

    def read_log() -> str | None:
        events = logs.filter_log_events(logGroupName=group, filterPattern=f'"{request_id}"')
        return events["events"][0]["logStreamName"] if events["events"] else None

    return eventually(read_log)
