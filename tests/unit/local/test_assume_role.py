"""What the embedded STS refuses of an AssumeRole, in AWS's words."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from ministack.core.responses import get_account_id  # type: ignore[import-untyped]
from ministack.services import iam, sts  # type: ignore[import-untyped]

from local.embedded import assume_role
from local.embedded.reply import Call, Reply

KEY_ID = "ASIACHAINED"
AUTHORIZATION = f"AWS4-HMAC-SHA256 Credential={KEY_ID}/20261129/us-east-1/sts/aws4_request"


@pytest.fixture
def role() -> Iterator[dict[str, Any]]:
    """A role that the session of KEY_ID may take, with a source identity that begins with a."""
    account = get_account_id()
    gateway = f"arn:aws:iam::{account}:role/gateway"
    condition = {"StringLike": {"sts:SourceIdentity": "a*"}}
    statement = {"Effect": "Allow", "Principal": {"AWS": gateway}}
    trust = {
        "Statement": [
            {**statement, "Action": ["sts:AssumeRole", "sts:TagSession"]},
            {**statement, "Action": "sts:SetSourceIdentity", "Condition": condition},
        ]
    }
    made = {"RoleName": "caller", "AssumeRolePolicyDocument": json.dumps(trust)}
    iam._roles["caller"] = made
    sts._sessions[KEY_ID] = {
        "Arn": f"arn:aws:sts::{account}:assumed-role/gateway/function",
        "SecretAccessKey": "s",
        "SessionToken": "t",
        "PrincipalType": "AssumedRole",
        "AccountId": account,
    }
    yield made
    del iam._roles["caller"], sts._sessions[KEY_ID]


def answer(**parameters: str) -> tuple[int, str]:
    async def ministack(_call: Call) -> Reply:
        return 200, {}, b"passed on"

    asked = {
        "Action": "AssumeRole",
        "RoleArn": f"arn:aws:iam::{get_account_id()}:role/caller",
        "RoleSessionName": "ana@example.com",
        **{name.replace("__", "."): value for name, value in parameters.items()},
    }
    call = Call("POST", "/", {"authorization": AUTHORIZATION}, urlencode(asked).encode(), {})

    async def ask() -> Reply:
        return await assume_role.before(ministack)(call)

    status, _, body = asyncio.run(ask())
    return status, body.decode()


@pytest.mark.usefixtures("role")
def test_what_aws_takes_is_passed_on() -> None:
    tags = {"Tags__member__1__Key": "team", "Tags__member__1__Value": "Büro 1: a/b"}
    assert answer(SourceIdentity="ana", DurationSeconds="3600", **tags) == (200, "passed on")


@pytest.mark.usefixtures("role")
@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"RoleSessionName": "a"}, "'roleSessionName' failed to satisfy constraint: Member must"),
        ({"RoleSessionName": "a" * 65}, "length less than or equal to 64"),
        ({"RoleSessionName": "a/b"}, r"pattern: [\w+=,.@-]*"),
        ({"RoleSessionName": "Zoë"}, r"pattern: [\w+=,.@-]*"),
        ({"SourceIdentity": "a b"}, "'sourceIdentity' failed to satisfy constraint"),
        (
            {"Tags__member__1__Key": "caller", "Tags__member__1__Value": "a,b"},
            "tags.1.member.value",
        ),
        ({"Tags__member__1__Key": "k" * 129}, "tags.1.member.key"),
        ({"DurationSeconds": "60"}, "between 900 and 43200"),
        ({"DurationSeconds": "7200"}, "1 hour session limit for roles assumed by role chaining"),
    ],
)
def test_what_aws_does_not_take_is_a_validation_error(
    parameters: dict[str, str], words: str
) -> None:
    status, text = answer(**parameters)
    assert status == 400
    assert "<Code>ValidationError</Code>" in text
    assert words in text


@pytest.mark.usefixtures("role")
def test_a_source_identity_takes_a_permission_of_its_own() -> None:
    status, text = answer(SourceIdentity="bert")
    assert status == 403
    assert "<Code>AccessDenied</Code>" in text
    assert "is not authorized to perform: sts:SetSourceIdentity on resource: arn:aws:iam::" in text
