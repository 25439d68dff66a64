"""The record is whole, encrypted, kept long enough, and switched on by what the template says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api_log_role.handler import LONGEST_INTERVAL_SECONDS, SETTLE_SECONDS
from claude_bedrock.iam.propagation import LONGEST_PAUSE_SECONDS, PROPAGATION_SECONDS
from claude_bedrock.retention.locations import AUDIT_LOGS
from tests.infrastructure.rendering import text, texts
from tools.synthesis import Resource, Synthesis, synthesize

STACK = "InvocationLogging"


def bucket_statements(synthesis: Synthesis) -> list[dict[str, Any]]:
    policy = synthesis.log_bucket_policy()
    statements: list[dict[str, Any]] = policy.properties["PolicyDocument"]["Statement"]
    return statements


def test_the_bucket_belongs_to_its_owner_alone(any_stage: Synthesis) -> None:
    properties = any_stage.log_bucket().properties
    assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4


def test_the_bucket_is_encrypted_with_our_key(any_stage: Synthesis) -> None:
    key = any_stage.log_key()
    assert key.properties["EnableKeyRotation"] is True
    bucket = any_stage.log_bucket().properties
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["BucketKeyEnabled"] is True
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert text(rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]) == f"<{key.id}.Arn>"


def denied(synthesis: Synthesis) -> list[dict[str, Any]]:
    return [
        statement for statement in bucket_statements(synthesis) if statement["Effect"] == "Deny"
    ]


def test_nothing_reaches_the_bucket_without_tls(any_stage: Synthesis) -> None:
    tls = [statement for statement in denied(any_stage) if statement["Action"] == "s3:*"]
    conditions = [item["Condition"] for item in tls]
    assert {"Bool": {"aws:SecureTransport": "false"}} in conditions
    assert {str(item["Principal"]) for item in tls} == {"{'AWS': '*'}"}


def test_evidence_cannot_be_overwritten(any_stage: Synthesis) -> None:
    (written_once,) = [
        statement for statement in denied(any_stage) if statement["Action"] != "s3:*"
    ]
    bucket = any_stage.log_bucket().id
    assert written_once["Action"] == "s3:PutObject"
    assert written_once["Principal"] == {"AWS": "*"}
    assert texts(written_once["Resource"]) == [f"<{bucket}.Arn>/evidence/*"]
    assert written_once["Condition"] == {"Null": {"s3:if-none-match": "true"}}


def test_only_bedrock_may_write_to_the_bucket_from_outside(any_stage: Synthesis) -> None:
    (allowed,) = [
        statement for statement in bucket_statements(any_stage) if statement["Effect"] == "Allow"
    ]
    assert allowed["Principal"] == {"Service": "bedrock.amazonaws.com"}
    assert allowed["Action"] == "s3:PutObject"
    bucket = any_stage.log_bucket().id
    assert texts(allowed["Resource"]) == [f"<{bucket}.Arn>/*"]


def test_objects_outlive_the_retention_whatever_happens_to_them(any_stage: Synthesis) -> None:
    days = {"local": 30, "dev": 30, "prod": 60}[any_stage.stage]
    rules = any_stage.log_bucket().properties["LifecycleConfiguration"]["Rules"]
    assert {rule["Status"] for rule in rules} == {"Enabled"}
    # No rule names a prefix or a tag: records, large bodies and permission checks are all covered.
    assert not [rule for rule in rules if {"Prefix", "TagFilters"} & set(rule)]
    expiring, markers = rules
    assert expiring["ExpirationInDays"] > days
    assert expiring["NoncurrentVersionExpiration"]["NoncurrentDays"] > days
    assert expiring["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 7
    assert markers["ExpiredObjectDeleteMarker"] is True


def test_every_log_group_is_named_encrypted_and_retained_as_the_stage_sets(
    any_stage: Synthesis,
) -> None:
    days = {"local": 30, "dev": 30, "prod": 60}[any_stage.stage]
    groups = [
        resource for resource in any_stage.everything() if resource.type == "AWS::Logs::LogGroup"
    ]
    names = {text(group.properties["LogGroupName"]) for group in groups}
    prefix = f"/claude-on-bedrock/{any_stage.stage}"
    assert {
        f"{prefix}/{name}" for name in ("invocations", "gateway", "authorizer", "access")
    } <= names
    audit = {f"{prefix}/{name}" for name in AUDIT_LOGS}
    audit_days = {30: 90, 60: 120}[days]
    for group in groups:
        name = group.properties["LogGroupName"]
        assert group.properties["RetentionInDays"] == (audit_days if name in audit else days)
        is_retained = group.rest["DeletionPolicy"] == "RetainExceptOnCreate"
        # Stated where it is off: an update then turns off what was on.
        assert group.properties["DeletionProtectionEnabled"] is is_retained
        assert "KmsKeyId" in group.properties
        assert group.properties["LogGroupName"].startswith(f"{prefix}/")


PAUSES = PROPAGATION_SECONDS + LONGEST_PAUSE_SECONDS
API_LOG_ROLE = PAUSES + SETTLE_SECONDS + PROPAGATION_SECONDS + LONGEST_INTERVAL_SECONDS
CALLS_SECONDS = 45
"""Two calls that run into their timeouts, and the answer to CloudFormation."""


def test_every_custom_resource_outlasts_its_function_and_that_outlasts_iam(
    local: Synthesis, prod: Synthesis
) -> None:
    longest = {"Custom::ApiGatewayLogRole": API_LOG_ROLE}
    checked = set()
    for synthesis in (local, prod):
        of_functions = {
            f"<{resource.id}.Arn>": int(resource.properties["Timeout"])
            for resource in synthesis.everything()
            if resource.type == "AWS::Lambda::Function"
        }
        for resource in synthesis.everything():
            if resource.type.startswith("Custom::"):
                function = of_functions[text(resource.properties["ServiceToken"])]
                service = int(resource.properties["ServiceTimeout"])
                assert longest.get(resource.type, PAUSES) + CALLS_SECONDS <= function < service
                assert 300 <= service < 3600, "without one, CloudFormation waits an hour"
                checked.add(resource.type)
    assert checked == {
        "Custom::BedrockInvocationLogging",
        "Custom::BedrockDataRetention",
        "Custom::ApiGatewayLogRole",
        "Custom::EmptiedBucket",
        "Custom::InitialMetrics",
    }


def test_records_outlive_their_stack_unless_the_stage_opts_out(
    prod: Synthesis, local: Synthesis
) -> None:
    for type_ in ("AWS::KMS::Key", "AWS::S3::Bucket"):
        for resource in prod.resources(STACK, type_):
            assert resource.rest["DeletionPolicy"] == "RetainExceptOnCreate"
            assert resource.rest["UpdateReplacePolicy"] == "Retain"
        assert {each.rest["DeletionPolicy"] for each in local.resources(STACK, type_)} == {"Delete"}
    names = {STACK: ("invocations", "invocation-logging"), "Gateway": ("gateway", "access")}
    for stack, name in (
        (stack, name) for stack, names_of_stack in names.items() for name in names_of_stack
    ):
        (policy,) = [
            group.rest["DeletionPolicy"]
            for group in prod.resources(stack, "AWS::Logs::LogGroup")
            if group.properties["LogGroupName"].endswith(f"/{name}")
        ]
        assert policy == "RetainExceptOnCreate"


def test_a_bucket_is_emptied_only_where_nothing_is_retained(
    prod: Synthesis, local: Synthesis
) -> None:
    assert not prod.resources(STACK, "Custom::EmptiedBucket")
    buckets = {
        text(emptied.properties["BucketName"]): emptied.id
        for emptied in local.resources(STACK, "Custom::EmptiedBucket")
    }
    assert set(buckets) == {f"<{it.id}>" for it in local.resources(STACK, "AWS::S3::Bucket")}
    configuration = local.only(STACK, "Custom::BedrockInvocationLogging")
    # Deleted in the opposite order: logging stops first, then the bucket is emptied.
    assert buckets[f"<{local.log_bucket().id}>"] in configuration.rest["DependsOn"]


@pytest.mark.parametrize("how", [None, "data_events", "server_access_log"])
def test_nothing_may_write_to_a_bucket_while_it_is_emptied(tmp_path: Path, how: str | None) -> None:
    stage = synthesize("dev", tmp_path, record_access_log=how)
    emptied = {resource.id for resource in stage.resources(STACK, "Custom::EmptiedBucket")}
    buckets = stage.resources(STACK, "AWS::S3::Bucket")
    writers = [
        resource
        for resource in stage.resources(STACK)
        if resource.type in {"AWS::S3::BucketPolicy", "AWS::CloudTrail::Trail"}
        or _may_put_objects(resource)
    ]

    assert len(emptied) == len(buckets) == len(stage.resources(STACK, "AWS::S3::BucketPolicy"))
    assert {type_ for writer in writers for type_ in [writer.type]} >= {"AWS::IAM::Policy"}
    assert len(writers) >= len(buckets) + 2
    for writer in writers:
        assert emptied <= {*writer.rest.get("DependsOn", ())}, writer.id


def _may_put_objects(resource: Resource) -> bool:
    return resource.type == "AWS::IAM::Policy" and any(
        "s3:PutObject" in texts(statement["Action"])
        for statement in resource.properties["PolicyDocument"]["Statement"]
    )


def test_a_stack_that_retains_its_logs_is_not_deleted_by_mistake(any_stage: Synthesis) -> None:
    name = f"claude-on-bedrock-{any_stage.stage}-{STACK}"
    manifest = json.loads((any_stage.folder / "manifest.json").read_text())
    properties = manifest["artifacts"][name]["properties"]

    assert properties.get("terminationProtection", False) is (any_stage.stage == "prod")


def test_bedrock_writes_its_one_stream_by_its_exact_name(any_stage: Synthesis) -> None:
    region = {"prod": "eu-central-1"}.get(any_stage.stage, "us-east-1")
    group = f"log-group:/claude-on-bedrock/{any_stage.stage}/invocations"
    written = [
        statement
        for policy in any_stage.resources(STACK, "AWS::IAM::Policy")
        for statement in policy.properties["PolicyDocument"]["Statement"]
        if "logs:PutLogEvents" in statement["Action"]
        and "modelinvocations" in text(statement["Resource"])
    ]
    (statement,) = written
    assert text(statement["Resource"]) == (
        f"arn:aws:logs:{region}:123456789012:{group}:log-stream:aws/bedrock/modelinvocations"
    )
    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]


def test_the_custom_resource_gets_both_destinations(any_stage: Synthesis) -> None:
    resource = any_stage.only(STACK, "Custom::BedrockInvocationLogging")
    properties = {name: text(value) for name, value in resource.properties.items()}
    group, bucket = (
        next(
            resource.id
            for resource in any_stage.resources(STACK, "AWS::Logs::LogGroup")
            if resource.properties["LogGroupName"].endswith("/invocations")
        ),
        any_stage.log_bucket().id,
    )
    assert properties["LogGroupName"] == f"<{group}>"
    assert properties["BucketName"] == f"<{bucket}>"
    assert properties["LargeDataPrefix"] == "large-data"
    assert properties["RoleArn"].startswith("<DeliveryRole")
    assert properties["ExistingLogging"] == "fail"
    saved = f"/claude-on-bedrock/{any_stage.stage}/saved-logging-configuration"
    assert properties["SavedIn"] == saved
    (statement,) = [
        statement
        for policy in any_stage.resources(STACK, "AWS::IAM::Policy")
        for statement in policy.properties["PolicyDocument"]["Statement"]
        if statement.get("Sid") == "ManageSavedConfiguration"
    ]
    assert text(statement["Resource"]).endswith(f":123456789012:parameter{saved}")


def test_logging_is_set_after_everything_bedrock_checks(any_stage: Synthesis) -> None:
    resource = any_stage.only(STACK, "Custom::BedrockInvocationLogging")
    policy = any_stage.log_bucket_policy().id
    awaited = resource.rest["DependsOn"]
    assert policy in awaited
    assert [name for name in awaited if name.startswith("DeliveryRoleDefaultPolicy")]


def test_no_type_is_used_that_cloudformation_does_not_have(any_stage: Synthesis) -> None:
    types = {resource.type for resource in any_stage.everything()}
    assert "AWS::Bedrock::ModelInvocationLoggingConfiguration" not in types
    assert "AWS::CloudFormation::CustomResource" not in types


def test_the_key_serves_the_stages_log_groups_only(any_stage: Synthesis) -> None:
    region = {"prod": "eu-central-1"}.get(any_stage.stage, "us-east-1")
    policy = any_stage.log_key().properties["KeyPolicy"]["Statement"]
    (logs,) = [
        statement
        for statement in policy
        if statement["Principal"].get("Service") == f"logs.{region}.amazonaws.com"
    ]
    context = logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    assert text(context).endswith(f":log-group:/claude-on-bedrock/{any_stage.stage}/*")


def test_only_the_verification_function_signs_evidence(any_stage: Synthesis) -> None:
    keys = any_stage.resources(STACK, "AWS::KMS::Key")
    (key,) = [key for key in keys if key.properties.get("KeyUsage") == "SIGN_VERIFY"]
    by_sid = {each.get("Sid"): each for each in key.properties["KeyPolicy"]["Statement"]}
    signer = by_sid["AllowSigningOfEvidence"]["Principal"]["AWS"]
    (function,) = [
        each
        for each in any_stage.resources(STACK, "AWS::Lambda::Function")
        if each.properties["Handler"] == "verification.handler.handle"
    ]

    assert key.properties["KeySpec"] == "ECC_NIST_P256"
    assert key.properties["PendingWindowInDays"] == 30
    assert signer == function.properties["Role"]
    assert by_sid["DenyOtherSigners"]["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": signer}}
    assert by_sid["DenyOtherSigners"]["Action"] == "kms:Sign"
    wait = {"kms:ScheduleKeyDeletionPendingWindowInDays": "30"}
    assert by_sid["DenyDeletionWithoutFullWait"]["Condition"] == {"NumericLessThan": wait}
    assert function.properties["Environment"]["Variables"]["SIGNING_KEY"] == {"Ref": key.id}


def test_outputs(any_stage: Synthesis) -> None:
    outputs = any_stage.template(STACK)["Outputs"]
    for_other_stacks = ("ExportsOutput", "PublishOutput")
    own = {name for name in outputs if not name.startswith(for_other_stacks)}
    is_set = any_stage.settings.models.data_retention is not None
    retention = {"DataRetentionMode"} if is_set else set()
    record = {"LogGroupName", "LogBucketName", "LoggingConfiguration", "KeyArn", "DeliveryRoleArn"}
    record |= {
        "SigningKeyArn",
        "EvidenceBucketName",
        "VerificationFunctionName",
        "DriftDetectorName",
    }
    budgets = {"BudgetRules", "BudgetTableName"} if any_stage.settings.callers.budgets else set()
    has_trail = any_stage.settings.evidence.cloudtrail is not None
    trail = {"CloudTrailBucketName", "CloudTrailSource"} if has_trail else set()
    assert own == record | retention | budgets | trail
    # Where the record lies is what came of the deployment, not what the stage would have chosen.
    configuration = any_stage.only(STACK, "Custom::BedrockInvocationLogging").id
    for name, attribute in (
        ("LogGroupName", "LogGroupName"),
        ("LogBucketName", "BucketName"),
        ("LoggingConfiguration", "Configuration"),
    ):
        assert outputs[name]["Value"] == {"Fn::GetAtt": [configuration, attribute]}


def test_data_retention_is_set_by_one_role_to_one_mode(prod: Synthesis) -> None:
    resource = prod.only(STACK, "Custom::BedrockDataRetention")
    assert resource.properties["Mode"] == "none"
    name = "claude-on-bedrock-prod-eu-central-1-data-retention"
    (role,) = [
        resource
        for resource in prod.resources(STACK, "AWS::IAM::Role")
        if resource.properties.get("RoleName") == name
    ]
    allowed = [
        statement
        for policy in prod.resources(STACK, "AWS::IAM::Policy")
        if f"<{role.id}>" in texts(policy.properties["Roles"])
        for statement in policy.properties["PolicyDocument"]["Statement"]
        if texts(statement["Action"]) == ["bedrock:PutAccountDataRetention"]
    ]
    assert [statement["Condition"] for statement in allowed] == [
        {
            "StringEquals": {
                "aws:RequestedRegion": "eu-central-1",
                "bedrock:DataRetentionMode": "none",
            }
        }
    ]


def test_a_stage_that_does_not_set_data_retention_leaves_it_alone(
    synthesis: Callable[[str], Synthesis],
) -> None:
    assert not synthesis("dev").resources(STACK, "Custom::BedrockDataRetention")


def test_lambda_never_runs_a_custom_resources_event_again(local: Synthesis) -> None:
    functions = {
        part
        for resource in local.everything()
        if resource.type.startswith("Custom::")
        for part in resource.properties["ServiceToken"]["Fn::GetAtt"][:1]
    }
    configs = [
        resource for resource in local.everything() if resource.type.endswith("EventInvokeConfig")
    ]
    attempts = {
        config.properties["FunctionName"]["Ref"]: config.properties["MaximumRetryAttempts"]
        for config in configs
    }
    assert len(functions) == 4
    assert {name: attempts.get(name) for name in functions} == dict.fromkeys(functions, 0)


def test_another_role_is_handed_to_bedrock_only_if_the_stage_names_it(
    local: Synthesis, tmp_path: Path
) -> None:
    role = "arn:aws:iam::123456789012:role/of-another-team"
    replacing = synthesize(
        "local", tmp_path, existing_logging="replace", existing_logging_role=role
    )

    assert len(_passed(local)) == 1
    assert _passed(replacing) == [*_passed(local), role]
    properties = replacing.only(STACK, "Custom::BedrockInvocationLogging").properties
    assert (properties["ExistingLogging"], properties["ExistingRoleArn"]) == ("replace", role)


def _passed(synthesis: Synthesis) -> list[str]:
    (resources,) = [
        statement["Resource"]
        for policy in synthesis.resources(STACK, "AWS::IAM::Policy")
        for statement in policy.properties["PolicyDocument"]["Statement"]
        if statement.get("Sid") == "PassDeliveryRoleToBedrock"
    ]
    return [
        text(resource) for resource in (resources if isinstance(resources, list) else [resources])
    ]
