"""API Gateway gets a log role where it has none; whatever it has is left as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError
from moto import mock_aws
from moto.iam.aws_managed_policies import aws_managed_policies_data

from api_log_role import handler
from api_log_role.handler import Roles, Services
from claude_bedrock.iam.propagation import PROPAGATION_SECONDS
from tests.unit.custom_resource.clock import Clock

ROLE = "api-gateway-logs-us-east-1"
ROLE_ARN = f"arn:aws:iam::123456789012:role/{ROLE}"
POLICY_ARN = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"


EXISTING_ROLE = "arn:aws:iam::123456789012:role/theirs"
RATE_SECONDS = 20.0
"""UpdateAccount: 1 request every 20 seconds per account, not adjustable.
https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"""


def refused(code: str, status: int, operation: str = "UpdateAccount") -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": "…"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, operation)


class Account:
    """API Gateway's settings of an account, with its rate: it cannot use a role that is younger
    than `propagation`, and fails with each of `failures` first."""

    def __init__(
        self,
        clock: Clock,
        role_arn: str | None = None,
        *,
        propagation: float = 0,
        failures: Sequence[ClientError | BotoCoreError] = (),
    ) -> None:
        self.clock, self.role_arn = clock, role_arn
        self.usable_at = clock.now + propagation
        self.failures = list(failures)
        self.updated_at: list[float] = []
        self.throttled = 0

    def get_account(self) -> Mapping[str, Any]:
        return {"cloudwatchRoleArn": self.role_arn} if self.role_arn else {}

    def update_account(self, **request: Any) -> object:  # noqa: ANN401
        (change,) = request["patchOperations"]
        assert (change["op"], change["path"]) == ("replace", "/cloudwatchRoleArn")
        previous = self.updated_at[-1:]
        self.updated_at.append(self.clock.now)
        if previous and self.clock.now < previous[0] + RATE_SECONDS:
            self.throttled += 1
            raise refused("TooManyRequestsException", 429)
        if self.failures:
            raise self.failures.pop(0)
        if self.clock.now < self.usable_at:
            raise refused("BadRequestException", 400)
        self.role_arn = change["value"]
        return {}


class AnyRoles:
    """An IAM that makes whatever role it is asked for."""

    def create_role(self, **_request: object) -> object:
        return {}

    def attach_role_policy(self, **_request: object) -> object:
        return {}


class Scenario(NamedTuple):
    account: Account
    services: Services
    clock: Clock


def scenario(
    role_arn: str | None = None,
    *,
    roles: Roles | None = None,
    propagation: float = 0,
    failures: Sequence[ClientError | BotoCoreError] = (),
) -> Scenario:
    clock = Clock()
    account = Account(clock, role_arn, propagation=propagation, failures=failures)
    return Scenario(account, Services(account, roles or AnyRoles(), clock.waiting), clock)


@cache
def managed_policy() -> str:
    """Return the one of AWS's policies that matters here: moto reads 1,300 for each test."""
    policies = json.loads(aws_managed_policies_data)
    name = POLICY_ARN.rpartition("/")[2]
    return json.dumps({name: policies[name]})


