"""Each role may do its work and nothing else, and is taken by those the stage names."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from claude_bedrock.catalog.inference_actions import DENIALS
from stacks.settings import load_stage
from tests.commands import commands
from tests.infrastructure.rendering import text, texts
from tools.docs.access.matrix import Inquiry
from tools.docs.access.mutants import mutants
from tools.docs.pages import blocks, codes, read, section
from tools.stage_blocks import with_names
from tools.synthesis import CONTEXT, ROOT, Resource, Synthesis, synthesize

STACK = "ModelAccess"
ACCOUNT = "arn:aws:iam::123456789012"
LOGS = "arn:aws:logs:us-east-1:123456789012"
RETENTION = "How retention computes the days"
GITHUB = "token.actions.githubusercontent.com"
READS = (
    *("Describe", "Get", "List", "Lookup", "Filter", "Scan"),
    *("StartQuery", "StopQuery", "Decrypt"),
)


NAMED: dict[str, Any] = {
    "fallback_geographies": ["global"],
    "data_retention": "none",
    "guardrail": {"id": "abc123", "version": "2"},
    "short_term_bearer_tokens": True,
    "qualifier": "company",
    "roles": {
        "application": {
            "principals": [f"{ACCOUNT}:role/search", "arn:aws:iam::444455556666:user/ci"],
            "github": [
                "octo-org/search:ref:refs/heads/main",
                "octo-org/search:environment:prod",
            ],
        },
        "auditor": {"principals": [f"{ACCOUNT}:role/compliance"]},
        "setup": {"github": ["octo-org/platform:environment:prod"]},
        "deploy": {"github": ["octo-org@123/platform@456:ref:refs/heads/main"]},
    },
}


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    """A stage that names who takes its roles, and asks for all that the guard can hold it to."""
    return synthesize("prod", tmp_path_factory.mktemp("named"), **NAMED)


def role(synthesis: Synthesis, purpose: str) -> Resource:
    (match,) = [
        resource
        for resource in synthesis.resources(STACK, "AWS::IAM::Role")
        if resource.properties["RoleName"].endswith(f"-{purpose}")
    ]
    return match


def own_statements(synthesis: Synthesis, purpose: str) -> Iterator[dict[str, Any]]:
    """What the role's policies say, apart from those for whoever calls models."""
    own = role(synthesis, purpose)
    reference, name = f"<{own.id}>", own.properties["RoleName"]
    for stack in (STACK, "Gateway"):
        for type_ in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            for policy in synthesis.resources(stack, type_):
                holders = texts(policy.properties.get("Roles", []))
                if any(holder == name or _is(reference, holder) for holder in holders):
                    yield from policy.properties["PolicyDocument"]["Statement"]


def _is(reference: str, holder: str) -> bool:
    """A role of another stack is imported, under a name that holds its own."""
    return holder == reference or reference.strip("<>") in holder


def actions(synthesis: Synthesis, purpose: str, effect: str) -> set[str]:
    return {
        action
        for statement in own_statements(synthesis, purpose)
        if statement["Effect"] == effect
        for action in texts(statement["Action"])
    }


def allows(synthesis: Synthesis, purpose: str, action: str, resource: str) -> bool:
    """Whether the role's own policies allow it, where every condition holds."""
    effects = {
        statement["Effect"]
        for statement in own_statements(synthesis, purpose)
        if any(fnmatch.fnmatchcase(action, pattern) for pattern in texts(statement["Action"]))
        and any(fnmatch.fnmatchcase(resource, pattern) for pattern in texts(statement["Resource"]))
    }
    return effects == {"Allow"}


def default_plan(synthesis: Synthesis) -> str:
    (plan,) = [
        resource.id
        for resource in synthesis.resources("Gateway", "AWS::ApiGateway::UsagePlan")
        if resource.properties["UsagePlanName"] == f"claude-on-bedrock-{synthesis.stage}"
    ]
    return plan


def trust(synthesis: Synthesis, purpose: str) -> list[dict[str, Any]]:
    document = role(synthesis, purpose).properties["AssumeRolePolicyDocument"]
    statements_of_trust: list[dict[str, Any]] = document["Statement"]
    return statements_of_trust


