"""CloudFormation's custom resource protocol: one event in, exactly one answer out."""

import datetime as dt
import json
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from claude_bedrock.iam.propagation import PropagationRetry, Timing, is_role_refused
from claude_bedrock.logging_config.aws_reader import Account
from claude_bedrock.logging_config.bedrock_client import LoggingService, connect
from claude_bedrock.logging_config.configuration import InvalidProperties
from claude_bedrock.logging_config.retention_check import RetentionChecker
from custom_resource.deletion import retry_deletion, succeed_despite_failure
from custom_resource.response import Outcome, answer, send
from invocation_logging.initial_metrics import write_initial_metrics
from invocation_logging.lifecycle import (
    Change,
    Done,
    ForeignConfiguration,
    Saved,
    Service,
    apply,
    restore,
)
from invocation_logging.saved_configuration import SavedConfiguration
from invocation_logging.saved_configuration import connect as connect_parameters

_log: Final = logging.getLogger(__name__)
_log.setLevel(logging.INFO)
RESTORE_SECONDS: Final = 30.0
"""The drift detector waits 60 seconds for a response, and asks again within 15 minutes."""
DELETE_SECONDS: Final = 30.0
"""A role that was there before is not new: this is for one that was changed a moment ago."""
INITIAL_METRICS: Final = "Custom::InitialMetrics"
_NOTHING_SET: Final = "-nothing-set"
_UNFORESEEN: Final = Outcome(
    succeeded=False,
    sentence="The function that sets invocation logging failed unexpectedly; see its log.",
)


def handle(event: Mapping[str, Any], _context: object) -> dict[str, Any] | None:
    """Answer CloudFormation, or the drift detector, which sends the request type `Restore`: what
    it has set again is the stage's own, from this function's environment and not from the event."""
    if event["RequestType"] == "Restore":
        return _restored()
    if event["ResourceType"] == INITIAL_METRICS:
        _answer_initial_metrics(event)
        return None
    answer_cloudformation(event, Timing())
    return None


def _answer_initial_metrics(event: Mapping[str, Any]) -> None:
    outcome = Outcome(succeeded=False, sentence="The first data points could not be written.")
    try:
        names = _added_metrics(event)
        write_initial_metrics(event["ResourceProperties"]["Stage"], names)
        outcome = Outcome(succeeded=True, sentence=f"First data points: {len(names)}.")
    finally:
        physical_id = str(event.get("PhysicalResourceId", "initial-metrics"))
        send(event["ResponseURL"], answer(event, physical_id, outcome))


def _added_metrics(event: Mapping[str, Any]) -> list[str]:
    """Return those that the resource did not name before: a running one is not silenced by a 0."""
    if event["RequestType"] == "Delete":
        return []
    before = event.get("OldResourceProperties", {}).get("Metrics", [])
    return [metric for metric in event["ResourceProperties"]["Metrics"] if metric not in before]


def _restored() -> dict[str, Any]:
    properties, region = json.loads(os.environ["RESTORES"]), os.environ["AWS_REGION"]
    retry = PropagationRetry(RESTORE_SECONDS)
    service = LoggingService(connect(region), retry=retry)
    saved = SavedConfiguration(connect_parameters(region), properties["SavedIn"], retry=retry)
    change = Change("Update", properties, None, region)
    outcome, _ = _outcome(lambda: restore(change, service, saved, _retention_judge(region, retry)))
    _log.info("Restore: %s", outcome.sentence)
    return outcome._asdict()


def answer_cloudformation(event: Mapping[str, Any], waiting: Timing) -> None:
    """Set, updates or remove the Region's logging configuration, and answer CloudFormation.

    An answer goes out even when something here is broken: without one, CloudFormation waits for
    its whole timeout. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
    A deletion gets through in any case; what it could not remove is left on and told.
    """
    region, retry = region_of(event), _retry(event, waiting)
    service = LoggingService(connect(region), retry=retry)
    outcome, data = _UNFORESEEN, dict[str, str]()
    try:
        saved_in = event["ResourceProperties"]["SavedIn"]
        saved = SavedConfiguration(connect_parameters(region), saved_in, retry=retry)
        outcome, data = retry_deletion(
            event, lambda: outcome_of(event, service, saved, retry), waiting
        )
    finally:
        outcome = succeed_despite_failure(event, outcome, _left(region))
        _log.info("%s: %s", event["RequestType"], outcome.sentence)
        physical_id = _physical_id(event, touched=outcome.succeeded or service.may_have_changed)
        send(event["ResponseURL"], answer(event, physical_id, outcome, data))


