"""The check of the table of audit log entries: that an entry gets into it, and that Athena runs the
query over both tables."""

from datetime import UTC, datetime
from typing import Final

from claude_bedrock.cli.smoke.check import Check, Finding, failed, not_assessed, passed
from claude_bedrock.cli.smoke.deployed_stage import Subject
from claude_bedrock.cli.usage import athena_engine
from claude_bedrock.cli.usage.rows import UnanswerableError
from claude_bedrock.queries import audit_entries, render, schema

OUTPUT: Final = "AuditEntryTableName"
"""The output of the Observability stack that such a stage has."""


def judge_table(subject: Subject) -> Finding:
    """Look for the entry of the first call by Athena, then compare entries with records."""
    response = subject.message
    if not response.request_id:
        return not_assessed("The call had no request id to look for.")
    period = render.between(response.started_at, datetime.now(UTC))
    try:
        found = subject.wait_for(lambda: _has_entry(subject, response.request_id, period))
        if found is None:
            text = "The table lacks the call's entry. Firehose writes a file after 15 minutes"
            return not_assessed(f"{text}: wait longer with --wait 20.")
        seconds = round((datetime.now(UTC) - response.started_at).total_seconds())
        compared = athena_engine.ask(subject.deployment, render.text("unmatched", period, ()))
    except UnanswerableError as error:
        return failed(f"{error}.")
    measured = {"seconds": seconds, "scanned_bytes": compared.scanned_bytes}
    return passed("The table has the call's entry, and Athena compares both tables.", **measured)


def _has_entry(subject: Subject, request_id: str, period: render.Period) -> bool | None:
    """Return True, or None where the table lacks the entry so far."""
    literal = request_id.replace("'", "''")
    last = datetime.now(UTC)
    question = (
        f"SELECT count(*) FROM {audit_entries.NAME} "  # noqa: S608 - an id of AWS, as a literal
        f"WHERE {schema.HOUR} BETWEEN {period.first_hour} AND '{last:%Y/%m/%d/%H}' "
        f"AND audit.bedrock_request_id = '{literal}'"
    )
    ((number,),) = athena_engine.ask(subject.deployment, question).rows
    return True if number and int(number) else None


CHECKS: Final = (
    Check(
        "audit entry table",
        "Firehose takes audit log entries out of CloudWatch's envelope and writes them as Parquet "
        "by the table's columns, and Athena runs the query over entries and records.",
        "https://docs.aws.amazon.com/firehose/latest/dev/writing-with-cloudwatch-logs.html",
        judge_table,
        is_local=False,
        output=OUTPUT,
    ),
)