def test_outputs_name_policies_and_roles(any_stage: Synthesis) -> None:
    outputs = any_stage.template(STACK)["Outputs"]
    setup = {"SetupRoleArn"} if any_stage.stage == "local" else set()
    between_stacks = ("ExportsOutput", "PublishOutput")
    assert {name for name in outputs if not name.startswith(between_stacks)} == setup | {
        *("InvokePolicyArn", "GuardPolicyArn", "BoundaryPolicyArn", "Settings"),
        *("TeamProfileArns", "TeamPolicyArns"),
        *("ApplicationRoleArn", "AuditorRoleArn", "OperatorRoleArn"),
    }


def test_a_role_without_principals_is_the_accounts_to_assign(prod: Synthesis) -> None:
    for purpose in ("application", "auditor", "operator"):
        (statement,) = trust(prod, purpose)
        assert texts(statement["Principal"]["AWS"]) == [f"{ACCOUNT}:root"]
        assert statement["Action"] == "sts:AssumeRole"
    made = {resource.properties["RoleName"] for resource in prod.resources(STACK, "AWS::IAM::Role")}
    assert not [name for name in made if name.endswith("setup")]


def test_named_principals_take_a_role_and_the_account_as_such_does_not(named: Synthesis) -> None:
    principals = {
        arn
        for statement in trust(named, "application")
        if statement["Action"] == "sts:AssumeRole"
        for arn in texts(statement["Principal"]["AWS"])
    }
    assert principals == {f"{ACCOUNT}:role/search", "arn:aws:iam::444455556666:user/ci"}
    (auditor,) = trust(named, "auditor")
    assert texts(auditor["Principal"]["AWS"]) == [f"{ACCOUNT}:role/compliance"]


def test_a_workflow_takes_a_role_by_audience_and_full_subject(named: Synthesis) -> None:
    for purpose, subjects in (
        (
            "application",
            [
                "repo:octo-org/search:ref:refs/heads/main",
                "repo:octo-org/search:environment:prod",
            ],
        ),
        ("setup", ["repo:octo-org/platform:environment:prod"]),
        ("deploy", ["repo:octo-org@123/platform@456:ref:refs/heads/main"]),
    ):
        (statement,) = [item for item in trust(named, purpose) if "Federated" in item["Principal"]]
        assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
        assert text(statement["Principal"]["Federated"]) == f"{ACCOUNT}:oidc-provider/{GITHUB}"
        assert list(statement["Condition"]) == ["StringEquals"]
        condition = statement["Condition"]["StringEquals"]
        assert condition[f"{GITHUB}:aud"] == "sts.amazonaws.com"
        assert texts(condition[f"{GITHUB}:sub"]) == subjects
    assert not [
        resource for resource in named.everything() if resource.type == "AWS::IAM::OIDCProvider"
    ], "the provider is the account's"


def test_a_pipeline_takes_three_roles_of_the_stages_bootstrap_and_nobody_takes_another(
    named: Synthesis,
) -> None:
    block = with_names(CONTEXT["stages"]["prod"], **NAMED)
    inquiry = Inquiry(
        load_stage({"prod": block}, "prod"),
        named.folder,
        is_asked=lambda cell: cell.subject.startswith("the ") and "-role" in cell.subject,
    )
    (deploy,) = [each for each in inquiry.principals if each.arn.endswith("-deploy")]
    matrix, changes = inquiry.judge(mutants([deploy], inquiry.cells))
    assert len(matrix.cells) == 15
    assert {
        (principal.name, cell.subject)
        for principal in matrix.principals
        for cell in matrix.cells
        if not principal.made_up and matrix.allows(principal, cell)
    } == {
        (deploy.name, f"the {role}")
        for role in ("deploy-role", "file-publishing-role", "lookup-role")
    }
    assert len(changes) == 4
    assert None not in changes.values()
    assert "bedrock:InvokeModel" in actions(named, "deploy", "Deny")


def test_the_deploy_roles_policy_is_the_one_of_the_page_for_a_person(named: Synthesis) -> None:
    (block,) = [each for each in blocks(read("docs/deploy-permissions.md")) if "```json" in each]
    (statement,) = json.loads(block[7:-3])["Statement"]
    (own,) = [each for each in own_statements(named, "deploy") if each["Sid"] == statement["Sid"]]
    region = CONTEXT["stages"]["prod"]["region"]
    assert texts(own["Resource"]) == [
        arn.replace("hnb659fds", "company").replace("us-east-1", region)
        for arn in statement["Resource"]
    ]


