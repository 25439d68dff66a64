"""boto3, unmodified, against a served local Bedrock: answers, streams, error classes, faults."""

import json
import re
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EventStreamError,
    ResponseStreamingError,
)
from urllib3.exceptions import ProtocolError

from local.bedrock.invocation import DeliveryPlan
from local.bedrock.log_destinations import Client
from tests.unit.local_bedrock.conftest import ARN, SONNET, TEAMS_SONNET, Served, body_of

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def events_of(response: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(event["chunk"]["bytes"]) for event in response["body"]]


def test_an_invoke_answers_a_message_that_explains_itself(bedrock: Client) -> None:
    answer = bedrock.invoke_model(modelId=SONNET, body=body_of("How are you?"))
    message = json.loads(answer["body"].read())
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert answer["contentType"] == "application/json"
    assert message["content"] == [
        {
            "type": "text",
            "text": "This is the local Bedrock, a stand-in for Claude Sonnet 4.5: no model ran. "
            "Your message was: How are you?",
        }
    ]
    assert (message["model"], message["stop_reason"]) == ("claude-sonnet-4-5-20250929", "end_turn")
    assert headers["x-amzn-bedrock-input-token-count"] == str(message["usage"]["input_tokens"])
    assert headers["x-amzn-bedrock-output-token-count"] == str(message["usage"]["output_tokens"])
    assert int(headers["x-amzn-bedrock-invocation-latency"]) >= 0
    assert UUID.fullmatch(headers["x-amzn-requestid"])


def test_a_teams_profile_is_called_by_its_arn_which_stands_in_the_log(
    served: Served, bedrock: Client
) -> None:
    answer = bedrock.invoke_model(modelId=TEAMS_SONNET, body=body_of("How are you?"))
    assert json.loads(answer["body"].read())["model"] == "claude-sonnet-4-5-20250929"
    invocation = served.invocation(answer["ResponseMetadata"]["RequestId"])
    assert (invocation.model_id, invocation.inference_region) == (TEAMS_SONNET, "us-west-2")


def test_a_profile_that_the_account_has_not_is_no_model(bedrock: Client) -> None:
    with pytest.raises(ClientError, match="The provided model identifier is invalid"):
        bedrock.invoke_model(modelId=f"{TEAMS_SONNET}d", body=body_of("How are you?"))


def test_a_stream_carries_anthropics_events_and_bedrocks_metrics(bedrock: Client) -> None:
    answer = bedrock.invoke_model_with_response_stream(modelId=SONNET, body=body_of("one two"))
    events = events_of(answer)
    kinds = [event["type"] for event in events]
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    assert answer["contentType"] == "application/json"
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert set(kinds[2:-3]) == {"content_block_delta"}
    assert "".join(delta["text"] for delta in deltas).endswith("Your message was: one two")
    metrics = events[-1]["amazon-bedrock-invocationMetrics"]
    assert metrics["outputTokenCount"] == events[-2]["usage"]["output_tokens"]
    assert metrics["inputTokenCount"] == 2


def test_each_frame_is_a_chunk_of_its_own(bedrock: Client) -> None:
    raw = bedrock.invoke_model_with_response_stream(
        modelId=SONNET, body=body_of("[[reply: events=3]]")
    )["body"]._raw_stream
    frames = list(raw.read_chunked(decode_content=False))
    assert len(frames) == 3 + 5
    assert all(len(frame) == int.from_bytes(frame[:4]) for frame in frames)


def test_an_arn_of_the_callers_profile_is_answered(bedrock: Client) -> None:
    arn = f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/{SONNET}"
    answer = bedrock.invoke_model(modelId=arn, body=body_of())
    assert json.loads(answer["body"].read())["role"] == "assistant"


