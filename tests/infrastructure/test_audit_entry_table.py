"""The delivery of audit log entries into the bucket: its path, its table, and who may do what."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_cdk import aws_logs as logs

from claude_bedrock.queries import audit_entries, schema
from stacks.components.network.endpoint_policies import services_of
from stacks.settings import load_stage
from tests.infrastructure.rendering import text, texts
from tools.docs.access.matrix import Inquiry
from tools.docs.access.mutants import mutants, unaccounted
from tools.docs.pages import codes, read
from tools.stage_blocks import with_names
from tools.synthesis import CONTEXT, Synthesis

STACK = "Observability"
ROLES = (
    "InvocationLogging/Verifier/Role",
    "Observability/EntryDelivery/Role",
    "Observability/Subscription/Role",
)
PREFIXES = (audit_entries.PREFIX, audit_entries.ERROR_PREFIX)


@pytest.fixture
def stage(with_entry_table: Synthesis) -> Synthesis:
    return with_entry_table


def test_entries_go_from_the_log_group_through_the_stream_into_the_tables_files(
    stage: Synthesis,
) -> None:
    subscription = stage.only(STACK, "AWS::Logs::SubscriptionFilter").properties
    stream = stage.only(STACK, "AWS::KinesisFirehose::DeliveryStream")
    destination = stream.properties["ExtendedS3DestinationConfiguration"]
    table = _table(stage)

    assert subscription["LogGroupName"] == "/claude-on-bedrock/prod/gateway"
    exists = logs.FilterPattern.exists("$.audit.gateway_request_id")
    assert subscription["FilterPattern"] == exists.log_pattern_string
    assert subscription["DestinationArn"] == {"Fn::GetAtt": [stream.id, "Arn"]}
    location = text(table["StorageDescriptor"]["Location"])
    bucket = text(destination["BucketARN"]).removeprefix("arn:aws:s3:::")
    assert location.endswith(f"/{audit_entries.PREFIX}"), bucket
    hour = destination["Prefix"].removeprefix(audit_entries.PREFIX)
    assert hour == f"!{{timestamp:{schema.HOUR_FORMAT}}}/"
    assert table["Parameters"]["projection.datehour.format"] == schema.HOUR_FORMAT
    conversion = destination["DataFormatConversionConfiguration"]["SchemaConfiguration"]
    assert conversion["TableName"] == table["Name"] == audit_entries.NAME
    assert destination["BufferingHints"]["SizeInMBs"] >= 64  # the least with a conversion
    assert [item["Type"] for item in destination["ProcessingConfiguration"]["Processors"]] == [
        "Decompression",
        "CloudWatchLogProcessing",
    ]


def test_the_stages_key_encrypts_stream_and_files(stage: Synthesis) -> None:
    stream = stage.only(STACK, "AWS::KinesisFirehose::DeliveryStream").properties
    files = stream["ExtendedS3DestinationConfiguration"]["EncryptionConfiguration"]

    encryption = stream["DeliveryStreamEncryptionConfigurationInput"]
    assert encryption["KeyType"] == "CUSTOMER_MANAGED_CMK"
    assert encryption["KeyARN"] == files["KMSEncryptionConfig"]["AWSKMSKeyARN"]


def test_each_role_may_do_only_its_part(stage: Synthesis) -> None:
    statements = {
        statement["Sid"]: statement
        for policy in stage.resources(STACK, "AWS::IAM::Policy")
        for statement in policy.properties["PolicyDocument"]["Statement"]
    }

    (put,) = texts(statements["PutAuditEntries"]["Resource"])
    assert put.endswith(":deliverystream/claude-on-bedrock-prod-audit-entries")
    files = texts(statements["PutAuditEntryFiles"]["Resource"])
    assert [file.partition("/")[2] for file in files] == [f"{prefix}*" for prefix in PREFIXES]
    assert "*" not in {
        resource for statement in statements.values() for resource in texts(statement["Resource"])
    }
    trusts = [
        role.properties["AssumeRolePolicyDocument"]["Statement"][0]
        for role in stage.resources(STACK, "AWS::IAM::Role")
    ]
    assert {trust["Principal"]["Service"] for trust in trusts} == {
        "firehose.amazonaws.com",
        "logs.amazonaws.com",
    }
    assert all("Condition" in trust for trust in trusts)


def test_a_function_in_a_vpc_reaches_athena_which_reads_the_catalog_itself(
    stage: Synthesis,
) -> None:
    statements = [
        statement
        for policy in stage.resources("InvocationLogging", "AWS::IAM::Policy")
        for statement in policy.properties["PolicyDocument"]["Statement"]
        if policy.id.startswith("Verifier")
    ]
    assert {"QueryRecordsInAthena", "ReadRecordTable"} <= {item.get("Sid") for item in statements}
    services = services_of(statements)
    assert ("athena" in services, "glue" in services) == (True, False)


def test_the_auditor_may_query_both_tables_together(stage: Synthesis) -> None:
    saved = {
        query.properties["Name"]: query.properties["QueryString"]
        for query in stage.resources(STACK, "AWS::Athena::NamedQuery")
    }
    assert {"FROM invocations", "FROM audit_entries"} <= {
        line.strip() for line in saved["unmatched-last-7-days"].splitlines()
    }
    access = json.dumps(stage.template("ModelAccess"))
    for table in (schema.NAME, audit_entries.NAME):
        assert f"table/claude_on_bedrock_prod/{table}" in access


def test_what_it_adds_has_its_alarms_its_row_of_costs_and_no_open_finding(
    stage: Synthesis, prod: Synthesis
) -> None:
    added = _metrics(stage) - _metrics(prod)
    assert added == {
        "AuditEntryNotDelivered",
        "DeliveryToS3.DataFreshness",
        "FailedConversion.Records",
    }
    costs = read("docs/deploy.md").partition("\n## What it costs\n")[2].partition("\n## ")[0]
    outputs = stage.template(STACK)["Outputs"]
    assert outputs["AuditEntryTableName"]["Value"] == audit_entries.NAME
    types = {resource.type for resource in stage.everything()} - {"AWS::CDK::Metadata"}
    assert types - set(codes(costs)) == set()
    assert not any(report["violations"] for report in stage.report()["pluginReports"])
    (variables,) = [
        function.properties["Environment"]["Variables"]
        for function in stage.resources("InvocationLogging", "AWS::Lambda::Function")
        if "AUDIT_ENTRY_TABLE" in function.properties.get("Environment", {}).get("Variables", {})
    ]
    group = stage.only(STACK, "AWS::Athena::WorkGroup").properties["Name"]
    database = stage.only(STACK, "AWS::Glue::Database").properties["DatabaseInput"]["Name"]
    assert (variables["ATHENA_WORKGROUP"], variables["ATHENA_DATABASE"]) == (group, database)


def test_each_permission_of_the_path_is_asked_about_and_makes_a_difference(
    stage: Synthesis,
) -> None:
    block = {"prod": with_names(CONTEXT["stages"]["prod"], audit_entry_table=True)}
    inquiry = Inquiry(
        load_stage(block, "prod"), stage.folder, is_asked=lambda cell: "bedrock:" not in cell.action
    )
    inquiry.principals = [principal for principal in inquiry.principals if principal.name in ROLES]

    assert unaccounted(inquiry.principals, inquiry.cells) == set()
    _, changes = inquiry.judge(mutants(inquiry.principals, inquiry.cells))

    assert len(inquiry.principals) == len(ROLES)
    assert {name for name in changes if "QueryRecordsInAthena" in name}
    assert [name for name, change in changes.items() if change is None] == []


def _table(stage: Synthesis) -> dict[str, Any]:
    (table,) = [
        item.properties["TableInput"]
        for item in stage.resources(STACK, "AWS::Glue::Table")
        if item.properties["TableInput"]["Name"] == audit_entries.NAME
    ]
    assert isinstance(table, dict)
    return table


def _metrics(synthesis: Synthesis) -> set[str]:
    alarms = synthesis.resources(STACK, "AWS::CloudWatch::Alarm")
    return {alarm.properties.get("MetricName", "") for alarm in alarms}
