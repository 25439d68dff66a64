"""What Athena says of a time that is too large for the function: its answer is sealed as it is.

Athena compares audit log entries with records where both lie in S3
(claude_bedrock/queries/unmatched.sql). It sees one of the two copies of a record, and no content:
the time stays one that is not verified.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from claude_bedrock.queries import render
from claude_bedrock.verification.hours import iso
from claude_bedrock.verification.period import Period
from claude_bedrock.verification.read_budget import RESERVE_MS
from verification.report import reason

KIND: Final = "athena_comparison"
MOST_NAMED: Final = 100
"""So many calls are named; the counts have all."""
_NAMED: Final = ("missing", "called_at", "request_id", "gateway_request_id", "caller", "model_id")
_POLL_SECONDS: Final = 2.0
_ENDED: Final = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})
Client = Any
Answer = Mapping[str, Any]


class AthenaComparison:
    """Asks in a workgroup, whose scan limit ends a query that reads too much."""

    def __init__(self, athena: Client, workgroup: str, database: str) -> None:
        self._athena, self._workgroup, self._database = athena, workgroup, database

    def entry(self, period: Period, remaining_ms: Callable[[], int]) -> Answer:
        """Return the entry of evidence on a period: how many calls lack a record in S3 and how many
        records lack an entry, with the first of them; else `because`, why it is not known."""
        about = {"kind": KIND, "since": iso(period.since), "until": iso(period.until)}
        try:
            return {**about, **self._answer(period, remaining_ms)}
        except (ClientError, BotoCoreError) as error:
            return {**about, "because": reason(error)}

    def _answer(self, period: Period, remaining_ms: Callable[[], int]) -> Answer:
        """Raises botocore's errors."""
        query = self._athena.start_query_execution(
            QueryString=render.text("unmatched", render.between(period.since, period.until), ()),
            QueryExecutionContext={"Database": self._database},
            WorkGroup=self._workgroup,
        )["QueryExecutionId"]
        execution = self._execution(query)
        while (state := execution["Status"]["State"]) not in _ENDED:
            if remaining_ms() < RESERVE_MS:
                self._athena.stop_query_execution(QueryExecutionId=query)
                return {"query": query, "because": "the function's time was over before its answer"}
            time.sleep(_POLL_SECONDS)
            execution = self._execution(query)
        if state != "SUCCEEDED":
            return {"query": query, "because": f"Athena ended the query as {state}"}
        return {
            "query": query,
            "scanned_bytes": execution.get("Statistics", {}).get("DataScannedInBytes", 0),
            **_summary(self._rows(query)),
        }

    def _execution(self, query: str) -> Answer:
        execution: Answer = self._athena.get_query_execution(QueryExecutionId=query)[
            "QueryExecution"
        ]
        return execution

    def _rows(self, query: str) -> Iterator[dict[str, str]]:
        """Yield each row by the names of its columns, which the first row of a result has."""
        names: list[str] = []
        pages = self._athena.get_paginator("get_query_results")
        for page in pages.paginate(QueryExecutionId=query):
            for row in page["ResultSet"]["Rows"]:
                values = [value.get("VarCharValue", "") for value in row["Data"]]
                if names:
                    yield dict(zip(names, values, strict=True))
                names = names or values


def _summary(rows: Iterator[dict[str, str]]) -> Answer:
    counts: Counter[str] = Counter()
    first: list[dict[str, str]] = []
    for row in rows:
        counts[row["missing"]] += 1
        if len(first) < MOST_NAMED:
            first.append({name: row[name] for name in _NAMED})
    return {
        "missing_records": counts["record"],
        "missing_entries": counts["audit log entry"],
        "first": first,
    }
