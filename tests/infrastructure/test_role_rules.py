"""Every role of every stack follows the account's rules: boundary, path and prefix."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam

from claude_bedrock.catalog.role_names import LONGEST_PURPOSE, RoleNames
from stacks.components.iam.role_rules import LIMITS, ApplyRoleRules, RoleRules
from stacks.settings import load_stage
from stacks.shared_assets import synthesizer
from stacks.stage_stacks import add_stacks
from tests.infrastructure.changes import Deployment
from tests.infrastructure.variants import FULL, PLAIN, STAGE, VALUES, Syntheses, Templates
from tools.stage_blocks import nested
from tools.synthesis import CONTEXT

RULES = {
    "account.permissions_boundary": "company-boundary",
    "account.role_path": "/platform/",
    "account.role_prefix": "app-",
    "account.api_log_role": "leave",
}
LEAVE = {"account.api_log_role": "leave"}
LOCKED = {
    "logging.archive": VALUES["logging.archive"][1]["logging.archive"],
    "logging.object_lock": "governance",
    "account.roles": {"setup": {}, "legal_hold": {}},
    "callers.budgets": {"stage": [{"usd": 1, "per": "day"}]},
}
BOUNDARY = {
    "Fn::Join": ["", ["arn:aws:iam::", {"Ref": "AWS::AccountId"}, ":policy/company-boundary"]]
}


@pytest.fixture(scope="module")
def syntheses(tmp_path_factory: pytest.TempPathFactory) -> Syntheses:
    return Syntheses(tmp_path_factory.mktemp("syntheses"))


def roles(templates: Templates) -> Iterator[Mapping[str, Any]]:
    for template in templates.values():
        for body in template["Resources"].values():
            if body["Type"] == "AWS::IAM::Role":
                yield body["Properties"]


def test_every_role_has_boundary_path_and_a_name_of_its_own(syntheses: Syntheses) -> None:
    for base in ({**FULL, **LOCKED}, {**PLAIN, "callers.caller_sessions": False}):
        of_stage = [*roles(syntheses.of({**base, **RULES}))]
        names = [role["RoleName"] for role in of_stage]

        assert len(names) == len({*names}) == len([*roles(syntheses.of(base))]) - 1  # log role's
        assert {json.dumps(role["PermissionsBoundary"]) for role in of_stage} == {
            json.dumps(BOUNDARY)
        }
        assert {role["Path"] for role in of_stage} == {"/platform/"}
        beginning = RoleNames("dev", "us-east-1", "app-").name("")
        assert all(
            name.startswith(beginning) and len(name) - len(beginning) <= LONGEST_PURPOSE
            for name in names
        )


def test_policies_name_the_roles_by_path_and_prefix(syntheses: Syntheses) -> None:
    text = json.dumps(syntheses.of({**FULL, **LOCKED, **RULES}))

    assert "role/platform/app-claude-on-bedrock-dev-us-east-1-logging" in text
    assert "role/claude-on-bedrock-" not in text


def test_the_stages_own_boundary_stays_as_denials_of_the_role(syntheses: Syntheses) -> None:
    before, after = (
        {role["RoleName"]: role for role in roles(syntheses.of(block)) if "RoleName" in role}
        for block in (FULL, {**FULL, "account.permissions_boundary": "b", **LEAVE})
    )

    for name, role in before.items():
        limits = [policy["PolicyName"] for policy in after[name].get("Policies", ())]
        assert limits == ([LIMITS] if "PermissionsBoundary" in role else [])


def test_a_role_that_cdk_makes_for_itself_follows_them_too() -> None:
    app = cdk.App()
    stack = cdk.Stack(app, "AStack")
    provider = cdk.CfnResource(stack, "Custom::Provider", type="AWS::IAM::Role", properties={})
    iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    names = RoleNames("dev", "us-east-1", "app-", "/p/")
    cdk.Aspects.of(stack).add(ApplyRoleRules(RoleRules(names, "arn:aws:iam::aws:policy/A", ())))

    resources = app.synth().get_stack_by_name("AStack").template["Resources"]
    made = resources[stack.get_logical_id(provider)]["Properties"]

    assert made == {
        "PermissionsBoundary": "arn:aws:iam::aws:policy/A",
        "Path": "/p/",
        "RoleName": "app-claude-on-bedrock-dev-us-east-1-custom-provider",
    }


def test_path_and_prefix_stay_from_the_first_deployment_on(syntheses: Syntheses) -> None:
    plain = {**PLAIN, **LEAVE}
    for changes, refusal in (
        ({"account.role_path": "/platform/"}, "a custom-named resource requires replacing"),
        ({"account.role_prefix": "app-"}, "in use by Gateway"),
    ):
        deployment = Deployment()
        assert deployment.update(plain, syntheses.of(plain)) == []
        after = {**plain, **changes}

        assert any(refusal in line for line in deployment.update(after, syntheses.of(after)))


def test_the_qualifier_is_the_bootstraps_in_every_template(tmp_path: Path) -> None:
    block = {**PLAIN, "account.qualifier": "platform"}
    stage = load_stage({STAGE: nested(block)}, STAGE)
    app = cdk.App(
        context=CONTEXT,
        builtin_cloud_formation_validation=False,
        outdir=str(tmp_path / "out"),
        default_stack_synthesizer=synthesizer(stage, None),
    )
    with Syntheses(tmp_path).without_packages():
        add_stacks(app, stage)
    text = json.dumps([stack.template for stack in app.synth().stacks])

    assert "/cdk-bootstrap/platform/version" in text
    assert "hnb659fds" not in text
