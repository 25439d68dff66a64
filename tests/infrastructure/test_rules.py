"""A template that breaks one of our own rules stops the synthesis, and the rule is named."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import aws_cdk as cdk
import pytest

import app as project
from stacks import rules
from stacks.rules import own_rules
from stacks.settings import load_stage
from tools.synthesis import CONTEXT

Resources = Mapping[str, Mapping[str, Any]]

MODEL = "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0"
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-6"
MADE = {"Fn::GetAtt": ["Profile", "InferenceProfileId"]}
TLS = {"SecurityPolicy": "SecurityPolicy_TLS13_1_3_2025_09"}
STREAMING = "/response-streaming-invocations"


def stage(**properties: object) -> Resources:
    return {"Stage": {"Type": "AWS::ApiGateway::Stage", "Properties": properties}}


def api(**properties: object) -> Resources:
    return {"Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "x", **properties}}}


def method(mode: str | None, end: str) -> Resources:
    parts = ["arn:aws:apigateway:us-east-1:lambda:path/x/functions/", {"Ref": "AWS::StackId"}, end]
    integration = {"Type": "AWS_PROXY", "Uri": {"Fn::Join": ["", parts]}}
    if mode:
        integration["ResponseTransferMode"] = mode
    return {
        "Method": {"Type": "AWS::ApiGateway::Method", "Properties": {"Integration": integration}}
    }


def policy(resource: object, **more: object) -> Resources:
    statement = {"Effect": "Allow", "Action": ["bedrock:InvokeModel"], "Resource": resource} | more
    return _document("Policy", [{key: value for key, value in statement.items() if value}])


def _document(name: str, statements: list[dict[str, object]]) -> Resources:
    document = {"Version": "2012-10-17", "Statement": statements}
    return {name: {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}}


def joined(*parts: object) -> dict[str, object]:
    return {"Fn::Join": ["", list(parts)]}


def record(broken: str, **attributes: str) -> Resources:
    """The record's resources, kept, but for `attributes` of the one called `broken`."""
    policies = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    arn = {"Fn::GetAtt": ["Key", "Arn"]}
    by_key = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn}
    sse = [{"ServerSideEncryptionByDefault": by_key}]
    properties: dict[str, tuple[str, dict[str, object]]] = {
        "Key": ("AWS::KMS::Key", {"KeyPolicy": {}}),
        "Group": ("AWS::Logs::LogGroup", {"KmsKeyId": arn}),
        "Bucket": (
            "AWS::S3::Bucket",
            {"BucketEncryption": {"ServerSideEncryptionConfiguration": sse}},
        ),
    }
    resources = {
        name: {"Type": type_, "Properties": properties_of_resource}
        | policies
        | (attributes if name == broken else {})
        for name, (type_, properties_of_resource) in properties.items()
    }
    written = {"LogGroupName": {"Ref": "Group"}, "BucketName": {"Ref": "Bucket"}}
    configuration = {"Type": "Custom::BedrockInvocationLogging", "Properties": written}
    return resources | {"Configuration": configuration}


BROKEN: dict[str, list[Resources]] = {
    "data_trace_is_off": [
        stage(MethodSettings=[{"DataTraceEnabled": False}, {"DataTraceEnabled": True}]),
        {
            "Deployment": {
                "Type": "AWS::ApiGateway::Deployment",
                "Properties": {"StageDescription": {"DataTraceEnabled": True}},
            }
        },
    ],
    "streaming_methods_use_the_streaming_uri": [method("STREAM", "/invocations")],
    "buffered_methods_use_the_plain_uri": [method("BUFFERED", STREAMING), method(None, STREAMING)],
    "apis_take_no_tls_below_1_2": [
        api(),
        api(SecurityPolicy="TLS_1_2"),
        api(SecurityPolicy="SecurityPolicy_TLS13_1_2_2021_06"),
        api(SecurityPolicy="SecurityPolicy_TLS12_2018_EDGE", EndpointAccessMode="STRICT"),
    ],
    "private_apis_take_the_names_of_vpc_endpoints": [
        api(**TLS, EndpointAccessMode="STRICT", EndpointConfiguration={"Types": ["PRIVATE"]}),
    ],
    "public_apis_take_no_other_host": [
        api(**TLS, EndpointAccessMode="BASIC"),
        api(**TLS, EndpointAccessMode="BASIC", EndpointConfiguration={"Types": ["REGIONAL"]}),
    ],
    "no_grant_by_exception": [
        policy(None, NotResource="arn:aws:s3:::x"),
        policy(MODEL, Action=None, NotAction="iam:*"),
    ],
    "only_claude_may_be_invoked": [
        policy("*"),
        policy([MODEL, "arn:aws:bedrock:us-east-1::foundation-model/*"]),
        policy(joined("arn:aws:bedrock:", {"Ref": "AWS::Region"}, "::foundation-model/meta.llama")),
        policy("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0", Action="*"),
        policy(MODEL.replace("anthropic", "amazon"), Action="bedrock:Invoke*"),
        {
            "Team": {
                "Type": "AWS::Bedrock::ApplicationInferenceProfile",
                "Properties": {"ModelSource": {"CopyFrom": PROFILE.replace("anthropic", "meta")}},
            }
        },
        {
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "Policies": [
                        {"PolicyDocument": policy(MODEL)["Policy"]["Properties"]["PolicyDocument"]}
                    ]
                },
            }
        },
    ],
    "profile_arns_are_whole": [
        policy(PROFILE.replace("us-east-1", "*")),
        policy(PROFILE.replace("us.", "usa.")),
        policy(PROFILE.replace(":123456789012", ":")),
        policy(
            joined(
                "arn:aws:bedrock::",
                {"Ref": "AWS::AccountId"},
                ":inference-profile/us.anthropic.claude-sonnet-4-6",
            )
        ),
        policy(joined("arn:aws:bedrock:us-east-1:123:application-inference-profile/", MADE)),
        policy(
            joined(
                "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-",
                MADE,
            )
        ),
        policy(
            MODEL,
            Condition={"StringLike": {"bedrock:InferenceProfileArn": [PROFILE, f"{PROFILE}*"]}},
        ),
    ],
    "the_record_outlives_its_stack": [
        record("Group", DeletionPolicy="Delete"),
        record("Bucket", DeletionPolicy="Delete"),
        record("Bucket", UpdateReplacePolicy="Delete"),
        record("Key", DeletionPolicy="Delete"),
    ],
}
CONFORMING: list[Resources] = [
    stage(MethodSettings=[{"HttpMethod": "*"}]),
    api(**TLS, EndpointAccessMode="STRICT", EndpointConfiguration={"Types": ["REGIONAL"]}),
    api(**TLS, EndpointAccessMode="BASIC", EndpointConfiguration={"Types": ["PRIVATE"]}),
    method("STREAM", STREAMING),
    method(None, "/invocations"),
    policy([MODEL, PROFILE], Condition={"StringEquals": {"bedrock:InferenceProfileArn": PROFILE}}),
    policy(
        joined(
            "arn:aws:bedrock:us-east-1:",
            {"Ref": "AWS::AccountId"},
            ":inference-profile/us.anthropic.claude-sonnet-4-6",
        )
    ),
    policy(joined("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/", MADE)),
    policy("*", Effect="Deny"),
    policy("*", Action="xray:PutTraceSegments"),
    _document("Boundary", [{"Effect": "Allow", "Action": "*", "Resource": "*"}]),
    record(""),
]


