"""The Python samples of Anthropic's guide to Bedrock, with a key in place of AWS credentials."""

from typing import Any

from anthropic import AnthropicBedrock

from tests.clients.drivers.cases import main

client = AnthropicBedrock(aws_region="us-west-2")


def globally() -> dict[str, Any]:
    message: Any = client.messages.create(
        model="global.anthropic.claude-sonnet-4-5-20250929-v1:0",
        max_tokens=256,
        messages=[{"role": "user", "content": "Hello, world"}],
    )
    return {"text": message.content[0].text}


def without_a_prefix() -> dict[str, Any]:
    message: Any = client.messages.create(
        model="anthropic.claude-sonnet-4-5-20250929-v1:0",
        max_tokens=256,
        messages=[{"role": "user", "content": "Hello, world"}],
    )
    return {"text": message.content[0].text}


main(globally=globally, without_a_prefix=without_a_prefix)
