"""Each single denial breaks exactly its part: policies of roles, buckets, keys and functions."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from claude_bedrock.cli.logs.call_records import CallRecords, find
from claude_bedrock.cli.shared.record_sources import records_of
from claude_bedrock.records.invocation_records import Records
from local.aws.authorization import CACHE_SECONDS
from tests.integration.deployed.deployment import MODEL, Answer, Deployment, eventually, message
from tests.integration.deployed.test_canary import runs
from tests.integration.deployed.test_records import recorded

CLOUDWATCH = "ModelInvocationLogsCloudWatchDeliveryFailure"
S3 = "ModelInvocationLogsS3DeliveryFailure"

Undo = list[Callable[[], object]]
Statement = Mapping[str, Any]


@pytest.fixture
def undo() -> Iterator[Undo]:
    """What puts things back, the last first."""
    steps: Undo = []
    yield steps
    for step in reversed(steps):
        step()


@pytest.fixture
def records(deployment: Deployment) -> Records:
    return records_of(deployment.stage())


def role_of(deployment: Deployment, stack: str, output: str) -> str:
    """The name of a function's role."""
    settings = deployment.client("lambda").get_function_configuration(
        FunctionName=deployment.output(stack, output)
    )
    name: str = settings["Role"].rpartition("/")[2]
    return name


def caller_role(deployment: Deployment) -> str:
    """The name of the role in whose sessions the gateway calls Bedrock."""
    return deployment.output("Gateway", "CallerRoleArn").rpartition("/")[2]


def document(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def deny(deployment: Deployment, undo: Undo, role: str, action: str) -> None:
    iam = deployment.client("iam")
    denial = document({"Effect": "Deny", "Action": action, "Resource": "*"})
    iam.put_role_policy(RoleName=role, PolicyName="denial", PolicyDocument=denial)
    undo.append(lambda: iam.delete_role_policy(RoleName=role, PolicyName="denial"))


def failures(deployment: Deployment, metric: str) -> float:
    now = datetime.now(UTC)
    points = deployment.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Bedrock",
        MetricName=metric,
        StartTime=now - timedelta(hours=3),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(point["Sum"] for point in points))


def call_until(deployment: Deployment, status: int) -> Answer:
    """An answer of that status; a decision of IAM holds for a second."""

    def call() -> Answer | None:
        answer = deployment.ask("Is this allowed?")
        return answer if answer.status == status else None

    return eventually(call)


def lost_in(deployment: Deployment, records: Records, metric: str) -> CallRecords:
    """What is on record of a call whose delivery failed in the place of the metric, once what IAM
    decided before is no longer remembered."""
    time.sleep(1.1 * CACHE_SECONDS)
    before = failures(deployment, metric)
    answer = deployment.ask("Where is this on record?")
    assert answer.status == 200
    eventually(lambda: failures(deployment, metric) > before)
    request_id = answer.headers["request-id"]

    def read_records() -> CallRecords | None:
        call_records = find(records, request_id, hours=1)
        return call_records if call_records.in_logs or call_records.in_s3 else None

    return eventually(read_records)


def is_complete(deployment: Deployment, records: Records) -> bool:
    """Whether a new call is on record in both places."""
    recorded(records, call_until(deployment, 200).headers["request-id"])
    return True


FORMATS = {
    "/v1/messages": message("Hi"),
    f"/model/{MODEL}/converse": {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]},
}


@pytest.mark.parametrize("path", FORMATS)
def test_a_gateway_that_may_not_call_bedrock_answers_403(
    deployment: Deployment, records: Records, undo: Undo, path: str
) -> None:
    deny(deployment, undo, caller_role(deployment), "bedrock:InvokeModel")
    call_until(deployment, 403)
    headers = {"content-type": "application/json", "x-api-key": deployment.key}

    answer = deployment.call("POST", path, json.dumps(FORMATS[path]).encode(), headers)

    assert answer.status == 403
    assert b"arn:" not in answer.body
    assert b"123456789012" not in answer.body
    if path == "/v1/messages":
        assert answer.json()["error"]["type"] == "permission_error"
    else:
        assert answer.headers["x-amzn-errortype"] == "AccessDeniedException"
    undo.pop()()
    assert is_complete(deployment, records)
    denied = answer.headers.get("request-id") or answer.headers["x-amzn-requestid"]
    assert find(records, denied, hours=1) == CallRecords(None, None)


