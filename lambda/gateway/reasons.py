"""The reason of a refusal by Bedrock, read from its sentence: what an operator has to do differs by
that.

The sentences are AWS's, from https://docs.aws.amazon.com/bedrock/latest/userguide/model-access.html,
https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html, or as public
reports quote them.
"""

import re
from typing import Final, NamedTuple


class Reason(NamedTuple):
    """`name` is what the audit entry says; `sentence` is for a caller, who cannot change it."""

    name: str
    sentence: str


_ACCOUNT = "The AWS account of this gateway"
_PATTERNS: Final = (
    (
        r"INVALID_PAYMENT_INSTRUMENT|payment (?:instrument|method)",
        Reason("payment_method", f"{_ACCOUNT} has no valid payment method for this model."),
    ),
    (
        r"aws-marketplace:|AWS Marketplace",
        Reason(
            "marketplace_subscription",
            f"{_ACCOUNT} has no complete AWS Marketplace subscription to this model.",
        ),
    ),
    (
        r"use case details",
        Reason("use_case_form", f"{_ACCOUNT} has not submitted Anthropic's use case form."),
    ),
    (
        r"service control policy",
        Reason("service_control_policy", "A service control policy denies it."),
    ),
    (
        r"resource control policy",
        Reason("resource_control_policy", "A resource control policy denies it."),
    ),
    (r"explicit deny", Reason("explicit_deny", "An IAM policy denies it explicitly.")),
    (
        r"policy allows the|is not authorized to perform",
        Reason("missing_permission", "The role of this gateway lacks a permission."),
    ),
    (
        r"token included in the request is expired|Signature expired|ExpiredToken",
        Reason("expired_credentials", "The AWS credentials of this gateway have expired."),
    ),
    (
        r"included in the request is invalid|UnrecognizedClient|InvalidSignature|we calculated",
        Reason("invalid_credentials", "AWS does not accept the credentials of this gateway."),
    ),
    (
        r"unsupported countr",
        Reason("unsupported_location", "Anthropic does not offer its models in this location."),
    ),
    (
        r"marked by provider as Legacy",
        Reason("legacy_model", f"{_ACCOUNT} no longer has access to this legacy model."),
    ),
    (
        r"have access to the model",
        Reason("model_access", f"{_ACCOUNT} has no access to this model."),
    ),
    (r"per day\b|daily", Reason("daily_quota", "The account's quota for today is used up.")),
    (
        r"too many connections",
        Reason("too_many_connections", "Bedrock has too many connections for this model now."),
    ),
    (
        r"too many tokens",
        Reason("tokens_per_minute", "The account's tokens per minute for this model are used up."),
    ),
    (
        r"too many requests",
        Reason(
            "requests_per_minute", "The account's requests per minute for this model are used up."
        ),
    ),
)
DAILY_QUOTA: Final = "daily_quota"
_CREDENTIALS = r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}(?::[^\s,;'\"]+)?"
_PRIVATE: Final = "|".join(  # compiled when needed, and kept by re
    (
        r"arn:aws[\w-]*:[^\s,;'\"]*",
        r"(?<!\d)\d{12}(?!\d)",
        _CREDENTIALS,
        r"\b(?:assumed-role|role|user)/[^\s,;'\"]+",
        r"\b(?:vpce|vpc|o)-[a-z0-9]{8,}\b",
        r"[A-Za-z0-9_-]{80,}",  # AWS's encoded authorization message
    )
)


def reason(exception: str, message: str) -> Reason | None:
    """Return the reason that Bedrock's exception and sentence give; None if it is none of those
    known."""
    text = f"{exception} {message}"
    matches = (known for pattern, known in _PATTERNS if re.search(pattern, text, re.IGNORECASE))
    return next(matches, None)


def redact(text: str) -> str:
    """Return Bedrock's sentence without what names the account: ARNs, ids, roles, credentials."""
    return re.sub(_PRIVATE, "[redacted]", text)
