"""What is said of a model: access, life, retention, quotas, destinations, and who may subscribe."""

import datetime as dt
import json
from typing import Any

import pytest

from claude_bedrock import catalog
from claude_bedrock.cli.doctor.check import Topic
from claude_bedrock.cli.doctor.checks import (
    data_retention_mode,
    github_oidc,
    inference_regions,
    models,
    quotas,
)
from claude_bedrock.cli.doctor.context import Account, Clients
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.stage_settings import Settings
from local.embedded.service_quotas import quota_name
from tests.unit.cli.answers import Server

TODAY = "2026-11-25"
HAIKU = next(model for model in catalog.MODELS if model.name == "claude-haiku-4-5")
OPUS_4_1 = next(model for model in catalog.MODELS if model.name == "claude-opus-4-1")
FABLE = next(model for model in catalog.MODELS if model.name == "claude-fable-5")
AVAILABLE: dict[str, Any] = {
    "modelId": HAIKU.base_id,
    "agreementAvailability": {"status": "AVAILABLE"},
    "authorizationStatus": "AUTHORIZED",
    "entitlementAvailability": "AVAILABLE",
    "regionAvailability": "AVAILABLE",
}


@pytest.mark.parametrize(
    ("change", "name", "fix"),
    [
        ({"regionAvailability": "NOT_AVAILABLE"}, "model availability", "choose a Region"),
        ({"entitlementAvailability": "NOT_AVAILABLE"}, "model entitlement", "payment method"),
        ({"authorizationStatus": "NOT_AUTHORIZED"}, "model authorization", "AWS Support"),
        (
            {"agreementAvailability": {"status": "NOT_AVAILABLE"}},
            "model agreement",
            f"--model-id us.{HAIKU.base_id}",
        ),
        (
            {"agreementAvailability": {"status": "ERROR", "errorMessage": "no payment"}},
            "model agreement",
            "accepts the model's terms",
        ),
        ({"agreementAvailability": {"status": "PENDING"}}, "model agreement", "15 minutes"),
    ],
)
def test_each_part_of_access_fails_by_itself(change: dict[str, Any], name: str, fix: str) -> None:
    judged = models.judge_access({**AVAILABLE, **change}, HAIKU, "us", "us-east-1")

    (failed,) = [check for check in judged if check.outcome != "ok"]
    assert (failed.name, failed.subject, failed.outcome) == (name, "claude-haiku-4-5", "failed")
    assert fix in failed.fix


def test_marketplace_is_needed_until_every_model_is_subscribed_to() -> None:
    fine = models.judge_access(AVAILABLE, HAIKU, "us", "us-east-1")
    missing = {**AVAILABLE, "agreementAvailability": {"status": "NOT_AVAILABLE"}}

    assert not models.subscribing_is_needed(fine)
    assert models.subscribing_is_needed(models.judge_access(missing, HAIKU, "us", "us-east-1"))


def test_marketplace_is_simulated_as_bedrock_asks() -> None:
    class Iam:
        """A principal whose policy has the condition of AmazonBedrockFullAccess."""

        def simulate_principal_policy(self, **request: Any) -> Any:  # noqa: ANN401
            context = {
                entry["ContextKeyName"]: entry["ContextKeyValues"]
                for entry in request.get("ContextEntries", ())
            }
            is_allowed = context.get("aws:CalledViaLast") == ["bedrock.amazonaws.com"]
            decision = "allowed" if is_allowed else "implicitDeny"
            results = [
                {"EvalActionName": action, "EvalDecision": decision}
                for action in request["ActionNames"]
            ]
            return {"EvaluationResults": results}

    clients: Any = lambda _service: Iam()  # noqa: E731
    user = "arn:aws:iam::123456789012:user/somebody"
    account = Account(Deployment("dev", "us-east-1", None), clients, "123456789012", user, TODAY)

    assert models._marketplace(account, needed=True).outcome == "ok"


def test_who_may_not_subscribe_learns_what_is_missing() -> None:
    decisions = dict.fromkeys(models.SUBSCRIBING, "allowed")

    assert models.judge_marketplace(decisions).outcome == "ok"
    check = models.judge_marketplace({**decisions, models.SUBSCRIBING[0]: "implicitDeny"})
    assert check.outcome == "failed"
    assert "aws-marketplace:Subscribe" in check.found
    assert "roles.setup" in check.fix


