"""Functions in a VPC: each is in it, and its role and endpoints let through what it needs alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import aws_cdk as cdk
import pytest

from claude_bedrock.catalog import deny_policy
from claude_bedrock.cli.shared.vpc_endpoints import needed_services
from stacks.settings import load_stage
from stacks.stage import Stage
from stacks.stage_stacks import add_stacks
from tests.infrastructure.variants import FULL, VALUES, Syntheses
from tools.docs.access import authorization
from tools.docs.access.assembly import Assembly, Resource
from tools.docs.access.matrix import Inquiry
from tools.docs.access.mutants import mutants
from tools.docs.access.policy_test_cases import INVOKE
from tools.docs.access.principals import Policy, Principal
from tools.stage_blocks import ABSENT, nested
from tools.synthesis import CONTEXT

CREATED, EXISTING = VALUES["endpoint.network"][1:3]
MODEL = "claude-haiku-4-5"
# IAM asks for these in the name of a caller of CloudFormation or Lambda, and not of the function.
NO_CALLS = ("ec2:", "iam:PassRole", "logs:CreateLogStream", "logs:PutLogEvents")


def stage_with(changes: Mapping[str, object]) -> Stage:
    block = {**FULL, **changes, "models.allow": [MODEL]}
    chosen = {key: value for key, value in block.items() if value is not ABSENT}
    return load_stage({"dev": nested(chosen)}, "dev")


def assembly_of(folder: Path, changes: Mapping[str, object]) -> Assembly:
    app = cdk.App(
        context=CONTEXT, outdir=str(folder / "out"), builtin_cloud_formation_validation=False
    )
    with Syntheses(folder).without_packages():
        add_stacks(app, stage_with(changes))
        app.synth()
    return Assembly(folder / "out", "us-east-1")


CALLING: Final = {
    **CREATED,
    "callers.budgets": {"stage": [{"usd": 1, "per": "day"}]},
    "callers.caller_sessions": False,
    "logging.keep_logs_on_destroy": False,
}
"""A stage with what calls other services, in a VPC whose endpoints it creates."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("created")


@pytest.fixture(scope="module")
def created(folder: Path) -> Assembly:
    return assembly_of(folder, CALLING)


def functions(assembly: Assembly) -> list[Resource]:
    return assembly.of_type("AWS::Lambda::Function")


def endpoints(assembly: Assembly) -> dict[str, Resource]:
    """Each endpoint by its service."""
    return {
        resource.properties["ServiceName"].rpartition(".")[2]: resource
        for resource in assembly.of_type("AWS::EC2::VPCEndpoint")
    }


def statements(assembly: Assembly, service: str) -> list[dict[str, Any]]:
    document = endpoints(assembly)[service].properties["PolicyDocument"]
    resolved = assembly.resolve(document, endpoints(assembly)[service].stack)
    listed: list[dict[str, Any]] = resolved["Statement"]
    return listed


def test_each_function_runs_in_the_subnets_and_reaches_endpoints_alone(created: Assembly) -> None:
    groups = {
        assembly_group.location: assembly_group
        for assembly_group in created.of_type("AWS::EC2::SecurityGroup")
    }
    of_functions = groups["InvocationLogging/VpcEndpoints/FunctionGroup"]
    assert len(functions(created)) == 8
    for function in functions(created):
        vpc = function.properties["VpcConfig"]
        assert vpc["SubnetIds"] == ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
        (group,) = created.resolve(vpc["SecurityGroupIds"], function.stack)
        assert group == of_functions.id
    for group in groups.values():
        assert "SecurityGroupIngress" not in group.properties
        assert "0.0.0.0/0" not in json.dumps(group.properties)
    assert [
        (rule["FromPort"], rule["ToPort"], rule.get("DestinationPrefixListId", "the endpoints"))
        for rule in of_functions.properties["SecurityGroupEgress"]
    ] == [
        (443, 443, "the endpoints"),
        (443, 443, "pl-0123456789abcdef1"),
        (443, 443, "pl-0123456789abcdef0"),
    ]
    types = {resource.type for resource in created.resources}
    assert not types & {"AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::Route"}


