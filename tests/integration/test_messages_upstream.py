"""The anthropic SDK through the gateway, by each way to Bedrock: the same answers and failures."""

import json
from collections.abc import Iterator

import anthropic
import httpx2
import pytest

from gateway.settings import MESSAGES
from tests.integration.conftest import Gateway

MODEL = "claude-haiku-4-5"
CLAUDE_CODES_ID = '{"device_id":"d","account_uuid":"","session_id":"s"}'


def sdk(gateway: Gateway) -> anthropic.Anthropic:
    """The SDK, whose requests this process takes to the gateway."""

    def take(request: httpx2.Request) -> httpx2.Response:
        sent = gateway.post(request.content.decode(), request.url.path, dict(request.headers))
        return httpx2.Response(sent.status, headers=sent.headers, content=sent.body)

    transport = httpx2.MockTransport(take)
    return anthropic.Anthropic(
        base_url="https://gateway.example",
        api_key="key",
        max_retries=0,
        http_client=anthropic.DefaultHttpxClient(transport=transport),
    )


@pytest.fixture(params=["invoke", MESSAGES])
def client(gateway: Gateway, request: pytest.FixtureRequest) -> Iterator[anthropic.Anthropic]:
    settings = gateway.settings._replace(messages_upstream=request.param)
    with sdk(gateway._replace(settings=settings)) as made:
        yield made


def ask(text: str) -> list[anthropic.types.MessageParam]:
    return [{"role": "user", "content": text}]


def test_a_message(client: anthropic.Anthropic) -> None:
    message = client.messages.create(
        model=MODEL,
        max_tokens=100,
        messages=ask("Good day"),
        metadata={"user_id": CLAUDE_CODES_ID},
        extra_headers={"anthropic-beta": "interleaved-thinking-2025-05-14, of-nobody"},
    )
    assert message.content[0].type == "text"
    assert "Good day" in message.content[0].text
    assert (message.usage.input_tokens, message._request_id is None) == (2, False)


def test_a_stream(client: anthropic.Anthropic) -> None:
    prompt = ask("Good day [[reply: events=20]]")
    with client.messages.stream(model=MODEL, max_tokens=100, messages=prompt) as stream:
        texts = list(stream.text_stream)
        final = stream.get_final_message()
    assert len(texts) == 20
    assert (final.stop_reason, final.usage.output_tokens > 10) == ("end_turn", True)


@pytest.mark.parametrize(
    ("text", "max_tokens", "error"),
    [
        ("Hello", 0, anthropic.BadRequestError),
        ("[[fault: throttle]]", 9, anthropic.RateLimitError),
        ("[[fault: unavailable]]", 9, anthropic.APIStatusError),
    ],
)
def test_a_refusal(
    client: anthropic.Anthropic, text: str, max_tokens: int, error: type[Exception]
) -> None:
    with pytest.raises(error) as raised:
        client.messages.create(model=MODEL, max_tokens=max_tokens, messages=ask(text))
    assert isinstance(raised.value, anthropic.APIStatusError)
    assert raised.value.response.headers["request-id"]
    assert json.loads(raised.value.response.text)["type"] == "error"


def test_a_failure_within_a_stream(client: anthropic.Anthropic) -> None:
    prompt = ask("[[fault: exception after=3 type=throttlingException]]")
    with (
        pytest.raises(anthropic.APIStatusError, match="rate_limit_error"),
        client.messages.stream(model=MODEL, max_tokens=100, messages=prompt) as stream,
    ):
        list(stream.text_stream)