def test_the_application_role_holds_what_calls_and_what_guards_and_no_more(
    any_stage: Synthesis,
) -> None:
    properties = role(any_stage, "application").properties
    held = [arn.strip("<>")[:6] for arn in texts(properties["ManagedPolicyArns"])]
    assert set(held) == {"Invoke", "GuardD"}
    assert "GuardBoundary" in text(properties["PermissionsBoundary"])
    assert not list(own_statements(any_stage, "application"))


def test_no_role_holds_more_policies_than_iam_lets_it(any_stage: Synthesis) -> None:
    for resource in any_stage.everything():
        if resource.type == "AWS::IAM::Role":
            assert len(resource.properties.get("ManagedPolicyArns", [])) <= 9  # one may be added


@pytest.mark.parametrize("purpose", ["auditor", "operator"])
def test_a_viewer_never_invokes(any_stage: Synthesis, purpose: str) -> None:
    invoking = {"bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream", *DENIALS}
    assert invoking <= actions(any_stage, purpose, "Deny")
    assert not [
        action
        for action in actions(any_stage, purpose, "Allow")
        if action.startswith(("bedrock:Invoke", "bedrock:Create", "bedrock-mantle:"))
    ]
    assert "ManagedPolicyArns" not in role(any_stage, purpose).properties


def test_an_auditor_changes_nothing(any_stage: Synthesis) -> None:
    allowed = {action.partition(":")[2] for action in actions(any_stage, "auditor", "Allow")}
    assert {"GetObject", "FilterLogEvents", "Decrypt", "LookupEvents"} <= allowed
    assert not [action for action in allowed if not action.startswith(READS)]


def test_an_auditor_reads_records_of_the_stage_only(prod: Synthesis) -> None:
    logs = "arn:aws:logs:eu-central-1:123456789012:log-group"
    own = f"{logs}:/claude-on-bedrock/prod"

    assert allows(prod, "auditor", "logs:FilterLogEvents", f"{own}/invocations:*")
    assert allows(prod, "auditor", "logs:GetLogEvents", f"{own}/gateway:log-stream:a")
    assert not allows(prod, "auditor", "logs:FilterLogEvents", f"{logs}:/aws/lambda/x:*")
    decrypts = [
        statement
        for statement in own_statements(prod, "auditor")
        if "kms:Decrypt" in texts(statement["Action"]) and statement["Effect"] == "Allow"
    ]
    for decrypt in decrypts:
        assert decrypt["Condition"]["StringEquals"] == {
            "kms:ViaService": "s3.eu-central-1.amazonaws.com"
        }


def test_an_operator_reads_audit_lines_and_no_record(prod: Synthesis) -> None:
    own = "arn:aws:logs:eu-central-1:123456789012:log-group:/claude-on-bedrock/prod"
    key = text(prod.template("InvocationLogging")["Outputs"]["KeyArn"]["Value"])

    assert allows(prod, "operator", "logs:FilterLogEvents", f"{own}/gateway:*")
    where_alarms_lead = ("verification", "drift-detector", "canary", "api-key-expiry")
    for group in where_alarms_lead:
        assert allows(prod, "operator", "logs:FilterLogEvents", f"{own}/{group}:*")
    assert not allows(prod, "operator", "logs:FilterLogEvents", f"{own}/invocations:*")
    denied = [
        statement for statement in own_statements(prod, "operator") if statement["Effect"] == "Deny"
    ]
    assert {action for statement in denied for action in texts(statement["Action"])} >= {
        *("s3:GetObject", "s3:GetObjectVersion", "kms:Decrypt", "logs:GetLogEvents"),
    }
    (decrypt,) = [statement for statement in denied if "kms:Decrypt" in texts(statement["Action"])]
    assert key.strip("<>").split(".")[0] in text(decrypt["Resource"])