def test_an_endpoint_has_a_way_for_each_call_of_a_function(created: Assembly) -> None:
    """What a function's role may call, the endpoint of that service lets through."""
    for action, resources in calls(created):
        prefix = action.partition(":")[0]
        service = "bedrock-runtime" if action.startswith(INVOKE) else prefix
        opened = {
            arn
            for statement in statements(created, service)
            if statement["Effect"] == "Allow" and action in statement["Action"]
            for arn in statement["Resource"]
        }
        assert set(resources) <= opened, action
    assert set(endpoints(created)) == {
        *("apigateway", "bedrock", "bedrock-runtime", "cloudformation", "dynamodb", "kms"),
        *("lambda", "logs", "s3", "sns", "ssm", "xray"),
    }
    block = {key: value for key, value in {**FULL, **CALLING}.items() if value is not ABSENT}
    assert needed_services(nested(block)) == sorted(endpoints(created))


def calls(assembly: Assembly) -> Iterator[tuple[str, list[str]]]:
    """Each action of a function's own policy, and its resources."""
    for policy in assembly.of_type("AWS::IAM::Policy"):
        document = assembly.resolve(policy.properties["PolicyDocument"], policy.stack)
        for statement in document["Statement"]:
            by_key = "kms:ViaService" in json.dumps(statement.get("Condition", {}))
            if statement["Effect"] == "Deny" or by_key or "VpcEndpoints" in policy.path:
                continue
            for action in listed(statement["Action"]):
                if not action.startswith(NO_CALLS) and is_of_function(assembly, policy):
                    yield action, listed(statement["Resource"])


def is_of_function(assembly: Assembly, policy: Resource) -> bool:
    (role,) = assembly.resolve(policy.properties["Roles"], policy.stack)
    roles = {
        assembly.resolve(function.properties["Role"], function.stack).rpartition("/")[2]
        for function in functions(assembly)
    }
    return role in roles


def listed(value: Any) -> list[Any]:  # noqa: ANN401 - one or a list of several
    return value if isinstance(value, list) else [value]


def test_the_endpoint_of_models_refuses_another_model_and_account(
    created: Assembly, folder: Path
) -> None:
    """As an IAM simulator that is not ours reads the policy."""
    bare = [
        {key: value for key, value in {"Sid": "Opened", **statement}.items() if key != "Principal"}
        for statement in statements(created, "bedrock-runtime")
    ]
    policy = Policy("endpoint", {"Version": "2012-10-17", "Statement": bare})
    inquiry = Inquiry(
        stage_with(CALLING),
        folder / "out",
        is_asked=lambda cell: cell.action in INVOKE and cell.way == "global",
    )
    own, foreign = "123456789012", "999999999999"
    inquiry.principals = [
        Principal(account, f"arn:aws:iam::{account}:role/N", (policy,))
        for account in (own, foreign)
    ]
    matrix = inquiry.matrix()
    invoked = {
        (principal.name, cell.subject)
        for principal in matrix.principals
        for cell in matrix.cells
        if matrix.allows(principal, cell)
    }
    assert len({cell.subject for cell in matrix.cells}) > 1
    assert invoked == {(own, MODEL)}


def test_a_policy_fits_whatever_models_a_stage_has(created: Assembly) -> None:
    """https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"""
    for service in endpoints(created):
        assert statements(created, service)[-1]["Sid"] == "DenyOtherAccounts"
        assert len(json.dumps(statements(created, service))) < 20_480


