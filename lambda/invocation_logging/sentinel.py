"""Whether the record is still kept as the stage set it up: asked by the clock and at each change.

What is no longer so is a line in the log, a metric and an alarm; where the stage says so, the
function that set the configuration is asked to set it again.
"""

import datetime as dt
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, Protocol

import boto3

from retention.key import Key
from retention.places import RECORDS

from . import drift, keeping
from .account import Account
from .drift import Drift
from .telling import tell

RESTORABLE: Final = {"logging deleted", "records redirected", "bodies switched off"}
"""What is Bedrock's to hold to. Log groups, bucket and key are CloudFormation's: a deployment sets
them again, and the alarm says so."""
_PREFIXES: Final = (RECORDS, "large-data/")


class Asked(keeping.Asked, Protocol):
    """What AWS answers; None is what is not there."""

    def configuration(self) -> Mapping[str, Any] | None: ...
    def bucket_policy(self, name: str) -> Mapping[str, Any] | None: ...
    def key(self, arn: str) -> Key | None: ...


class Wanted(NamedTuple):
    """What the stage set up. `configuration` is what it set or adopted; `bucket` and `key` are its
    own, and `object_lock` is its bucket's mode or empty."""

    configuration: Mapping[str, Any]
    retention_days: int
    audit_log_groups: tuple[str, ...]
    account: str
    bucket: str
    key: str
    object_lock: str


def handle(_event: object, context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's own
    """What has drifted. Raises botocore's errors, so that the function's failures are counted."""
    wanted = read(os.environ, context.invoked_function_arn.split(":")[4])
    found = list(look(wanted, Account(os.environ["AWS_REGION"]), _today()))
    tell(found, os.environ["STAGE"])
    configurer = os.environ["RESTORES_BY"]
    restored = _restore(configurer) if configurer and _to_restore(found) else ""
    return {"drift": [each._asdict() for each in found], "restored": restored}


def read(environment: Mapping[str, str], account: str) -> Wanted:
    """From the function's environment."""
    return Wanted(
        configuration=json.loads(environment["LOGGING_CONFIGURATION"]),
        retention_days=int(environment["RETENTION_DAYS"]),
        audit_log_groups=tuple(environment["AUDIT_LOG_GROUPS"].split(",")),
        account=account,
        bucket=environment["LOG_BUCKET"],
        key=environment["KEY_ARN"],
        object_lock=environment["OBJECT_LOCK"],
    )


def look(wanted: Wanted, asked: Asked, today: dt.date) -> Iterator[Drift]:
    """Everything that differs."""
    days, configuration = wanted.retention_days, wanted.configuration
    yield from drift.of_configuration(asked.configuration(), configuration)
    yield from keeping.look(configuration, asked, days, today, but=wanted.bucket)
    for name in wanted.audit_log_groups:
        found = asked.log_group(name)
        if found is not None:  # they come with the endpoint, and may not be there yet
            yield from drift.of_log_group(name, found, days, today)
    own = asked.bucket(wanted.bucket)
    yield from drift.of_bucket(own, _PREFIXES, days, today)
    yield from drift.of_lock(own, wanted.object_lock, days)
    yield from drift.of_policy(asked.bucket_policy(wanted.bucket), wanted.account)
    yield from drift.of_key(asked.key(wanted.key))


def _to_restore(found: list[Drift]) -> bool:
    return any(each.kind in RESTORABLE for each in found)


def _restore(configurer: str) -> str:
    """What came of it, in a sentence."""
    make: Any = boto3.client
    answer = make("lambda").invoke(
        FunctionName=configurer, Payload=json.dumps({"RequestType": "Restore"}).encode()
    )
    told: dict[str, Any] = json.loads(answer["Payload"].read())
    return str(told.get("sentence", "The function that sets the configuration failed."))


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()
