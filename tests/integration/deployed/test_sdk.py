"""The anthropic SDK as applications use it: sync and async, whole and streamed."""

import asyncio
import json
import ssl

import anthropic
import pytest

from tests.integration.deployed.deployment import MODEL, Deployment

PACED = "[[reply: events=20 pace=0.1]]"


@pytest.fixture
def trust(deployment: Deployment) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=deployment.endpoint["ca_bundle"])


@pytest.fixture
def client(deployment: Deployment, trust: ssl.SSLContext) -> anthropic.Anthropic:
    return anthropic.Anthropic(
        base_url=deployment.endpoint["url"],
        api_key=deployment.key,
        http_client=anthropic.DefaultHttpxClient(verify=trust),
    )


def audited(deployment: Deployment, request_id: str | None) -> bool:
    """Whether the gateway is done with the request: it audits at the end."""
    return f'"bedrock_request_id":"{request_id}"' in (deployment.state / "gateway.log").read_text()


def test_a_message_is_complete(client: anthropic.Anthropic) -> None:
    with client:
        message = client.messages.create(
            model=MODEL, max_tokens=100, messages=[{"role": "user", "content": "Good day"}]
        )

    assert message.content[0].type == "text"
    assert "Good day" in message.content[0].text
    assert message.usage.input_tokens > 0
    assert message._request_id


def test_the_first_event_arrives_before_the_last_is_produced(
    client: anthropic.Anthropic, deployment: Deployment
) -> None:
    with (
        client,
        client.messages.stream(
            model=MODEL, max_tokens=100, messages=[{"role": "user", "content": PACED}]
        ) as stream,
    ):
        texts = iter(stream.text_stream)
        first = next(texts)
        over_at_first = audited(deployment, stream.request_id)
        rest = list(texts)
        final = stream.get_final_message()

    assert not over_at_first
    assert len(rest) == 19
    assert final.stop_reason == "end_turn"
    assert first + "".join(rest) == "".join(f"{n} " for n in range(1, 21))
    assert deployment.audit_line(bedrock_request_id=str(stream.request_id))


def test_the_async_client_gets_a_message_and_a_stream(
    deployment: Deployment, trust: ssl.SSLContext
) -> None:
    async def main() -> tuple[str, bool, int]:
        client = anthropic.AsyncAnthropic(
            base_url=deployment.endpoint["url"],
            api_key=deployment.key,
            http_client=anthropic.DefaultAsyncHttpxClient(verify=trust),
        )
        async with client:
            message = await client.messages.create(
                model=MODEL, max_tokens=100, messages=[{"role": "user", "content": "Hi"}]
            )
            stream = await client.messages.create(
                model=MODEL,
                max_tokens=100,
                messages=[{"role": "user", "content": PACED}],
                stream=True,
            )
            await anext(stream)
            over = audited(deployment, stream.response.headers["request-id"])
            return str(message.type), over, len([event async for event in stream])

    kind, over_at_first, more = asyncio.run(main())

    assert (kind, over_at_first) == ("message", False)
    assert more == 20 + 4


def test_a_bearer_token_is_a_key_too(deployment: Deployment, trust: ssl.SSLContext) -> None:
    with anthropic.Anthropic(
        base_url=deployment.endpoint["url"],
        auth_token=deployment.key,
        http_client=anthropic.DefaultHttpxClient(verify=trust),
    ) as client:
        names = [model.id for model in client.models.list()]
        retrieved = client.models.retrieve(MODEL)

    assert MODEL in names
    assert retrieved.display_name == "Claude Haiku 4.5"


@pytest.mark.parametrize(
    ("prompt", "error"),
    [
        ("[[fault: validation]]", anthropic.BadRequestError),
        ("[[fault: access_denied]]", anthropic.PermissionDeniedError),
        ("[[fault: not_found]]", anthropic.NotFoundError),
    ],
)
def test_errors_are_the_sdks_own(
    client: anthropic.Anthropic, prompt: str, error: type[anthropic.APIStatusError]
) -> None:
    with client, pytest.raises(error) as caught:
        client.messages.create(
            model=MODEL, max_tokens=100, messages=[{"role": "user", "content": prompt}]
        )

    assert caught.value.request_id
    assert json.dumps(caught.value.body)


def test_a_wrong_key_is_the_sdks_authentication_error(
    deployment: Deployment, trust: ssl.SSLContext
) -> None:
    with (
        anthropic.Anthropic(
            base_url=deployment.endpoint["url"],
            api_key="wrong",
            http_client=anthropic.DefaultHttpxClient(verify=trust),
        ) as client,
        pytest.raises(anthropic.AuthenticationError),
    ):
        client.messages.create(
            model=MODEL, max_tokens=1, messages=[{"role": "user", "content": "Hi"}]
        )
