"""A stage's second route, over real connections: asked when Bedrock throttles the first."""

import json

import pytest

from tests.integration.conftest import Gateway

MODEL = "claude-haiku-4-5"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", ["throttle", "unavailable", "quota"])
def test_bedrock_throttles_one_route_and_the_next_answers(
    gateway: Gateway, fault: str, *, stream: bool
) -> None:
    body = {
        "model": MODEL,
        "max_tokens": 100,
        "stream": stream,
        "messages": [{"role": "user", "content": f"Hello [[fault: {fault} route=us]]"}],
    }
    alone = gateway.on_routes("us").post(json.dumps(body))
    both = gateway.on_routes("us", "global").post(json.dumps(body))

    assert alone.status in (429, 529)
    assert both.status == 200
    assert both.headers["x-gateway-model-id"].startswith("global.")
    assert "Hello" in both.body.decode()
    again = gateway.on_routes("us", "global").post(json.dumps(body))
    assert again.status == 200, "the connection is still good after a refusal"
