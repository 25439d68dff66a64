"""Additions to MiniStack's Athena for our table and workgroup: saved queries from a template,
results that Athena keeps itself, partitions worked out from an object's key, lines that are no
record.

MiniStack asks DuckDB; the table is read as Athena's SerDe and partition projection would:
https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html
"""

import json
import re
from collections.abc import Callable
from typing import Any, Final

from ministack.services import athena  # type: ignore[import-untyped]
from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

from claude_bedrock.queries import audit_entries, schema

TYPE: Final = "AWS::Athena::NamedQuery"
_FIELDS: Final = ("Name", "Description", "Database", "QueryString", "WorkGroup")
_IN_AN_HOUR: Final = re.compile(r"/\d{4}/\d{2}/\d{2}/\d{2}/")
_HOUR: Final = r"(\d{4}/\d{2}/\d{2}/\d{2})/"
_COPY: Final = r"^.*/ministack-athena-[^/]+/"

Properties = dict[str, Any]
Made = tuple[str, Properties]


def add() -> None:
    """Teach MiniStack all of it; before it starts."""
    provisioners._RESOURCE_HANDLERS[TYPE] = {
        "create": _create,
        "update": _update,
        "delete": _delete,
    }
    athena._table_relation = _relation_with_records(athena._table_relation)
    athena._start_query_execution = _start_with_output(athena._start_query_execution)
    athena._save_query_results = _save_unless_managed(athena._save_query_results)


def _create(_logical_id: str, properties: Properties, _stack_name: str) -> Made:
    _, _, body = athena._create_named_query(
        {name: properties[name] for name in _FIELDS if name in properties}
    )
    made: str = json.loads(body)["NamedQueryId"]
    return made, {"NamedQueryId": made}


def _update(made: str, old: Properties, new: Properties, stack_name: str) -> Made:
    del old
    _delete(made, new)
    return _create("", new, stack_name)


def _delete(made: str, _properties: Properties) -> None:
    athena._delete_named_query({"NamedQueryId": made})


def _relation_with_records(original: Callable[[Properties, list[str]], str]) -> Callable[..., str]:
    """MiniStack infers the columns of JSON; ours are read as the template declares them. Parquet
    has its own."""

    def relation(table: Properties, files: list[str]) -> str:
        in_hours = [file for file in files if _IN_AN_HOUR.search(file)]
        if table["Name"] not in {schema.NAME, audit_entries.NAME}:
            return original(table, files)
        storage = table["StorageDescriptor"]
        if not in_hours:
            nothing: str = athena._empty_relation(table)
            return nothing
        declared = {column["Name"] for column in storage["Columns"]}
        columns = ", ".join(
            f"'{name}': '{kind}'"
            for name, kind in schema.duckdb_columns().items()
            if name.lower() in declared
        )
        hour = f"regexp_extract(filename, '{_HOUR}', 1) AS {schema.HOUR}"
        path = f"regexp_replace(filename, '{_COPY}', '{storage['Location']}') AS \"$path\""
        parquet = f"read_parquet({athena._sql_list(in_hours)}, filename = true)"
        json_lines = (
            f"read_json({athena._sql_list(in_hours)}, columns = {{{columns}}}, filename = true, "
            "format = 'newline_delimited', compression = 'gzip', ignore_errors = true)"
        )
        lines = parquet if table["Name"] == audit_entries.NAME else json_lines
        return f"(SELECT * EXCLUDE (filename), {hour}, {path} FROM {lines})"  # noqa: S608

    return relation


_MANAGED_OUTPUT: Final = "s3://athena-managed/"


def _start_with_output(original: Callable[[Properties], Any]) -> Callable[[Properties], Any]:
    """MiniStack wants a place for results even where the workgroup has Athena keep them."""

    def start(data: Properties) -> Any:  # noqa: ANN401 - MiniStack's answer
        group = athena._workgroups.get(data.get("WorkGroup", "primary"), {})
        managed = group.get("Configuration", {}).get("ManagedQueryResultsConfiguration", {})
        if managed.get("Enabled") in {True, "true"}:
            data = {**data, "ResultConfiguration": {"OutputLocation": _MANAGED_OUTPUT}}
        return original(data)

    return start


def _save_unless_managed(original: Callable[[str], Any]) -> Callable[[str], Any]:
    async def save(query_id: str) -> None:
        output_location = athena._executions[query_id]["ResultConfiguration"]["OutputLocation"]
        if not output_location.startswith(_MANAGED_OUTPUT):
            await original(query_id)

    return save
