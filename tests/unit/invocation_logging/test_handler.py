"""CloudFormation always gets one answer, and nobody else's configuration is ever touched."""

import json
import urllib.error
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from claude_bedrock.iam.propagation import PropagationRetry, Timing
from claude_bedrock.logging_config.bedrock_client import BedrockControl
from claude_bedrock.logging_config.configuration import DATA_TYPES, desired
from custom_resource import response
from custom_resource.deletion import retry_deletion
from custom_resource.response import Outcome
from invocation_logging import handler
from tests.unit.custom_resource.clock import Clock
from tests.unit.invocation_logging.conftest import (
    PROPERTIES,
    REGION,
    STACK_ID,
    THEIR_ROLE,
    Mailbox,
)

DESIRED = desired(PROPERTIES)
ONCE = PropagationRetry(0)
RENAMED = {**PROPERTIES, "LogGroupName": "/claude-on-bedrock/dev/renamed"}


def event(
    request_type: str,
    mailbox: Mailbox,
    properties: dict[str, str] = PROPERTIES,
    old: dict[str, str] | None = None,
) -> dict[str, Any]:
    """What CloudFormation sends, for each type of request."""
    made: dict[str, Any] = {
        "RequestType": request_type,
        "ResponseURL": mailbox.url,
        "StackId": STACK_ID,
        "RequestId": "5b478418-69bc-4151-a1f6-b4a1e5a0fd05",
        "ResourceType": "Custom::BedrockInvocationLogging",
        "LogicalResourceId": "LoggingConfiguration",
        "ResourceProperties": properties,
    }
    if request_type != "Create":
        made["PhysicalResourceId"] = f"bedrock-invocation-logging-{REGION}"
    if old is not None:
        made["OldResourceProperties"] = old
    return made


FIRST = ["drift-detector/DriftDetectorRuns", "verification/VerifiedHours"]


@pytest.mark.parametrize(
    ("request_type", "before", "written"),
    [
        ("Create", None, FIRST),
        ("Update", FIRST[:1], FIRST[1:]),
        ("Update", FIRST, []),
        ("Delete", None, []),
    ],
)
def test_the_first_data_point_of_an_alarm_on_missing_data_is_a_zero(
    request_type: str,
    before: list[str] | None,
    written: list[str],
    mailbox: Mailbox,
    capsys: pytest.CaptureFixture[str],
) -> None:
    request = event(request_type, mailbox)
    request["ResourceType"] = "Custom::InitialMetrics"
    request["ResourceProperties"] = {"Stage": "dev", "Metrics": FIRST}
    if before is not None:
        request["OldResourceProperties"] = {"Stage": "dev", "Metrics": before}

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POWERTOOLS_METRICS_NAMESPACE", "ClaudeOnBedrock")
        handler.handle(request, None)

    assert [item["Status"] for item in mailbox.received] == ["SUCCESS"]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for line, (service, _, name) in zip(
        lines, (path.partition("/") for path in written), strict=True
    ):
        assert (line["service"], line["stage"], line[name]) == (service, "dev", [0.0])
        (metrics,) = line["_aws"]["CloudWatchMetrics"]
        assert metrics["Namespace"] == "ClaudeOnBedrock"
        assert sorted(*metrics["Dimensions"]) == ["service", "stage"]
        assert [metric["Name"] for metric in metrics["Metrics"]] == [name]


def put(bedrock: BedrockControl, configuration: dict[str, Any]) -> None:
    bedrock.put_model_invocation_logging_configuration(loggingConfig=configuration)


def current(bedrock: BedrockControl) -> dict[str, Any] | None:
    answer = bedrock.get_model_invocation_logging_configuration()
    return answer.get("loggingConfig") or None