def test_streams_are_an_action_of_their_own(deployment: Deployment, undo: Undo) -> None:
    deny(deployment, undo, caller_role(deployment), "bedrock:InvokeModelWithResponseStream")

    eventually(lambda: deployment.ask("Hi", stream=True).status == 403)

    assert deployment.ask("Hi").status == 200


def test_what_the_permissions_boundary_does_not_allow_is_refused(
    deployment: Deployment, undo: Undo
) -> None:
    iam, role = deployment.client("iam"), caller_role(deployment)
    boundary = iam.get_role(RoleName=role)["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"]
    narrow = document({"Effect": "Allow", "Action": "logs:*", "Resource": "*"})
    arn = iam.create_policy(PolicyName="narrow", PolicyDocument=narrow)["Policy"]["Arn"]
    undo.append(lambda: iam.delete_policy(PolicyArn=arn))
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=arn)
    undo.append(
        lambda: iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=boundary)
    )

    call_until(deployment, 403)


def test_a_delivery_role_that_may_not_write_events_stops_cloudwatch_alone(
    deployment: Deployment, records: Records, undo: Undo
) -> None:
    role = deployment.output("InvocationLogging", "DeliveryRoleArn").rpartition("/")[2]
    deny(deployment, undo, role, "logs:PutLogEvents")

    call_records = lost_in(deployment, records, CLOUDWATCH)

    assert (call_records.in_logs, call_records.in_s3 is None) == (None, False)
    undo.pop()()
    assert is_complete(deployment, records)


def test_a_delivery_role_that_trusts_another_account_stops_cloudwatch_alone(
    deployment: Deployment, records: Records, undo: Undo
) -> None:
    iam = deployment.client("iam")
    role = deployment.output("InvocationLogging", "DeliveryRoleArn").rpartition("/")[2]
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    undo.append(
        lambda: iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))
    )
    other = json.dumps(trust).replace(
        '"aws:SourceAccount": "123456789012"', '"aws:SourceAccount": "1"'
    )
    assert other != json.dumps(trust)
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=other)

    call_records = lost_in(deployment, records, CLOUDWATCH)

    assert (call_records.in_logs, call_records.in_s3 is None) == (None, False)
    undo.pop()()
    assert is_complete(deployment, records)


@pytest.fixture
def bucket_policy(deployment: Deployment, undo: Undo) -> list[dict[str, Any]]:
    """The statements of the bucket's policy, which is put back."""
    s3, bucket = deployment.client("s3"), deployment.output("InvocationLogging", "LogBucketName")
    policy = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    undo.append(lambda: s3.put_bucket_policy(Bucket=bucket, Policy=policy))
    statements: list[dict[str, Any]] = json.loads(policy)["Statement"]
    return statements


@pytest.mark.parametrize("how", ["denied", "not allowed", "for another account"])
def test_a_bucket_that_bedrock_may_not_write_to_stops_s3_alone(
    deployment: Deployment,
    records: Records,
    undo: Undo,
    bucket_policy: list[dict[str, Any]],
    how: str,
) -> None:
    bucket = deployment.output("InvocationLogging", "LogBucketName")
    (allows,) = [
        statement for statement in bucket_policy if statement.get("Sid") == "AllowBedrockDelivery"
    ]
    if how == "denied":
        objects = f"arn:aws:s3:::{bucket}/AWSLogs/*"
        action = {"Action": "s3:PutObject", "Resource": objects}
        bucket_policy.append({"Effect": "Deny", "Principal": "*", **action})
    elif how == "not allowed":
        bucket_policy.remove(allows)
    else:
        allows["Condition"]["StringEquals"]["aws:SourceAccount"] = "111122223333"
    deployment.client("s3").put_bucket_policy(Bucket=bucket, Policy=document(*bucket_policy))

    call_records = lost_in(deployment, records, S3)

    assert (call_records.in_logs is None, call_records.in_s3) == (False, None)
    undo.pop()()
    assert is_complete(deployment, records)


@pytest.mark.parametrize("how", ["disabled", "pending deletion"])
def test_a_key_that_cannot_be_used_stops_both(
    deployment: Deployment, records: Records, undo: Undo, how: str
) -> None:
    kms, key = deployment.client("kms"), deployment.output("InvocationLogging", "KeyArn")
    undo.append(lambda: kms.enable_key(KeyId=key))
    if how == "disabled":
        kms.disable_key(KeyId=key)
    else:
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        undo.append(lambda: kms.cancel_key_deletion(KeyId=key))
    before = [failures(deployment, metric) for metric in (CLOUDWATCH, S3)]

    answer = deployment.ask("Who can keep this?")

    assert answer.status == 200
    eventually(lambda: failures(deployment, CLOUDWATCH) > before[0])
    eventually(lambda: failures(deployment, S3) > before[1])
    while undo:
        undo.pop()()
    assert is_complete(deployment, records)
    assert find(records, answer.headers["request-id"], hours=1) == CallRecords(None, None)


