"""`claude-bedrock cost estimate`: a month in dollars from a stage's block in cdk.json."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from claude_bedrock import catalog
from claude_bedrock.cli.cost import aws_prices
from claude_bedrock.cli.cost.lines import Workload, lines
from claude_bedrock.cli.main import app
from tools.docs.pages import read

BLOCK: dict[str, Any] = {
    "region": "us-east-1",
    "models": {"allow": ["claude-haiku-4-5"]},
    "endpoint": {"memory_mb": 512, "tracing": {"requests_per_second": 0, "fixed_rate": 0.5}},
    "callers": {"budgets": {"stage": [{"usd": 9, "per": "day"}], "callers": {"default": []}}},
    "logging": {"retention_days": 60},
    "evidence": {"canary": "claude-haiku-4-5"},
}
HAIKU = catalog.find("claude-haiku-4-5")
assert HAIKU is not None
MILLION = Workload(1_000_000, 1000, 100, 10_000, Decimal(10))


def month(block: dict[str, Any], load: Workload) -> dict[str, Decimal]:
    assert HAIKU is not None
    return {line.name: line.dollars for line in lines(block, HAIKU, "global", load)}


def test_a_month_is_the_sum_of_what_each_service_takes() -> None:
    """By hand: 1 GB of input at $1, 10 GB from the cache at $0.10, 0.1 GB out at $5 …"""
    assert month(BLOCK, MILLION) == {
        "Bedrock, input": Decimal(1000),
        "Bedrock, from the cache": Decimal(1000),
        "Bedrock, output": Decimal(500),
        "API Gateway": Decimal("3.50"),
        "Lambda, requests": Decimal("0.40"),
        "Lambda, time": Decimal("5002500") * Decimal("0.0000133334"),
        "Gateway's metrics": Decimal("4.20"),
        "Budgets": Decimal("1.25"),
        "Traces": Decimal("2.5"),
        "Answers, out of AWS": Decimal("0.036"),
        "CloudWatch Logs, written": Decimal("46.9") / 2,
        "CloudWatch Logs, kept": Decimal("46.9") * 2 * Decimal("0.03"),
        "S3, kept, at most": Decimal("46.9") * 2 * Decimal("0.023"),
        "S3, objects, at most": Decimal(5),
        "Idle stage, at most": aws_prices.IDLE_DOLLARS,
        "Canary, at most": Decimal("29.2"),
    }


def test_a_large_prompt_is_kept_in_s3_alone() -> None:
    """160 KB: with the record, an object for each of the two destinations. CloudWatch Logs gets
    0.4 GB of answers and 2.5 GB of entries."""
    made = month(BLOCK, MILLION._replace(cached=39_000))
    assert made["CloudWatch Logs, written"] == Decimal("2.9") / 2
    assert made["S3, objects, at most"] == 3 * Decimal(5)
    assert made["S3, kept, at most"] == Decimal("322.9") * 2 * Decimal("0.023")


def test_without_an_endpoint_only_tokens_and_records_cost() -> None:
    direct = month({**BLOCK, "endpoint": {"enabled": False}, "evidence": {}}, MILLION)
    assert {name.partition(",")[0] for name in direct} == {
        *("Bedrock", "CloudWatch Logs", "S3", "Idle stage"),
    }


def test_vpc_endpoints_cost_by_zone_and_hour_and_by_what_goes_through() -> None:
    """Nine, and one for traces, in two zones; the prompts once to Bedrock and once from the log."""
    network = {"functions": {"endpoints": "create", "subnets": ["subnet-1", "subnet-2"]}}
    block = {**BLOCK, "endpoint": {**BLOCK["endpoint"], "network": network}}
    made = month(block, MILLION)
    assert made["VPC endpoints"] == 10 * 2 * 730 * Decimal("0.01")
    assert made["VPC endpoints, data"] == (2 * Decimal("44.4") + Decimal("2.5")) * Decimal("0.01")
    network["functions"]["endpoints"] = "existing"
    assert "VPC endpoints" not in month(block, MILLION)


def test_a_table_of_audit_log_entries_costs_by_the_gigabyte_and_an_endpoint_in_a_vpc() -> None:
    network = {"functions": {"endpoints": "create", "subnets": ["subnet-1"]}}
    endpoint = {**BLOCK["endpoint"], "network": network}
    without, made = (
        month({**BLOCK, "endpoint": endpoint, "evidence": evidence}, MILLION)
        for evidence in ({}, {"audit_entry_table": True})
    )
    of_entries = [made[name] for name in made if name.startswith("Audit log entries")]
    assert of_entries == [Decimal("0.03"), Decimal("0.02")]
    assert made["VPC endpoints"] - without["VPC endpoints"] == 730 * Decimal("0.01")


def test_an_archive_is_kept_and_written_once_more() -> None:
    archived = month({**BLOCK, "logging": {"archive": {"bucket": "archive"}}}, MILLION)

    assert archived["Archive, kept as long, at most"] == archived["S3, kept, at most"]
    assert archived["Archive, objects, at most"] == archived["S3, objects, at most"]


def test_a_second_trail_costs_by_the_call() -> None:
    for trail, dollars in (({"create": True}, [20]), ({"bucket": "of-the-organization"}, [])):
        made = month({**BLOCK, "evidence": {"cloudtrail": trail}}, MILLION)
        assert [made[name] for name in made if name.startswith("Trail, calls")] == dollars


def test_a_web_acl_costs_by_its_rules_and_requests() -> None:
    rules = {"rate_limit": 2000, "rate_limit_without_credential": 100}
    made, own = (
        month({**BLOCK, "endpoint": {"web_acl": acl}}, MILLION) for acl in (rules, "arn:of-ours")
    )

    of_waf = {name: dollars for name, dollars in made.items() if name.startswith("Web ACL")}
    assert list(of_waf.values()) == [Decimal("5.00"), Decimal("4.00"), Decimal("0.60")]
    assert not set(of_waf) & set(own)


@given(st.integers(0, 10**9), st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_calls_never_cost_less(calls: int, input_tokens: int, output_tokens: int) -> None:
    load = Workload(calls, input_tokens, output_tokens, 0, Decimal(1))
    more = month(BLOCK, load._replace(calls=calls + 1))
    assert all(more[name] >= dollars for name, dollars in month(BLOCK, load).items())


def test_the_prices_are_those_of_the_page() -> None:
    """A price that changes is changed in both places."""
    page = read("docs/deploy.md").partition("\n## What it costs\n")[2].partition("\n## ")[0]
    prices = [value for value in vars(aws_prices).values() if isinstance(value, aws_prices.Price)]
    assert len(prices) > 10
    for price in prices:
        if price.unit != "GB-second":
            assert re.search(rf"\b{re.escape(str(price.dollars))}\b", page), price
        assert f"({price.source})" in page, price
    assert f"to {aws_prices.IDLE_DOLLARS} dollars a month" in page
    assert f"| Hour of a `canary` | {aws_prices.CANARY_DOLLARS} |" in page
    assert f"{aws_prices.GATEWAY_METRICS} of them the gateway's" in page


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = {"context": {"stages": {"dev": BLOCK}}}
    (tmp_path / "cdk.json").write_text(json.dumps(content), encoding="utf-8")
    monkeypatch.chdir(tmp_path)


def run(*options: str) -> tuple[int, str]:
    of_load = ("--calls", "1000", "--input", "10", "--output", "10")
    result = CliRunner().invoke(app, ["cost", "estimate", *of_load, *options])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


@pytest.mark.usefixtures("stage")
def test_the_command_reads_the_stage_in_this_folder() -> None:
    code, output = run("--model", "claude-haiku-4-5", "--json")
    data = json.loads(output)
    assert code == 0
    assert data["dollars"] == pytest.approx(sum(line["dollars"] for line in data["lines"]))
    assert run("--model", "claude-haiku-4-5")[1].startswith("A month of dev with claude-haiku-4-5")


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--model", "claude-opus-4-5"], "is not offered here"),
        (["--model", "gpt"], "There is no model 'gpt'"),
        (["--model", "claude-haiku-4-5", "--stage", "prod"], "has no stage 'prod'"),
        (["--model", "claude-haiku-4-5", "--cached", "200000"], "takes 200,000 tokens"),
        (["--model", "claude-haiku-4-5", "--output", "64001"], "writes 64,000"),
    ],
)
def test_an_impossible_estimate_has_a_reason(options: list[str], reason: str) -> None:
    code, output = run(*options)
    assert (code, reason in output) == (1, True), output


def test_without_cdk_json_the_message_names_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, output = run("--model", "claude-haiku-4-5")
    assert (code, "This folder has no cdk.json." in output) == (1, True), output
