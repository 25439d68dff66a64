"""All that Claude Code sends, betas and fields, is answered by every active model there is."""

import json

import pytest

from claude_bedrock.catalog import Model, capabilities, profile_id
from tests.integration.conftest import Gateway
from tests.unit.gateway.adaptation import ACTIVE, TODAY, claude_code

OFFERED = [model for model in ACTIVE if not model.invitation_only]


def route_of(model: Model) -> str:
    """A route by which the model is reached from us-east-1, Bedrock's Region in these tests."""
    return next(
        profile.route
        for profile in model.profiles
        if profile.route == "global" or "us-east-1" in profile.regions
    )


@pytest.mark.parametrize("model", OFFERED, ids=lambda model: model.name)
@pytest.mark.parametrize("stream", [False, True])
def test_every_active_model_answers_it_and_what_was_changed_is_reported(
    gateway: Gateway, model: Model, stream: bool
) -> None:
    million = ["context-1m-2025-08-07"] if model.context_tokens == 1_000_000 else []
    betas = [*TODAY, *million]
    body = json.dumps({**claude_code(model), "stream": stream})
    response = gateway.on_routes(route_of(model)).post(
        body, headers={"anthropic-beta": ",".join(betas)}
    )

    assert response.status == 200, response.body
    if stream:
        names = [name for name, _ in response.events()]
        assert (names[0], names[-1]) == ("message_start", "message_stop")
    else:
        assert response.json()["stop_reason"] == "end_turn"
    changes = response.headers["x-gateway-adapted"].split(", ")
    dropped = {f"beta:{beta}" for beta in betas if beta not in capabilities.of(model).betas}
    assert {change for change in changes if change.startswith("beta:")} - dropped <= {
        f"beta:{beta}:added" for beta in capabilities.of(model).betas
    }
    assert dropped <= set(changes)
    assert {"field:tags", "field:speed", "metadata.user_id:hashed"} <= set(changes)


@pytest.mark.parametrize("model", OFFERED, ids=lambda model: model.name)
def test_without_the_gateway_every_one_of_them_refuses_it(gateway: Gateway, model: Model) -> None:
    """The same body and betas by the native route, which changes nothing."""
    body = {name: value for name, value in claude_code(model).items() if name != "model"}
    del body["stream"]
    native = {**body, "anthropic_version": "bedrock-2023-05-31", "anthropic_beta": list(TODAY)}
    route = route_of(model)
    response = gateway.on_routes(route).post(
        json.dumps(native), f"/model/{profile_id(model, route)}/invoke"
    )

    assert (response.status, response.headers["x-amzn-errortype"]) == (400, "ValidationException")
