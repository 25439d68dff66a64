"""Queries by a stage's Athena: in its workgroup, which limits what a query may read.

https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from claude_bedrock.cli.shared.deployment import Client, Deployment
from claude_bedrock.cli.usage.rows import UnanswerableError

_POLL_SECONDS: Final = 0.5
_ENDED: Final = {"SUCCEEDED", "FAILED", "CANCELLED"}


class Answer(NamedTuple):
    """Names of the columns, the rows with all values as text, and what the query read."""

    names: list[str]
    rows: list[list[str | None]]
    scanned_bytes: int


def ask(deployment: Deployment, question: str) -> Answer:
    """Run the query in Athena. Raises NoTargetError, UnanswerableError and botocore's errors."""
    outputs = deployment.outputs("Observability")
    if "WorkgroupName" not in outputs:
        raise UnanswerableError(
            f"{deployment.stage} has no table for Athena: its records are in another's bucket, or "
            "it was deployed before there was one"
        )
    athena = deployment.client("athena")
    started = athena.start_query_execution(
        QueryString=question,
        QueryExecutionContext={"Database": outputs["RecordsDatabaseName"]},
        WorkGroup=outputs["WorkgroupName"],
    )
    ended = _waited_for(athena, started["QueryExecutionId"])
    names, *rows = _rows(athena, started["QueryExecutionId"])
    scanned = ended.get("Statistics", {}).get("DataScannedInBytes", 0)
    return Answer([str(name) for name in names], rows, scanned)


def _waited_for(athena: Client, query_id: str) -> Mapping[str, Any]:
    try:
        while True:
            execution: dict[str, Any] = athena.get_query_execution(QueryExecutionId=query_id)[
                "QueryExecution"
            ]
            if execution["Status"]["State"] in _ENDED:
                break
            time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        athena.stop_query_execution(QueryExecutionId=query_id)
        raise
    if execution["Status"]["State"] != "SUCCEEDED":
        reason = execution["Status"].get("StateChangeReason") or "no reason given"
        raise UnanswerableError(f"Athena did not answer query {query_id}: {reason}")
    return execution


def _rows(athena: Client, query_id: str) -> Iterator[list[str | None]]:
    """Yield the rows of the result; the first has the names of the columns."""
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=query_id)
    for page in pages:
        for row in page["ResultSet"]["Rows"]:
            yield [value.get("VarCharValue") for value in row["Data"]]