@pytest.mark.parametrize(
    ("service", "metric"),
    [("bedrock.amazonaws.com", S3), ("logs.us-east-1.amazonaws.com", CLOUDWATCH)],
)
def test_a_key_policy_without_a_service_stops_what_the_service_writes(
    deployment: Deployment, records: Records, undo: Undo, service: str, metric: str
) -> None:
    kms, key = deployment.client("kms"), deployment.output("InvocationLogging", "KeyArn")
    policy = kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    undo.append(lambda: kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy))
    others = [
        statement
        for statement in json.loads(policy)["Statement"]
        if service not in json.dumps(statement)
    ]
    before = failures(deployment, metric)
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=document(*others))

    answer = deployment.ask("Who encrypts this?")

    eventually(lambda: failures(deployment, metric) > before)
    undo.pop()()
    assert is_complete(deployment, records)
    call_records = find(records, answer.headers["request-id"], hours=1)
    assert (call_records.in_s3 is None, call_records.in_logs is None) == (
        metric == S3,
        metric == CLOUDWATCH,
    )


@pytest.mark.parametrize(
    ("stack", "output", "action"),
    [
        ("InvocationLogging", "VerificationFunctionName", "s3:PutObject"),
        ("InvocationLogging", "VerificationFunctionName", "logs:FilterLogEvents"),
        ("InvocationLogging", "VerificationFunctionName", "kms:GenerateDataKey"),
        (
            "InvocationLogging",
            "DriftDetectorName",
            "bedrock:GetModelInvocationLoggingConfiguration",
        ),
        ("Gateway", "ApiKeyExpiryName", "apigateway:GET"),
    ],
)
def test_a_function_that_lacks_a_permission_fails_loudly(
    deployment: Deployment, undo: Undo, stack: str, output: str, action: str
) -> None:
    deny(deployment, undo, role_of(deployment, stack, output), action)

    answer = deployment.client("lambda").invoke(
        FunctionName=deployment.output(stack, output), Payload=event_of(output)
    )

    assert "FunctionError" in answer, answer["Payload"].read()
    assert action.partition(":")[2] in json.loads(answer["Payload"].read())["errorMessage"]


def event_of(output: str) -> bytes:
    window = {"hours": 1, "delay_minutes": 0} if output == "VerificationFunctionName" else {}
    return json.dumps(window).encode()


def test_key_expiry_that_may_not_switch_off_fails_loudly(
    deployment: Deployment, undo: Undo
) -> None:
    api_gateway = deployment.client("apigateway")
    name = f"claude-on-bedrock-{deployment.endpoint['stage']}-ended"
    tags = {
        "claude-on-bedrock": deployment.endpoint["stage"],
        "claude-on-bedrock:expires": "2026-01-01T00:00:00Z",
    }
    key = api_gateway.create_api_key(name=name, enabled=True, tags=tags)["id"]
    undo.append(lambda: api_gateway.delete_api_key(apiKey=key))
    function = deployment.output("Gateway", "ApiKeyExpiryName")
    deny(
        deployment,
        undo,
        role_of(deployment, "Gateway", "ApiKeyExpiryName"),
        "apigateway:PATCH",
    )

    refused = deployment.client("lambda").invoke(FunctionName=function, Payload=b"{}")

    assert "FunctionError" in refused
    undo.pop()()
    allowed = deployment.client("lambda").invoke(FunctionName=function, Payload=b"{}")
    assert "FunctionError" not in allowed, allowed["Payload"].read()
    assert not api_gateway.get_api_key(apiKey=key)["enabled"]


def test_key_expiry_may_not_touch_keys_of_others(deployment: Deployment, undo: Undo) -> None:
    api_gateway = deployment.client("apigateway")
    name = f"claude-on-bedrock-{deployment.endpoint['stage']}-not-ours"
    tags = {"claude-on-bedrock:expires": "2026-01-01T00:00:00Z"}
    key = api_gateway.create_api_key(name=name, enabled=True, tags=tags)["id"]
    undo.append(lambda: api_gateway.delete_api_key(apiKey=key))

    answer = deployment.client("lambda").invoke(
        FunctionName=deployment.output("Gateway", "ApiKeyExpiryName"), Payload=b"{}"
    )

    assert "apigateway:PATCH" in json.loads(answer["Payload"].read())["errorMessage"]
    assert api_gateway.get_api_key(apiKey=key)["enabled"]


