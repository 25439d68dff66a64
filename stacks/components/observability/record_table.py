"""The Glue tables by which Athena queries records and audit log entries, without a crawler."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_glue as glue
from constructs import Construct


class HourlyFiles(NamedTuple):
    """Files that lie in a folder for each hour below `location`, which ends in `/`. The partition
    `hour` has `hour_format`; `days` back nothing is left.

    Athena works out from the query which hours to look into, and asks no catalog for them:
    https://docs.aws.amazon.com/athena/latest/ug/partition-projection-kinesis-firehose-example.html
    """

    hour: str
    hour_format: str
    location: str
    days: int


class RecordTable(Construct):
    """A database with one table over the records, partitioned by the hour in an object's key."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        database: str,
        table: str,
        columns: Iterable[tuple[str, str]],
        files: HourlyFiles,
    ) -> None:
        super().__init__(scope, construct_id)
        glue_database = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=cdk.Stack.of(self).account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=database, description="Bedrock's records of what was called"
            ),
        )
        self.table = _table(
            self,
            database,
            table,
            description="Who called which model when, with how many tokens; no prompt",
            classification="json",
            files=files,
            storage=_json_lines(columns, files.location),
        )
        self.table.add_resource_dependency(glue_database)


class AuditEntryTable(Construct):
    """A table over the files that Firehose writes, in the same way; Firehose converts entries by
    its columns."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        database: str,
        table: str,
        columns: Iterable[tuple[str, str]],
        files: HourlyFiles,
    ) -> None:
        super().__init__(scope, construct_id)
        self.table = _table(
            self,
            database,
            table,
            description="The gateway's audit log entries: who called which model, and outcome",
            classification="parquet",
            files=files,
            storage=_parquet(columns, files.location),
        )


def _table(
    scope: Construct,
    database: str,
    name: str,
    *,
    description: str,
    classification: str,
    files: HourlyFiles,
    storage: glue.CfnTable.StorageDescriptorProperty,
) -> glue.CfnTable:
    return glue.CfnTable(
        scope,
        "Table",
        catalog_id=cdk.Stack.of(scope).account,
        database_name=database,
        table_input=glue.CfnTable.TableInputProperty(
            name=name,
            description=description,
            table_type="EXTERNAL_TABLE",
            parameters=_projection(classification, files),
            partition_keys=[glue.CfnTable.ColumnProperty(name=files.hour, type="string")],
            storage_descriptor=storage,
        ),
    )


def _projection(classification: str, files: HourlyFiles) -> dict[str, str]:
    hour = files.hour
    return {
        "EXTERNAL": "TRUE",
        "classification": classification,
        "projection.enabled": "true",
        f"projection.{hour}.type": "date",
        f"projection.{hour}.format": files.hour_format,
        f"projection.{hour}.range": f"NOW-{files.days}DAYS,NOW",
        f"projection.{hour}.interval": "1",
        f"projection.{hour}.interval.unit": "HOURS",
        "storage.location.template": f"{files.location}${{{hour}}}/",
    }


def _json_lines(
    columns: Iterable[tuple[str, str]], location: str
) -> glue.CfnTable.StorageDescriptorProperty:
    """Large bodies lie in the same folders and are no records: what cannot be read is a row without
    values, which the queries leave out or name."""
    return glue.CfnTable.StorageDescriptorProperty(
        location=location,
        columns=[glue.CfnTable.ColumnProperty(name=name, type=kind) for name, kind in columns],
        input_format="org.apache.hadoop.mapred.TextInputFormat",
        output_format="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        serde_info=glue.CfnTable.SerdeInfoProperty(
            serialization_library="org.openx.data.jsonserde.JsonSerDe",
            parameters={"ignore.malformed.json": "true"},
        ),
    )


def _parquet(
    columns: Iterable[tuple[str, str]], location: str
) -> glue.CfnTable.StorageDescriptorProperty:
    """https://docs.aws.amazon.com/athena/latest/ug/parquet-serde.html"""
    hive = "org.apache.hadoop.hive.ql.io.parquet"
    return glue.CfnTable.StorageDescriptorProperty(
        location=location,
        columns=[glue.CfnTable.ColumnProperty(name=name, type=kind) for name, kind in columns],
        input_format=f"{hive}.MapredParquetInputFormat",
        output_format=f"{hive}.MapredParquetOutputFormat",
        serde_info=glue.CfnTable.SerdeInfoProperty(
            serialization_library=f"{hive}.serde.ParquetHiveSerDe"
        ),
    )
