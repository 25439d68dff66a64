"""The account's one role by which API Gateway logs: given where there is none, else left alone."""

import json
import logging
import random
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NetworkError

from claude_bedrock.iam.propagation import (
    Failure,
    PropagationRetry,
    Timing,
    error_code,
    is_access_denied,
)
from custom_resource.deletion import succeed_despite_failure
from custom_resource.response import Outcome, answer, send

_log: Final = logging.getLogger(__name__)
_log.setLevel(logging.INFO)
SETTLE_SECONDS: Final = 15.0
"""API Gateway refuses a role that was made a moment ago, and each refusal costs 20 seconds."""
LONGEST_INTERVAL_SECONDS: Final = 24.0
SHORTEST_INTERVAL_SECONDS: Final = 21.0
"""UpdateAccount: 1 request every 20 seconds per account, which cannot be increased.
https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"""
_ROLE_NOT_USABLE: Final = "BadRequestException"
"""A role that API Gateway cannot assume or write logs by, among other mistakes:
https://github.com/aws/aws-cdk/issues/2194, https://github.com/hashicorp/terraform/pull/8533"""
_TRUST: Final = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "apigateway.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
_LEFT: Final = "API Gateway's log role is as it was: aws apigateway get-account names it."
_UNFORESEEN: Final = Outcome(
    succeeded=False, sentence="The function that looks after API Gateway's log role failed."
)


class Account(Protocol):
    """The two calls this needs of boto3's `apigateway` client."""

    def get_account(self) -> Mapping[str, Any]: ...
    def update_account(self, **request: object) -> object: ...


class Roles(Protocol):
    """The two calls this needs of boto3's `iam` client."""

    def create_role(self, **request: object) -> object: ...
    def attach_role_policy(self, **request: object) -> object: ...


class Services(NamedTuple):
    """The account's settings of API Gateway in a Region, its roles, and how time passes."""

    account: Account
    roles: Roles
    waiting: Timing = Timing()


def handle(event: Mapping[str, Any], _context: object) -> None:
    """Set the role where none is set, and answer CloudFormation in any case."""
    outcome = _UNFORESEEN
    try:
        outcome = outcome_of(event, connect())
    finally:
        outcome = succeed_despite_failure(event, outcome, _LEFT)
        _log.info("%s: %s", event["RequestType"], outcome.sentence)
        role = event["ResourceProperties"]["RoleArn"].rpartition("/")[2]
        send(event["ResponseURL"], answer(event, f"api-gateway-log-role-{role}", outcome))


def connect() -> Services:
    """Return the services of this account. botocore repeats none of their calls: it would repeat
    UpdateAccount within its 20 seconds."""
    config = Config(
        connect_timeout=2, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 1}
    )
    return Services(boto3.client("apigateway", config=config), boto3.client("iam", config=config))


def outcome_of(event: Mapping[str, Any], services: Services) -> Outcome:
    """Return the outcome of the event, with a sentence for every foreseeable failure.

    On Delete the role stays: it costs nothing, can do nothing but write logs, and other APIs of
    the account may have come to need it.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
    """
    if event["RequestType"] == "Delete":
        return Outcome(succeeded=True, sentence="API Gateway's log role is left as it is.")
    try:
        return Outcome(succeeded=True, sentence=_set(event["ResourceProperties"], services))
    except (ClientError, BotoCoreError) as error:
        return Outcome(
            succeeded=False,
            sentence=f"API Gateway has no log role: {error}. Deploy again, or give it a role "
            "yourself: aws apigateway update-account --patch-operations "
            "op=replace,path=/cloudwatchRoleArn,value=ROLE_ARN",
        )


def _set(properties: Mapping[str, str], services: Services) -> str:
    """Set the role of `RoleArn` where none is set, and return a sentence on it. A `RoleName` has it
    made first; without one, the role is the account's."""
    waiting, role_arn = services.waiting, properties["RoleArn"]
    retry = PropagationRetry(waiting=waiting, is_retryable=_is_retryable)
    current = retry.call(lambda: _current_role(services.account))
    if current:
        return f"API Gateway already logs as {current}."
    if name := properties.get("RoleName"):
        _make_role(name, properties["PolicyArn"], services.roles, retry)
        waiting.sleep(SETTLE_SECONDS)
    return f"API Gateway now logs as {_hand_over(role_arn, services)}."


def _make_role(name: str, policy_arn: str, roles: Roles, retry: PropagationRetry) -> None:
    try:
        retry.call(
            lambda: roles.create_role(
                RoleName=name,
                AssumeRolePolicyDocument=json.dumps(_TRUST),
                Description="API Gateway writes the logs of this account's APIs as this role",
            )
        )
    except ClientError as error:
        if error_code(error) != "EntityAlreadyExists":
            raise
    retry.call(lambda: roles.attach_role_policy(RoleName=name, PolicyArn=policy_arn))


def _hand_over(role_arn: str, services: Services) -> str:
    """Return the role that API Gateway logs as in the end: this one, or what somebody set
    meanwhile."""
    account = services.account
    retry = PropagationRetry(
        waiting=services.waiting, is_retryable=_is_retryable, pauses=_update_pauses
    )
    try:
        return retry.call(lambda: _current_role(account) or _update(account, role_arn))
    except (ClientError, BotoCoreError):
        if current := _current_role(account):
            return current
        raise


def _current_role(account: Account) -> str:
    """Return the ARN, empty where none is set."""
    return str(account.get_account().get("cloudwatchRoleArn") or "")


def _update(account: Account, role_arn: str) -> str:
    change = {"op": "replace", "path": "/cloudwatchRoleArn", "value": role_arn}
    account.update_account(patchOperations=[change])
    return role_arn


def _update_pauses() -> Iterator[float]:
    while True:
        yield random.uniform(SHORTEST_INTERVAL_SECONDS, LONGEST_INTERVAL_SECONDS)  # noqa: S311


def _is_retryable(error: Failure) -> bool:
    """Return whether time may help: a rate, a network, a failure of AWS's own, a role that is too
    new."""
    if not isinstance(error, ClientError):
        return isinstance(error, HTTPClientError | NetworkError)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = error_code(error)
    too_new = is_access_denied(error) or code in (_ROLE_NOT_USABLE, "NoSuchEntity")
    # A 429 may come without a name: https://github.com/awslabs/nx-plugin-for-aws/pull/924
    return too_new or code == "TooManyRequestsException" or status == 429 or status >= 500