def moment(day: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{day}T00:00:00+00:00")


LEGACY = {
    "status": "LEGACY",
    "legacyTime": moment("2026-07-08"),
    "publicExtendedAccessTime": moment("2026-10-08"),
    "endOfLifeTime": moment("2027-01-08"),
}


@pytest.mark.parametrize(
    ("life", "model", "outcome", "words"),
    [
        ({"status": "ACTIVE"}, HAIKU, "ok", "active"),
        (LEGACY, OPUS_4_1, "warning", "legacy, last day before 2027-01-08"),
        ({"status": "LEGACY"}, HAIKU, "warning", "the catalog has it as active"),
        (
            {**LEGACY, "endOfLifeTime": moment("2027-02-01")},
            OPUS_4_1,
            "warning",
            "end_of_life 2027-02-01 (catalog: 2027-01-08)",
        ),
        ({**LEGACY, "endOfLifeTime": moment(TODAY)}, OPUS_4_1, "failed", f"gone since {TODAY}"),
        (None, HAIKU, "unknown", "nothing"),
    ],
)
def test_the_end_of_a_model_is_reported(
    life: dict[str, Any] | None, model: catalog.Model, outcome: str, words: str
) -> None:
    check = models.judge_lifecycle(life, model, TODAY)

    assert check.outcome == outcome
    assert words in check.found
    if model is OPUS_4_1:
        assert f"use {OPUS_4_1.successor}" in check.fix or "models sync" in check.fix


@pytest.mark.parametrize(
    ("mode", "mode_of_stage", "outcome", "fix"),
    [
        ("inherit", None, "ok", ""),
        ("aws_review", None, "ok", ""),
        ("none", "none", "ok", ""),
        ("inherit", "none", "failed", "doctor --fix"),
        ("none", "aws_review", "failed", "--mode aws_review"),
    ],
)
def test_another_retention_mode_than_set_fails(
    mode: str, mode_of_stage: str | None, outcome: str, fix: str
) -> None:
    check = data_retention_mode.judge(mode, mode_of_stage, "us-east-1")

    assert check.outcome == outcome
    assert fix in check.fix
    if mode == "none":
        assert "doctor --fix" not in check.fix


@pytest.mark.parametrize(
    ("mode", "mode_of_stage", "outcome"),
    [
        ("inherit", "none", "skipped"),
        ("inherit", "default", "skipped"),
        ("default", "none", "skipped"),
        ("none", "none", "ok"),
        ("none", "default", "failed"),
        ("inherit", None, "ok"),
    ],
)
def test_before_a_deployment_its_mode_is_not_missed_where_it_will_be_set(
    server: Server, mode: str, mode_of_stage: str | None, outcome: str
) -> None:
    server.headers["content-type"] = "application/json"
    server.body = json.dumps({"mode": mode}).encode()
    deployment = Deployment("prod", "us-east-1", server.url)
    account = Account(deployment, Clients(deployment), "123456789012", "arn:…", "2026-11-25")
    deployed = Settings("here", "us-east-1", ("us",), None, (), mode_of_stage, 30, github=False)

    (check,) = data_retention_mode.check(account, deployed._replace(is_deployed=False), fix=False)
    (later,) = data_retention_mode.check(account, deployed, fix=False)

    assert (check.outcome, later.outcome) == (
        outcome,
        "failed" if outcome == "skipped" else outcome,
    )


def test_a_model_that_the_deployments_mode_lets_in_is_not_missed(server: Server) -> None:
    server.headers["content-type"] = "application/json"
    server.body = b'{"mode": "inherit"}'
    deployment = Deployment("prod", "us-east-1", server.url)
    account = Account(deployment, Clients(deployment), "123456789012", "arn:…", "2026-11-25")
    meant = Settings("here", "us-east-1", ("us",), None, (HAIKU.name,), "none", 30, github=False)

    _, of_model = data_retention_mode.check(account, meant._replace(is_deployed=False), fix=False)

    assert of_model.found == "offered under none"


@pytest.mark.parametrize(
    ("mode", "outcome"),
    [("aws_review", "ok"), ("inherit", "failed"), ("default", "failed"), ("none", "failed")],
)
def test_a_model_that_retains_more_is_refused_below_its_mode(mode: str, outcome: str) -> None:
    assert data_retention_mode.judge_model(mode, FABLE, "us-east-1").outcome == outcome
    assert data_retention_mode.judge_model(mode, HAIKU, "us-east-1").outcome == "ok"


def quota(name: str, value: float, *, adjustable: bool = True) -> dict[str, Any]:
    return {"QuotaName": name, "QuotaCode": "L-1", "Value": value, "Adjustable": adjustable}


@pytest.mark.parametrize(
    "name",
    [
        "Cross-region model inference tokens per minute for Anthropic Claude Haiku 4.5",
        "Cross-region model inference tokens per minute for Anthropic Claude Haiku 4.5 V1",
        "Cross-Region InvokeModel tokens per minute for Claude Haiku 4.5",
    ],
)
def test_a_quota_is_known_by_any_of_its_names(name: str) -> None:
    matching = quotas.find([quota(name, 7)], HAIKU, "eu", "tokens")

    assert matching == quota(name, 7)
    assert quotas.find([quota(name, 7)], HAIKU, "global", "tokens") is None
    assert quotas.find([quota(name, 7)], HAIKU, "eu", "requests") is None
    globally = f"Global {name[0].lower()}{name[1:]}"
    assert quotas.find([quota(globally, 7)], HAIKU, "global", "tokens")
    assert quotas.find([quota(globally, 7)], HAIKU, "eu", "tokens") is None


def test_a_quota_of_another_model_or_window_is_not_taken() -> None:
    start = "Cross-region model inference tokens per minute for Anthropic Claude"
    sonnet = next(model for model in catalog.MODELS if model.name == "claude-sonnet-4")
    others = [
        quota(f"{start} Sonnet 4.5 V1", 1),
        quota(f"{start} Sonnet 4 V1 1M Context Length", 1),
    ]

    assert quotas.find(others, sonnet, "us", "tokens") is None
    for model in catalog.MODELS:
        for route in catalog.routes(model):
            assert quotas.find(
                [quota(quota_name(model, route, "tokens"), 1)], model, route, "tokens"
            )


@pytest.mark.parametrize(
    ("quota", "counted", "outcome", "fix"),
    [
        (quota("q", 5.0), "tokens", "ok", ""),
        (quota("q", 0.0), "tokens", "failed", "--quota-code L-1 --region us-east-1"),
        (quota("q", 0.0, adjustable=False), "requests", "failed", "AWS Support"),
        (None, "tokens", "unknown", "Service Quotas console"),
        (None, "requests", "skipped", ""),
    ],
)
def test_a_quota_of_nothing_fails(
    quota: dict[str, Any] | None, counted: str, outcome: str, fix: str
) -> None:
    check = quotas.judge(Topic("quota"), quota, counted, "us-east-1")

    assert check.outcome == outcome
    assert fix in check.fix


US = frozenset({"us-east-1", "us-east-2"})


@pytest.mark.parametrize(
    ("regions", "expected", "residency", "outcome", "words"),
    [
        (US, US, ("us",), "ok", "us-east-1, us-east-2"),
        (US, US, None, "ok", "us-east-1, us-east-2"),
        (US | {"ca-west-1"}, US | {"ca-west-1"}, ("us",), "failed", "answered in ca-west-1"),
        (US | {"us-west-1"}, US, ("us",), "failed", "also us-west-1"),
        (US, US | {"us-west-1"}, ("us",), "warning", "the catalog also has us-west-1"),
        ({"us-east-1", ""}, frozenset(), None, "ok", "any commercial Region"),
        ({"us-east-1", ""}, frozenset(), ("us",), "failed", "any commercial Region"),
    ],
)
def test_a_destination_outside_the_residency_fails(
    regions: set[str],
    expected: frozenset[str],
    residency: tuple[str, ...] | None,
    outcome: str,
    words: str,
) -> None:
    check = inference_regions.judge(Topic("d", "us.x"), regions, expected, residency)

    assert check.outcome == outcome
    assert words in check.found
    assert (check.fix == "") == (outcome == "ok")


def test_a_workflows_role_needs_githubs_provider() -> None:
    assert github_oidc.judge(["sts.amazonaws.com"], "123456789012").outcome == "ok"
    none = github_oidc.judge(None, "123456789012")
    assert (none.outcome, "create-open-id-connect-provider" in none.fix) == ("failed", True)
    other = github_oidc.judge(["mine"], "123456789012")
    assert (other.outcome, "add-client-id" in other.fix) == ("failed", True)


def test_settings_have_what_chooses_models() -> None:
    settings = Settings("here", "us-east-1", ("us", "global"), None, (), None, 30, github=False)

    assert settings.geography == "us"
