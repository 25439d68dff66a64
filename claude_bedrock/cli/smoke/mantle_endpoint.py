"""The check of Bedrock's other endpoint, `bedrock-mantle`, whose calls AWS says Bedrock does not
log."""

from datetime import timedelta
from typing import Any, Final

import httpx2

from claude_bedrock.cli.shared.request_auth import BySignature
from claude_bedrock.cli.smoke.check import Check, Finding, failed, not_assessed, passed
from claude_bedrock.cli.smoke.deployed_stage import ANSWER_TOKENS, Subject

_PAGE: Final = "https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html"
_SERVICE: Final = "bedrock-mantle"
"""What its calls are signed for: `anthropic/lib/bedrock/_mantle.py` of Anthropic's Python SDK."""
_REQUEST_IDS: Final = ("request-id", "x-amzn-requestid")
_DENIED: Final = frozenset({401, 403})
_ANSWERED: Final = 200
_CLOCKS_DIFFER: Final = timedelta(minutes=5)


def judge_record(subject: Subject) -> Finding:
    """Call the cheapest model there with your own credentials, and look for a record. That none
    came within the time is what can be seen of a log without the call."""
    credentials = subject.deployment.session.get_credentials()
    if credentials is None or not subject.model.mantle:
        text = f"You have no AWS credentials, or {subject.model.name} is not served there."
        return not_assessed(text)
    try:
        response = _call(subject, BySignature(credentials, subject.deployment.region, _SERVICE))
    except httpx2.HTTPError as error:
        return not_assessed(f"The endpoint could not be called: {type(error).__name__}.")
    status, request_id = response.status_code, _request_id(response)
    if because := _why_unanswered(response):
        return not_assessed(because, status=status)
    since = subject.message.started_at - _CLOCKS_DIFFER
    record = subject.wait_for(lambda: subject.records.in_logs(request_id, since))
    if record is not None:
        text = "Bedrock recorded the call: the pages of this project and of AWS say otherwise."
        return failed(text, status=status, operation=record.get("operation"))
    return passed("No record of the call came: what goes there stays off the record.")


def _request_id(response: httpx2.Response) -> str:
    return next(filter(None, map(response.headers.get, _REQUEST_IDS)), "")


def _why_unanswered(response: httpx2.Response) -> str:
    """Return why the response shows nothing of records; empty where a model has answered."""
    status = response.status_code
    if status in _DENIED:
        return "AWS denies you the call, as the deny policy denies it to the stage's roles."
    if status != _ANSWERED or '"stop_reason"' not in response.text:
        return f"The endpoint answers with {status}, and no model ran."
    return "" if _request_id(response) else "The answer has no request id to look for."


def _call(subject: Subject, auth: BySignature) -> httpx2.Response:
    body: dict[str, Any] = {
        "model": f"anthropic.{subject.model.name}",
        "max_tokens": ANSWER_TOKENS["mantle"],
        "messages": [{"role": "user", "content": "Say hello in five words."}],
    }
    return httpx2.post(
        f"https://{_SERVICE}.{subject.deployment.region}.api.aws/anthropic/v1/messages",
        json=body,
        headers={"anthropic-version": "2023-06-01"},
        auth=auth,
        timeout=60,
    )


CHECKS: Final = (
    Check(
        "other endpoint",
        "Bedrock records no call by bedrock-mantle, which the deny policy therefore denies.",
        _PAGE,
        judge_record,
        is_local=False,
    ),
)