def test_the_log_has_caller_request_and_response(served: Served, bedrock: Client) -> None:
    answer = bedrock.invoke_model(
        modelId=SONNET, body=body_of("log me"), requestMetadata=json.dumps({"api_key_name": "dev"})
    )
    message = answer["body"].read()
    invocation = served.invocation(answer["ResponseMetadata"]["RequestId"])
    assert (invocation.operation, invocation.model_id, invocation.error) == (
        "InvokeModel",
        SONNET,
        None,
    )
    assert (invocation.caller_arn, invocation.account) == (ARN, "123456789012")
    assert invocation.metadata == {"api_key_name": "dev"}
    assert json.loads(invocation.input)["messages"][0]["content"] == "log me"
    assert invocation.output == message


def test_the_log_has_the_events_of_a_stream(served: Served, bedrock: Client) -> None:
    answer = bedrock.invoke_model_with_response_stream(modelId=SONNET, body=body_of())
    events = events_of(answer)
    invocation = served.invocation(answer["ResponseMetadata"]["RequestId"])
    assert invocation.operation == "InvokeModelWithResponseStream"
    assert [json.loads(event) for event in invocation.output_events] == events


@pytest.mark.parametrize(
    ("fault", "name", "status"),
    [
        ("throttle", "ThrottlingException", 429),
        ("validation", "ValidationException", 400),
        ("access_denied", "AccessDeniedException", 403),
        ("not_found", "ResourceNotFoundException", 404),
        ("model_error", "ModelErrorException", 424),
        ("not_ready", "ModelNotReadyException", 429),
        ("model_timeout", "ModelTimeoutException", 408),
        ("internal", "InternalServerException", 500),
        ("unavailable", "ServiceUnavailableException", 503),
        ("quota", "ServiceQuotaExceededException", 400),
    ],
)
def test_a_fault_raises_botocores_own_class_and_is_logged(
    served: Served, bedrock: Client, fault: str, name: str, status: int
) -> None:
    with pytest.raises(getattr(bedrock.exceptions, name)) as raised:
        bedrock.invoke_model(modelId=SONNET, body=body_of(f"[[fault: {fault}]]"))
    response = raised.value.response["ResponseMetadata"]
    assert response["HTTPStatusCode"] == status
    namespace = "http://internal.amazon.com/coral/com.amazon.bedrock/"
    assert response["HTTPHeaders"]["x-amzn-errortype"] == f"{name}:{namespace}"
    assert served.invocation(response["RequestId"]).error == name


def test_an_exception_frame_ends_the_stream(served: Served, bedrock: Client) -> None:
    prompt = "[[fault: exception type=modelStreamErrorException after=2]]"
    answer = bedrock.invoke_model_with_response_stream(modelId=SONNET, body=body_of(prompt))
    events = iter(answer["body"])
    assert [json.loads(next(events)["chunk"]["bytes"])["type"] for _ in range(2)] == [
        "message_start",
        "content_block_start",
    ]
    with pytest.raises(EventStreamError, match="modelStreamErrorException"):
        next(events)
    answer["body"].close()
    invocation = served.invocation(answer["ResponseMetadata"]["RequestId"])
    assert invocation.error == "ModelStreamErrorException"
    assert len(invocation.output_events) == 2


def test_a_cut_before_the_first_byte_is_no_answer_at_all(bedrock: Client) -> None:
    with pytest.raises(ConnectionClosedError):
        bedrock.invoke_model(modelId=SONNET, body=body_of("[[fault: cut after=0]]"))


def test_a_cut_mid_stream_breaks_the_connection_inside_a_frame(bedrock: Client) -> None:
    answer = bedrock.invoke_model_with_response_stream(
        modelId=SONNET, body=body_of("[[fault: cut after=3]]")
    )
    events = iter(answer["body"])
    seen = [next(events) for _ in range(3)]
    with pytest.raises(ProtocolError):
        next(events)
    answer["body"].close()
    assert len(seen) == 3


def test_a_cut_answer_without_a_stream_is_shorter_than_its_content_length(bedrock: Client) -> None:
    answer = bedrock.invoke_model(modelId=SONNET, body=body_of("[[fault: cut after=1]]"))
    with pytest.raises(ResponseStreamingError):
        answer["body"].read()
    answer["body"].close()