def test_create_sets_logging_where_there_is_none(bedrock: BedrockControl, mailbox: Mailbox) -> None:
    handler.handle(event("Create", mailbox), None)

    assert current(bedrock) == DESIRED
    assert mailbox.received == [
        {
            "Status": "SUCCESS",
            "Reason": "Model invocation logging is set in eu-west-1.",
            "PhysicalResourceId": "bedrock-invocation-logging-eu-west-1",
            "StackId": STACK_ID,
            "RequestId": "5b478418-69bc-4151-a1f6-b4a1e5a0fd05",
            "LogicalResourceId": "LoggingConfiguration",
            "Data": {
                "LogGroupName": "/claude-on-bedrock/dev/invocations",
                "BucketName": "claude-dev-invocations",
                "LargeDataBucketName": "claude-dev-invocations",
                "Configuration": json.dumps(DESIRED),
            },
        }
    ]


def test_create_over_our_own_configuration_succeeds(
    bedrock: BedrockControl, mailbox: Mailbox
) -> None:
    put(bedrock, DESIRED)

    handler.handle(event("Create", mailbox), None)

    assert mailbox.received[0]["Status"] == "SUCCESS"
    assert current(bedrock) == DESIRED


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_a_foreign_configuration_is_never_overwritten(
    bedrock: BedrockControl, mailbox: Mailbox, foreign: dict[str, Any], request_type: str
) -> None:
    put(bedrock, foreign)

    handler.handle(event(request_type, mailbox, RENAMED, old=PROPERTIES), None)

    assert current(bedrock) == foreign
    [answer] = mailbox.received
    assert answer["Status"] == "FAILED"
    reason = answer["Reason"]
    assert "eu-west-1 already has a model invocation logging configuration" in reason
    assert (
        "s3Config.bucketName: found another-teams-bucket, wanted claude-dev-invocations" in reason
    )
    assert "imageDataDeliveryEnabled: found False, wanted True" in reason
    assert "cloudWatchConfig.logGroupName: found absent, wanted" in reason
    assert "delete-model-invocation-logging-configuration --region eu-west-1" in reason
    assert "Traceback" not in reason


def test_rolling_back_a_refused_create_leaves_the_foreign_configuration(
    bedrock: BedrockControl, mailbox: Mailbox, foreign: dict[str, Any]
) -> None:
    put(bedrock, foreign)

    handler.handle(event("Create", mailbox), None)
    physical_id = mailbox.received[0]["PhysicalResourceId"]
    handler.handle(event("Delete", mailbox) | {"PhysicalResourceId": physical_id}, None)

    assert current(bedrock) == foreign
    assert [answer["Status"] for answer in mailbox.received] == ["FAILED", "SUCCESS"]
    assert "never set anything" in mailbox.received[1]["Reason"]