def _retry(event: Mapping[str, Any], waiting: Timing) -> PropagationRetry:
    """A deletion is tried again as a whole, whatever it fails by; here only what Bedrock says of
    the role by which it delivered before."""
    if event["RequestType"] == "Delete":
        return PropagationRetry(DELETE_SECONDS, waiting=waiting, is_retryable=is_role_refused)
    return PropagationRetry(waiting=waiting)


def outcome_of(
    event: Mapping[str, Any], service: Service, saved: Saved, retry: PropagationRetry
) -> tuple[Outcome, dict[str, str]]:
    """Return what came of the event, every foreseeable failure told in a sentence; and where the
    record then lies, for the template to ask for."""
    return _outcome(lambda: _done(event, service, saved, retry))


def _outcome(act: Callable[[], Done]) -> tuple[Outcome, dict[str, str]]:
    try:
        done = act()
        return Outcome(succeeded=True, sentence=done.sentence), _template_data(done)
    except (ForeignConfiguration, InvalidProperties) as refusal:
        return Outcome(succeeded=False, sentence=str(refusal)), {}
    except (ClientError, BotoCoreError) as error:
        return Outcome(succeeded=False, sentence=_error_sentence(error)), {}


def _done(
    event: Mapping[str, Any], service: Service, saved: Saved, retry: PropagationRetry
) -> Done:
    if event["RequestType"] == "Delete" and event["PhysicalResourceId"].endswith(_NOTHING_SET):
        return Done("This resource never set anything, so nothing was removed.")
    return apply(_change(event), service, saved, _retention_judge(region_of(event), retry))


def _retention_judge(region: str, retry: PropagationRetry) -> RetentionChecker:
    return RetentionChecker(Account(region), dt.datetime.now(dt.UTC).date(), retry)


def _template_data(done: Done) -> dict[str, str]:
    configuration = done.configuration
    if configuration is None:
        return {}
    bucket = configuration["s3Config"]["bucketName"]
    large = configuration["cloudWatchConfig"].get("largeDataDeliveryS3Config")
    return {
        "LogGroupName": configuration["cloudWatchConfig"]["logGroupName"],
        "BucketName": bucket,
        "LargeDataBucketName": large["bucketName"] if large else bucket,
        "Configuration": json.dumps(configuration),
    }


def _left(region: str) -> str:
    return (
        "A logging configuration that was set is still set, and records calls as long as its "
        "places are there. When nobody needs it: "
        f"aws bedrock delete-model-invocation-logging-configuration --region {region}. What the "
        "stage found and changed is still in its parameter saved-logging-configuration."
    )


def _physical_id(event: Mapping[str, Any], *, touched: bool) -> str:
    """Return the resource's physical id. The id of a creation that failed before any request to
    Bedrock says so: CloudFormation then deletes that id, and the deletion must not fail the stack's
    removal."""
    name = f"bedrock-invocation-logging-{region_of(event)}"
    if event["RequestType"] == "Create" and not touched:
        return name + _NOTHING_SET
    return str(event.get("PhysicalResourceId", name))


def region_of(event: Mapping[str, Any]) -> str:
    """Return the Region of the stack, from its ARN."""
    return str(event["StackId"]).split(":")[3]


def _change(event: Mapping[str, Any]) -> Change:
    return Change(
        request_type=event["RequestType"],
        properties=event["ResourceProperties"],
        old_properties=event.get("OldResourceProperties"),
        region=region_of(event),
    )


def _error_sentence(error: ClientError | BotoCoreError) -> str:
    if not isinstance(error, ClientError):
        return f"AWS could not be asked in time: {error}"
    if is_role_refused(error):
        return (
            "Bedrock may not write to a destination, even after waiting for IAM. Either the "
            "delivery role's policy or trust or the bucket's policy is wrong, the destination is "
            "gone, or IAM is slow today: then deploy again. "
            f"Bedrock says: {_message(error)}"
        )
    return (
        f"{_service_of(error)} refused {error.operation_name} ({_code(error)}): {_message(error)}"
    )


def _service_of(error: ClientError) -> str:
    """Whose operation it was."""
    known = {"Parameter": "Systems Manager", "LogGroups": "CloudWatch Logs"}
    known |= dict.fromkeys(("Versioning", "LifecycleConfiguration", "LockConfiguration"), "S3")
    name = error.operation_name
    return next((service for ending, service in known.items() if name.endswith(ending)), "Bedrock")


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "no code")


def _message(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Message", "no message")
