"""The report can be attached to an issue, and a run costs less than a dollar."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from claude_bedrock import catalog
from claude_bedrock.cli.smoke.check import Result, passed
from claude_bedrock.cli.smoke.estimate import NoModelError, cheapest, estimate
from claude_bedrock.cli.smoke.report import Run, anonymize, as_data, as_markdown, write
from claude_bedrock.cli.smoke.runner import CHECKS
from tests.unit.cli.smoke.fakes import HAIKU
from tools.docs.pages import rows, section

SECRETS = (
    "arn:aws:iam::123456789012:role/claude-on-bedrock-dev",
    "arn:aws-us-gov:s3:::a-bucket",
    "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/dev",
    "http://localhost:4566",
    "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
    "123456789012",
    "cobkdefaultZ0" + "a" * 40,
    "AKIAIOSFODNN7EXAMPLE",
)
RUN = Run(datetime(2026, 11, 29, 12, tzinfo=UTC), "us-east-1", False, HAIKU.name, "0.10")


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("around", ["it is {}", '"{}", next', "({})", "log-{}-us-east-1"])
def test_what_reveals_an_account_a_key_or_a_host_is_left_out(secret: str, around: str) -> None:
    anonymous = anonymize(around.format(secret))
    assert secret not in anonymous
    assert "123456789012" not in anonymous
    assert "[" in anonymous


def test_sources_numbers_and_ids_stay() -> None:
    text = "https://docs.aws.amazon.com/bedrock/latest 1234567 12345678901234 0.123456789012"
    assert anonymize(text) == text


def test_both_forms_are_written_without_secrets(tmp_path: Path) -> None:
    secrets = " ".join(SECRETS)
    results = [Result(check, passed(secrets, measured=secrets)) for check in CHECKS]
    as_json, as_page = write(as_data(RUN, results), tmp_path / "new", "smoke")
    data = json.loads(as_json.read_text())
    assert [check["name"] for check in data["checks"]] == [check.name for check in CHECKS]
    assert data["aws"] == "live"
    assert as_page.read_text() == as_markdown(data)
    for check in CHECKS:
        assert f"## {check.name}\n\n{check.fact}\n\nSource: <{check.source}>" in as_page.read_text()
    for text in (as_json.read_text(), as_page.read_text()):
        assert not [secret for secret in SECRETS if secret in text]


def test_a_run_with_the_cheapest_model_costs_some_cents() -> None:
    names = ("claude-opus-5-5", "claude-haiku-4-5", "claude-sonnet-4-6")
    model, dollars = cheapest(names, "global")
    assert model == HAIKU
    assert dollars > estimate(HAIKU, "global")
    assert Decimal("0.01") < dollars < Decimal("0.20")


def test_a_run_that_would_cost_a_dollar_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("claude_bedrock.cli.smoke.estimate.LIMIT_DOLLARS", Decimal("0.01"))
    with pytest.raises(NoModelError, match="would cost up to"):
        cheapest(("claude-haiku-4-5",), "global")


def test_a_stage_without_a_priced_model_is_refused() -> None:
    with pytest.raises(NoModelError, match="have no price for"):
        cheapest(("no-model",), "global")


def test_every_model_and_geography_can_be_estimated() -> None:
    pairs = [(model, route) for model in catalog.MODELS for route in catalog.routes(model)]
    assert pairs
    assert all(estimate(model, route) > 0 for model, route in pairs)


def test_the_status_page_names_each_check_once() -> None:
    assert section("docs/status.md", "Facts that `smoke` settles")
    named = [row[1].strip("`") for row in rows("docs/status.md", "Facts that `smoke` settles")]
    assert sorted(named) == sorted(check.name for check in CHECKS)
