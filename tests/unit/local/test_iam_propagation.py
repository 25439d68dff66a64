"""The embedded AWS can be as slow as IAM, and limits UpdateAccount as AWS does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import iam, sts  # type: ignore[import-untyped]

from local.embedded import api_gateway_account, iam_propagation
from local.embedded.iam_propagation import Propagation, read_delay
from local.embedded.reply import Call, Reply, Service, json_reply
from tests.unit.custom_resource.clock import Clock

ROLE = {"RoleId": "AROA1", "AssumeRolePolicyDocument": "{}", "InlinePolicies": {}}
ARN = "arn:aws:iam::123456789012:role/r"
KEY = "ASIAEXAMPLE000000001"
SIGNED = {"authorization": f"AWS4-HMAC-SHA256 Credential={KEY}/20261129/us-east-1/s3/aws4_request"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slow(clock: Clock) -> Propagation:
    return Propagation(lambda: 60.0, clock.read)


@pytest.fixture(autouse=True)
def role() -> Iterator[None]:
    iam._roles["r"] = dict(ROLE)
    sts._sessions[KEY] = {"Arn": "arn:aws:sts::123456789012:assumed-role/r/session"}
    yield
    iam._roles.pop("r", None)
    del sts._sessions[KEY]


async def service(_call: Call) -> Reply:
    return json_reply({"done": True})


def call(method: str, path: str, body: object = None, headers: Any = None) -> Call:  # noqa: ANN401
    return Call(method, path, headers or {}, json.dumps(body or {}).encode(), {})


def answer(handler: Service, call: Call) -> Reply:
    async def run() -> Reply:
        return await handler(call)

    return asyncio.run(run())


def reply_of(name: str, propagation: Propagation, call: Call) -> tuple[int, str]:
    status, _, body = answer(iam_propagation.before(name, service, propagation), call)
    return status, body.decode()


def test_a_new_role_and_each_change_of_it_take_their_time(clock: Clock, slow: Propagation) -> None:
    slow.observe({"r": ROLE})
    assert not slow.holds("r")
    clock.now += 60
    slow.observe({"r": ROLE})
    assert slow.holds("r")
    slow.observe({"r": {**ROLE, "InlinePolicies": {"p": "{}"}}})
    assert not slow.holds("r")
    assert slow.age("r") == 60
    slow.observe({})
    slow.observe({"r": {**ROLE, "RoleId": "AROA2"}})
    assert slow.age("r") == 0


def test_a_role_of_the_bootstrap_holds_at_once(slow: Propagation) -> None:
    slow.observe({"cdk-hnb659fds-deploy-role": ROLE})
    assert slow.holds("cdk-hnb659fds-deploy-role")


@pytest.mark.parametrize(
    ("name", "code"),
    [("ssm", "AccessDeniedException"), ("s3", "AccessDenied"), ("iam", "AccessDenied")],
)
def test_who_calls_as_a_new_role_is_denied(
    clock: Clock, slow: Propagation, name: str, code: str
) -> None:
    slow.observe({"r": ROLE})
    status, body = reply_of(name, slow, call("POST", "/", headers=SIGNED))
    assert status == 403
    assert code in body
    assert reply_of(name, slow, call("POST", "/"))[0] == 200
    clock.now += 60
    assert reply_of(name, slow, call("POST", "/", headers=SIGNED))[0] == 200


def test_bedrock_refuses_a_new_delivery_role(clock: Clock, slow: Propagation) -> None:
    slow.observe({"r": ROLE})
    logging = {"loggingConfig": {"cloudWatchConfig": {"logGroupName": "g", "roleArn": ARN}}}
    put = call("PUT", "/logging/modelinvocations", logging)
    status, body = reply_of("bedrock", slow, put)
    assert (status, json.loads(body)["__type"]) == (400, "ValidationException")
    assert "Failed to validate permissions for log group: g, with role: " in body
    clock.now += 60
    assert reply_of("bedrock", slow, put)[0] == 200


def test_api_gateway_takes_no_new_role_and_one_update_in_20_seconds(
    clock: Clock, slow: Propagation
) -> None:
    slow.observe({"r": ROLE})
    handler = api_gateway_account.beside(service, slow, clock.read)
    change = {"op": "replace", "path": "/cloudwatchRoleArn", "value": ARN}
    update = call("PATCH", "/account", {"patchOperations": [change]})

    def error() -> tuple[int, str]:
        status, headers, _ = answer(handler, update)
        return status, headers.get("x-amzn-ErrorType", "")

    assert error() == (400, "BadRequestException")
    clock.now += 19
    assert error() == (429, "TooManyRequestsException")
    clock.now += 1
    assert error() == (400, "BadRequestException")
    clock.now += 40
    assert error() == (200, "")


def test_a_role_that_there_is_not_is_refused(clock: Clock) -> None:
    handler = api_gateway_account.beside(service, Propagation(lambda: 0.0, clock.read), clock.read)
    change = {"op": "replace", "path": "/cloudwatchRoleArn", "value": f"{ARN}-of-nobody"}
    update = call("PATCH", "/account", {"patchOperations": [change]})
    assert asyncio.run(handler(update))[0] == 400  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "low", "high"), [("0", 0, 0), ("60", 60, 60), ("10-30", 10, 30)])
def test_a_delay_is_a_number_or_drawn_from_a_range(text: str, low: float, high: float) -> None:
    draw = read_delay(text)
    drawn = [draw() for _ in range(100)]
    assert low <= min(drawn) <= max(drawn) <= high
    assert (len(set(drawn)) > 1) is (low < high)