@pytest.mark.parametrize("action", ["s3:GetObject", "logs:FilterLogEvents", "apigateway:GET"])
def test_a_canary_that_lacks_a_permission_reports_it(
    deployment: Deployment, undo: Undo, action: str
) -> None:
    deny(deployment, undo, role_of(deployment, "Gateway", "CanaryName"), action)

    answer = deployment.client("lambda").invoke(
        FunctionName=deployment.output("Gateway", "CanaryName"), Payload=b"{}"
    )

    body = json.loads(answer["Payload"].read())
    assert "FunctionError" in answer or body["failures"], body


@pytest.mark.parametrize(
    ("output", "status"),
    [("AuthorizerName", 500), ("FunctionName", 500)],
    ids=["authorizer", "gateway"],
)
def test_without_its_permission_api_gateway_invokes_no_function(
    deployment: Deployment, undo: Undo, output: str, status: int
) -> None:
    functions, name = deployment.client("lambda"), deployment.output("Gateway", output)
    (statement,) = json.loads(functions.get_policy(FunctionName=name)["Policy"])["Statement"]
    undo.append(
        lambda: functions.add_permission(
            FunctionName=name,
            StatementId=statement["Sid"],
            Action=statement["Action"],
            Principal=statement["Principal"]["Service"],
            SourceArn=statement["Condition"]["ArnLike"]["AWS:SourceArn"],
        )
    )
    functions.remove_permission(FunctionName=name, StatementId=statement["Sid"])

    call_until(deployment, status)

    undo.pop()()
    call_until(deployment, 200)


def test_a_bucket_of_tls_alone_refuses_what_is_sent_without(deployment: Deployment) -> None:
    bucket = deployment.output("InvocationLogging", "LogBucketName")
    auditor = session_of(deployment, deployment.output("ModelAccess", "AuditorRoleArn"))
    s3 = deployment.client("s3", auditor)
    s3.list_objects_v2(Bucket=bucket, MaxKeys=1)

    def send_plain(request: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
        request.headers["x-forwarded-proto"] = "http"

    s3.meta.events.register("before-send.s3", send_plain)
    with pytest.raises(ClientError, match="explicit deny in a resource-based policy"):
        s3.list_objects_v2(Bucket=bucket, MaxKeys=1)


def session_of(deployment: Deployment, role_arn: str) -> Mapping[str, str]:
    answer = deployment.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="test")
    credentials: Mapping[str, str] = answer["Credentials"]
    return credentials


def test_a_role_is_passed_to_bedrock_by_those_alone_who_may(
    deployment: Deployment, undo: Undo
) -> None:
    iam, account = deployment.client("iam"), deployment.endpoint["account"]
    principal = {"AWS": f"arn:aws:iam::{account}:root"}
    trust = document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})
    allows = document({"Effect": "Allow", "Action": "bedrock:*", "Resource": "*"})
    role = iam.create_role(RoleName="configurer", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    undo.append(lambda: iam.delete_role(RoleName="configurer"))
    iam.put_role_policy(RoleName="configurer", PolicyName="p", PolicyDocument=allows)
    undo.append(lambda: iam.delete_role_policy(RoleName="configurer", PolicyName="p"))
    bedrock = deployment.client("bedrock", session_of(deployment, role))
    config = bedrock.get_model_invocation_logging_configuration()["loggingConfig"]

    with pytest.raises(ClientError, match="iam:PassRole"):
        bedrock.put_model_invocation_logging_configuration(loggingConfig=config)


def test_with_nothing_but_their_own_roles_all_functions_do_their_work(
    deployment: Deployment,
) -> None:
    assert runs(deployment) == {"failures": []}
    functions = deployment.client("lambda")
    for stack, output in (
        ("InvocationLogging", "VerificationFunctionName"),
        ("InvocationLogging", "DriftDetectorName"),
        ("Gateway", "ApiKeyExpiryName"),
    ):
        answer = functions.invoke(
            FunctionName=deployment.output(stack, output), Payload=event_of(output)
        )
        assert "FunctionError" not in answer, answer["Payload"].read()
