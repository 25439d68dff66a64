"""Whose credentials these are, whether AWS takes them, and whether the clock lets it."""

import datetime as dt
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from claude_bedrock.cli.doctor.check import WITHHELD, Check, Topic, code_of
from claude_bedrock.cli.doctor.context import Clients
from claude_bedrock.cli.shared.aws_errors import credentials_advice

CREDENTIALS = Topic("credentials")
CLOCK = Topic("clock")
GREATEST_SKEW = dt.timedelta(minutes=5)
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html"""

_ADVICE = "see what `aws sts get-caller-identity` says: without an answer to it nothing works"

Now = Callable[[], dt.datetime]
Answer = Mapping[str, Any]


def check(clients: Clients, expected: str | None, now: Now) -> tuple[Answer | None, list[Check]]:
    """Return what STS says of the caller, None where it takes no such credentials, and the checks.

    `expected` is the account that the stage names, if it does."""
    try:
        answer: Answer = clients("sts").get_caller_identity()
    except ClientError as error:
        return None, [refused(error), skew(_date(error.response), now())]
    except WITHHELD as error:
        return None, [refused(error), CLOCK.skipped("no answer of AWS to compare it with")]
    return answer, [judge(answer, expected), skew(_date(answer), now())]


def judge(answer: Answer, expected: str | None) -> Check:
    account, arn = answer["Account"], answer["Arn"]
    if expected is not None and account != expected:
        return CREDENTIALS.failed(
            f"account {account}, and the stage is for {expected}",
            f"take credentials of account {expected}, or change the stage's `account`",
        )
    return CREDENTIALS.ok(f"account {account}, as {arn}")


def refused(error: ClientError | BotoCoreError) -> Check:
    """Return what STS answered to them, or why it could not be asked at all."""
    reason = f"AWS refuses them: {code_of(error)}" if isinstance(error, ClientError) else str(error)
    return CREDENTIALS.failed(reason, credentials_advice(error) or _ADVICE)


def skew(date: str | None, now: dt.datetime) -> Check:
    """Judge the clock; `date` is the header of an answer that AWS gave just now."""
    try:
        there = parsedate_to_datetime(date or "")
    except ValueError:
        return CLOCK.unknown("AWS's answer has no date", "compare the clock by hand")
    difference = abs(now - there)
    seconds = round(difference.total_seconds())
    if difference > GREATEST_SKEW:
        return CLOCK.failed(
            f"{seconds} seconds from AWS's, which refuses what was signed over 5 minutes off",
            "set the clock, by NTP: `sudo timedatectl set-ntp true` on Linux, "
            "Date & Time in the settings of macOS and Windows",
        )
    return CLOCK.ok(f"within {max(seconds, 1)} s of AWS's")


def _date(answer: Answer) -> str | None:
    date: str | None = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return date