@pytest.fixture
def iam(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    monkeypatch.setattr("moto.iam.models.aws_managed_policies_data", managed_policy())
    with mock_aws(config={"iam": {"load_aws_managed_policies": True}}):
        yield boto3.client("iam", region_name="us-east-1")


def event(request_type: str) -> dict[str, Any]:
    properties = {"RoleName": ROLE, "RoleArn": ROLE_ARN, "PolicyArn": POLICY_ARN}
    return {"RequestType": request_type, "ResourceProperties": properties}


def roles(iam: Any) -> list[str]:  # noqa: ANN401 - moto's client
    return [role["RoleName"] for role in iam.list_roles()["Roles"]]


def test_a_role_is_made_and_handed_over_where_there_is_none(iam: Any) -> None:  # noqa: ANN401
    made = scenario(roles=iam)
    outcome = handler.outcome_of(event("Create"), made.services)
    assert outcome == (True, f"API Gateway now logs as {ROLE_ARN}.")
    assert made.account.role_arn == ROLE_ARN
    trust = iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert [item["Principal"] for item in trust] == [{"Service": "apigateway.amazonaws.com"}]
    attached = iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == [POLICY_ARN]


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_anothers_role_is_left_alone(iam: Any, request_type: str) -> None:  # noqa: ANN401
    result = scenario(EXISTING_ROLE, roles=iam)
    outcome = handler.outcome_of(event(request_type), result.services)
    assert outcome == (True, f"API Gateway already logs as {EXISTING_ROLE}.")
    assert result.account.role_arn == EXISTING_ROLE
    assert roles(iam) == []


def test_a_role_of_the_account_is_named_and_none_is_made(iam: Any) -> None:  # noqa: ANN401
    own = {"RequestType": "Create", "ResourceProperties": {"RoleArn": EXISTING_ROLE}}
    result = scenario(roles=iam)
    assert handler.outcome_of(own, result.services).succeeded
    assert result.account.role_arn == EXISTING_ROLE
    assert roles(iam) == []


def test_a_role_of_an_earlier_deployment_is_used_again(iam: Any) -> None:  # noqa: ANN401
    handler.outcome_of(event("Create"), scenario(roles=iam).services)
    again = scenario(roles=iam)
    assert handler.outcome_of(event("Create"), again.services).succeeded
    assert again.account.role_arn == ROLE_ARN
    assert roles(iam) == [ROLE]


@pytest.mark.parametrize("propagation", [0, 3, 8, 15, 30, 60, 120])
def test_a_new_role_is_handed_over_within_the_rate_of_update_account(propagation: float) -> None:
    slow = scenario(propagation=propagation)
    assert handler.outcome_of(event("Create"), slow.services).succeeded
    assert slow.account.role_arn == ROLE_ARN
    assert slow.account.throttled == 0
    assert slow.clock.pauses[0] == handler.SETTLE_SECONDS


@pytest.mark.parametrize(
    "failure",
    [
        refused("TooManyRequestsException", 429),
        refused("429", 429),
        refused("InternalFailure", 500),
        refused("ServiceUnavailable", 503),
        refused("AccessDeniedException", 403),
        refused("BadRequestException", 400),
        ReadTimeoutError(endpoint_url="https://apigateway.us-east-1.amazonaws.com"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("times", [1, 4])
def test_what_time_may_mend_is_tried_again(
    failure: ClientError | BotoCoreError, times: int
) -> None:
    failing = scenario(failures=[failure] * times)
    assert handler.outcome_of(event("Create"), failing.services).succeeded
    assert len(failing.account.updated_at) == times + 1
    assert failing.account.throttled == 0


@pytest.mark.parametrize("code", ["BadRequestException", "AccessDeniedException"])
def test_a_refusal_that_lasts_is_reported_in_aws_words(code: str) -> None:
    refusing = scenario(failures=[refused(code, 400)] * 100)
    outcome = handler.outcome_of(event("Create"), refusing.services)
    assert not outcome.succeeded
    assert outcome.sentence.startswith("API Gateway has no log role: ")
    assert code in outcome.sentence
    assert "aws apigateway update-account" in outcome.sentence
    longest = handler.SETTLE_SECONDS + PROPAGATION_SECONDS + handler.LONGEST_INTERVAL_SECONDS
    assert refusing.clock.elapsed <= longest


def test_a_role_that_another_principal_sets_concurrently_is_a_success_and_stays() -> None:
    class Shared(Account):
        def update_account(self, **_request: Any) -> object:  # noqa: ANN401
            self.role_arn = EXISTING_ROLE
            raise refused("BadRequestException", 400)

    shared = scenario()
    account = Shared(shared.clock)
    outcome = handler.outcome_of(event("Create"), shared.services._replace(account=account))
    assert outcome == (True, f"API Gateway now logs as {EXISTING_ROLE}.")
    assert account.role_arn == EXISTING_ROLE


def test_a_role_that_is_set_at_the_last_moment_is_a_success() -> None:
    class SetAtLast(Account):
        def update_account(self, **_request: Any) -> object:  # noqa: ANN401
            self.role_arn = EXISTING_ROLE
            raise refused("UnauthorizedException", 401)

    shared = scenario()
    services = shared.services._replace(account=SetAtLast(shared.clock))
    assert handler.outcome_of(event("Create"), services).succeeded


@pytest.mark.parametrize("seconds", [60, 120])
def test_the_functions_own_policy_may_take_two_minutes(seconds: float) -> None:
    slow = scenario(propagation=seconds)
    usable_at = slow.clock.now + seconds
    services = Services(
        Gated(slow.account, slow.clock, usable_at),
        Gated(slow.services.roles, slow.clock, usable_at),
        slow.clock.waiting,
    )
    assert handler.outcome_of(event("Create"), services).succeeded
    assert slow.account.role_arn == ROLE_ARN


class Gated:
    """A client whose every call IAM denies until `usable_at`."""

    def __init__(self, client: Any, clock: Clock, usable_at: float) -> None:  # noqa: ANN401
        self._client, self._clock, self._usable_at = client, clock, usable_at

    def __getattr__(self, operation: str) -> Any:  # noqa: ANN401
        if self._clock.now < self._usable_at:
            raise refused("AccessDeniedException", 403, operation)
        return getattr(self._client, operation)


def test_a_throttled_get_account_is_tried_again() -> None:
    class Throttled(Account):
        throttles = 3

        def get_account(self) -> Mapping[str, Any]:
            if self.throttles:
                self.throttles -= 1
                raise refused("TooManyRequestsException", 429, "GetAccount")
            return super().get_account()

    slow = scenario()
    services = slow.services._replace(account=Throttled(slow.clock, EXISTING_ROLE))
    assert handler.outcome_of(event("Create"), services).succeeded


def test_another_error_is_not_tried_again() -> None:
    unknown = scenario(failures=[refused("NotFoundException", 404)])
    assert not handler.outcome_of(event("Create"), unknown.services).succeeded
    assert len(unknown.account.updated_at) == 1


def test_botocore_repeats_no_call_within_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client: Any = handler.connect().account
    assert client.meta.config.retries["total_max_attempts"] == 1


def test_the_role_stays_when_the_stack_goes(iam: Any) -> None:  # noqa: ANN401
    stored = scenario(roles=iam)
    handler.outcome_of(event("Create"), stored.services)
    assert handler.outcome_of(event("Delete"), stored.services).succeeded
    assert stored.account.role_arn == ROLE_ARN
    assert roles(iam) == [ROLE]


def test_a_broken_function_lets_its_stack_go(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[dict[str, Any]] = []

    def broken(*_: object) -> None:
        raise LookupError

    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(handler, "outcome_of", broken)
    monkeypatch.setattr(handler, "send", lambda _url, body: answers.append(body))
    request = {"ResponseURL": "", "StackId": "s", "RequestId": "r", "LogicalResourceId": "Role"}

    for request_type in ("Create", "Delete"):
        with pytest.raises(LookupError):
            handler.handle(event(request_type) | request, None)

    assert [answer["Status"] for answer in answers] == ["FAILED", "SUCCESS"]
    assert "aws apigateway get-account" in answers[1]["Reason"]
