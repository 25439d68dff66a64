"""The halves fit: what the stacks give is what the functions read, write and call."""

from __future__ import annotations

import ast
import datetime as dt
import importlib
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import boto3
import pytest
from aws_lambda_powertools.metrics import EphemeralMetrics
from moto import mock_aws

from canary import handler as canary
from claude_bedrock import catalog
from claude_bedrock.cli.doctor.checks import bootstrap, concurrency
from claude_bedrock.cli.shared.stage_settings import from_output, written
from claude_bedrock.logging_config import drift
from claude_bedrock.logging_config.configuration import desired
from claude_bedrock.logging_config.resource_policy import Request, is_allowed
from claude_bedrock.retention.locations import AUDIT_LOGS, storage_locations
from claude_bedrock.retention.log_group import audit_days
from data_retention import handler as data_retention
from drift_detector import handler
from gateway import settings
from stacks.components.observability.log_group import RETENTION
from stacks.stage.logs import RetentionDays
from tests.infrastructure.rendering import text, texts, watched_metrics
from tools.stage_blocks import with_names
from tools.synthesis import CONTEXT, ROOT, Resource, Synthesis, synthesize
from verification import handler as verification

SOURCES = ROOT / "lambda"
PROFILE = "AWS::Bedrock::ApplicationInferenceProfile"
PROFILE_ID = "a1b2c3d4e5f6"
"""As Bedrock makes them, once the profile is there."""
AS_FUNCTION = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}


def functions(synthesis: Synthesis) -> Iterator[tuple[str, Resource]]:
    for stack in ("InvocationLogging", "Gateway"):
        for function in synthesis.resources(stack, "AWS::Lambda::Function"):
            yield stack, function


def environment(synthesis: Synthesis, handler: str) -> dict[str, str]:
    (function,) = [
        function
        for _, function in functions(synthesis)
        if function.properties["Handler"] == handler
    ]
    variables = function.properties["Environment"]["Variables"]
    region = CONTEXT["stages"][synthesis.stage]["region"]
    return {"AWS_REGION": region, **{name: text(value) for name, value in variables.items()}}


def shipped(synthesis: Synthesis, function: Resource) -> dict[str, zipfile.ZipInfo]:
    """What is in the function's zip, by name."""
    with zipfile.ZipFile(
        synthesis.folder / f"asset.{function.properties['Code']['S3Key']}"
    ) as zip_:
        return {entry.filename: entry for entry in zip_.infolist()}


