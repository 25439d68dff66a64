"""The canary: an hourly test call of the endpoint, and the check that Bedrock recorded it."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from constructs import Construct

from stacks.components.iam.permission import Permission, wildcard_findings
from stacks.components.iam.stage_names import StageNames
from stacks.components.observability.alarm import AlarmDefinition
from stacks.components.observability.log_group import LogGroupSettings
from stacks.components.observability.metrics import canary_metric, runs_metric
from stacks.components.packaging.python_function import PythonFunction
from stacks.components.packaging.schedule import ScheduledInvocation
from stacks.components.record_destination import RecordDestination

RATE = cdk.Duration.hours(1)
# Two calls of at most a minute, and ten minutes of looking for their records.
TIMEOUT = cdk.Duration.minutes(15)
# A run that waits for the record may end in the next hour.
OVERDUE_HOURS = 2


class Canary(PythonFunction):
    """A function that calls the endpoint once an hour as a client does, and looks for the record.

    `key` is the API key that it calls with; without one it signs its requests. `existing_logging`
    is part of the description, so that the function is deployed again when that changes: the
    destination of records may then be another.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: StageNames,
        model: str,
        api: apigateway.RestApi,
        url: str,
        key: apigateway.IApiKey | None,
        destination: RecordDestination,
        existing_logging: str,
        log_settings: LogGroupSettings,
    ) -> None:
        permissions = [
            _read_api_key(names, key.key_id) if key else _invoke_endpoint(api, names.stage),
            *_read_records(names, destination),
        ]
        super().__init__(
            scope,
            construct_id,
            description="Calls the endpoint as a client does and looks for the record "
            f"(logging.existing_logging: {existing_logging})",
            packages=["canary", "metrics", "claude_bedrock.records"],
            handler="canary.handler.handle",
            log_name="canary",
            log_settings=log_settings.deleted_with_stack(),
            timeout=TIMEOUT,
            memory_mb=512,
            retry_attempts=0,  # a second attempt would call, and cost, once more
            environment={
                "STAGE": names.stage,
                "MODEL": model,
                "ENDPOINT_URL": url,
                "API_KEY_ID": key.key_id if key else "",
                **_record_variables(destination),
                "POWERTOOLS_SERVICE_NAME": "canary",
                "POWERTOOLS_METRICS_NAMESPACE": "ClaudeOnBedrock",
            },
            statements=[permission.statement() for permission in permissions],
            findings=wildcard_findings(scope, permissions),
        )
        schedule = ScheduledInvocation(
            self,
            "Schedule",
            function=self.function,
            rate=RATE,
            description="Runs the canary",
        )
        schedule.node.add_dependency(api.deployment_stage)


def canary_alarms(stage_name: str) -> list[AlarmDefinition]:
    """Return the alarms on a failed run and on a run that did not happen."""
    return [
        AlarmDefinition(
            "CanaryFailures",
            canary_metric("CanaryFailures", stage_name=stage_name),
            1,
            "The canary got no answer from the endpoint, or found no record of its call. "
            f"The failed step is in log group /claude-on-bedrock/{stage_name}/canary.",
        ),
        AlarmDefinition(
            "CanaryNotRunning",
            runs_metric("canary", stage_name=stage_name),
            1,
            f"The canary has not run for {OVERDUE_HOURS} hours, so the endpoint is not tested. "
            f"See log group /claude-on-bedrock/{stage_name}/canary.",
            periods=OVERDUE_HOURS,
            on_missing_data=True,
        ),
    ]


def _record_variables(destination: RecordDestination) -> dict[str, str]:
    return {
        "LOG_GROUP": destination.log_group,
        "LOG_BUCKET": destination.bucket,
        "LOGGING_CONFIGURATION": destination.configuration,
    }


def _read_api_key(names: StageNames, key_id: str) -> Permission:
    """Allow reading the value of one key at each run: the project stores no key's value."""
    return Permission("ReadOwnApiKey", ("apigateway:GET",), [names.api(f"/apikeys/{key_id}")])


def _invoke_endpoint(api: apigateway.RestApi, stage_name: str) -> Permission:
    method = api.arn_for_execute_api("POST", "/v1/messages", stage_name)
    return Permission("InvokeEndpoint", ("execute-api:Invoke",), [method])


def _read_records(names: StageNames, destination: RecordDestination) -> list[Permission]:
    """Allow reading the records, its own among all others. Where the stage has adopted another's
    logging, the owner of the other's key has to allow its use."""
    log_group = names.arn("logs", f"log-group:{destination.log_group}")
    return [
        Permission(
            "ReadRecordsInLogGroup",
            ("logs:FilterLogEvents",),
            [log_group, f"{log_group}:*"],
            reason="CloudWatch and Bedrock choose the names of a log group's streams",
        ),
        Permission("ListRecordObjects", ("s3:ListBucket",), [destination.bucket_arn]),
        Permission(
            "ReadRecordObjects",
            ("s3:GetObject",),
            [f"{destination.bucket_arn}/*"],
            reason="a record may refer to any object of the bucket, which holds nothing else",
        ),
        Permission(
            "DecryptRecords",
            ("kms:Decrypt",),
            [destination.key_arn],
            conditions={
                "StringEquals": {"kms:ViaService": f"s3.{names.stack.region}.amazonaws.com"}
            },
        ),
    ]
