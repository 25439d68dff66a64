"""The account's one role by which API Gateway logs: given where there is none, else left alone."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, Protocol

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from custom_resource.deletion import let_through
from custom_resource.response import Outcome, answer, send

_log: Final = logging.getLogger(__name__)
_log.setLevel(logging.INFO)
_TRIES: Final = 8
_PAUSE_SECONDS: Final = 5.0
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
    """The account's settings of API Gateway in a Region, its roles, and how to wait for IAM."""

    account: Account
    roles: Roles
    sleep: Callable[[float], None] = time.sleep


def handle(event: Mapping[str, Any], _context: object) -> None:
    """Sets the role where none is set, and answers CloudFormation in any case."""
    outcome = _UNFORESEEN
    try:
        services = Services(boto3.client("apigateway"), boto3.client("iam"))
        outcome = outcome_of(event, services)
    finally:
        outcome = let_through(event, outcome, _LEFT)
        _log.info("%s: %s", event["RequestType"], outcome.sentence)
        role = event["ResourceProperties"]["RoleName"]
        send(event["ResponseURL"], answer(event, f"api-gateway-log-role-{role}", outcome))


def outcome_of(event: Mapping[str, Any], services: Services) -> Outcome:
    """What came of the event, every foreseeable failure told in a sentence.

    On Delete the role stays: it costs nothing, can do nothing but write logs, and other APIs of
    the account may have come to need it.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
    """
    if event["RequestType"] == "Delete":
        return Outcome(succeeded=True, sentence="API Gateway's log role is left as it is.")
    try:
        return Outcome(succeeded=True, sentence=_set(event["ResourceProperties"], services))
    except (ClientError, BotoCoreError) as error:
        return Outcome(succeeded=False, sentence=f"API Gateway has no log role: {error}")


def _set(properties: Mapping[str, str], services: Services) -> str:
    found = services.account.get_account().get("cloudwatchRoleArn")
    if found:
        return f"API Gateway already logs as {found}."
    _make_role(properties["RoleName"], properties["PolicyArn"], services.roles)
    _hand_over(properties["RoleArn"], services)
    return f"API Gateway now logs as {properties['RoleArn']}."


def _make_role(name: str, policy_arn: str, roles: Roles) -> None:
    try:
        roles.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps(_TRUST),
            Description="API Gateway writes the logs of this account's APIs as this role",
        )
    except ClientError as error:
        if _code(error) != "EntityAlreadyExists":
            raise
    roles.attach_role_policy(RoleName=name, PolicyArn=policy_arn)


def _hand_over(role_arn: str, services: Services) -> None:
    """Tries again while the role is too new for API Gateway to assume, which it calls a bad
    request."""
    change = {"op": "replace", "path": "/cloudwatchRoleArn", "value": role_arn}
    for attempt in range(1, _TRIES + 1):
        try:
            services.account.update_account(patchOperations=[change])
        except ClientError as error:
            if _code(error) != "BadRequestException" or attempt == _TRIES:
                raise
            services.sleep(_PAUSE_SECONDS)
        else:
            return


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")