RUNBOOKS = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
BY_AUDITORS = {"budgets", "evidence", "logs", "retention", "verify"}
NAMED_OTHERWISE = {
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
}


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.stem)
def test_the_on_call_role_may_read_what_runbooks_need(
    page: Path, request: pytest.FixtureRequest
) -> None:
    has_table = "evidence.audit_entry_table" in read(page)
    stage: Synthesis = request.getfixturevalue("with_entry_table" if has_table else "local")
    logs = LOGS.replace("us-east-1", stage.settings.region)
    investigation = read(page).partition("## Investigate")[2].partition("## Resolve")[0]
    before, *steps = re.split(r"```(?=insights|bash)", investigation)
    for step in steps:
        purpose = "auditor" if "(auditor)" in before else "operator"
        block, _, before = step.partition("```")
        for group in re.findall(r"claude-on-bedrock/STAGE/([a-z-]+)`", investigation):
            arn = f"{logs}:log-group:/claude-on-bedrock/{stage.stage}/{group}:*"
            assert allows(stage, purpose, "logs:StartQuery", arn), (purpose, group)
        for program, *words in commands(f"```{block}```"):
            if program == "claude-bedrock":
                assert (words[0] in BY_AUDITORS) == (purpose == "auditor"), (purpose, words)
            else:
                assert action_of(words) in actions(stage, purpose, "Allow"), (purpose, words)


def action_of(words: list[str]) -> str:
    """What a command of the AWS CLI asks for in IAM."""
    service, operation = words[0].removesuffix("api"), words[1].title().replace("-", "")
    return NAMED_OTHERWISE.get(f"{service}:{operation}", f"{service}:{operation}")


@pytest.mark.parametrize(
    ("action", "path", "condition"),
    [
        ("apigateway:GET", "/apikeys", None),
        ("apigateway:POST", "/apikeys", "aws:RequestTag/claude-on-bedrock"),
        ("apigateway:GET", "/apikeys/a1", "aws:ResourceTag/claude-on-bedrock"),
        ("apigateway:PATCH", "/apikeys/a1", "aws:ResourceTag/claude-on-bedrock"),
        ("apigateway:DELETE", "/apikeys/a1", "aws:ResourceTag/claude-on-bedrock"),
        ("apigateway:GET", "/usageplans/PLAN", None),
        ("apigateway:GET", "/usageplans/PLAN/usage", None),
        ("apigateway:POST", "/usageplans/PLAN/keys", None),
        ("apigateway:DELETE", "/usageplans/PLAN/keys/a1", None),
    ],
)
def test_an_operator_hands_out_the_stages_keys(
    any_stage: Synthesis, action: str, path: str, condition: str | None
) -> None:
    plan = default_plan(any_stage)
    region = CONTEXT["stages"][any_stage.stage]["region"]
    resource = f"arn:aws:apigateway:{region}::{path.replace('PLAN', f'<{plan}>')}"

    assert allows(any_stage, "operator", action, resource)
    conditions = [
        statement.get("Condition", {}).get("StringEquals", {})
        for statement in own_statements(any_stage, "operator")
        if action in texts(statement["Action"])
        and any(fnmatch.fnmatchcase(resource, pattern) for pattern in texts(statement["Resource"]))
    ]
    expected = {condition: any_stage.stage} if condition else {}
    assert conditions == [expected]


@pytest.mark.parametrize(
    ("has", "gets", "allowed"),
    [
        (None, "prod", True),  # a new key
        ("prod", "prod", True),
        ("prod", None, True),  # when it ends
        ("prod", "another", False),
        ("another", "prod", False),
        ("another", "another", False),
        (None, None, False),
    ],
)
def test_an_operator_moves_no_key_between_stages(
    prod: Synthesis, has: str | None, gets: str | None, allowed: bool
) -> None:
    tag = "claude-on-bedrock"
    context = {f"aws:ResourceTag/{tag}": has, f"aws:RequestTag/{tag}": gets}
    tagging = [
        statement["Condition"]
        for statement in own_statements(prod, "operator")
        if "apigateway:PUT" in texts(statement["Action"])
    ]
    assert any(_holds(condition, context) for condition in tagging) == allowed


def _holds(condition: Mapping[str, Mapping[str, str]], context: Mapping[str, str | None]) -> bool:
    """Whether a condition of StringEquals, with or without IfExists, holds for these tags."""
    return all(
        context[key] == value or (operator.endswith("IfExists") and context[key] is None)
        for operator, tests in condition.items()
        for key, value in tests.items()
    )


def test_an_operator_changes_neither_plans_nor_the_api(any_stage: Synthesis) -> None:
    plan = default_plan(any_stage)
    api = any_stage.only("Gateway", "AWS::ApiGateway::RestApi").id
    base = f"arn:aws:apigateway:{CONTEXT['stages'][any_stage.stage]['region']}::"

    for path in (f"/usageplans/<{plan}>", "/usageplans/other/keys", f"/restapis/<{api}>"):
        for action in ("apigateway:POST", "apigateway:PATCH", "apigateway:DELETE"):
            assert not allows(any_stage, "operator", action, base + path)
    assert allows(any_stage, "operator", "apigateway:GET", f"{base}/restapis/<{api}>/stages")
    assert not allows(any_stage, "operator", "apigateway:GET", f"{base}/restapis/other")