def test_lambda_alone_connects_a_function_and_in_its_subnets(
    created: Assembly, folder: Path
) -> None:
    """Whatever else a statement could allow, an answer would show it."""
    inquiry = Inquiry(
        stage_with(CALLING), folder / "out", is_asked=lambda cell: cell.action.startswith("ec2:")
    )
    arns = {function.properties["Role"]["Fn::GetAtt"][0] for function in functions(created)}
    inquiry.principals = [
        principal for principal in inquiry.principals if principal.name in roles(created, arns)
    ]
    altered = mutants(inquiry.principals, inquiry.cells)
    matrix, changes = inquiry.judge(altered)
    assert len(matrix.principals) == len(functions(created))
    for principal in matrix.principals:
        allowed = {
            (cell.action, cell.subject, cell.way)
            for cell in matrix.cells
            if matrix.allows(principal, cell)
        }
        assert allowed == {
            ("ec2:CreateNetworkInterface", "a subnet of the stage", "by Lambda"),
            *(
                (action, f"an interface in {place}", "by Lambda")
                for action in deny_policy.INTERFACES
                for place in ("us-east-1", "eu-west-1")
                if place == "us-east-1" or action.startswith("ec2:Describe")
            ),
        }
    assert [name for name, change in changes.items() if change is None] == []


def roles(assembly: Assembly, ids: set[str]) -> set[str]:
    return {role.location for role in assembly.of_type("AWS::IAM::Role") if role.id in ids}


def test_a_custom_resource_waits_for_the_endpoints_of_its_function(
    created: Assembly, folder: Path
) -> None:
    """CloudFormation would wait for its answer in vain."""
    name = "claude-on-bedrock-dev-InvocationLogging"
    template = json.loads((folder / "out" / f"{name}.template.json").read_text())
    waits = {
        resource["Properties"]["Handler"].partition(".")[0]: " ".join(resource["DependsOn"])
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Function"
    }
    for function, services in {
        "invocation_logging": ("bedrock", "s3", "ssm"),
        "data_retention": ("bedrock", "s3"),
        "bucket_emptier": ("cloudformation", "s3"),
    }.items():
        for needed in ("FromFunctions", *services):
            assert f"VpcEndpoints{needed}" in waits[function], (function, needed)
    assert set(waits) == {
        function.properties["Handler"].partition(".")[0]
        for function in functions(created)
        if function.stack == name
    }


def allowed_arns(assembly: Assembly, action: str) -> list[set[str]]:
    return [
        {resources} if isinstance(resources := statement["Resource"], str) else set(resources)
        for _, statement in authorization.statements(assembly)
        if statement["Effect"] == "Allow" and action in statement["Action"]
    ]


def test_existing_endpoints_are_reached_by_your_own_group(tmp_path: Path) -> None:
    made = assembly_of(tmp_path, EXISTING)
    # What another account shares has that account in its ARN, so the policies name ids alone.
    subnets = {f"arn:aws:ec2:us-east-1:*:subnet/subnet-0123456789abcdef{n}" for n in (0, 1)}
    group = "arn:aws:ec2:us-east-1:*:security-group/sg-0123456789abcdef0"
    connecting = allowed_arns(made, "ec2:CreateNetworkInterface")
    assert len(connecting) == len(functions(made))
    assert all(subnets | {group} < arns for arns in connecting)
    vpc = "arn:aws:ec2:us-east-1:*:vpc/vpc-0123456789abcdef0"
    assert allowed_arns(made, "ec2:DescribeVpcAttribute") == [{vpc}]
    assert {
        tuple(function.properties["VpcConfig"]["SecurityGroupIds"]) for function in functions(made)
    } == {("sg-0123456789abcdef0",)}
    assert not [each for each in made.resources if each.type.startswith("AWS::EC2::")]


def test_the_drift_detector_asks_iam_nothing(created: Assembly) -> None:
    """Its VPC endpoint is in one Region: the check would wait for an answer until it is ended."""
    (detector,) = (
        function
        for function in functions(created)
        if function.properties["Handler"] == "drift_detector.handler.handle"
    )
    assert detector.properties["Environment"]["Variables"]["DELIVERY_ROLE_ARN"] == ""
    called = {action for action, _ in calls(created)}
    assert not [action for action in called if action.startswith("iam:")]
    alarms = {resource.id for resource in created.of_type("AWS::CloudWatch::Alarm")}
    assert any("LogGroupDrifted" in name for name in alarms)
    assert not any("DeliveryRoleDrifted" in name for name in alarms)
