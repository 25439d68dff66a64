"""The account's data-retention mode in a Region: made as strict as the stage asks, never looser."""

import logging
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from claude_bedrock.iam.propagation import PropagationRetry, Timing
from custom_resource.deletion import succeed_despite_failure
from custom_resource.response import Outcome, answer, send

_log: Final = logging.getLogger(__name__)
_log.setLevel(logging.INFO)
_STRICTEST_FIRST: Final = ("none", "default", "aws_review", "provider_data_share")
"""https://docs.aws.amazon.com/bedrock/latest/userguide/data-retention.html"""
_UNDECIDED: Final = "inherit"
"""What an account has that never chose: each model's own policy holds."""
_LEFT: Final = (
    "The account's data-retention mode is as it was: aws bedrock get-account-data-retention."
)
_UNFORESEEN: Final = Outcome(
    succeeded=False, sentence="The function that looks after Bedrock's data retention failed."
)


class Bedrock(Protocol):
    """The two calls this needs of boto3's `bedrock` client."""

    def get_account_data_retention(self) -> Mapping[str, Any]: ...
    def put_account_data_retention(self, *, mode: str) -> Mapping[str, Any]: ...


class CustomResourceResult(NamedTuple):
    """What CloudFormation is told, with the mode that is in force if it was looked at."""

    outcome: Outcome
    mode: str | None = None

    def data(self) -> dict[str, str]:
        return {"Mode": self.mode} if self.mode else {}


class Services(NamedTuple):
    """The Region's Bedrock, and how time passes while IAM propagates this function's policy."""

    bedrock: Bedrock
    waiting: Timing = Timing()


def handle(event: Mapping[str, Any], _context: object) -> None:
    """Set the mode unless it is stricter already, and answer CloudFormation in any case."""
    region = str(event["StackId"]).split(":")[3]
    result = CustomResourceResult(_UNFORESEEN)
    try:
        result = outcome_of(event, Services(_connect(region)))
    finally:
        outcome = succeed_despite_failure(event, result.outcome, _LEFT)
        _log.info("%s: %s", event["RequestType"], outcome.sentence)
        name = f"bedrock-data-retention-{region}"
        send(event["ResponseURL"], answer(event, name, outcome, result.data()))


def outcome_of(event: Mapping[str, Any], services: Services) -> CustomResourceResult:
    """Return the outcome of the event, with a sentence for every foreseeable failure.

    On Delete the mode stays: that a stack goes is no reason to let anybody keep prompts for longer.
    """
    if event["RequestType"] == "Delete":
        return CustomResourceResult(
            Outcome(succeeded=True, sentence="The data-retention mode is left as it is.")
        )
    try:
        return _set(event["ResourceProperties"]["Mode"], services)
    except (ClientError, BotoCoreError) as error:
        return CustomResourceResult(
            Outcome(succeeded=False, sentence=f"Data retention is not set: {error}")
        )


def _set(target: str, services: Services) -> CustomResourceResult:
    bedrock, retry = services.bedrock, PropagationRetry(waiting=services.waiting)
    current: str = retry.call(bedrock.get_account_data_retention)["mode"]
    if current == target:
        return _done(current, f"The account's data-retention mode is {current} already.")
    if _is_stricter(current, target):
        return _done(
            current,
            f"The account's data-retention mode is {current}, stricter than the stage's {target}; "
            "it was left. Whoever may loosen it has to: aws bedrock put-account-data-retention "
            f"--mode {target}",
        )
    now = retry.call(lambda: bedrock.put_account_data_retention(mode=target))["mode"]
    return _done(now, f"The account's data-retention mode is now {now}; it was {current}.")


def _is_stricter(current: str, target: str) -> bool:
    """Return whether the current mode retains less than the target. A mode that this version does
    not know counts as stricter; a mode that was never set does not."""
    if current == _UNDECIDED:
        return False
    return current not in _STRICTEST_FIRST or (
        _STRICTEST_FIRST.index(current) < _STRICTEST_FIRST.index(target)
    )


def _done(mode: str, sentence: str) -> CustomResourceResult:
    return CustomResourceResult(Outcome(succeeded=True, sentence=sentence), mode)


def _connect(region: str) -> Bedrock:
    """Return a client whose single call cannot outlast what CloudFormation waits."""
    client: Bedrock = boto3.client(
        "bedrock",
        region_name=region,
        config=Config(
            connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2}
        ),
    )
    return client
