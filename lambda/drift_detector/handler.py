"""The drift detector, run by a schedule and at each change: whether the record is still kept as the
stage set it up, and whether the catalog of models still says what the account does.

What is no longer so is a line in the log, a metric and an alarm; where the stage says so, the
function that set the configuration is asked to set it again.
"""

import datetime as dt
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

import boto3

from claude_bedrock.logging_config import drift, retention_check
from claude_bedrock.logging_config.aws_reader import Account
from claude_bedrock.logging_config.configuration import delivery_role
from claude_bedrock.logging_config.delivery_permissions import Delivery
from claude_bedrock.logging_config.drift import Drift
from claude_bedrock.logging_config.resource_policy import Policy
from claude_bedrock.retention.bucket import BucketSettings
from claude_bedrock.retention.key import Key
from claude_bedrock.retention.locations import AUDIT_LOGS, EVIDENCE, RECORDS, storage_locations
from claude_bedrock.retention.log_group import audit_days
from drift_detector import catalog_check
from drift_detector.catalog_check import Lists
from drift_detector.report import report_drift

RESTORABLE: Final = {"logging deleted", "records redirected", "bodies switched off"}
"""What is Bedrock's to hold to. Log groups, bucket and key are CloudFormation's: a deployment sets
them again, and the alarm says so."""
_PREFIXES: Final = (RECORDS, "large-data/", EVIDENCE)
_WITH_GATEWAY: Final = ("gateway", "access")
"""The log groups that come with the Gateway stack, which is deployed after this function."""
_AUTHORIZER: Final = "authorizer"
_OTHERS: Final = (_AUTHORIZER, "invocations")


class AwsReader(retention_check.RetentionReader, Protocol):
    """What AWS answers; None is what is not there."""

    def configuration(self) -> Mapping[str, Any] | None: ...
    def bucket_policy(self, name: str) -> Policy | None: ...
    def bucket_settings(self, name: str) -> BucketSettings: ...
    def replication_rules(self, name: str) -> Sequence[Mapping[str, Any]]: ...
    def key(self, arn: str) -> Key | None: ...
    def key_policy(self, arn: str) -> Policy: ...
    def trust(self, role_arn: str) -> Policy | None: ...
    def may_not(self, role_arn: str, action: str, resource: str) -> bool: ...
    def has_stack(self, name: str) -> bool: ...
    def data_retention(self) -> str: ...
    def claude_models(self) -> Lists: ...


class ExpectedState(NamedTuple):
    """What the stage set up. `configuration` is what it set or adopted; `bucket` and `key` are its
    own, and `object_lock` is its bucket's mode or empty. Its log groups are `protected` from
    deletion if it keeps them beyond its stacks; `gateway` is the stack that some of them are of.
    `data_retention` is the mode that it sets, or empty; `models` are those it offers. `archive` has
    bucket and key of its archive, or is None."""

    configuration: Mapping[str, Any]
    retention_days: int
    account: str
    region: str
    stage: str
    bucket: str
    key: str
    object_lock: str
    protected: bool
    gateway: str
    delivery_role: str
    verifier_role: str
    data_retention: str
    models: tuple[str, ...]
    archive: Mapping[str, str] | None = None

    @property
    def log_groups(self) -> str:
        """What the names of its log groups begin with."""
        return f"/claude-on-bedrock/{self.stage}/"

    @property
    def delivery(self) -> Delivery:
        """What has to be allowed, for Bedrock as it is configured now and for the verification."""
        own = (
            location.prefix
            for location in storage_locations(self.configuration)
            if location.bucket == self.bucket
        )
        used = delivery_role(self.configuration) == self.delivery_role
        return Delivery(
            account=self.account,
            region=self.region,
            bucket=self.bucket,
            key=self.key,
            log_groups=self.log_groups,
            prefixes=tuple(own),
            role=self.delivery_role if used else "",
            verifier=self.verifier_role,
        )


