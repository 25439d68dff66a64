"""What calls came to, asked in each of the ways that there are, of records that Bedrock wrote."""

import csv
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from claude_bedrock.caller_sessions.session_name import session_name
from claude_bedrock.cli.logs.call_records import find
from claude_bedrock.cli.shared.record_sources import records_of
from tests.integration.deployed.deployment import Deployment, eventually
from tests.integration.deployed.test_cli import claude_bedrock, recorded, request_id
from tests.integration.deployed.test_verify import log_record
from tests.verification.scenario import record

OVER_100_KB = "long " * 25_000


def usage(deployment: Deployment, *arguments: str) -> dict[str, Any]:
    response = claude_bedrock(deployment, "usage", "--json", "--by", "caller,model", *arguments)
    assert response.returncode == 0, response.stderr
    report: dict[str, Any] = json.loads(response.stdout)
    return report


def test_bucket_folder_and_athena_give_the_same_and_it_is_what_was_called(
    deployment: Deployment, tmp_path: Path
) -> None:
    time.sleep(1 - datetime.now(UTC).microsecond / 1e6)  # a record's time is of whole seconds
    since = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    calls = (
        ("Hi", "claude-haiku-4-5"),
        ("Hi", "claude-opus-5-5"),
        (OVER_100_KB, "claude-opus-5-5"),
    )
    for prompt, model in calls:
        called = claude_bedrock(deployment, "ask", "-", "--model", model, stdin=prompt)
        recorded(deployment, request_id(called))
    window = ("--since", since, "--until", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")

    entries = usage(deployment, *window)
    bucket = usage(deployment, *window, "--records")
    synced = usage(deployment, *window, "--sync", str(tmp_path))
    again = usage(deployment, *window, "--from", str(tmp_path))
    athena = usage(deployment, *window, "--athena")

    assert athena.pop("scanned_bytes") > 0
    assert bucket == synced == athena
    assert all(bucket[name] == again[name] for name in ("groups", "total", "source"))
    assert all(bucket[name] == entries[name] for name in ("groups", "total"))
    assert (entries["source"], bucket["source"]) == ("audit log entries", "records")
    counted = {(group["caller"], group["model"]): group["calls"] for group in bucket["groups"]}
    assert counted["default", "claude-haiku-4-5"] >= 1
    assert counted["default", "claude-opus-5-5"] >= 2
    assert bucket["total"]["input_tokens"] > 25_000
    assert not list(tmp_path.rglob("data/*"))


def test_a_bill_by_callers_sessions_agrees_with_the_records(
    deployment: Deployment, tmp_path: Path
) -> None:
    """A bill of what the records come to, by the sessions of the stage's caller role."""
    recorded(deployment, request_id(claude_bedrock(deployment, "ask", "What does this cost?")))
    since = f"{datetime.now(UTC).date()}T00:00:00Z"
    window = ("--since", since, "--until", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
    response = claude_bedrock(deployment, "usage", "--json", "--by", "caller", *window)
    dollars = {
        group["caller"]: group["dollars"]["total"]
        for group in json.loads(response.stdout)["groups"]
    }
    role = deployment.output("Gateway", "CallerRoleArn").rpartition("/")[2]
    columns = {
        "line_item_line_item_type": "Usage",
        "line_item_usage_start_date": since,
        "line_item_usage_type": "USE1-Claude4.5Haiku-input-tokens",
        "line_item_usage_amount": "1",
        "line_item_currency_code": "USD",
        "line_item_product_code": "AmazonBedrock",
    }
    bill = tmp_path / "bill.csv"
    with bill.open("w", newline="") as file:
        names = [*columns, "line_item_iam_principal", "line_item_unblended_cost"]
        lines = csv.DictWriter(file, names)
        lines.writeheader()
        for caller, total in dollars.items():
            principal = f"arn:aws:sts::123456789012:assumed-role/{role}/{session_name(caller)}"
            lines.writerow(
                {**columns, "line_item_iam_principal": principal, "line_item_unblended_cost": total}
            )

    compared = claude_bedrock(deployment, "usage", "--bill", str(bill), "--json", *window)

    assert compared.returncode == 0, compared.stderr
    report = json.loads(compared.stdout)
    assert {each["caller"] for each in report["groups"]} == {*dollars} >= {"default"}
    assert {each["reason"] for each in report["groups"]} <= {None, "rounding"}
    assert report["others"] == []


def test_the_saved_queries_are_those_of_the_project(deployment: Deployment) -> None:
    athena = deployment.client("athena")
    group = deployment.output("Observability", "WorkgroupName")
    ids = athena.list_named_queries(WorkGroup=group)["NamedQueryIds"]
    saved = athena.batch_get_named_query(NamedQueryIds=ids)["NamedQueries"]

    assert {query["Name"] for query in saved} == {"usage-last-30-days", "calls-last-30-days"}


def test_calls_are_listed_by_their_content_and_it_is_not_printed(deployment: Deployment) -> None:
    called = claude_bedrock(deployment, "ask", "Tell me of the Quincunx")
    recorded(deployment, request_id(called))

    listed = claude_bedrock(deployment, "logs", "list", "--contains", "quincunx", "--hours", "1")

    assert request_id(called) in listed.stdout
    assert "Quincunx" not in listed.stdout


def test_calls_of_one_caller_are_listed_and_others_stay_in_cloudwatch(
    deployment: Deployment,
) -> None:
    """Also where a name has characters that mean something in a filter pattern."""
    ask = deployment.ask
    ask("Hi")
    called = ask("Hi", key=deployment.endpoint["api_keys"]["search.web"]).headers["request-id"]
    eventually(lambda: find(records_of(deployment.stage()), called, hours=1).in_logs)
    at = datetime.now(UTC) - timedelta(days=10)
    odd = {"token_issuer": "corp", "caller": "Ann $+,/:=@ [x]*{2}%"}
    content = record("of-an-odd-name", "kept", at.timestamp())
    log_record(deployment, {**content, "requestMetadata": odd}, at)
    log_record(deployment, {**content, "requestId": "of-another"}, at)

    def listed(caller: str, *window: str) -> list[dict[str, Any]]:
        process = claude_bedrock(deployment, "logs", "list", "--caller", caller, "--json", *window)
        items: list[dict[str, Any]] = json.loads(process.stdout)["items"]
        return items

    lines = listed("SEARCH.WEB", "--hours", "1")
    assert called in {line["request_id"] for line in lines}
    assert {line["who"] for line in lines} == {"search.web"}
    hour = timedelta(hours=1)
    back = ("--since", (at - hour).isoformat(), "--until", (at + hour).isoformat())
    odd_lines = listed("corp:Ann $+,/:=@ [x]*{2}%", *back)
    assert [line["request_id"] for line in odd_lines] == ["of-an-odd-name"]
    assert listed("Ann $+,/:=@ [x]*{3}%", *back) == []
