"""CloudFormation's custom resource protocol: one event in, exactly one answer out."""

import logging
from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from custom_resource.response import Outcome, answer, send

from .configuration import InvalidProperties
from .lifecycle import Change, ForeignConfiguration, Service, apply
from .service import LoggingService, connect, role_not_known_yet

_log: Final = logging.getLogger(__name__)
_log.setLevel(logging.INFO)
_UNFORESEEN: Final = Outcome(
    succeeded=False,
    sentence="The function that sets invocation logging failed unexpectedly; see its log.",
)


def handle(event: Mapping[str, Any], _context: object) -> None:
    """Sets, updates or removes the Region's logging configuration, and answers CloudFormation.

    An answer goes out even when something here is broken: without one, CloudFormation waits for
    its whole timeout. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
    """
    region = region_of(event)
    outcome = _UNFORESEEN
    try:
        outcome = outcome_of(event, LoggingService(connect(region)))
    finally:
        _log.info("%s: %s", event["RequestType"], outcome.sentence)
        send(event["ResponseURL"], answer(event, f"bedrock-invocation-logging-{region}", outcome))


def outcome_of(event: Mapping[str, Any], service: Service) -> Outcome:
    """What came of the event, every foreseeable failure told in a sentence."""
    try:
        return Outcome(succeeded=True, sentence=apply(_change(event), service))
    except (ForeignConfiguration, InvalidProperties) as refusal:
        return Outcome(succeeded=False, sentence=str(refusal))
    except (ClientError, BotoCoreError) as error:
        return Outcome(succeeded=False, sentence=_told(error))


def region_of(event: Mapping[str, Any]) -> str:
    """The Region of the stack, from its ARN."""
    return str(event["StackId"]).split(":")[3]


def _change(event: Mapping[str, Any]) -> Change:
    return Change(
        request_type=event["RequestType"],
        properties=event["ResourceProperties"],
        old_properties=event.get("OldResourceProperties"),
        region=region_of(event),
    )


def _told(error: ClientError | BotoCoreError) -> str:
    if not isinstance(error, ClientError):
        return f"Bedrock could not be asked for its logging configuration: {error}"
    if role_not_known_yet(error):
        return (
            "Bedrock could not use the delivery role on the log group, even after waiting for IAM. "
            "Either the role's policy or trust is wrong, the log group is gone, or IAM is slow "
            f"today: deploying again is then enough. Bedrock says: {_message(error)}"
        )
    return f"Bedrock refused {error.operation_name} ({_code(error)}): {_message(error)}"


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "no code")


def _message(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Message", "no message")
