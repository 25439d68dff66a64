"""What Athena says of an hour that is too large: asked by AWS's protocol, sealed as it is."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from claude_bedrock.verification.period import Period
from claude_bedrock.verification.read_budget import TooLargeError
from tests.verification.test_scheduled_run import NOON, Account, account
from verification import athena_comparison
from verification.athena_comparison import KIND, AthenaComparison
from verification.scheduled_run import TOO_LARGE

__all__ = ["account"]

ONE_HOUR = timedelta(hours=1)
SINCE = datetime(2026, 11, 30, 1, tzinfo=UTC)
PERIOD = Period(SINCE, SINCE + timedelta(hours=1), timedelta(hours=1), SINCE + timedelta(hours=9))
NAMES = ["missing", "called_at", "request_id", "gateway_request_id", "caller", "model_id", "file"]
LACKS_RECORD = ["record", "2026-11-30T01:30:00Z", "r1", "g1", "search.web", "m", "a file"]
LACKS_ENTRY = ["audit log entry", "2026-11-30T01:30:00Z", "r2", None, "search.web", "m", "a file"]
ABOUT = {"kind": KIND, "since": "2026-11-30T01:00:00Z", "until": "2026-11-30T02:00:00Z"}
QUERY = {"QueryExecutionId": "q"}


@pytest.fixture
def athena(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    make: Any = boto3.client
    client = make(
        "athena", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    monkeypatch.setattr(athena_comparison, "_POLL_SECONDS", 0)
    with Stubber(client) as stubber:
        expected = {
            "QueryString": ANY,
            "QueryExecutionContext": {"Database": "the_database"},
            "WorkGroup": "the-workgroup",
        }
        stubber.add_response("start_query_execution", QUERY, expected)
        yield stubber
        stubber.assert_no_pending_responses()


def state(athena: Stubber, name: str) -> None:
    execution = {"Status": {"State": name}, "Statistics": {"DataScannedInBytes": 5}}
    athena.add_response("get_query_execution", {"QueryExecution": execution}, QUERY)


def results(athena: Stubber, rows: Sequence[Sequence[str | None]], token: str | None) -> None:
    data = [
        {"Data": [{} if value is None else {"VarCharValue": value} for value in row]}
        for row in rows
    ]
    page: dict[str, Any] = {"ResultSet": {"Rows": data}}
    athena.add_response("get_query_results", {**page, **({"NextToken": token} if token else {})})


def ask(athena: Stubber, remaining_ms: int = 900_000) -> Mapping[str, Any]:
    comparison = AthenaComparison(athena.client, "the-workgroup", "the_database")
    return comparison.entry(PERIOD, lambda: remaining_ms)


def test_the_answer_is_counted_over_its_pages_and_names_the_first_calls(athena: Stubber) -> None:
    for name in ("QUEUED", "RUNNING", "SUCCEEDED"):
        state(athena, name)
    results(athena, [NAMES, LACKS_RECORD], "next")
    results(athena, [LACKS_ENTRY] * 150, None)

    entry = ask(athena)

    assert {name: entry[name] for name in ABOUT} == ABOUT
    assert (entry["query"], entry["scanned_bytes"]) == ("q", 5)
    assert (entry["missing_records"], entry["missing_entries"]) == (1, 150)
    assert entry["first"][0] == dict(zip(NAMES[:-1], LACKS_RECORD[:-1], strict=True))
    assert (len(entry["first"]), entry["first"][1]["gateway_request_id"]) == (100, "")
    assert "because" not in entry


def test_a_query_that_athena_ends_says_so(athena: Stubber) -> None:
    state(athena, "FAILED")

    assert ask(athena) == {**ABOUT, "query": "q", "because": "Athena ended the query as FAILED"}


def test_a_query_is_stopped_while_there_is_time_to_seal(athena: Stubber) -> None:
    state(athena, "RUNNING")
    athena.add_response("stop_query_execution", {}, QUERY)

    entry = ask(athena, remaining_ms=30_000)

    assert entry["because"] == "the function's time was over before its answer"


def test_what_aws_refuses_is_named_without_its_text(athena: Stubber) -> None:
    athena.add_client_error("get_query_execution", "AccessDeniedException", "arn:aws:iam::1:role/x")

    assert ask(athena) == {**ABOUT, "because": "AccessDeniedException of GetQueryExecution"}


def test_an_hour_that_fits_in_no_slice_is_sealed_with_athenas_answer(account: Account) -> None:
    account.busy(NOON, calls_a_minute=10)
    account.rate = 60.0
    periods: list[Period] = []

    def compare(period: Period, _remaining_ms: object) -> Mapping[str, Any]:
        periods.append(period)
        return {**ABOUT, "missing_records": 2}

    account.compare = compare
    for _ in range(4):
        with pytest.raises(TooLargeError):
            account.run(NOON + 2 * ONE_HOUR)
    account.run(NOON + 2 * ONE_HOUR)

    run, compared, end = account.entries(NOON)
    assert (run["because"], compared["missing_records"], end["kind"]) == (TOO_LARGE, 2, "end")
    assert [(period.since, period.until) for period in periods] == [(NOON, NOON + ONE_HOUR)]
    covered = account.covered(NOON + ONE_HOUR, NOON + 4 * ONE_HOUR)
    assert (covered.holds, covered.hours_verified) == (True, 0)
