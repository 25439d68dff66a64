"""An account that demands a permissions boundary refuses each role without it, in AWS's words."""

from __future__ import annotations

from typing import Any

import pytest
from ministack.core.responses import get_account_id  # type: ignore[import-untyped]
from ministack.services import iam  # type: ignore[import-untyped]
from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

from local.embedded import role_boundaries

TRUST = '{"Version": "2012-10-17", "Statement": []}'


@pytest.fixture
def boundary(monkeypatch: pytest.MonkeyPatch) -> str:
    """The ARN of what the account demands."""
    handlers = provisioners._RESOURCE_HANDLERS
    monkeypatch.setitem(handlers, role_boundaries.TYPE, dict(handlers[role_boundaries.TYPE]))
    monkeypatch.setattr(iam, "_IAM_HANDLERS", dict(iam._IAM_HANDLERS))
    monkeypatch.setattr(iam, "_roles", {})
    monkeypatch.setattr(iam, "_policies", {})
    role_boundaries.add("company")
    return f"arn:aws:iam::{get_account_id()}:policy/company"


def make_in_stack(**properties: Any) -> str:  # noqa: ANN401 - those of a template
    create = provisioners._RESOURCE_HANDLERS[role_boundaries.TYPE]["create"]
    name, _ = create("Verifier", {"AssumeRolePolicyDocument": TRUST, **properties}, "a-stack")
    return str(name)


def test_a_template_without_the_boundary_is_refused(boundary: str) -> None:
    refusal = "AccessDenied: not authorized to perform: iam:CreateRole on resource: .*:role/ours "

    for properties in ({}, {"PermissionsBoundary": f"{boundary}-else"}):
        with pytest.raises(ValueError, match=refusal):
            make_in_stack(RoleName="ours", **properties)
    assert iam._roles == {}


def test_a_template_with_the_boundary_deploys(boundary: str) -> None:
    name = make_in_stack(PermissionsBoundary=boundary)

    assert iam._roles[name]["PermissionsBoundary"] == boundary
    assert boundary in iam._policies


def test_a_call_without_the_boundary_is_refused_and_the_bootstrap_is_not(boundary: str) -> None:
    create = iam._IAM_HANDLERS["CreateRole"]

    def answer(name: str, **parameters: str) -> tuple[int, str]:
        given = {"RoleName": name, "AssumeRolePolicyDocument": TRUST, **parameters}
        status, _, body = create({key: [value] for key, value in given.items()})
        return status, body.decode()

    status, body = answer("ours")
    assert (status, "<Code>AccessDenied</Code>" in body) == (403, True)
    assert answer("ours", PermissionsBoundary=boundary)[0] == 200
    assert answer("cdk-hnb659fds-deploy-role")[0] == 200
