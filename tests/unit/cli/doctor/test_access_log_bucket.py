"""Whether S3 can deliver the log bucket's access log into a bucket is judged by its settings."""

from __future__ import annotations

from typing import Any

import pytest

from claude_bedrock.cli.doctor.checks.access_log_bucket import Destination, judge
from claude_bedrock.cli.shared.stage_settings import AccessLogLocation

SOURCE, ACCOUNT, REGION = "log-bucket", "123456789012", "us-east-1"
LOG = AccessLogLocation("company-logs", "claude/")
STATEMENT: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"Service": "logging.s3.amazonaws.com"},
    "Action": "s3:PutObject",
    "Resource": "arn:aws:s3:::company-logs/claude/*",
    "Condition": {
        "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{SOURCE}"},
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
    },
}
NO_TLS = {
    "Sid": "DenyWithoutTls",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": "arn:aws:s3:::company-logs/*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def destination(*statements: dict[str, Any], **changes: object) -> Destination:
    policy = {"Statement": list(statements)}
    return Destination(REGION, "AES256", has_object_lock=False, policy=policy)._replace(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bucket", "source", "outcome", "words"),
    [
        (destination(STATEMENT, NO_TLS), SOURCE, "ok", "company-logs/claude/"),
        (destination(), None, "skipped", "cannot tell of its policy before a deployment"),
        (destination(), SOURCE, "failed", "may not use s3:PutObject on claude/* for log-bucket"),
        (destination(STATEMENT), "company-logs", "failed", "is the log bucket itself"),
        (destination(STATEMENT), "another", "failed", "may not use s3:PutObject"),
        (destination(STATEMENT, region="eu-west-1"), SOURCE, "failed", "it is in eu-west-1"),
        (destination(STATEMENT, algorithm="aws:kms"), None, "failed", "encrypts with aws:kms"),
        (destination(STATEMENT, has_object_lock=True), SOURCE, "failed", "it has Object Lock"),
        (
            destination({**STATEMENT, "Resource": "arn:aws:s3:::company-logs/other/*"}),
            SOURCE,
            "failed",
            "may not use s3:PutObject",
        ),
        (
            destination(STATEMENT, {**NO_TLS, "Condition": {}}),
            SOURCE,
            "failed",
            "DenyWithoutTls may deny s3:PutObject",
        ),
    ],
)
def test_settings_and_policy_decide(
    bucket: Destination, source: str | None, outcome: str, words: str
) -> None:
    check = judge(bucket, LOG, source, account=ACCOUNT, region=REGION)

    assert (check.outcome, words in check.found) == (outcome, True), check.found
    assert bool(check.fix) is (outcome == "failed")