OWN_RULES = {
    name
    for path in Path(rules.__file__).parent.glob("*.guard")
    for name in re.findall(r"^rule (\w+)(?!\w*\()", path.read_text(), re.MULTILINE)
}
CASES = {
    f"{rule}-{number}": (rule, resources)
    for rule, broken in [*BROKEN.items(), ("kept", CONFORMING)]
    for number, resources in enumerate(broken)
}


@pytest.fixture(scope="module")
def violated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Stack -> our rules that it breaks, of one synthesis with a stack per case."""
    folder = tmp_path_factory.mktemp("rules")
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        _synthesize({name: resources for name, (_, resources) in CASES.items()}, folder)
    return _violations(folder)


def _synthesize(stacks: Mapping[str, Resources], folder: Path, *, retain_logs: bool = True) -> None:
    app = cdk.App(context=CONTEXT, outdir=str(folder))
    for name, resources in stacks.items():
        stack = cdk.Stack(app, _stack_name(name))
        for id_, body in resources.items():
            resource = cdk.CfnResource(stack, id_, type=body["Type"])
            for attribute, value in body.items():
                resource.add_override(attribute, value)
    cdk.Validations.of(app).add_plugins(own_rules(retain_logs=retain_logs))
    app.synth()


def _stack_name(case: str) -> str:
    return case.replace("_", "-")


def _violations(folder: Path) -> dict[str, set[str]]:
    violated_rules: dict[str, set[str]] = {}
    report = json.loads((folder / "validation-report.json").read_text())
    for plugin in report["pluginReports"]:
        for violation in plugin["violations"]:
            for construct in violation["violatingConstructs"]:
                stack = construct["constructPath"].split("/")[0]
                violated_rules.setdefault(stack, set()).add(violation["ruleName"])
    return violated_rules


@pytest.mark.parametrize("case", CASES)
def test_a_template_that_breaks_a_rule_names_it(violated: dict[str, set[str]], case: str) -> None:
    rule, _ = CASES[case]
    violated_rules = violated.get(_stack_name(case), set())
    assert violated_rules & OWN_RULES == {rule} - {"kept"}


def test_every_rule_fails_where_it_is_broken() -> None:
    assert set(BROKEN) == OWN_RULES


def test_a_stage_that_retains_nothing_may_delete_its_record(tmp_path: Path) -> None:
    (broken, *_) = BROKEN["the_record_outlives_its_stack"]
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        _synthesize({"Kept": broken, "Wrong": method("STREAM", "/x")}, tmp_path, retain_logs=False)
    assert _violations(tmp_path).get("Kept", set()) & OWN_RULES == set()


def test_a_stage_that_retains_its_logs_is_checked_by_these_rules(tmp_path: Path) -> None:
    app = cdk.App(context=CONTEXT, outdir=str(tmp_path))
    project.build(app, load_stage(CONTEXT["stages"], "prod"))
    bucket = app.node.find_child("claude-on-bedrock-prod-InvocationLogging").node.find_child(
        "Bucket"
    )
    resource = cast("cdk.CfnResource", bucket.node.find_child("Bucket").node.default_child)
    resource.apply_removal_policy(cdk.RemovalPolicy.DESTROY)
    with pytest.raises(RuntimeError, match="the_record_outlives_its_stack"):
        app.synth()
