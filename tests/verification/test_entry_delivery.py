"""Audit log entries in the bucket beside those of the log group, in a run of the function."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from claude_bedrock.queries.audit_entries import PREFIX
from claude_bedrock.verification.evidence_bucket import key_of_hour
from tests.verification.test_handler import (
    HOUR,
    NOW,
    Account,
    account,
    metrics,
    run_at,
)

__all__ = ["account"]

AT = HOUR + timedelta(minutes=30)
BUCKET = "the-bucket"
SETTINGS = {"AUDIT_ENTRY_TABLE": "true"}


def deliver(account: Account, folder: Path, hour: datetime, *request_ids: str) -> str:
    """Write a file as Firehose does, of entries with these ids of the gateway."""
    file = folder / "entries.parquet"
    rows = [{"audit": {"gateway_request_id": request_id}} for request_id in request_ids]
    lines = folder / "entries.json"
    lines.write_text("\n".join(map(json.dumps, rows)))
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM read_json('{lines}')) TO '{file}' (FORMAT parquet)")
    key = f"{PREFIX}{hour:%Y/%m/%d/%H}/{'-'.join(request_ids)}.parquet"
    account.s3.put_object(Bucket=BUCKET, Key=key, Body=file.read_bytes())
    return key


def sealed(account: Account) -> dict[str, Any]:
    run, *_ = account.entries(key_of_hour(HOUR))
    delivery: dict[str, Any] = run["entry_files"]
    return delivery


def test_an_entry_that_the_bucket_lacks_is_counted_and_named(
    account: Account, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("delivered", "late", "lost"):
        account.called(name, AT)
        account.recorded(name, AT)
    deliver(account, tmp_path, HOUR, "gateway-delivered")
    deliver(account, tmp_path, HOUR + timedelta(hours=1), "gateway-late", "of-another-hour")
    account.s3.put_object(Bucket=BUCKET, Key=f"{PREFIX}{HOUR:%Y/%m/%d/%H}/broken", Body=b"PAR1")

    (outcome,) = run_at(NOW, **SETTINGS)

    assert outcome["counts"]["matched"] == 3
    assert sealed(account) == {
        "entries": 3,
        "pending": 0,
        "missing": 1,
        "missing_ids": ["gateway-lost"],
        "unreadable": [f"s3://{BUCKET}/{PREFIX}{HOUR:%Y/%m/%d/%H}/broken"],
    }
    assert metrics(capsys.readouterr().out)["AuditEntryNotDelivered"] == 1


def test_a_stage_without_the_table_neither_reads_nor_counts(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    account.called("call", AT)

    run_at(NOW)

    run, *_ = account.entries(key_of_hour(HOUR))
    assert "entry_files" not in run
    assert "AuditEntryNotDelivered" not in metrics(capsys.readouterr().out)