def handle(_event: object, context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's own
    """Return what has drifted. Raises botocore's errors, so that the function's failures are
    counted."""
    expected = read(os.environ, context.invoked_function_arn.split(":")[4])
    drifts = list(detect_drift(expected, Account(os.environ["AWS_REGION"]), _today()))
    report_drift(drifts, os.environ["STAGE"])
    configurer = os.environ["RESTORES_BY"]
    restored = _restore(configurer) if configurer and _to_restore(drifts) else ""
    return {"drift": [item._asdict() for item in drifts], "restored": restored}


def read(environment: Mapping[str, str], account: str) -> ExpectedState:
    """From the function's environment."""
    return ExpectedState(
        configuration=json.loads(environment["LOGGING_CONFIGURATION"]),
        retention_days=int(environment["RETENTION_DAYS"]),
        account=account,
        region=environment["AWS_REGION"],
        stage=environment["STAGE"],
        bucket=environment["LOG_BUCKET"],
        key=environment["KEY_ARN"],
        object_lock=environment["OBJECT_LOCK"],
        protected=environment["LOGS_PROTECTED"] == "true",
        gateway=environment["GATEWAY_STACK"],
        delivery_role=environment["DELIVERY_ROLE_ARN"],
        verifier_role=environment["VERIFIER_ROLE_ARN"],
        data_retention=environment["DATA_RETENTION"],
        models=tuple(environment["MODELS"].split(",")),
        archive=json.loads(environment.get("ARCHIVE", "null")),
    )


def detect_drift(expected: ExpectedState, reader: AwsReader, today: dt.date) -> Iterator[Drift]:
    """Yield everything that differs."""
    days, configuration = expected.retention_days, expected.configuration
    yield from drift.of_configuration(reader.configuration(), configuration)
    yield from retention_check.find_retention_shortfalls(
        configuration, reader, days, today, except_bucket=expected.bucket
    )
    yield from _log_groups(expected, reader, today)
    yield from _bucket(expected, reader, today)
    yield from _key(expected, reader)
    yield from _delivery_role(expected, reader)
    if expected.data_retention:
        yield from drift.of_data_retention(reader.data_retention(), expected.data_retention)
    yield from catalog_check.find_outdated(
        reader.claude_models, expected.models, region=expected.region, today=today
    )


def _log_groups(expected: ExpectedState, reader: AwsReader, today: dt.date) -> Iterator[Drift]:
    """Yield those of the stage's own. Their retention, and that they are there: of the authorizer's
    only if it is, since a stage may be without; of Bedrock's it has been asked already."""
    own = {
        name: reader.log_group(f"{expected.log_groups}{name}") for name in (*AUDIT_LOGS, *_OTHERS)
    }
    gateway = all(own[name] for name in _WITH_GATEWAY) or reader.has_stack(expected.gateway)
    for name, group in own.items():
        full = f"{expected.log_groups}{name}"
        if name in AUDIT_LOGS and (group or gateway or name not in _WITH_GATEWAY):
            needed = audit_days(expected.retention_days)
            yield from drift.of_log_group(full, group, needed, today)
        elif name == _AUTHORIZER and group:
            yield from drift.of_log_group(full, group, expected.retention_days, today)
        yield from drift.of_log_settings(full, group, expected.key, protected=expected.protected)


def _bucket(expected: ExpectedState, reader: AwsReader, today: dt.date) -> Iterator[Drift]:
    own = reader.bucket(expected.bucket)
    yield from drift.of_bucket(own, _PREFIXES, expected.retention_days, today)
    if own is not None:
        yield from drift.of_lock(own, expected.object_lock, expected.retention_days)
        if expected.archive:
            rules = reader.replication_rules(expected.bucket)
            yield from drift.of_replication(rules, expected.archive)
        yield from drift.of_bucket_settings(reader.bucket_settings(expected.bucket), expected.key)
        yield from drift.of_policy(reader.bucket_policy(expected.bucket), expected.delivery)


def _key(expected: ExpectedState, reader: AwsReader) -> Iterator[Drift]:
    key = reader.key(expected.key)
    yield from drift.of_key(key)
    if key is not None:
        yield from drift.of_key_policy(reader.key_policy(expected.key), expected.delivery)


def _delivery_role(expected: ExpectedState, reader: AwsReader) -> Iterator[Drift]:
    """Yield the drift of the stage's delivery role. Where Bedrock delivers by another owner's role,
    that owner watches it."""
    delivery = expected.delivery
    if not delivery.role:
        return
    trust = reader.trust(delivery.role)
    not_allowed = [
        action
        for action, resource in (delivery.role_needs() if trust else ())
        if reader.may_not(delivery.role, action, resource)
    ]
    yield from drift.of_delivery_role(trust, not_allowed, delivery)


def _to_restore(drifts: list[Drift]) -> bool:
    return any(item.kind in RESTORABLE for item in drifts)


def _restore(configurer: str) -> str:
    """Return what came of it, in a sentence."""
    make: Any = boto3.client
    answer = make("lambda").invoke(
        FunctionName=configurer, Payload=json.dumps({"RequestType": "Restore"}).encode()
    )
    result: dict[str, Any] = json.loads(answer["Payload"].read())
    return str(result.get("sentence", "The function that sets the configuration failed."))


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()
