"""API Gateway gets a log role where it has none; whatever it has is left as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from api_log_role import handler
from api_log_role.handler import Services

ROLE = "api-gateway-logs-us-east-1"
ROLE_ARN = f"arn:aws:iam::123456789012:role/{ROLE}"
POLICY_ARN = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "…"}}, "UpdateAccount")


class Account:
    """API Gateway's settings of an account; it does not know a new role for `refusals` calls."""

    def __init__(self, role_arn: str | None = None, refusals: int = 0) -> None:
        self.role_arn = role_arn
        self.refusals = refusals

    def get_account(self) -> Mapping[str, Any]:
        return {"cloudwatchRoleArn": self.role_arn} if self.role_arn else {}

    def update_account(self, **request: Any) -> object:  # noqa: ANN401
        (change,) = request["patchOperations"]
        assert (change["op"], change["path"]) == ("replace", "/cloudwatchRoleArn")
        if self.refusals:
            self.refusals -= 1
            raise refused("BadRequestException")
        self.role_arn = change["value"]
        return {}


class World(NamedTuple):
    account: Account
    services: Services
    pauses: list[float]


def world(account: Account) -> World:
    pauses: list[float] = []
    iam = boto3.client("iam", region_name="us-east-1")
    return World(account, Services(account, iam, pauses.append), pauses)


@pytest.fixture(autouse=True)
def iam(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    with mock_aws(config={"iam": {"load_aws_managed_policies": True}}):
        yield boto3.client("iam", region_name="us-east-1")


def event(request_type: str) -> dict[str, Any]:
    properties = {"RoleName": ROLE, "RoleArn": ROLE_ARN, "PolicyArn": POLICY_ARN}
    return {"RequestType": request_type, "ResourceProperties": properties}


def roles(iam: Any) -> list[str]:  # noqa: ANN401 - moto's client
    return [role["RoleName"] for role in iam.list_roles()["Roles"]]


def test_a_role_is_made_and_handed_over_where_there_is_none(iam: Any) -> None:  # noqa: ANN401
    made = world(Account())
    told = handler.outcome_of(event("Create"), made.services)
    assert told == (True, f"API Gateway now logs as {ROLE_ARN}.")
    assert made.account.role_arn == ROLE_ARN
    trust = iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert [each["Principal"] for each in trust] == [{"Service": "apigateway.amazonaws.com"}]
    attached = iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    assert [each["PolicyArn"] for each in attached] == [POLICY_ARN]


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_anothers_role_is_left_alone(iam: Any, request_type: str) -> None:  # noqa: ANN401
    theirs = "arn:aws:iam::123456789012:role/theirs"
    found = world(Account(theirs))
    told = handler.outcome_of(event(request_type), found.services)
    assert told == (True, f"API Gateway already logs as {theirs}.")
    assert found.account.role_arn == theirs
    assert roles(iam) == []


def test_a_role_of_an_earlier_deployment_is_used_again(iam: Any) -> None:  # noqa: ANN401
    handler.outcome_of(event("Create"), world(Account()).services)
    again = world(Account())
    assert handler.outcome_of(event("Create"), again.services).succeeded
    assert again.account.role_arn == ROLE_ARN
    assert roles(iam) == [ROLE]


def test_a_role_too_new_to_be_known_is_handed_over_again() -> None:
    slow = world(Account(refusals=3))
    assert handler.outcome_of(event("Create"), slow.services).succeeded
    assert slow.account.role_arn == ROLE_ARN
    assert slow.pauses == [5.0, 5.0, 5.0]


def test_patience_ends_before_cloudformations_does() -> None:
    refusing = world(Account(refusals=100))
    told = handler.outcome_of(event("Create"), refusing.services)
    assert not told.succeeded
    assert told.sentence.startswith("API Gateway has no log role: ")
    assert sum(refusing.pauses) < 45


def test_another_error_is_not_tried_again() -> None:
    class Denied(Account):
        def update_account(self, **_request: Any) -> object:  # noqa: ANN401
            raise refused("AccessDeniedException")

    denied = world(Denied())
    assert not handler.outcome_of(event("Create"), denied.services).succeeded
    assert denied.pauses == []


def test_the_role_stays_when_the_stack_goes(iam: Any) -> None:  # noqa: ANN401
    kept = world(Account())
    handler.outcome_of(event("Create"), kept.services)
    assert handler.outcome_of(event("Delete"), kept.services).succeeded
    assert kept.account.role_arn == ROLE_ARN
    assert roles(iam) == [ROLE]


def test_a_broken_function_lets_its_stack_go(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[dict[str, Any]] = []

    def broken(*_: object) -> None:
        raise LookupError

    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(handler, "outcome_of", broken)
    monkeypatch.setattr(handler, "send", lambda _url, body: answers.append(body))
    asked = {"ResponseURL": "", "StackId": "s", "RequestId": "r", "LogicalResourceId": "Role"}

    for request_type in ("Create", "Delete"):
        with pytest.raises(LookupError):
            handler.handle(event(request_type) | asked, None)

    assert [answer["Status"] for answer in answers] == ["FAILED", "SUCCESS"]
    assert "aws apigateway get-account" in answers[1]["Reason"]