def test_a_creation_that_bedrock_did_not_let_begin_never_blocks_the_stacks_removal(
    mailbox: Mailbox,
) -> None:
    denied = ClientError(
        {"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}},
        "GetModelInvocationLoggingConfiguration",
    )
    deletion = event("Delete", mailbox)
    deletion["PhysicalResourceId"] += "-nothing-set"

    created, _ = handler.outcome_of(event("Create", mailbox), Refusing(denied), Nothing(), ONCE)
    deleted, _ = handler.outcome_of(deletion, Refusing(denied), Nothing(), ONCE)

    assert (created.succeeded, deleted.succeeded) == (False, True)


@pytest.mark.parametrize(("days", "status"), [(30, "SUCCESS"), (14, "FAILED")])
def test_what_is_adopted_is_checked_against_what_aws_reports(
    bedrock: BedrockControl, mailbox: Mailbox, foreign: dict[str, Any], days: int, status: str
) -> None:
    made: Any = boto3.client
    logs, s3 = made("logs", region_name=REGION), made("s3", region_name=REGION)
    logs.create_log_group(logGroupName="/theirs")
    logs.put_retention_policy(logGroupName="/theirs", retentionInDays=days)
    s3.create_bucket(
        Bucket="another-teams-bucket", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    s3.put_bucket_versioning(
        Bucket="another-teams-bucket", VersioningConfiguration={"Status": "Enabled"}
    )
    complete = foreign | dict.fromkeys([f"{kind}DataDeliveryEnabled" for kind in DATA_TYPES], True)
    put(
        bedrock, complete | {"cloudWatchConfig": {"logGroupName": "/theirs", "roleArn": THEIR_ROLE}}
    )
    request = PROPERTIES | {"ExistingLogging": "adopt", "RetentionDays": "30"}

    handler.handle(event("Create", mailbox, request), None)

    [answer] = mailbox.received
    assert answer["Status"] == status
    assert ("/theirs: 14 days of age, 30 wanted" in answer["Reason"]) is (status == "FAILED")


def test_a_refusal_names_the_service_that_refuses(mailbox: Mailbox) -> None:
    denied = ClientError(
        {"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}, "GetBucketVersioning"
    )

    outcome, _ = handler.outcome_of(event("Create", mailbox), Refusing(denied), Nothing(), ONCE)

    assert outcome.sentence == "S3 refused GetBucketVersioning (AccessDenied): Access Denied"


def test_another_stage_of_ours_is_named(bedrock: BedrockControl, mailbox: Mailbox) -> None:
    of_prod = PROPERTIES | {"LogGroupName": "/claude-on-bedrock/prod/invocations"}
    put(bedrock, desired(of_prod))

    handler.handle(event("Create", mailbox), None)

    assert "It is that of the stage 'prod' of this project." in mailbox.received[0]["Reason"]


class Denying:
    """A Bedrock that lets logging be looked at and not be ended, for so many tries."""

    def __init__(self, tries: int) -> None:
        self.tries = tries
        self.pauses: list[float] = []

    def __call__(self, **_: object) -> None:
        self.tries -= 1
        if self.tries >= 0:
            raise ClientError(
                {"Error": {"Code": "AccessDeniedException", "Message": "by an SCP"}},
                "DeleteModelInvocationLoggingConfiguration",
            )

    def waiting(self) -> Timing:
        return Timing(lambda: sum(self.pauses), self.pauses.append)


def denied(bedrock: BedrockControl, monkeypatch: pytest.MonkeyPatch, tries: int) -> Denying:
    denying, client = Denying(tries), cast("Any", bedrock)
    client.meta.events.register(
        "provide-client-params.bedrock.DeleteModelInvocationLoggingConfiguration", denying
    )
    monkeypatch.setattr(handler, "connect", lambda _region: client)
    return denying


def test_a_deletion_that_bedrock_refuses_gets_through_and_logging_stays_on(
    bedrock: BedrockControl,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    put(bedrock, DESIRED)
    denying = denied(bedrock, monkeypatch, tries=100)

    handler.answer_cloudformation(event("Delete", mailbox), denying.waiting())

    assert current(bedrock) == DESIRED
    assert denying.pauses == [5.0, 5.0, 5.0]
    [answer] = mailbox.received
    assert answer["Status"] == "SUCCESS"
    assert "by an SCP" in answer["Reason"]
    assert "delete-model-invocation-logging-configuration --region eu-west-1" in answer["Reason"]
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        answer["Reason"]
    ]


def test_a_refusal_that_passes_is_waited_out(
    bedrock: BedrockControl, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bedrock, DESIRED)
    denying = denied(bedrock, monkeypatch, tries=2)

    handler.answer_cloudformation(event("Delete", mailbox), denying.waiting())

    assert current(bedrock) is None
    assert mailbox.received[0]["Reason"] == "Model invocation logging is off in eu-west-1."


def test_a_deletion_that_takes_long_is_not_tried_again() -> None:
    tries: list[Outcome] = []

    def act() -> tuple[Outcome, dict[str, str]]:
        tries.append(Outcome(succeeded=False, sentence="Nobody answers."))
        return tries[-1], {}

    slow = Timing(clock=lambda: 16.0 * len(tries), sleep=lambda _: None)
    outcome, _ = retry_deletion({"RequestType": "Delete"}, act, slow)

    assert (outcome.succeeded, len(tries)) == (False, 1)


class SlowIam:
    """A clock, and a Bedrock that denies what it does until `seconds` of it have passed."""

    def __init__(self, bedrock: BedrockControl, seconds: float) -> None:
        self.clock = Clock()
        usable_at = self.clock.now + seconds
        client = cast("Any", bedrock)

        def deny(model: Any, **_: object) -> None:  # noqa: ANN401
            if self.clock.now >= usable_at:
                return
            message = "not authorized to perform"
            code = "AccessDeniedException"
            if model.name.startswith("Put") and self.clock.now >= usable_at - seconds / 2:
                code, message = (
                    "ValidationException",
                    "Failed to validate permissions for bucket",
                )
            raise ClientError({"Error": {"Code": code, "Message": message}}, model.name)

        client.meta.events.register("provide-client-params.bedrock", deny)
        self.client = client


@pytest.mark.parametrize("request_type", ["Create", "Update"])
@pytest.mark.parametrize("seconds", [60, 120, 900])
def test_iam_may_take_two_minutes(
    bedrock: BedrockControl,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
    request_type: str,
    seconds: float,
) -> None:
    iam = SlowIam(bedrock, seconds)
    monkeypatch.setattr(handler, "connect", lambda _region: iam.client)

    handler.answer_cloudformation(event(request_type, mailbox), iam.clock.waiting)

    [answer] = mailbox.received
    propagated = seconds <= 120
    assert answer["Status"] == ("SUCCESS" if propagated else "FAILED")
    assert ("not authorized to perform" in answer["Reason"]) is not propagated
    assert iam.clock.elapsed < 130


def test_update_replaces_what_the_old_properties_had_set(
    bedrock: BedrockControl, mailbox: Mailbox
) -> None:
    put(bedrock, DESIRED)

    handler.handle(event("Update", mailbox, RENAMED, old=PROPERTIES), None)

    assert mailbox.received[0]["Status"] == "SUCCESS"
    assert current(bedrock) == desired(RENAMED)


def test_update_sets_logging_again_when_another_principal_switched_it_off(
    bedrock: BedrockControl, mailbox: Mailbox
) -> None:
    handler.handle(event("Update", mailbox, RENAMED, old=PROPERTIES), None)

    assert current(bedrock) == desired(RENAMED)


def test_delete_removes_our_own_configuration(bedrock: BedrockControl, mailbox: Mailbox) -> None:
    put(bedrock, DESIRED)

    handler.handle(event("Delete", mailbox), None)

    assert current(bedrock) is None
    assert mailbox.received[0]["Status"] == "SUCCESS"


def test_delete_leaves_ours_once_another_principal_has_changed_it(
    bedrock: BedrockControl, mailbox: Mailbox
) -> None:
    changed = {**DESIRED, "s3Config": {"bucketName": "another-teams-bucket"}}
    put(bedrock, changed)

    handler.handle(event("Delete", mailbox), None)

    assert current(bedrock) == changed
    assert mailbox.received[0]["Status"] == "SUCCESS"


def test_delete_where_logging_is_off_already_succeeds(
    bedrock: BedrockControl, mailbox: Mailbox
) -> None:
    handler.handle(event("Delete", mailbox), None)

    assert current(bedrock) is None
    assert mailbox.received[0]["Status"] == "SUCCESS"


def test_incomplete_properties_fail_the_create_and_not_its_rollback(
    bedrock: BedrockControl, mailbox: Mailbox, foreign: dict[str, Any]
) -> None:
    put(bedrock, foreign)
    incomplete = {**PROPERTIES, "RoleArn": ""}

    handler.handle(event("Create", mailbox, incomplete), None)
    handler.handle(event("Delete", mailbox, incomplete), None)

    assert [answer["Status"] for answer in mailbox.received] == ["FAILED", "SUCCESS"]
    assert mailbox.received[0]["Reason"] == "The resource needs the properties RoleArn."
    assert current(bedrock) == foreign


class Nothing:
    """No configuration is saved, and none is to be."""

    name = "nothing"

    def get(self) -> dict[str, Any] | None:
        return None

    def put(self, configuration: dict[str, Any]) -> None:
        raise AssertionError(configuration)

    def delete(self) -> None:
        raise AssertionError


class Refusing:
    """A Bedrock that answers everything with one error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def get(self) -> dict[str, Any] | None:
        raise self._error

    def put(self, configuration: dict[str, Any]) -> None:
        raise AssertionError(configuration)

    def put_back(self, configuration: dict[str, Any]) -> bool:
        raise AssertionError(configuration)

    def delete(self) -> None:
        raise AssertionError


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            ClientError(
                {"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}},
                "GetModelInvocationLoggingConfiguration",
            ),
            "Bedrock refused GetModelInvocationLoggingConfiguration (AccessDeniedException): not",
        ),
        (
            ClientError(
                {
                    "Error": {
                        "Code": "ValidationException",
                        "Message": "Failed to validate permissions for log group: G",
                    }
                },
                "PutModelInvocationLoggingConfiguration",
            ),
            "Bedrock may not write to a destination, even after waiting for IAM.",
        ),
        (
            EndpointConnectionError(endpoint_url="https://bedrock.eu-west-1.amazonaws.com"),
            "AWS could not be asked in time",
        ),
    ],
)
def test_a_refusal_of_bedrock_is_reported_in_a_sentence(
    mailbox: Mailbox, error: Exception, sentence: str
) -> None:
    outcome, data = handler.outcome_of(event("Create", mailbox), Refusing(error), Nothing(), ONCE)

    assert data == {}
    assert not outcome.succeeded
    assert outcome.sentence.startswith(sentence)


@pytest.mark.parametrize(
    ("request_type", "status"), [("Create", "FAILED"), ("Update", "FAILED"), ("Delete", "SUCCESS")]
)
def test_a_broken_event_is_still_answered_without_its_stack_trace(
    bedrock: BedrockControl, mailbox: Mailbox, request_type: str, status: str
) -> None:
    broken = event(request_type, mailbox)
    del broken["ResourceProperties"]

    with pytest.raises(KeyError):
        handler.handle(broken, None)

    assert current(bedrock) is None
    [answer] = mailbox.received
    assert answer["Status"] == status
    assert "failed unexpectedly; see its log." in answer["Reason"]


def test_the_answer_has_the_empty_content_type_its_url_is_signed_for(
    bedrock: BedrockControl, mailbox: Mailbox
) -> None:
    handler.handle(event("Create", mailbox), None)

    assert current(bedrock) == DESIRED
    assert mailbox.content_types == [""]


def test_an_answer_that_does_not_arrive_is_sent_again(mailbox: Mailbox) -> None:
    mailbox.refusals = 2
    pauses: list[float] = []

    response.send(mailbox.url, {"Status": "SUCCESS"}, sleep=pauses.append)

    assert mailbox.received == [{"Status": "SUCCESS"}]
    assert len(pauses) == 2


def test_an_answer_that_never_arrives_is_an_error(mailbox: Mailbox) -> None:
    mailbox.refusals = 3

    with pytest.raises(urllib.error.URLError):
        response.send(mailbox.url, {"Status": "SUCCESS"}, sleep=lambda _: None)

    assert mailbox.received == []


def test_a_long_reason_is_cut_to_what_cloudformation_takes(mailbox: Mailbox) -> None:
    outcome = response.Outcome(succeeded=False, sentence="x" * 9000)

    body = response.answer(event("Create", mailbox), "id", outcome)

    assert len(str(body).encode()) < 4096
    assert body["Reason"].endswith("(the rest is in the function's log)")
