"""Anthropic's Messages API at the local Bedrock: InvokeModel's call, in Anthropic's own form."""

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.bedrock.log_destinations import Client
from tests.unit.local_bedrock.conftest import ARN, CALLERS, REGION, SONNET, Served, body_of

PATH = "/anthropic/v1/messages"
BODY: dict[str, Any] = {
    "model": SONNET,
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "one two"}],
}
REFUSED_METADATA = "Request metadata contains a value that violates the regular expression"


class Answer:
    """A complete response: status, headers, body."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def json(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.body)
        return content

    def error(self) -> tuple[int, str, str]:
        content = self.json()
        assert content["type"] == "error"
        return self.status, content["error"]["type"], content["error"]["message"]


def post(
    served: Served, body: object, path: str = PATH, key: str = "ASIASHORTTERM", **headers: str
) -> Answer:
    """Send a signed request, with `headers` of underscores over the usual ones; "" leaves one
    out."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {"content-type": "application/json", "anthropic-version": "2023-06-01", **named}
    data = json.dumps(body).encode()
    request = AWSRequest(
        "POST",
        f"{served.url}{path}",
        headers={name: value for name, value in sent.items() if value},
        data=data,
    )
    caller = CALLERS[key]
    credentials = Credentials(key, caller.secret_access_key, caller.session_token)
    SigV4Auth(credentials, "bedrock", REGION).add_auth(request)
    connection = HTTPConnection(urlsplit(served.url).netloc, timeout=10)
    try:
        connection.request("POST", path, data, dict(request.headers))
        response = connection.getresponse()
        received = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, received, response.read())
    finally:
        connection.close()


def test_a_message_is_that_of_invoke_model(served: Served, bedrock: Client) -> None:
    answer = post(served, BODY)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    invoked = bedrock.invoke_model(modelId=SONNET, body=body_of("one two", max_tokens=64))
    expected = json.loads(invoked["body"].read())
    assert {**answer.json(), "id": ""} == {**expected, "id": ""}
    record = served.invocation(answer.headers["x-amzn-requestid"])
    assert (record.operation, record.model_id, record.caller_arn) == ("InvokeModel", SONNET, ARN)
    assert json.loads(record.input) == BODY


def test_a_stream_has_anthropics_events(served: Served) -> None:
    answer = post(served, {**BODY, "stream": True})
    assert answer.headers["content-type"].startswith("text/event-stream")
    *blocks, rest = answer.body.decode().split("\n\n")
    events = [json.loads(block.partition("\ndata: ")[2]) for block in blocks]
    kinds = [event["type"] for event in events]
    assert rest == ""
    assert [block.partition("\n")[0] for block in blocks] == [f"event: {kind}" for kind in kinds]
    assert (kinds[0], events[-1]) == ("message_start", {"type": "message_stop"})
    record = served.invocation(answer.headers["x-amzn-requestid"])
    assert record.operation == "InvokeModelWithResponseStream"
    assert len(record.output_events) == len(events)


def test_betas_are_a_header(served: Served) -> None:
    assert post(served, BODY, anthropic_beta="interleaved-thinking-2025-05-14").status == 200
    refused = post(served, BODY, anthropic_beta="a-beta, of-nobody").error()
    assert refused == (400, "invalid_request_error", "invalid beta flag")


def test_a_user_id_is_request_metadata(served: Served) -> None:
    answer = post(served, {**BODY, "metadata": {"user_id": "abc"}})
    assert served.invocation(answer.headers["x-amzn-requestid"]).metadata == {"user_id": "abc"}
    status, kind, text = post(served, {**BODY, "metadata": {"user_id": '{"a":"b"}'}}).error()
    assert (status, kind) == (400, "invalid_request_error")
    assert text.startswith(REFUSED_METADATA)


@pytest.mark.parametrize(
    ("body", "version", "text"),
    [
        (BODY, "", "anthropic-version: header is required"),
        ({**BODY, "model": None}, "2023-06-01", "model: Field required"),
        ({**BODY, "fallbacks": []}, "2023-06-01", "fallbacks: Extra inputs are not permitted"),
        (BODY, "1999-01-01", "Invalid API version"),
    ],
)
def test_a_wrong_request_is_refused_in_anthropics_form(
    served: Served, body: object, version: str, text: str
) -> None:
    refused = post(served, body, anthropic_version=version).error()
    assert refused == (400, "invalid_request_error", text)


def test_iam_refuses_in_the_form_of_aws(served: Served) -> None:
    answer = post(served, BODY, key="AKIADENIED")
    assert (answer.status, list(answer.json())) == (403, ["Message"])


def test_other_paths_are_not_served_though_the_status_may_be_200(served: Served) -> None:
    answer = post(served, BODY, path=f"{PATH}/count_tokens")
    assert (answer.status, "UnknownOperationException" in str(answer.json())) == (200, True)
    assert post(served, BODY, path=f"{PATH}/batches").status == 403


def test_a_failure_within_a_stream_is_an_error_event(served: Served) -> None:
    prompt = [{"role": "user", "content": "[[fault: exception after=2 type=throttlingException]]"}]
    answer = post(served, {**BODY, "stream": True, "messages": prompt})
    last = answer.body.decode().removesuffix("\n\n").rpartition("\n\n")[2]
    assert last.startswith("event: error\n")
    assert json.loads(last.partition("\ndata: ")[2])["error"]["type"] == "rate_limit_error"