def test_only_the_setup_role_subscribes_and_only_by_bedrock(local: Synthesis) -> None:
    written = {
        resource.id: json.dumps(resource.properties)
        for resource in local.everything()
        if resource.type in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
    }
    holders = {name for name, body in written.items() if "aws-marketplace:" in body}
    assert [name.partition("Role")[0] for name in holders] == ["Setup"]
    (subscribing,) = [
        statement
        for statement in own_statements(local, "setup")
        if "aws-marketplace:Subscribe" in texts(statement["Action"])
    ]
    assert texts(subscribing["Action"]) == [
        *("aws-marketplace:Subscribe", "aws-marketplace:Unsubscribe"),
    ]
    assert subscribing["Condition"] == {
        "StringEquals": {"aws:CalledViaLast": "bedrock.amazonaws.com"}
    }


def test_the_guards_exceptions_are_the_roles_that_are_made(named: Synthesis) -> None:
    made = {
        resource.properties["RoleName"]
        for resource in named.everything()
        if resource.type == "AWS::IAM::Role" and "RoleName" in resource.properties
    }
    excepted = {
        texts(condition["aws:PrincipalArn"])[0].rpartition("/")[2]
        for policy in named.resources(STACK, "AWS::IAM::ManagedPolicy")
        for statement in policy.properties["PolicyDocument"]["Statement"]
        if "aws:PrincipalArn"
        in (condition := statement.get("Condition", {}).get("ArnNotEquals", {}))
    }
    name = "claude-on-bedrock-prod-eu-central-1"
    assert excepted == {f"{name}-logging", f"{name}-data-retention"}
    assert excepted <= made


def test_what_the_stage_requires_is_in_the_guard(named: Synthesis) -> None:
    (denials,) = [
        resource
        for resource in named.resources(STACK, "AWS::IAM::ManagedPolicy")
        if resource.id.startswith("GuardDenials")
    ]
    sids = {statement["Sid"] for statement in denials.properties["PolicyDocument"]["Statement"]}
    assert {"DenyWithoutGuardrail", "DenyOtherDataRetention", "DenyLongTermBearerTokens"} <= sids
    assert "DenyGlobalRouting" not in sids


def test_where_requests_are_signed_the_application_role_may_call_the_endpoint(
    tmp_path: Path,
) -> None:
    signed = synthesize("dev", tmp_path, auth="iam", quota=None)
    api = signed.only("Gateway", "AWS::ApiGateway::RestApi").id

    (calling,) = [
        statement
        for statement in own_statements(signed, "application")
        if statement["Action"] == "execute-api:Invoke"
    ]
    where = f"arn:aws:execute-api:us-east-1:123456789012:<{api}>/dev"
    assert set(texts(calling["Resource"])) == {f"{where}/GET/*", f"{where}/POST/*"}
    bounds = {
        text(resource)
        for policy in signed.resources(STACK, "AWS::IAM::ManagedPolicy")
        if policy.id.startswith("GuardBoundary")
        for statement in policy.properties["PolicyDocument"]["Statement"]
        if statement["Action"] == "execute-api:Invoke"
        for resource in [statement["Resource"]]
    }
    assert bounds == {"arn:aws:execute-api:us-east-1:123456789012:*/dev/*"}
    assert not [
        action for action in actions(signed, "operator", "Allow") if action == "apigateway:POST"
    ]


def test_the_auditor_may_read_how_long_everything_is_retained(any_stage: Synthesis) -> None:
    action = re.compile(r"(?:cloudformation|logs|s3|kms):(?:Get|Describe)\w+")
    documented = set(filter(action.fullmatch, codes(section("docs/cli.md", RETENTION))))
    called = {
        *action.findall(read("claude_bedrock/cli/retention/locations.py")),
        "cloudformation:DescribeStacks",
    }
    assert documented == called
    assert called <= {
        action
        for statement in own_statements(any_stage, "auditor")
        if statement["Effect"] == "Allow"
        for action in texts(statement["Action"])
    }
