"""The function that EventBridge runs by the clock: asks, looks, tells."""

import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import boto3

from canary.endpoint import Admission, CallFailedError, Endpoint, by_key, by_signature
from canary.questions import Question, questions
from canary.record_check import PAUSES, Failure, RecordStore, Sent, missing_records
from canary.report import report_failures
from claude_bedrock.records.destinations import Destinations, prefix_in
from claude_bedrock.records.invocation_records import Records

_BEFORE: Final = timedelta(minutes=1)
"""A record's time is of whole seconds, and by another clock."""


class Work(NamedTuple):
    """What a run needs, from the function's environment."""

    stage: str
    model: str
    endpoint: Endpoint
    records: RecordStore


def handle(_event: object, context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's own
    """Return what failed. Raises botocore's errors, so that the function's failures are counted."""
    work = read(os.environ, context.invoked_function_arn.split(":")[4])
    failures = run(work, questions(work.model))
    report_failures(failures, work.stage)
    return {"failures": [failure._asdict() for failure in failures]}


def run(
    work: Work, requests: Iterable[Question], pauses: Iterable[float] = PAUSES
) -> list[Failure]:
    """Send each question, also after one that failed, and check the records of those answered."""
    sent, failed = [], []
    for question in requests:
        began = datetime.now(UTC)
        try:
            request_id = work.endpoint.send(question.body)
        except CallFailedError as error:
            failed.append(Failure(question.size, "call", str(error), ""))
        else:
            sent.append(Sent(question, request_id, began - _BEFORE, datetime.now(UTC)))
    return [*failed, *missing_records(sent, work.records, pauses)]


def read(environment: Mapping[str, str], account: str) -> Work:
    """Fetch the key's value, where the endpoint asks for one. Raises botocore's errors."""
    make: Any = boto3.client
    destinations = Destinations(
        account,
        environment["AWS_REGION"],
        environment["LOG_GROUP"],
        environment["LOG_BUCKET"],
        prefix_in(environment["LOGGING_CONFIGURATION"]),
    )
    return Work(
        stage=environment["STAGE"],
        model=environment["MODEL"],
        endpoint=Endpoint(environment["ENDPOINT_URL"], _admission(environment)),
        records=Records(destinations, logs=make("logs"), s3=make("s3")),
    )


def _admission(environment: Mapping[str, str]) -> Admission:
    key_id = environment["API_KEY_ID"]
    if not key_id:
        return by_signature(boto3.Session().get_credentials(), environment["AWS_REGION"])
    make: Any = boto3.client
    return by_key(make("apigateway").get_api_key(apiKey=key_id, includeValue=True)["value"])
