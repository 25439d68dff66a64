"""A role that trusts a role or user which the account lacks is refused, in IAM's words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ministack.core.responses import get_account_id  # type: ignore[import-untyped]
from ministack.services import iam  # type: ignore[import-untyped]
from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

from local.embedded import role_principals

ELSEWHERE = "arn:aws:iam::999999999999:role/anybody"
OWN = f"arn:aws:iam::{get_account_id()}"


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    """An account that has the role `platform/ci`."""
    handlers = provisioners._RESOURCE_HANDLERS
    monkeypatch.setitem(handlers, role_principals.TYPE, dict(handlers[role_principals.TYPE]))
    monkeypatch.setattr(iam, "_IAM_HANDLERS", dict(iam._IAM_HANDLERS))
    monkeypatch.setattr(iam, "_roles", {"ci": {"Arn": f"{OWN}:role/platform/ci"}})
    monkeypatch.setattr(iam, "_users", {})
    role_principals.add()


def trust(*arns: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": list(arns)}}
    return {"Version": "2012-10-17", "Statement": [statement]}


def make_in_stack(document: dict[str, Any]) -> str:
    create = provisioners._RESOURCE_HANDLERS[role_principals.TYPE]["create"]
    name, _ = create("Auditor", {"RoleName": "r", "AssumeRolePolicyDocument": document}, "s")
    return str(name)


@pytest.mark.parametrize("arn", [f"{OWN}:role/ci", f"{OWN}:role/nobody", f"{OWN}:user/ann"])
def test_a_principal_that_the_account_lacks_is_refused(arn: str) -> None:
    refusal = f'Invalid principal in policy: "AWS":"{arn}"'

    with pytest.raises(ValueError, match=refusal):
        make_in_stack(trust(ELSEWHERE, arn))
    for call, parameter in role_principals._CALLS.items():
        document = json.dumps(trust(arn))
        status, _, body = iam._IAM_HANDLERS[call]({"RoleName": ["x"], parameter: [document]})
        assert (status, b"MalformedPolicyDocument" in body) == (400, True)
    assert [*iam._roles] == ["ci"]


def test_principals_that_exist_and_those_of_other_accounts_are_taken() -> None:
    assert make_in_stack(trust(f"{OWN}:root", f"{OWN}:role/platform/ci", ELSEWHERE, "*")) == "r"
    assert role_principals.missing_principal({"Statement": {"Principal": "*"}}) is None
