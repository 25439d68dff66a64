"""The account's data-retention mode is tightened to what the stage asks, and never loosened."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from data_retention import handler
from data_retention.handler import CustomResourceResult, Services
from tests.unit.custom_resource.clock import Clock


@pytest.fixture
def bedrock() -> Iterator[Stubber]:
    client = boto3.client(
        "bedrock", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()
    client.close()


def event(request_type: str, mode: str) -> dict[str, Any]:
    return {"RequestType": request_type, "ResourceProperties": {"Mode": mode}}


def outcome(bedrock: Stubber, request_type: str, mode: str) -> CustomResourceResult:
    return handler.outcome_of(event(request_type, mode), services(bedrock, Clock()))


def services(bedrock: Stubber, clock: Clock) -> Services:
    client: Any = bedrock.client
    return Services(client, clock.waiting)


def will_get(bedrock: Stubber, mode: str) -> None:
    bedrock.add_response("get_account_data_retention", {"mode": mode}, {})


def will_put(bedrock: Stubber, mode: str) -> None:
    bedrock.add_response("put_account_data_retention", {"mode": mode}, {"mode": mode})


@pytest.mark.parametrize("request_type", ["Create", "Update"])
@pytest.mark.parametrize(
    ("there", "requested"),
    [
        ("inherit", "none"),
        ("inherit", "aws_review"),
        ("default", "none"),
        ("aws_review", "none"),
        ("provider_data_share", "aws_review"),
    ],
)
def test_a_looser_mode_or_none_chosen_becomes_the_stages(
    bedrock: Stubber, request_type: str, there: str, requested: str
) -> None:
    will_get(bedrock, there)
    will_put(bedrock, requested)
    result = outcome(bedrock, request_type, requested)
    assert result.outcome == (True, result.outcome.sentence)
    assert result.data() == {"Mode": requested}
    assert there in result.outcome.sentence


@pytest.mark.parametrize("request_type", ["Create", "Update"])
@pytest.mark.parametrize(
    ("there", "requested"),
    [("none", "default"), ("none", "aws_review"), ("default", "aws_review"), ("yet_new", "none")],
)
def test_a_stricter_or_unknown_mode_stays_and_that_is_reported(
    bedrock: Stubber, request_type: str, there: str, requested: str
) -> None:
    will_get(bedrock, there)
    result = outcome(bedrock, request_type, requested)
    assert result.outcome.succeeded
    assert result.data() == {"Mode": there}
    assert f"{there}, stricter than the stage's {requested}; it was left" in result.outcome.sentence
    assert f"put-account-data-retention --mode {requested}" in result.outcome.sentence


def test_the_mode_that_is_there_is_not_put_again(bedrock: Stubber) -> None:
    will_get(bedrock, "none")
    assert outcome(bedrock, "Update", "none").data() == {"Mode": "none"}


def test_on_delete_bedrock_is_not_called(bedrock: Stubber) -> None:
    result = outcome(bedrock, "Delete", "none")
    assert result.outcome.succeeded
    assert result.data() == {}


def test_a_role_that_is_too_new_is_waited_for(bedrock: Stubber) -> None:
    bedrock.add_client_error("get_account_data_retention", "AccessDeniedException")
    will_get(bedrock, "default")
    bedrock.add_client_error("put_account_data_retention", "AccessDeniedException")
    will_put(bedrock, "none")
    clock = Clock()
    result = handler.outcome_of(event("Create", "none"), services(bedrock, clock))
    assert result.data() == {"Mode": "none"}
    assert len(clock.pauses) == 2


class Denying:
    """A Bedrock that refuses this function until `usable_at`."""

    def __init__(self, clock: Clock, usable_at: float) -> None:
        self._clock, self._usable_at = clock, usable_at

    def get_account_data_retention(self) -> dict[str, str]:
        if self._clock.now < self._usable_at:
            raise ClientError(
                {"Error": {"Code": "AccessDeniedException", "Message": "denied by an SCP"}},
                "GetAccountDataRetention",
            )
        return {"mode": "default"}

    def put_account_data_retention(self, *, mode: str) -> dict[str, str]:
        return {"mode": mode}


@pytest.mark.parametrize("seconds", [60, 120])
def test_iam_may_take_two_minutes(seconds: float) -> None:
    clock = Clock()
    denying = Denying(clock, clock.now + seconds)
    result = handler.outcome_of(event("Create", "none"), Services(denying, clock.waiting))
    assert result.data() == {"Mode": "none"}


def test_a_denial_that_stays_fails_the_deployment_with_bedrocks_words() -> None:
    clock = Clock()
    denying = Denying(clock, float("inf"))
    result = handler.outcome_of(event("Create", "none"), Services(denying, clock.waiting))
    assert not result.outcome.succeeded
    assert "denied by an SCP" in result.outcome.sentence
    assert result.data() == {}
    assert 120 <= clock.elapsed < 130


def test_another_failure_is_not_tried_again(bedrock: Stubber) -> None:
    bedrock.add_client_error("get_account_data_retention", "InternalServerException")
    assert not outcome(bedrock, "Create", "none").outcome.succeeded


@pytest.mark.parametrize(("request_type", "status"), [("Create", "FAILED"), ("Delete", "SUCCESS")])
def test_cloudformation_gets_its_answer_when_the_function_is_broken(
    monkeypatch: pytest.MonkeyPatch, request_type: str, status: str
) -> None:
    def unconnected(_region: str) -> None:
        raise KeyError

    monkeypatch.setattr(handler, "_connect", unconnected)
    received: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        request = {
            "RequestType": request_type,
            "ResponseURL": f"http://127.0.0.1:{server.server_port}/",
            "StackId": "arn:aws:cloudformation:eu-west-1:111122223333:stack/s/1",
            "RequestId": "r",
            "LogicalResourceId": "Retention",
            "ResourceProperties": {},
        }
        with pytest.raises(KeyError):
            handler.handle(request, None)
        thread.join()
    (response,) = received
    assert (response["Status"], response["Data"]) == (status, {})
    assert ("as it was" in response["Reason"]) == (status == "SUCCESS")
    assert response["PhysicalResourceId"] == "bedrock-data-retention-eu-west-1"
