"""The result of a check, also of one whose answer AWS withholds."""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

Outcome = Literal["ok", "warning", "skipped", "unknown", "failed"]
WITHHELD = (ClientError, BotoCoreError)
"""What is raised instead of an answer."""

DENIED = {
    *("AccessDenied", "AccessDeniedException"),
    "UnauthorizedOperation",  # EC2
    "AuthorizationError",  # SNS
    "403",  # S3's answer to HeadObject, which has no body
}
"""What AWS calls it when these credentials may not ask.

https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
"""


class Check(NamedTuple):
    """`subject` tells checks of one name apart: a model, a stack. `fix` is empty where there is
    nothing to do."""

    name: str
    subject: str
    outcome: Outcome
    found: str
    fix: str


class Topic(NamedTuple):
    """What a check is about, before it is known what it finds."""

    name: str
    subject: str = ""

    def ok(self, result: str) -> Check:
        return Check(*self, "ok", result, "")

    def skipped(self, result: str) -> Check:
        return Check(*self, "skipped", result, "")

    def warning(self, result: str, fix: str) -> Check:
        return Check(*self, "warning", result, fix)

    def unknown(self, result: str, fix: str) -> Check:
        return Check(*self, "unknown", result, fix)

    def failed(self, result: str, fix: str) -> Check:
        return Check(*self, "failed", result, fix)

    def withheld(self, error: ClientError | BotoCoreError, actions: str) -> Check:
        """Return the check, when AWS gave no answer; `actions` is what the question needs in
        IAM."""
        if isinstance(error, ClientError):
            code = code_of(error)
            if code in DENIED:
                return self.unknown(
                    "AWS denies these credentials the answer",
                    f"allow {actions} to the principal that runs doctor, or use one that has it",
                )
            result = f"AWS answered {code}: {error.response['Error'].get('Message', '')}"
        else:
            result = f"AWS did not answer: {error}"
        return self.unknown(result, "run doctor again; if this persists, ask AWS by hand")

    def run(self, actions: str, judge: Callable[[], Check]) -> Check:
        """Return the check that `judge` makes, or, where AWS gives it no answer, the one that says
        so."""
        try:
            return judge()
        except WITHHELD as error:
            return self.withheld(error, actions)


def code_of(error: ClientError) -> str:
    """Return the name that AWS gave the error."""
    return error.response.get("Error", {}).get("Code", "an error")


def exit_code(checks: Sequence[Check]) -> int:
    """Return 1 if a check failed, else 2 if one could not be made, else 0."""
    outcomes = {check.outcome for check in checks}
    if "failed" in outcomes:
        return 1
    return 2 if "unknown" in outcomes else 0
