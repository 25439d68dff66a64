"""Condition keys and ARNs of requests, as AWS has them."""

import json

import pytest
from ministack.core import iam_actions  # type: ignore[import-untyped]

from local.embedded import request_context
from local.embedded.request_context import PASSED_ROLE

ACCOUNT = "arn:aws:logs:us-east-1:123456789012"
ROLE = "arn:aws:iam::123456789012:role/delivery"


@pytest.mark.parametrize(
    ("action", "content", "resource"),
    [
        ("PutLogEvents", {"logGroupName": "/g", "logStreamName": "s"}, "/g:log-stream:s"),
        ("FilterLogEvents", {"logGroupName": "/g"}, "/g:log-stream:"),
        (
            "FilterLogEvents",
            {"logGroupIdentifier": f"{ACCOUNT}:log-group:/g"},
            "/g:log-stream:",
        ),
        ("DescribeLogGroups", {}, ":log-stream:"),
    ],
)
def test_log_groups_and_streams_are_authorized_by_the_arns_of_aws(
    action: str, content: dict[str, str], resource: str
) -> None:
    arn = request_context._log_arn(action, content, ACCOUNT)

    assert arn == f"{ACCOUNT}:log-group:{resource}"


@pytest.mark.parametrize(
    ("service", "action", "body", "context"),
    [
        ("bedrock", "bedrock:PutAccountDataRetention", {"mode": "none"},
         {"bedrock:DataRetentionMode": "none"}),
        ("bedrock", "bedrock:PutModelInvocationLoggingConfiguration",
         {"loggingConfig": {"cloudWatchConfig": {"roleArn": ROLE}}},
         {PASSED_ROLE: (ROLE, "bedrock.amazonaws.com")}),
        ("bedrock", "bedrock:PutModelInvocationLoggingConfiguration",
         {"loggingConfig": {"s3Config": {"bucketName": "b"}}}, {}),
        ("apigateway", "apigateway:PATCH",
         {"patchOperations": [{"op": "replace", "path": "/cloudwatchRoleArn", "value": ROLE}]},
         {PASSED_ROLE: (ROLE, "apigateway.amazonaws.com")}),
        ("apigateway", "apigateway:PATCH",
         {"patchOperations": [{"op": "replace", "path": "/enabled", "value": "false"}]}, {}),
        ("s3", "s3:PutObject", [], {}),
    ],
)  # fmt: skip
def test_a_body_gives_condition_keys_and_the_role_that_it_passes(
    service: str, action: str, body: object, context: dict[str, object]
) -> None:
    keys = request_context._body_keys(service, action, json.dumps(body).encode(), {})

    assert keys == context


def test_the_policy_to_attach_is_a_condition_key() -> None:
    keys = request_context._body_keys("iam", "iam:AttachRolePolicy", b"", {"PolicyArn": ["arn:p"]})

    assert keys == {"iam:PolicyARN": "arn:p"}


@pytest.mark.parametrize(
    ("action", "headers", "context"),
    [
        ("s3:PutObject", {"if-none-match": "*"}, {"s3:if-none-match": "*"}),
        ("s3:PutObject", {}, {}),
        ("s3:GetObject", {"if-none-match": "etag"}, {}),
    ],
)
def test_a_conditional_write_is_a_condition_key(
    action: str, headers: dict[str, str], context: dict[str, str]
) -> None:
    made = request_context._with_conditional_write(lambda *_: {})

    assert made(action, {}, "/b/k", headers) == context


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("DescribeAlarms", "arn:aws:cloudwatch:us-east-1:123456789012:alarm:*"),
        ("ListMetrics", "*"),
    ],
)
def test_a_list_of_alarms_is_authorized_for_all_alarms(action: str, resource: str) -> None:
    resources = request_context._with_log_arns(lambda *_: "*")
    request: tuple[object, ...] = (
        *("POST", "/", {}, b"", {"Action": [action]}),
        *("us-east-1", "123456789012"),
    )

    assert resources("monitoring", *request) == resource


@pytest.mark.parametrize(
    ("method", "action"),
    [
        ("GET", "GetFunctionConcurrency"),
        ("PUT", "PutFunctionConcurrency"),
        ("DELETE", "DeleteFunctionConcurrency"),
    ],
)
def test_reading_a_concurrency_is_no_change_of_it(method: str, action: str) -> None:
    of_lambda = request_context._with_concurrency(iam_actions._lambda_action)

    assert of_lambda(method, "/2017-10-31/functions/f/concurrency") == action


def test_a_simulation_is_authorized_for_its_principal() -> None:
    resources = request_context._with_log_arns(lambda *_: "*")
    request: tuple[object, ...] = (
        *("POST", "/", {}, b"", {"PolicySourceArn": [ROLE]}),
        *("us-east-1", "123456789012"),
    )

    assert resources("iam", *request) == ROLE
    assert resources("iam", *request[:4], {}, *request[5:]) == "*"


@pytest.mark.parametrize(
    ("caller", "principal"),
    [
        ("arn:aws:sts::123456789012:assumed-role/delivery/session", ROLE),
        ("arn:aws:iam::123456789012:user/ana", "arn:aws:iam::123456789012:user/ana"),
    ],
)
def test_the_principal_of_a_roles_session_is_the_role(
    caller: str, principal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ministack.services.iam._roles", {"delivery": {"Arn": ROLE}})
    resolve = request_context._with_role_of_session(lambda _key, request: request)

    assert resolve("aws:PrincipalArn", caller) == principal
    assert resolve("aws:PrincipalAccount", caller) == caller
