"""What IAM allows in the embedded AWS, and in which words it refuses."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from ministack.core import iam_evaluator  # type: ignore[import-untyped]
from ministack.core.responses import get_account_id  # type: ignore[import-untyped]
from ministack.services import iam, kms, s3, sts  # type: ignore[import-untyped]

from local.embedded import enforcement
from local.embedded.decisions import (
    Request,
    decide_for_key,
    decide_for_service,
    decide_for_state,
)

KEY_ID = "ASIADECIDED"
MODEL = "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude"
INVOKE = Request("bedrock:InvokeModel", MODEL, "us-east-1", {})
PROFILE = {"bedrock:InferenceProfileArn": "arn:p"}
ALLOW = {"Effect": "Allow", "Action": "bedrock:*", "Resource": "*"}


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def session_arn() -> str:
    return f"arn:aws:sts::{get_account_id()}:assumed-role/r/s"


@pytest.fixture
def role() -> Iterator[dict[str, Any]]:
    """A role whose session has KEY_ID."""
    made: dict[str, Any] = {"RoleName": "r", "InlinePolicies": {}, "AttachedPolicies": []}
    iam._roles["r"] = made
    sts._sessions[KEY_ID] = {
        "Arn": session_arn(),
        "SecretAccessKey": "s",
        "SessionToken": "t",
        "PrincipalType": "AssumedRole",
        "AccountId": get_account_id(),
    }
    yield made
    del iam._roles["r"], sts._sessions[KEY_ID]


def decided(request: Request = INVOKE) -> str:
    denial = decide_for_key(KEY_ID, request)
    return denial.message if denial else ""


def refusal(reason: str) -> str:
    return (
        f"User: {session_arn()} is not authorized to perform: bedrock:InvokeModel on resource: "
        f"{MODEL} {reason}"
    )


def test_what_no_policy_allows_is_refused_in_aws_words(role: dict[str, Any]) -> None:
    reason = "because no identity-based policy allows the bedrock:InvokeModel action"
    assert decided() == refusal(reason)

    role["InlinePolicies"]["p"] = document(ALLOW)
    assert decided() == ""


def test_an_explicit_denial_is_refused_in_aws_words(role: dict[str, Any]) -> None:
    denies = {"Effect": "Deny", "Action": "bedrock:InvokeModel", "Resource": "*"}
    role["InlinePolicies"]["p"] = document(ALLOW, denies)

    assert decided() == refusal("with an explicit deny in an identity-based policy")


def test_a_boundary_counts_and_is_named(role: dict[str, Any]) -> None:
    arn = f"arn:aws:iam::{get_account_id()}:policy/b"
    role["InlinePolicies"]["p"] = document(ALLOW)
    role["PermissionsBoundary"] = arn
    other = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
    denies = {"Effect": "Deny", "Action": "bedrock:*", "Resource": "*"}

    for statements, reason in (
        ([other], "because no permissions boundary allows the bedrock:InvokeModel action"),
        ([ALLOW, denies], "with an explicit deny in a permissions boundary"),
    ):
        iam._policies[arn] = {
            "DefaultVersionId": "v1",
            "Versions": {"v1": {"Document": document(*statements)}},
        }
        assert decided() == refusal(reason)


def test_conditions_see_the_region_and_the_profile(role: dict[str, Any]) -> None:
    condition = {"StringEquals": {"aws:RequestedRegion": "unspecified", **PROFILE}}
    role["InlinePolicies"]["p"] = document({**ALLOW, "Condition": condition})

    assert decided(INVOKE._replace(region="unspecified", context=PROFILE)) == ""
    assert decided(INVOKE._replace(context=PROFILE))
    assert decided(INVOKE._replace(region="unspecified"))


def test_a_bucket_lets_a_service_in_for_its_account_alone() -> None:
    s3._buckets["records"] = {}
    s3._bucket_policies["records"] = document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "bedrock.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::records/*",
            "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
        }
    )
    write = Request("s3:PutObject", "arn:aws:s3:::records/a", "us-east-1", {})
    own_account = write._replace(context={"aws:SourceAccount": "123456789012"})
    other_account = write._replace(context={"aws:SourceAccount": "1"})

    assert decide_for_service("bedrock.amazonaws.com", own_account) is None
    assert decide_for_service("bedrock.amazonaws.com", other_account) is not None
    assert decide_for_service("logs.amazonaws.com", own_account) is not None


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("Enabled", None),
        ("Disabled", "KMS.DisabledException"),
        ("PendingDeletion", "KMS.KMSInvalidStateException"),
    ],
)
def test_a_key_that_cannot_be_used_is_refused_by_its_state(state: str, code: str | None) -> None:
    kms._keys["k"] = {"Arn": "arn:k", "KeyState": state}

    denial = decide_for_state("k")

    assert (denial and denial.code) == code


@pytest.mark.parametrize(
    ("method", "headers", "refused"),
    [("GET", {}, True), ("HEAD", {"x-amz-checksum-mode": "ENABLED"}, True), ("HEAD", {}, False)],
)
def test_an_object_and_its_checksum_need_the_key_of_the_bucket(
    role: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    headers: dict[str, str],
    refused: bool,
) -> None:
    role["InlinePolicies"]["p"] = document({**ALLOW, "Action": "s3:*"})
    monkeypatch.setattr(enforcement, "bucket_key", lambda _bucket: "k")
    kms._keys["k"] = {"Arn": "arn:k", "KeyState": "Enabled"}
    signed = iam_evaluator.SignedRequest(KEY_ID, method, "/records/a", {}, headers)
    before = iam_evaluator._signed_request.set(signed)
    read = Request("s3:GetObject", "arn:aws:s3:::records/a", "us-east-1", {})

    denial = enforcement._key_denial(KEY_ID, read)

    iam_evaluator._signed_request.reset(before)
    assert ("kms:Decrypt" in denial.message if denial else False) == refused


def test_a_session_policy_counts_and_is_named(role: dict[str, Any]) -> None:
    role["InlinePolicies"]["p"] = document(ALLOW)
    other = {**ALLOW, "Resource": f"{MODEL}-of-the-list"}
    sts._sessions[KEY_ID]["SessionPolicies"] = {"Policy": document(other), "PolicyArns": []}

    assert decided() == refusal("because no session policy allows the bedrock:InvokeModel action")
    assert decided(INVOKE._replace(resource=f"{MODEL}-of-the-list")) == ""

    role["InlinePolicies"]["p"] = document({**ALLOW, "Action": "logs:*"})
    reason = "because no identity-based policy allows the bedrock:InvokeModel action"
    assert decided() == refusal(reason)