def strings(package: str) -> set[str]:
    """Every string constant in the sources of `package`."""
    return {
        node.value
        for path in (SOURCES / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_the_gateway_understands_its_environment(any_stage: Synthesis) -> None:
    variables = environment(any_stage, "gateway.handler.handle")
    region = {"prod": "eu-central-1"}.get(any_stage.stage, "us-east-1")
    read = settings.load({**variables, "AWS_REGION": region})
    stage = any_stage.settings
    assert read.stage == any_stage.stage
    assert read.geographies == stage.models.geographies
    assert read.allowed_models == set(stage.models.allow)
    assert set(read.api_key_names.values()) == set(stage.key_names)
    assert read.max_body_bytes == 5_000_000
    assert read.ping_seconds == 15


def test_the_gateway_knows_the_teams_profiles_as_the_outputs_list_them(local: Synthesis) -> None:
    variables = environment(local, "gateway.handler.handle")
    read = settings.load({**variables, "AWS_REGION": "us-east-1"}).team_profiles
    output = local.template("ModelAccess")["Outputs"]["TeamProfileArns"]["Value"]
    outputs = json.loads(text(output))
    assert {team: set(arns) for team, arns in read.items()} == {
        team: set(arns) for team, arns in outputs.items()
    }
    profiles = {resource.id: resource for resource in local.resources("ModelAccess", PROFILE)}
    prefix = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/"
    for team, arns in read.items():
        for copied_id, arn in arns.items():
            made = profiles[outputs[team][copied_id].strip("<>").split(".")[0]]
            copied = text(made.properties["ModelSource"]["CopyFrom"])
            assert copied.endswith(f":inference-profile/{copied_id}")
            assert arn.startswith(prefix)
            assert f"FnGetAtt{made.id}InferenceProfileId" in arn


def test_a_stage_without_teams_configures_none_in_the_gateway(prod: Synthesis) -> None:
    variables = environment(prod, "gateway.handler.handle")
    assert settings.load({**variables, "AWS_REGION": "eu-central-1"}).team_profiles == {}


def test_the_gateway_knows_plans_and_sends_the_guardrail_that_iam_requires(tmp_path: Path) -> None:
    enforced = {"id": "abc123", "version": "2"}
    plan = {"throttle": {"rate_per_second": 1, "burst": 5}}
    plans = {"trial": {**plan, "models": ["claude-haiku-4-5"]}, "batch": plan}
    synthesis = synthesize("dev", tmp_path, guardrail=enforced, plans=plans)
    variables = environment(synthesis, "gateway.handler.handle")
    read = settings.load({**variables, "AWS_REGION": "us-east-1"})
    assert read.guardrail == (enforced["id"], enforced["version"])
    assert read.plan_models == {"trial": {"claude-haiku-4-5"}}
    policies = synthesis.resources("ModelAccess", "AWS::IAM::ManagedPolicy")
    conditions = [
        statement.get("Condition", {}).get("StringEquals", {})
        for policy in policies
        for statement in policy.properties["PolicyDocument"]["Statement"]
    ]
    key = "bedrock:GuardrailIdentifier"
    guardrails = {text(condition[key]) for condition in conditions if key in condition}
    assert guardrails == {"arn:aws:bedrock:us-east-1:123456789012:guardrail/abc123:2"}


def test_the_gateway_sends_a_teams_guardrail_which_the_teams_own_role_needs_too(
    tmp_path: Path,
) -> None:
    teams = {"search": {"guardrail": {"id": "abc123", "version": "2"}}, "support": {"a": "b"}}
    synthesis = synthesize("dev", tmp_path, teams=teams, messages_upstream="messages")
    variables = environment(synthesis, "gateway.handler.handle")
    read = settings.load({**variables, "AWS_REGION": "us-east-1"})
    assert (read.guardrail, read.messages_upstream) == (None, "messages")
    assert read.team_guardrails == {"search": ("abc123", "2")}
    actions = {
        policy.id[: policy.id.index("Policy")]: [
            statement["Action"] for statement in policy.properties["PolicyDocument"]["Statement"]
        ]
        for policy in synthesis.resources("ModelAccess", "AWS::IAM::ManagedPolicy")
        if policy.id.startswith("TeamInvoke")
    }
    apply = "bedrock:ApplyGuardrail"
    assert {name: apply in names for name, names in actions.items()} == {
        "TeamInvokesearch": True,
        "TeamInvokesupport": False,
    }


def test_the_gateways_environment_fits_its_limit(any_stage: Synthesis) -> None:
    variables = environment(any_stage, "gateway.handler.handle")
    deployed = {name: re.sub(r"<[^>]*>", PROFILE_ID, value) for name, value in variables.items()}
    assert sum(len(name) + len(value) for name, value in deployed.items()) < 4096


def test_the_gateway_can_resolve_each_model_it_is_allowed(any_stage: Synthesis) -> None:
    variables = environment(any_stage, "gateway.handler.handle")
    for name in variables["ALLOWED_MODELS"].split(","):
        resolved = catalog.resolve(
            name,
            allowed=variables["ALLOWED_MODELS"].split(","),
            routes=variables["GEOGRAPHIES"].split(","),
            region=json.loads((ROOT / "cdk.json").read_text())["context"]["stages"][
                any_stage.stage
            ]["region"],
            today="2026-11-23",
        )
        granted = [
            arn
            for policy in any_stage.resources("ModelAccess", "AWS::IAM::ManagedPolicy")
            for statement in policy.properties["PolicyDocument"]["Statement"]
            for arn in texts(statement.get("Resource", []))
        ]
        for profile_id in resolved.profile_ids:
            assert [arn for arn in granted if arn.endswith(f"/{profile_id}")]


def test_every_handler_exists_in_its_zip(any_stage: Synthesis) -> None:
    for _, function in functions(any_stage):
        module, name = function.properties["Handler"].rsplit(".", 1)
        assert f"{module.replace('.', '/')}.py" in shipped(any_stage, function)
        assert callable(getattr(importlib.import_module(module), name))


def test_the_wrapper_script_is_in_the_zip_and_can_be_run(any_stage: Synthesis) -> None:
    (function,) = [
        function_
        for _, function_ in functions(any_stage)
        if function_.properties["Handler"] == "gateway.handler.handle"
    ]
    wrapper = environment(any_stage, "gateway.handler.handle")["AWS_LAMBDA_EXEC_WRAPPER"]
    script = shipped(any_stage, function)[wrapper.removeprefix("/var/task/")]
    assert (script.external_attr >> 16) & 0o111 == 0o111


HANDLERS = {
    "canary": "canary.handler.handle",
    "drift-detector": "drift_detector.handler.handle",
    "gateway": "gateway.handler.handle",
    "verification": "verification.handler.handle",
}
"""The functions that write metrics, by what they call their service."""
WITH_CANARY = "local"


def test_every_metric_watched_is_written_by_its_function(any_stage: Synthesis) -> None:
    dashboard = any_stage.only("Observability", "AWS::CloudWatch::Dashboard")
    charted = _metrics_of(json.loads(text(dashboard.properties["DashboardBody"])))
    watched = {name: set[str]() for name in HANDLERS}
    for metric in _watched_of_ours(any_stage):
        watched[_dimensions(metric)["service"]].add(metric["MetricName"])
    watched["gateway"] |= {name for namespace, name in charted if namespace == "ClaudeOnBedrock"}
    assert {"BedrockThrottles", "FirstByteLatency", "Requests"} <= watched["gateway"]
    assert {"InvocationRecordMissing", "VerifiedHours"} <= watched["verification"]
    assert {"InvocationLoggingDisabled", "DriftDetectorRuns"} <= watched["drift-detector"]
    canary = {"CanaryFailures", "CanaryRuns"} if any_stage.stage == WITH_CANARY else set()
    assert watched["canary"] == canary
    for service, names in watched.items():
        assert names <= strings(HANDLERS[service].split(".", maxsplit=1)[0])


def _metrics_of(body: dict[str, Any]) -> set[tuple[str, str]]:
    widgets = [widget["properties"].get("metrics", []) for widget in body["widgets"]]
    return {(line[0], line[1]) for lines in widgets for line in lines}


def _watched_of_ours(synthesis: Synthesis) -> list[Mapping[str, Any]]:
    alarms = synthesis.resources("Observability", "AWS::CloudWatch::Alarm")
    metrics = [metric for alarm in alarms for metric in watched_metrics(alarm.properties)]
    return [metric for metric in metrics if metric["Namespace"] == "ClaudeOnBedrock"]


def _dimensions(metric: Mapping[str, Any]) -> dict[str, str]:
    return {dimension["Name"]: dimension["Value"] for dimension in metric["Dimensions"]}


@pytest.mark.parametrize("service", HANDLERS)
def test_alarms_read_the_dimensions_that_functions_write(
    any_stage: Synthesis, monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    if service == "canary" and any_stage.stage != WITH_CANARY:
        assert HANDLERS[service] not in {
            function.properties["Handler"] for _, function in functions(any_stage)
        }
        return
    variables = environment(any_stage, HANDLERS[service])
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == "ClaudeOnBedrock"
    for name in ("POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"):
        monkeypatch.setenv(name, variables[name])
    metrics = EphemeralMetrics()
    metrics.add_dimension("stage", variables["STAGE"])
    metrics.add_metric("Requests", "Count", 1)
    written: dict[str, Any] = dict(metrics.serialize_metric_set())
    (dimensions,) = written["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
    dimensions_of_alarms = [_dimensions(our) for our in _watched_of_ours(any_stage)]
    assert {name: written[name] for name in dimensions} in dimensions_of_alarms


def test_the_verification_understands_its_environment(any_stage: Synthesis) -> None:
    variables = environment(any_stage, HANDLERS["verification"])
    read = verification.bounds(json.loads(variables["BOUNDS"]))
    outputs = any_stage.template("ModelAccess")["Outputs"]
    stage = from_output("", text(outputs["Settings"]["Value"]))
    assert read == (stage.region, stage.residency, stage.geographies, stage.models)
    groups = {
        resource.properties["LogGroupName"]
        for resource in any_stage.resources("Gateway", "AWS::Logs::LogGroup")
    }
    assert {variables["AUDIT_LOG_GROUP"], variables["ACCESS_LOG_GROUP"]} <= groups
    read_groups = {
        resource.rpartition("log-group:")[2]
        for statement in _statements(any_stage, HANDLERS["verification"])
        if "logs:FilterLogEvents" in texts(statement["Action"])
        for resource in texts(statement["Resource"])
    }
    assert {variables["AUDIT_LOG_GROUP"], variables["ACCESS_LOG_GROUP"]} <= read_groups
    roles = {
        resource.properties["RoleName"].rpartition("-")[2]: resource
        for resource in any_stage.resources("Gateway", "AWS::IAM::Role")
        if "RoleName" in resource.properties
    }
    assert set(roles) == {"function", "caller"}
    name = roles["caller"].properties["RoleName"]
    assert variables["CALLER_ROLE"].endswith(f":role/{name}")
    assert variables["GATEWAY_ROLE"] == variables["CALLER_ROLE"].replace("-caller", "-gateway")
    assert all(len(role.properties["RoleName"]) <= 64 for role in roles.values())
    outputs = any_stage.template("Gateway")["Outputs"]
    assert text(outputs["FunctionRoleArn"]["Value"]) == f"<{roles['function'].id}.Arn>"
    assert text(outputs["CallerRoleArn"]["Value"]) == f"<{roles['caller'].id}.Arn>"
    (of_function,) = [
        resource.properties["Environment"]["Variables"]
        for resource in any_stage.resources("Gateway", "AWS::Lambda::Function")
        if "CALLER_ROLE_ARN" in str(resource.properties.get("Environment"))
    ]
    assert text(of_function["CALLER_ROLE_ARN"]) == variables["CALLER_ROLE"]
    bucket = any_stage.log_bucket().id
    configuration = any_stage.only("InvocationLogging", "Custom::BedrockInvocationLogging").id
    assert variables["EVIDENCE_BUCKET"] == f"<{bucket}>"
    assert variables["LOG_BUCKET"] == f"<{configuration}.BucketName>"
    assert variables["LOG_GROUP"] == f"<{configuration}.LogGroupName>"
    assert variables["LOGGING_CONFIGURATION"] == f"<{configuration}.Configuration>"
    assert int(variables["RETENTION_DAYS"]) == stage.retention_days
    own = any_stage.resources("InvocationLogging", "AWS::Logs::LogGroup")
    assert variables["HASH_LOG_GROUP"] in {group.properties["LogGroupName"] for group in own}


def test_the_drift_detector_understands_its_environment(any_stage: Synthesis) -> None:
    variables = environment(any_stage, HANDLERS["drift-detector"])
    configuration = any_stage.only("InvocationLogging", "Custom::BedrockInvocationLogging")
    assert variables["LOGGING_CONFIGURATION"] == f"<{configuration.id}.Configuration>"
    own = desired({name: text(value) for name, value in configuration.properties.items()})
    configured = {**variables, "LOGGING_CONFIGURATION": json.dumps(own)}
    read = handler.read(configured, "123456789012")
    assert read.retention_days == {"prod": 60}.get(any_stage.stage, 30)
    bucket = any_stage.log_bucket()
    assert {location.bucket for location in storage_locations(read.configuration)} == {
        f"<{bucket.id}>"
    }
    assert read.bucket == f"<{bucket.id}>"
    names = {f"<{bucket.id}.Arn>": f"arn:aws:s3:::<{bucket.id}>"}
    policy = any_stage.log_bucket_policy()
    deployed = _as_deployed(policy.properties["PolicyDocument"], names)
    assert drift.of_policy(deployed, read.delivery) == []
    key = any_stage.log_key()
    assert read.key == f"<{key.id}.Arn>"
    of_key = _as_deployed(key.properties["KeyPolicy"], {})
    assert drift.of_key_policy(of_key, read.delivery) == []


def test_the_drift_detector_knows_the_delivery_role_its_policy_and_its_log_groups(
    any_stage: Synthesis,
) -> None:
    variables = environment(any_stage, HANDLERS["drift-detector"])
    large = {"bucketName": variables["LOG_BUCKET"], "keyPrefix": "large-data"}
    own = {
        "cloudWatchConfig": {
            "roleArn": variables["DELIVERY_ROLE_ARN"],
            "largeDataDeliveryS3Config": large,
        },
        "s3Config": {"bucketName": variables["LOG_BUCKET"]},
    }
    configured = {**variables, "LOGGING_CONFIGURATION": json.dumps(own)}
    read = handler.read(configured, "123456789012")

    role = read.delivery.role.strip("<>").split(".")[0]
    roles = {
        resource.id: resource
        for resource in any_stage.resources("InvocationLogging", "AWS::IAM::Role")
    }
    trust = _as_deployed(roles[role].properties["AssumeRolePolicyDocument"], {})
    assert drift.of_delivery_role(trust, [], read.delivery) == []
    names = {f"<{read.bucket.strip('<>')}.Arn>": f"arn:aws:s3:::{read.bucket}"}
    allowed = [
        statement
        for resource in any_stage.resources("InvocationLogging", "AWS::IAM::Policy")
        if f"<{role}>" in texts(resource.properties["Roles"])
        for statement in _as_deployed(resource.properties["PolicyDocument"], names)["Statement"]
    ]
    anybody = {"Statement": [{**statement, "Principal": "*"} for statement in allowed]}
    for action, resource in read.delivery.role_needs():
        assert is_allowed(anybody, Request(read.delivery.role, action, resource, {})), action
    (verifier,) = [
        function
        for _, function in functions(any_stage)
        if function.properties["Handler"] == HANDLERS["verification"]
    ]
    assert read.verifier_role == text(verifier.properties["Role"])
    assert read.data_retention == (any_stage.settings.models.data_retention or "")

    groups = {
        resource.properties["LogGroupName"]: resource.properties["RetentionInDays"]
        for resource in any_stage.everything()
        if resource.type == "AWS::Logs::LogGroup"
    }
    for name in AUDIT_LOGS:
        assert groups[f"{read.log_groups}{name}"] >= audit_days(read.retention_days)
    assert read.gateway == f"claude-on-bedrock-{any_stage.stage}-Gateway"
    assert read.protected is (any_stage.stage == "prod")


def _as_deployed(document: object, names: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
    """The policy with its intrinsic functions filled in; `names` are put in the place of others."""
    if isinstance(document, list):
        return [_as_deployed(item, names) for item in document]
    if not isinstance(document, dict):
        return document
    if len(document) == 1 and next(iter(document)).startswith(("Fn::", "Ref")):
        filled = text(document)
        for name, value in names.items():
            filled = filled.replace(name, value)
        return filled
    return {name: _as_deployed(value, names) for name, value in document.items()}


def test_the_canary_understands_its_environment(
    local: Synthesis, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = environment(local, HANDLERS["canary"])
    key = canary_key(local)
    assert variables["API_KEY_ID"] == f"<{key}>"
    for name, value in AS_FUNCTION.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        make: Any = boto3.client
        made = make("apigateway").create_api_key(name="canary", value="v" * 30, enabled=True)
        read = canary.read({**variables, **AS_FUNCTION, "API_KEY_ID": made["id"]}, "123456789012")
    api = local.only("Gateway", "AWS::ApiGateway::RestApi").id
    deployed = local.only("Gateway", "AWS::ApiGateway::Stage").id
    host = f"<{api}>.execute-api.us-east-1.amazonaws.com"
    assert read.endpoint.url == f"https://{host}/<{deployed}>/"
    assert read.model in environment(local, "gateway.handler.handle")["ALLOWED_MODELS"].split(",")
    records = local.only("InvocationLogging", "Custom::BedrockInvocationLogging").properties
    (group,) = [
        resource.properties["LogGroupName"]
        for resource in local.resources("InvocationLogging", "AWS::Logs::LogGroup")
        if text(records["LogGroupName"]) == f"<{resource.id}>"
    ]
    assert variables["LOG_GROUP"] == group
    bucket = text(records["BucketName"]).strip("<>")
    assert f"ExportsOutputRef{bucket}" in variables["LOG_BUCKET"]


def test_a_canary_may_read_its_own_key_or_call_one_method(local: Synthesis, tmp_path: Path) -> None:
    (own,) = _resources_of(local, "apigateway:GET")
    assert own == f"arn:aws:apigateway:us-east-1::/apikeys/<{canary_key(local)}>"
    signed = synthesize("dev", tmp_path, auth="iam", quota=None, canary="claude-haiku-4-5")
    (method,) = _resources_of(signed, "execute-api:Invoke")
    api = signed.only("Gateway", "AWS::ApiGateway::RestApi").id
    where = f"arn:aws:execute-api:us-east-1:123456789012:<{api}>/dev"
    assert method == f"{where}/POST/v1/messages"
    assert environment(signed, HANDLERS["canary"])["API_KEY_ID"] == ""
    assert not signed.resources("Gateway", "AWS::ApiGateway::ApiKey")
    reports = signed.report()["pluginReports"]
    assert [report["violations"] for report in reports] == [[]] * len(reports)


def test_a_canary_reads_where_anothers_logging_goes(tmp_path: Path) -> None:
    adopted = synthesize("local", tmp_path, existing_logging="adopt")
    variables = environment(adopted, HANDLERS["canary"])
    record = adopted.only("InvocationLogging", "Custom::BedrockInvocationLogging").id
    outputs = adopted.template("InvocationLogging")["Outputs"]
    for name, output, attribute in (
        ("LOG_GROUP", "LogGroupName", "LogGroupName"),
        ("LOG_BUCKET", "LogBucketName", "BucketName"),
        ("LOGGING_CONFIGURATION", "LoggingConfiguration", "Configuration"),
    ):
        assert variables[name] == f"<claude-on-bedrock-local-InvocationLogging:{output}>"
        assert outputs[output]["Value"] == {"Fn::GetAtt": [record, attribute]}
    (bucket,) = _resources_of(adopted, "s3:ListBucket")
    assert bucket == f"arn:aws:s3:::{variables['LOG_BUCKET']}"


def test_only_a_stage_that_may_adopt_destinations_reads_their_retention(
    local: Synthesis, tmp_path: Path
) -> None:
    actions_that_read = {
        "logs:DescribeLogGroups",
        "s3:GetBucketVersioning",
        "s3:GetLifecycleConfiguration",
    }
    adopted = synthesize("local", tmp_path, existing_logging="adopt", retention_days=90)
    configurer = "invocation_logging.handler.handle"

    assert not actions_that_read & _actions(local, configurer)
    assert actions_that_read < _actions(adopted, configurer)
    (of_buckets,) = [
        statement
        for statement in _statements(adopted, configurer)
        if "s3:GetBucketVersioning" in statement["Action"]
    ]
    condition = of_buckets["Condition"]["StringEquals"]
    assert text(condition["aws:ResourceAccount"]) == "123456789012"
    properties = adopted.only("InvocationLogging", "Custom::BedrockInvocationLogging").properties
    assert properties["RetentionDays"] == "90"
    reports = adopted.report()["pluginReports"]
    assert [report["violations"] for report in reports] == [[]] * len(reports)


def canary_key(synthesis: Synthesis) -> str:
    (key,) = [
        resource.id
        for resource in synthesis.resources("Gateway", "AWS::ApiGateway::ApiKey")
        if resource.properties["Name"].endswith("-canary")
    ]
    return key


def _resources_of(synthesis: Synthesis, action: str) -> list[str]:
    """What the canary may do that on."""
    return [
        resource
        for statement in _statements(synthesis, HANDLERS["canary"])
        if action in texts(statement["Action"])
        for resource in texts(statement["Resource"])
    ]


def test_what_is_set_again_is_what_was_deployed(any_stage: Synthesis) -> None:
    restores = json.loads(environment(any_stage, "invocation_logging.handler.handle")["RESTORES"])
    deployed = any_stage.only("InvocationLogging", "Custom::BedrockInvocationLogging").properties
    assert restores == {
        name: text(value)
        for name, value in deployed.items()
        if name not in ("ServiceToken", "ServiceTimeout")
    }


def test_only_a_stage_that_opts_in_has_logging_set_again(local: Synthesis, tmp_path: Path) -> None:
    handler = HANDLERS["drift-detector"]
    assert environment(local, handler)["RESTORES_BY"] == ""
    assert "lambda:InvokeFunction" not in _actions(local, handler)
    restoring = synthesize("local", tmp_path, auto_restore_logging=True)
    (configurer,) = [
        function.id
        for _, function in functions(restoring)
        if function.properties["Handler"] == "invocation_logging.handler.handle"
    ]
    assert environment(restoring, handler)["RESTORES_BY"] == f"<{configurer}>"
    assert "lambda:InvokeFunction" in _actions(restoring, handler)


CALLS = {
    "drift_detector.handler.handle": {
        "get_bucket_versioning": "s3:GetBucketVersioning",
        "get_bucket_lifecycle_configuration": "s3:GetLifecycleConfiguration",
        "get_object_lock_configuration": "s3:GetBucketObjectLockConfiguration",
        "get_bucket_policy": "s3:GetBucketPolicy",
        "get_bucket_encryption": "s3:GetEncryptionConfiguration",
        "get_public_access_block": "s3:GetBucketPublicAccessBlock",
        "get_bucket_ownership_controls": "s3:GetBucketOwnershipControls",
        "describe_key": "kms:DescribeKey",
        "get_key_policy": "kms:GetKeyPolicy",
        "get_role": "iam:GetRole",
        "simulate_principal_policy": "iam:SimulatePrincipalPolicy",
        "describe_stacks": "cloudformation:DescribeStacks",
        "get_model_invocation_logging_configuration": (
            "bedrock:GetModelInvocationLoggingConfiguration"
        ),
        "get_account_data_retention": "bedrock:GetAccountDataRetention",
        "list_foundation_models": "bedrock:ListFoundationModels",
        "get_paginator": "bedrock:ListInferenceProfiles",
    },
    "invocation_logging.handler.handle": {
        "get_model_invocation_logging_configuration": (
            "bedrock:GetModelInvocationLoggingConfiguration"
        ),
        "put_model_invocation_logging_configuration": (
            "bedrock:PutModelInvocationLoggingConfiguration"
        ),
        "delete_model_invocation_logging_configuration": (
            "bedrock:DeleteModelInvocationLoggingConfiguration"
        ),
        "get_parameter": "ssm:GetParameter",
        "put_parameter": "ssm:PutParameter",
        "delete_parameter": "ssm:DeleteParameter",
    },
    "bucket_emptier.handler.handle": {
        "list_object_versions": "s3:ListBucketVersions",
        "delete_objects": "s3:DeleteObjectVersion",
        "describe_stacks": "cloudformation:DescribeStacks",
    },
    "data_retention.handler.handle": {
        "get_account_data_retention": "bedrock:GetAccountDataRetention",
        "put_account_data_retention": "bedrock:PutAccountDataRetention",
    },
    "canary.handler.handle": {"get_api_key": "apigateway:GET"},
    "verification.handler.handle": {
        "put_object": "s3:PutObject",
        "get_object": "s3:GetObject",
        "publish": "sns:Publish",
    },
    "api_key_expiry.handler.handle": {
        "get_paginator": "apigateway:GET",
        "update_api_key": "apigateway:PATCH",
    },
    "api_log_role.handler.handle": {
        "get_account": "apigateway:GET",
        "update_account": "apigateway:PATCH",
        "create_role": "iam:CreateRole",
        "attach_role_policy": "iam:AttachRolePolicy",
    },
}


@pytest.mark.parametrize("handler", sorted(CALLS))
def test_a_function_may_do_what_it_calls(local: Synthesis, handler: str) -> None:
    folder = SOURCES / handler.split(".", maxsplit=1)[0]
    called = {method for path in _with_library(folder) for method in _methods_called(path)}
    assert set(CALLS[handler]) <= called
    assert set(CALLS[handler].values()) <= _actions(local, handler)


def _with_library(folder: Path) -> list[Path]:
    """The function's folder, and the packages of the library that its modules import."""
    text = "".join(path.read_text() for path in folder.rglob("*.py"))
    packages = re.findall(r"^(?:from|import) claude_bedrock\.(\w+)", text, re.MULTILINE)
    return [folder, *(ROOT / "claude_bedrock" / package for package in sorted(set(packages)))]


def _methods_called(package: Path) -> set[str]:
    """Those that are called, and those that are handed to what calls them again."""
    calls = [
        node
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    ]
    named = [node for call in calls for node in (call.func, *call.args)]
    return {node.attr for node in named if isinstance(node, ast.Attribute)}


def _actions(synthesis: Synthesis, handler: str) -> set[str]:
    statements = _statements(synthesis, handler)
    return {action for statement in statements for action in texts(statement["Action"])}


def _statements(synthesis: Synthesis, handler: str) -> list[dict[str, Any]]:
    """What the role of the function may do beside its managed policies."""
    (function_and_stack,) = [
        (stack, function)
        for stack, function in functions(synthesis)
        if function.properties["Handler"] == handler
    ]
    stack, function = function_and_stack
    role = f"<{text(function.properties['Role']).strip('<>').split('.')[0]}>"
    return [
        statement
        for policy in synthesis.resources(stack, "AWS::IAM::Policy")
        if role in texts(policy.properties["Roles"])
        for statement in policy.properties["PolicyDocument"]["Statement"]
    ]


def test_settings_and_log_groups_know_the_same_retentions() -> None:
    assert tuple(RETENTION) == get_args(RetentionDays)


def test_the_command_line_reads_the_same_settings_from_stack_and_block(
    any_stage: Synthesis,
) -> None:
    outputs = any_stage.template("ModelAccess")["Outputs"]
    today = dt.datetime.now(dt.UTC).date().isoformat()
    of_block = written(ROOT / "cdk.json", any_stage.stage, today)
    deployed = from_output(of_block.source, text(outputs["Settings"]["Value"]))
    assert deployed == of_block._replace(is_deployed=True)


def test_the_doctor_checks_the_bootstrap_version_that_the_cdk_needs(any_stage: Synthesis) -> None:
    manifest = json.loads((any_stage.folder / "manifest.json").read_text())
    stacks = [
        artifact
        for artifact in manifest["artifacts"].values()
        if artifact["type"] == "aws:cloudformation:stack"
    ]
    assert stacks
    needed = {stack["properties"]["requiresBootstrapStackVersion"] for stack in stacks}
    assert needed == {bootstrap.NEEDED}
    parameters = {stack["properties"]["bootstrapStackVersionSsmParameter"] for stack in stacks}
    assert parameters == {f"/cdk-bootstrap/{bootstrap.DEFAULT_QUALIFIER}/version"}


@pytest.mark.parametrize("auth", ["key", "iam"])
def test_the_doctor_reckons_with_what_a_deployment_reserves(tmp_path: Path, auth: str) -> None:
    changes = {"auth": auth, "reserved_concurrency": 150, "quota": None}
    made = synthesize("dev", tmp_path, **changes)
    reserved = [
        function.properties.get("ReservedConcurrentExecutions", 0)
        for _, function in functions(made)
    ]
    assert (
        concurrency.needed(with_names({}, **changes))
        == sum(reserved)
        == {"key": 250, "iam": 150}[auth]
    )


def test_catalog_and_custom_resource_know_the_same_retention_modes() -> None:
    assert data_retention._STRICTEST_FIRST == catalog.RETENTION_MODES
