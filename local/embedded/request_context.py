"""Additions to the request in MiniStack's IAM evaluation: condition keys, and ARNs as AWS forms
them.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from ministack.core import iam_actions, iam_evaluator  # type: ignore[import-untyped]
from ministack.core.responses import get_region  # type: ignore[import-untyped]
from ministack.services import apigateway_v1, iam, tagging  # type: ignore[import-untyped]

PASSED_ROLE: Final = "local:passed-role"
"""In the context of a request that hands a role to a service: the role's ARN and that service."""

_STREAM_ACTIONS: Final = {
    "CreateLogStream",
    "DeleteLogStream",
    "GetLogEvents",
    "PutLogEvents",
}
_ALARM_LISTS: Final = {"DescribeAlarms", "DescribeAlarmHistory"}
"""What CloudWatch authorizes for alarms, `alarm:*` where the request names none:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html"""
_TAG_ACTIONS: Final = {"TagResource", "UntagResource", "ListTagsForResource"}

Context = dict[str, Any]


def add() -> None:
    """Put it in; before MiniStack starts."""
    iam_actions.request_tag_context = _with_body_keys(iam_actions.request_tag_context)
    iam_actions.s3_service_context = _with_conditional_write(iam_actions.s3_service_context)
    iam_actions.extract_resource_arn = _with_log_arns(iam_actions.extract_resource_arn)
    iam_actions._lambda_action = _with_concurrency(iam_actions._lambda_action)
    tagging._RESOURCE_TAG_COLLECTORS["apigateway"] = _api_gateway_tags
    resolve = iam_evaluator._resolve_condition_key
    iam_evaluator._resolve_condition_key = _with_role_of_session(resolve)


def _with_role_of_session(original: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    """Of a role's session, `aws:PrincipalArn` is the ARN of the role:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn"""

    def resolve(key: str, request: Any) -> Any:  # noqa: ANN401 - MiniStack's own
        value = original(key, request)
        if key.lower() != "aws:principalarn" or ":assumed-role/" not in str(value):
            return value
        role = iam._roles.get(value.split("/")[1])
        return role["Arn"] if role else value

    return resolve


def _with_body_keys(original: Callable[..., Context]) -> Callable[..., Context]:
    def context(service: str, action: str, body: bytes, params: Mapping[str, Any]) -> Context:
        return {
            **original(service, action, body, params),
            **_body_keys(service, action, body, params),
        }

    return context


def _body_keys(service: str, action: str, body: bytes, params: Mapping[str, Any]) -> Context:
    match action:
        case "iam:AttachRolePolicy" | "iam:DetachRolePolicy":
            return {"iam:PolicyARN": iam_actions._query_param(params, "PolicyArn")}
        case "bedrock:PutAccountDataRetention":
            return {"bedrock:DataRetentionMode": _content(body).get("mode")}
        case "bedrock:PutModelInvocationLoggingConfiguration":
            logging = _content(body).get("loggingConfig") or {}
            role = (logging.get("cloudWatchConfig") or {}).get("roleArn")
            return {PASSED_ROLE: (role, "bedrock.amazonaws.com")} if role else {}
        case "apigateway:PATCH" if service == "apigateway":
            return _api_gateway_role(body)
    return {}


def _api_gateway_role(body: bytes) -> Context:
    """Return the role of UpdateAccount, which API Gateway writes its logs with."""
    for operation in _content(body).get("patchOperations") or []:
        if operation.get("path") == "/cloudwatchRoleArn" and operation.get("value"):
            return {PASSED_ROLE: (operation["value"], "apigateway.amazonaws.com")}
    return {}


def _with_conditional_write(original: Callable[..., Context]) -> Callable[..., Context]:
    """`s3:if-none-match` of a PutObject:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html"""

    def context(
        action: str,
        params: Mapping[str, Any] | None,
        path: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Context:
        keys = original(action, params, path, headers)
        condition = (headers or {}).get("if-none-match")
        if action == "s3:PutObject" and condition:
            keys["s3:if-none-match"] = condition
        return keys

    return context


def _with_log_arns(original: Callable[..., str]) -> Callable[..., str]:
    def arn(service: str, *request: Any) -> str:  # noqa: ANN401 - MiniStack's own
        if service == "logs":
            _method, _path, headers, body, _params, region, account = request
            action = headers.get("x-amz-target", "").rpartition(".")[2]
            if action not in _TAG_ACTIONS:
                return _log_arn(action, _content(body), f"arn:aws:logs:{region}:{account}")
        if service == "iam" and (source := iam_actions._query_param(request[4], "PolicySourceArn")):
            return str(source)  # SimulatePrincipalPolicy is about that principal
        resource = original(service, *request)
        if service == "monitoring" and resource == "*":
            action = str(iam_actions.extract_iam_action(service, *request[:5]))
            if action.rpartition(":")[2] in _ALARM_LISTS:
                return "arn:aws:cloudwatch:{}:{}:alarm:*".format(*request[5:])
        return resource

    return arn


def _with_concurrency(
    original: Callable[[str, str], str | None],
) -> Callable[[str, str], str | None]:
    """Reading and deleting a function's reserved concurrency are actions of their own:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html"""

    def action(method: str, path: str) -> str | None:
        name = original(method, path)
        if name != "PutFunctionConcurrency":
            return name
        return {"GET": "GetFunctionConcurrency", "DELETE": "DeleteFunctionConcurrency"}.get(
            method, name
        )

    return action


def _log_arn(action: str, content: Mapping[str, Any], account: str) -> str:
    """CloudWatch Logs asks for the group with what follows it, `NAME:log-stream:`, so that a policy
    needs `NAME:*`: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
    """
    group = str(content.get("logGroupName") or content.get("logGroupIdentifier") or "")
    if group.startswith("arn:"):
        group = group.split(":")[6]
    stream = content.get("logStreamName", "") if action in _STREAM_ACTIONS else ""
    return f"{account}:log-group:{group}:log-stream:{stream}"


def _api_gateway_tags() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Tags of API keys, by the key's ARN and by that of its tags:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-iam-policy.html
    """
    account = f"arn:aws:apigateway:{get_region()}::"
    for key_id, key in apigateway_v1._api_keys.items():
        arn = f"{account}/apikeys/{key_id}"
        tags = {**key.get("tags", {}), **(apigateway_v1._v1_tags.get(arn) or {})}
        listed = [{"Key": name, "Value": value} for name, value in tags.items()]
        yield arn, listed
        yield f"{account}/tags/{quote(arn, safe='')}", listed


def _content(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body or b"{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
