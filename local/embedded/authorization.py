"""The IAM decisions and roles of the parts of local mode that stand for an AWS service.

`POST /` with the header `x-amz-target: LocalAuthorization.Authorize` takes a JSON object: `caller`
has `accessKeyId` or `service`, `requests` is a list of `action`, `resource`, `region`, `context`.
The answer's `denied` is null, or `code` and `message` of the first request that is refused.
`LocalAuthorization.AssumeRole` takes `service`, `roleArn`, `sessionName` and `context`, and answers
as STS does.
"""

import secrets
import time
from collections.abc import Mapping
from typing import Any, Final

from ministack.core import iam_evaluator  # type: ignore[import-untyped]
from ministack.core.responses import get_account_id, get_region  # type: ignore[import-untyped]
from ministack.services import iam, sts  # type: ignore[import-untyped]

from local.embedded.decisions import (
    Denial,
    Request,
    decide_for_key,
    decide_for_service,
    evaluation,
)
from local.embedded.enforcement import bucket_key
from local.embedded.reply import Call, Reply, json_reply, refused

TARGET: Final = "LocalAuthorization"
_SESSION_SECONDS: Final = 3600

Json = Mapping[str, Any]


async def serve(call: Call) -> Reply:
    """Answer both operations."""
    content = call.content()
    operation = call.headers.get("x-amz-target", "").rpartition(".")[2]
    try:
        if operation == "Authorize":
            return json_reply(_authorize(content))
        if operation == "AssumeRole":
            return _assume_role(content)
    except KeyError as missing:
        return refused("ValidationException", f"{missing} is missing.")
    return refused("UnknownOperationException", f"There is no operation {operation!r}.", 404)


def _authorize(content: Json) -> Json:
    caller = content["caller"]
    for request in content["requests"]:
        denial = decide(caller, _request(request))
        if denial is not None:
            return {"denied": denial._asdict()}
    return {"denied": None}


def _request(content: Json) -> Request:
    region = content.get("region") or get_region()
    return Request(content["action"], content["resource"], region, content.get("context") or {})


def decide(caller: Json, request: Request) -> Denial | None:
    """Return the denial of a request; `caller` has `accessKeyId` or `service`."""
    if "service" not in caller:
        return decide_for_key(caller["accessKeyId"], request)
    return decide_for_service(caller["service"], request) or _decide_for_bucket_key(
        caller["service"], request
    )


def _decide_for_bucket_key(service: str, request: Request) -> Denial | None:
    """Return the denial of the bucket's key, which a service that writes an object uses itself."""
    bucket = request.resource.rpartition(":")[2].partition("/")[0]
    key = bucket_key(bucket) if request.action == "s3:PutObject" else None
    if key is None:
        return None
    key_request = Request("kms:GenerateDataKey", key, request.region, request.context)
    return decide_for_service(service, key_request)


def _assume_role(content: Json) -> Reply:
    service, arn = content["service"], content["roleArn"]
    denial = _trust_denial(service, arn, content.get("context") or {})
    if denial is not None:
        return refused(denial.code, denial.message, 403)
    return json_reply({"Credentials": _new_session(arn, content["sessionName"][:64])})


def session_of(service: str, arn: str, name: str, context: Json) -> str | None:
    """Return the access key id of a new session of a role that trusts the service, or None."""
    if _trust_denial(service, arn, context) is not None:
        return None
    key_id: str = _new_session(arn, name)["AccessKeyId"]
    return key_id


def _trust_denial(service: str, arn: str, context: Json) -> Denial | None:
    role = iam._roles.get(arn.rpartition("/")[2])
    request = Request("sts:AssumeRole", arn, get_region(), context)
    evaluation_request = evaluation(
        request, service, "AWSService", {"aws:principalisawsservice": "true"}
    )
    policy = role.get("AssumeRolePolicyDocument") if role else None
    if (
        iam_evaluator.evaluate_resource_policy(policy, evaluation_request, service=service).decision
        == "Allow"
    ):
        return None
    message = f"User: {service} is not authorized to perform: sts:AssumeRole on resource: {arn}"
    return Denial("AccessDenied", message)


def _new_session(arn: str, name: str) -> Json:
    """Credentials of the role, known to MiniStack's STS."""
    key_id, ends = f"ASIA{secrets.token_hex(8).upper()}", time.time() + _SESSION_SECONDS
    account, role = get_account_id(), arn.rpartition("/")[2]
    session = {
        "Arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
        "UserId": f"{sts._role_id(arn)}:{name}",
        "SecretAccessKey": secrets.token_urlsafe(30),
        "SessionToken": secrets.token_urlsafe(60),
        "Expiration": ends,
        "AccountId": account,
        "PrincipalType": "AssumedRole",
    }
    sts.register_session(key_id, session)
    return {
        "AccessKeyId": key_id,
        "SecretAccessKey": session["SecretAccessKey"],
        "SessionToken": session["SessionToken"],
        "Expiration": int(ends),
    }
