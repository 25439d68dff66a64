"""What calls came to, asked in each of the ways that there are, of records that Bedrock wrote."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.integration.deployed.deployment import Deployment
from tests.integration.deployed.test_cli import claude_bedrock, recorded, request_id

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

    bucket = usage(deployment, *window)
    synced = usage(deployment, *window, "--sync", str(tmp_path))
    again = usage(deployment, *window, "--from", str(tmp_path))
    athena = usage(deployment, *window, "--athena")

    assert athena.pop("scanned_bytes") > 0
    assert bucket == synced == again == athena
    counted = {(group["caller"], group["model"]): group["calls"] for group in bucket["groups"]}
    assert counted["default", "claude-haiku-4-5"] >= 1
    assert counted["default", "claude-opus-5-5"] >= 2
    assert bucket["total"]["input_tokens"] > 25_000
    assert not list(tmp_path.rglob("data/*"))


def test_the_saved_queries_are_those_of_the_project(deployment: Deployment) -> None:
    athena = deployment.client("athena")
    group = deployment.output("Observability", "WorkgroupName")
    ids = athena.list_named_queries(WorkGroup=group)["NamedQueryIds"]
    saved = athena.batch_get_named_query(NamedQueryIds=ids)["NamedQueries"]

    assert {query["Name"] for query in saved} == {"usage-last-30-days", "calls-last-30-days"}


def test_calls_are_listed_by_their_content_and_it_is_not_shown(deployment: Deployment) -> None:
    called = claude_bedrock(deployment, "ask", "Tell me of the Quincunx")
    recorded(deployment, request_id(called))

    listed = claude_bedrock(deployment, "logs", "list", "--contains", "quincunx", "--hours", "1")

    assert request_id(called) in listed.stdout
    assert "Quincunx" not in listed.stdout