def test_a_call_may_be_lost_to_the_log(served: Served, bedrock: Client) -> None:
    lost = bedrock.invoke_model(modelId=SONNET, body=body_of("[[fault: no_delivery]]"))
    delivered = bedrock.invoke_model(modelId=SONNET, body=body_of("kept"))
    served.invocation(delivered["ResponseMetadata"]["RequestId"])
    logged_ids = {invocation.request_id for invocation in served.delivered}
    assert lost["ResponseMetadata"]["RequestId"] not in logged_ids


def test_a_client_that_disconnects_ends_an_idle_stream(served: Served, bedrock: Client) -> None:
    answer = bedrock.invoke_model_with_response_stream(
        modelId=SONNET, body=body_of("[[fault: silence seconds=600 after=2]]")
    )
    events = iter(answer["body"])
    next(events)
    next(events)
    answer["body"].close()
    invocation = served.invocation(answer["ResponseMetadata"]["RequestId"])
    assert len(invocation.output_events) == 2


def test_a_wrong_secret_a_wrong_token_an_unknown_key(client_for: Callable[..., Client]) -> None:
    for settings, name in (
        ({"aws_secret_access_key": "wrong"}, "InvalidSignatureException"),
        ({"aws_session_token": "wrong"}, "UnrecognizedClientException"),
        ({"key_id": "AKIANOBODY"}, "UnrecognizedClientException"),
        ({"region_name": "eu-west-1"}, "InvalidSignatureException"),
    ):
        with pytest.raises(ClientError) as raised:
            client_for(**settings).invoke_model(modelId=SONNET, body=body_of())
        assert raised.value.response["Error"]["Code"] == name
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


INVOKE = f"/model/{quote(SONNET)}/invoke"
EMBED = f"/model/{quote(SONNET)}/embed"


@pytest.mark.parametrize(
    ("request_line", "authorization", "answer"),
    [
        (("POST", INVOKE), None, (403, "MissingAuthenticationTokenException")),
        (("POST", INVOKE), "Bearer bedrock-api-key", (403, "AccessDeniedException")),
        (("POST", EMBED), None, (404, "UnknownOperationException")),
        (("GET", INVOKE), None, (404, "UnknownOperationException")),
        (("GET", "/"), None, (404, "UnknownOperationException")),
    ],
)
def test_what_is_no_signed_call_is_refused_with_a_request_id(
    served: Served,
    request_line: tuple[str, str],
    authorization: str | None,
    answer: tuple[int, str],
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    connection = HTTPConnection(urlsplit(served.url).netloc, timeout=10)
    connection.request(*request_line, body=b"{}", headers=headers)
    seen = connection.getresponse()
    seen.read()
    connection.close()
    assert (seen.status, seen.headers["x-amzn-errortype"].partition(":")[0]) == answer
    assert UUID.fullmatch(seen.headers["x-amzn-requestid"])


def test_an_overlong_body_is_refused(bedrock: Client) -> None:
    with pytest.raises(bedrock.exceptions.ValidationException, match="or equal to 25000000"):
        bedrock.invoke_model(modelId=SONNET, body=b" " * 25_000_001)


def test_a_connection_is_used_again(served: Served) -> None:
    connection = HTTPConnection(urlsplit(served.url).netloc, timeout=10)
    ports = []
    for _ in range(2):
        connection.request("GET", "/")
        ports.append(connection.sock.getsockname()[1])
        connection.getresponse().read()
    connection.close()
    assert ports[0] == ports[1]


def test_faults_of_delivery_are_for_the_record_alone(served: Served, bedrock: Client) -> None:
    record_faults = "[[fault: late seconds=3]] [[fault: duplicate]] [[fault: reordered]]"
    answer = bedrock.invoke_model(
        modelId=SONNET, body=body_of(f"{record_faults} [[fault: profile_arn]]")
    )

    seen = served.invocation(answer["ResponseMetadata"]["RequestId"])

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert seen.delivery == DeliveryPlan(3.0, is_duplicate=True, is_reordered=True)
    assert seen.model_id == f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/{SONNET}"
