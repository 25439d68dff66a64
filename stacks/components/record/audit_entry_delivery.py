"""The delivery of audit log entries from their log group into the log bucket, as Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_logs as logs
from constructs import Construct

from claude_bedrock.queries import audit_entries
from stacks.components.iam.permission import Permission, acknowledge_wildcards
from stacks.components.iam.stage_names import ENTRY_DELIVERY_LOG, StageNames
from stacks.components.observability.alarm import AlarmDefinition
from stacks.components.observability.log_group import LogGroupSettings, log_group
from stacks.components.observability.metrics import firehose_metric

BUFFER_SECONDS = 900
BUFFER_MB = 64
"""The least with a conversion of the format; a file is written at whichever comes first:
https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html"""
DELAYED_SECONDS = 3600
_LOG_STREAM = "delivery"
_HOUR = "!{timestamp:yyyy/MM/dd/HH}/"
_ERROR = "!{firehose:error-output-type}/"
_S3_OBJECTS = ("s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload")
_S3_BUCKET = ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads")
_GLUE = ("glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions")


class EntryTable(NamedTuple):
    """The Glue table by whose columns entries become Parquet."""

    database: str
    table: str


class EntryBucket(NamedTuple):
    """The bucket, its KMS key, and what the keys of files and of errors begin with."""

    bucket_arn: str
    key_arn: str
    prefix: str
    error_prefix: str


class AuditEntryDelivery(Construct):
    """The delivery stream: what is put into it becomes Parquet in the bucket.

    Firehose takes CloudWatch's envelope off and converts each entry by the columns of `table`:
    https://docs.aws.amazon.com/firehose/latest/dev/writing-with-cloudwatch-logs.html
    An object lies in the hour in which the oldest entry in it reached Firehose:
    https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: StageNames,
        table: EntryTable,
        bucket: EntryBucket,
        log_settings: LogGroupSettings,
    ) -> None:
        super().__init__(scope, construct_id)
        settings = log_settings.deleted_with_stack()
        errors = log_group(self, "Errors", name=ENTRY_DELIVERY_LOG, settings=settings)
        error_stream = logs.CfnLogStream(
            self, "ErrorStream", log_group_name=errors.log_group_name, log_stream_name=_LOG_STREAM
        )
        role = _role(
            self,
            "Firehose delivers audit log entries as this role",
            _firehose_principal(names),
            _delivery_permissions(names, table, bucket, errors.log_group_name),
        )
        self.stream = firehose.CfnDeliveryStream(
            self,
            "Stream",
            delivery_stream_name=_stream_name(names.stage),
            delivery_stream_type="DirectPut",
            delivery_stream_encryption_configuration_input=_encryption(bucket.key_arn),
            extended_s3_destination_configuration=_destination(
                names, role.role_arn, table, bucket, errors.log_group_name
            ),
        )
        self.stream.node.add_dependency(role, error_stream)


