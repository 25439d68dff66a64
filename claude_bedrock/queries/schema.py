"""The columns of the table `invocations`: what of a record is read, and how each engine says so.

The record: https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
"""

from collections.abc import Iterator, Mapping
from typing import Final

NAME: Final = "invocations"
HOUR: Final = "datehour"
"""The partition: the hour in whose folder an object lies, as in its key, `2026/11/23/15`."""
HOUR_FORMAT: Final = "yyyy/MM/dd/HH"

Fields = Mapping[str, str]
Type = str | Fields
TEXT: Final = "string"
NUMBER: Final = "bigint"
COLUMNS: Final[Mapping[str, Type]] = {
    "timestamp": TEXT,
    "accountId": TEXT,
    "region": TEXT,
    "inferenceRegion": TEXT,
    "requestId": TEXT,
    "operation": TEXT,
    "modelId": TEXT,
    "errorCode": TEXT,
    "identity": {"arn": TEXT},
    "requestMetadata": {
        "api_key_id": TEXT,
        "api_key_name": TEXT,
        "caller": TEXT,
        "token_issuer": TEXT,
        "team": TEXT,
        "caller_arn": TEXT,
        "gateway_request_id": TEXT,
    },
    "input": {
        "inputBodyS3Path": TEXT,
        "inputTokenCount": NUMBER,
        "cacheReadInputTokenCount": NUMBER,
        "cacheWriteInputTokenCount": NUMBER,
    },
    "output": {"outputBodyS3Path": TEXT, "outputTokenCount": NUMBER},
}
"""Field of the record -> type, or the types of its own fields. No body: what was said is not read,
and an engine that reads a million records holds none of it."""

_DUCKDB: Final = {TEXT: "VARCHAR", NUMBER: "BIGINT"}


def hive_columns() -> Iterator[tuple[str, str]]:
    """Name and type, as the Glue catalog takes them: in lower case. The SerDe matches a field in
    whatever case, https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html"""
    for name, kind in COLUMNS.items():
        yield name.lower(), hive_type(kind)


def duckdb_columns() -> Mapping[str, str]:
    """Name and type, as `read_json` takes them: in the record's own case, which it goes by."""
    return {name: _duckdb(kind) for name, kind in COLUMNS.items()}


def hive_type(kind: Type) -> str:
    """Return a type, or those of the fields of an object, as the Glue catalog takes it."""
    if isinstance(kind, str):
        return kind
    return f"struct<{','.join(f'{name.lower()}:{member}' for name, member in kind.items())}>"


def _duckdb(kind: Type) -> str:
    if isinstance(kind, str):
        return _DUCKDB[kind]
    return f"STRUCT({', '.join(f'{name} {_DUCKDB[member]}' for name, member in kind.items())})"