class AuditEntrySubscription(Construct):
    """A subscription filter of the log group `source`, which puts audit log entries into `stream`.

    CloudWatch Logs tries for up to 24 hours what Firehose does not take, and then drops it:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: StageNames,
        source: str,
        stream: firehose.CfnDeliveryStream,
    ) -> None:
        super().__init__(scope, construct_id)
        name = _stream_name(names.stage)
        put = Permission(
            "PutAuditEntries",
            ("firehose:PutRecord", "firehose:PutRecordBatch"),
            [names.arn("firehose", f"deliverystream/{name}")],
        )
        role = _role(
            self,
            "CloudWatch Logs sends audit log entries to Firehose as this role",
            _logs_principal(names),
            [put],
        )
        subscription = logs.CfnSubscriptionFilter(
            self,
            "Filter",
            log_group_name=source,
            filter_name=name,
            filter_pattern=audit_entries.FILTER_PATTERN,
            destination_arn=stream.attr_arn,
            role_arn=role.role_arn,
        )
        subscription.node.add_dependency(role)


def _role(
    scope: Construct,
    description: str,
    principal: iam.IPrincipal,
    permissions: Sequence[Permission],
) -> iam.Role:
    role = iam.Role(scope, "Role", assumed_by=principal, description=description)
    for permission in permissions:
        role.add_to_policy(permission.statement())
    acknowledge_wildcards(role, permissions)
    return role


def _stream_name(stage_name: str) -> str:
    return f"claude-on-bedrock-{stage_name}-audit-entries"


def entry_delivery_alarms(stage_name: str) -> list[AlarmDefinition]:
    """Return the alarms on entries that reach the bucket late, or as an error."""
    name = _stream_name(stage_name)
    log = f"/claude-on-bedrock/{stage_name}/{ENTRY_DELIVERY_LOG}"
    return [
        AlarmDefinition(
            "AuditEntryDeliveryDelayed",
            firehose_metric(name, "DeliveryToS3.DataFreshness", statistic="Maximum"),
            DELAYED_SECONDS,
            f"Firehose has held audit log entries for {DELAYED_SECONDS // 60} minutes. See log "
            f"group {log}.",
        ),
        AlarmDefinition(
            "AuditEntryConversionFailed",
            firehose_metric(name, "FailedConversion.Records"),
            1,
            "Firehose could not convert audit log entries, which the table in Athena lacks. See "
            f"log group {log}.",
        ),
    ]


def _firehose_principal(names: StageNames) -> iam.IPrincipal:
    """Return Firehose for this account only:
    https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html"""
    only_here = {"StringEquals": {"sts:ExternalId": names.stack.account}}
    return iam.ServicePrincipal("firehose.amazonaws.com", conditions=only_here)


def _logs_principal(names: StageNames) -> iam.IPrincipal:
    """Return CloudWatch Logs for this account and Region only:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html"""
    only_here = {"StringLike": {"aws:SourceArn": names.arn("logs", "*")}}
    return iam.ServicePrincipal("logs.amazonaws.com", conditions=only_here)


def _delivery_permissions(
    names: StageNames, table: EntryTable, bucket: EntryBucket, errors: str
) -> list[Permission]:
    """Return what Firehose needs of bucket, key, table and log group:
    https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html"""
    through_s3 = {"StringEquals": {"kms:ViaService": f"s3.{names.stack.region}.amazonaws.com"}}
    prefixes = (bucket.prefix, bucket.error_prefix)
    return [
        Permission(
            "PutAuditEntryFiles",
            _S3_OBJECTS,
            [f"{bucket.bucket_arn}/{prefix}*" for prefix in prefixes],
            reason="Firehose names its files by time; the prefixes hold nothing else",
        ),
        Permission("FindAuditEntryBucket", _S3_BUCKET, [bucket.bucket_arn]),
        Permission(
            "EncryptAuditEntryFiles",
            ("kms:GenerateDataKey", "kms:Decrypt"),
            [bucket.key_arn],
            conditions=through_s3,
        ),
        Permission(
            "ReadAuditEntryColumns",
            _GLUE,
            [
                names.arn("glue", "catalog"),
                names.arn("glue", f"database/{table.database}"),
                names.arn("glue", f"table/{table.database}/{table.table}"),
            ],
        ),
        Permission(
            "LogDeliveryErrors",
            ("logs:PutLogEvents",),
            [names.arn("logs", f"log-group:{errors}:log-stream:{_LOG_STREAM}")],
        ),
    ]


def _encryption(key_arn: str) -> Any:  # noqa: ANN401 - a property of CDK's
    kind = firehose.CfnDeliveryStream.DeliveryStreamEncryptionConfigurationInputProperty
    return kind(key_type="CUSTOMER_MANAGED_CMK", key_arn=key_arn)


def _destination(
    names: StageNames, role_arn: str, table: EntryTable, bucket: EntryBucket, errors: str
) -> firehose.CfnDeliveryStream.ExtendedS3DestinationConfigurationProperty:
    stream = firehose.CfnDeliveryStream
    return stream.ExtendedS3DestinationConfigurationProperty(
        role_arn=role_arn,
        bucket_arn=bucket.bucket_arn,
        prefix=f"{bucket.prefix}{_HOUR}",
        error_output_prefix=f"{bucket.error_prefix}{_HOUR}{_ERROR}",
        buffering_hints=stream.BufferingHintsProperty(
            interval_in_seconds=BUFFER_SECONDS, size_in_m_bs=BUFFER_MB
        ),
        compression_format="UNCOMPRESSED",  # Parquet's own compression takes its place
        encryption_configuration=stream.EncryptionConfigurationProperty(
            kms_encryption_config=stream.KMSEncryptionConfigProperty(awskms_key_arn=bucket.key_arn)
        ),
        cloud_watch_logging_options=stream.CloudWatchLoggingOptionsProperty(
            enabled=True, log_group_name=errors, log_stream_name=_LOG_STREAM
        ),
        processing_configuration=stream.ProcessingConfigurationProperty(
            enabled=True,
            processors=[
                _processor("Decompression", "CompressionFormat", "GZIP"),
                _processor("CloudWatchLogProcessing", "DataMessageExtraction", "true"),
            ],
        ),
        data_format_conversion_configuration=_conversion(names, role_arn, table),
    )


def _processor(
    kind: str, parameter: str, value: str
) -> firehose.CfnDeliveryStream.ProcessorProperty:
    stream = firehose.CfnDeliveryStream
    parameters = [
        stream.ProcessorParameterProperty(parameter_name=parameter, parameter_value=value)
    ]
    return stream.ProcessorProperty(type=kind, parameters=parameters)


def _conversion(
    names: StageNames, role_arn: str, table: EntryTable
) -> firehose.CfnDeliveryStream.DataFormatConversionConfigurationProperty:
    stream = firehose.CfnDeliveryStream
    return stream.DataFormatConversionConfigurationProperty(
        enabled=True,
        input_format_configuration=stream.InputFormatConfigurationProperty(
            deserializer=stream.DeserializerProperty(
                open_x_json_ser_de=stream.OpenXJsonSerDeProperty()
            )
        ),
        output_format_configuration=stream.OutputFormatConfigurationProperty(
            serializer=stream.SerializerProperty(parquet_ser_de=stream.ParquetSerDeProperty())
        ),
        schema_configuration=stream.SchemaConfigurationProperty(
            catalog_id=names.stack.account,
            region=names.stack.region,
            database_name=table.database,
            table_name=table.table,
            role_arn=role_arn,
            version_id="LATEST",
        ),
    )
