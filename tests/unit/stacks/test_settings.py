"""A stage block is read as written, and every mistake in it is named in one line."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from stacks.settings import SettingsError, load_stage
from stacks.stage import Stage

TODAY = dt.date(2026, 11, 23)
BLOCK: dict[str, Any] = {
    "region": "us-east-1",
    "route": "global",
    "models": ["claude-sonnet-4-5", "claude-haiku-4-5"],
    "alarm_email": "ops@example.com",
}


def load(**changes: object) -> Stage:
    return load_stage({"dev": BLOCK | changes}, "dev", today=TODAY)


def mistake(**changes: object) -> str:
    with pytest.raises(SettingsError) as caught:
        load(**changes)
    return str(caught.value)


def test_what_is_not_said_has_its_default() -> None:
    stage = load()
    assert stage.retention_days == 30
    assert stage.api_keys == ("default",)
    assert stage.quota is None
    assert stage.max_body_bytes == 5_000_000
    assert stage.ping_seconds == 15
    assert stage.keep_logs_on_destroy is True
    assert stage.account is None
    assert stage.adapt == "lenient"
    assert (stage.existing_logging, stage.existing_logging_role) == ("fail", None)


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, ("default",)),
        ({"canary": "claude-haiku-4-5"}, ("default", "canary")),
        ({"canary": "claude-haiku-4-5", "auth": "iam"}, ()),
    ],
)
def test_a_canary_has_a_key_of_its_own(changes: dict[str, object], names: tuple[str, ...]) -> None:
    assert load(**changes).key_names == names


def test_what_is_said_is_kept() -> None:
    stage = load(
        retention_days=365,
        api_keys=["a", "b.c"],
        throttle={"rate_per_second": 0.5, "burst": 3},
        quota={"requests": 7, "period": "WEEK"},
        alarm_email="ops@example.com",
    )
    assert stage.retention_days == 365
    assert stage.api_keys == ("a", "b.c")
    assert (stage.throttle.rate_per_second, stage.throttle.burst) == (0.5, 3)
    assert stage.quota is not None
    assert (stage.quota.requests, stage.quota.period) == (7, "WEEK")


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().retention_days = 1


def test_every_stage_of_cdk_json_is_valid() -> None:
    cdk_json = Path(__file__).parents[3] / "cdk.json"
    stages = json.loads(cdk_json.read_text())["context"]["stages"]
    assert {"local", "dev", "prod"} <= set(stages)
    for name in stages:
        assert load_stage(stages, name, today=TODAY).name == name


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"retention_days": 29}, "retention_days: 29 given; allowed: one of 30, 60, 90, "),
        (
            {
                "object_lock": "compliance",
                "keep_logs_on_destroy": False,
                "canary": "claude-haiku-4-5",
            },
            "object_lock: compliance given beside keep_logs_on_destroy false; allowed: ",
        ),
        (
            {"object_lock": "governance", "keep_logs_on_destroy": True},
            "object_lock: governance given without a canary; allowed: a canary beside it, since ",
        ),
        ({"tags": {"AWS:owner": "x"}}, "tags.AWS:owner: given; allowed: other tags, since "),
        ({"tags": {"claude-on-bedrock": "x"}}, "tags.claude-on-bedrock: given; allowed: other "),
        ({"tags": {"owner": 1}}, "tags.owner: 1 given; allowed: an object of at most 40 tags"),
        ({"retention_days": 31}, "retention_days: 31 given; allowed: one of 30, 60, 90, "),
        ({"retention_days": "30"}, "retention_days: '30' given; allowed: one of 30, 60, 90, "),
        (
            {"retenton_days": 30},
            "retenton_days: unknown key; allowed: region, route, fallback_routes, ",
        ),
        ({"name": "dev"}, "name: unknown key; allowed: region, route, fallback_routes, "),
        (
            {"region": "Virginia"},
            "region: 'Virginia' given; allowed: an AWS Region, ",
        ),
        ({"region": "us-east-9"}, "region: 'us-east-9' given; allowed: a commercial AWS Region, "),
        ({"region": "us-gov-west-1"}, "region: 'us-gov-west-1' given; allowed: a commercial AWS "),
        (
            {"region": "us-west-1", "route": "us", "teams": {"search": {}}},
            "teams: given in us-west-1, where CloudFormation has no application inference profiles",
        ),
        ({"route": "mars"}, "route: 'mars' given; allowed: global, us, eu, jp, au or apac"),
        ({"models": []}, "models: [] given; allowed: a list of model names, aliases and families "),
        ({"models": "claude-haiku-4-5"}, "models: 'claude-haiku-4-5' given; allowed: a list of "),
        (
            {"models": ["haiku", "claude-haiku-4-5"]},
            "models: 'haiku' and 'claude-haiku-4-5' given, which both mean claude-haiku-4-5; ",
        ),
        ({"models": ["gpt"]}, "models: 'gpt' given; allowed: claude-sonnet-4-5, "),
        (
            {"models": ["anthropic.claude-sonnet-5"]},
            "models: 'anthropic.claude-sonnet-5' given; allowed: its name, claude-sonnet-5",
        ),
        (
            {"models": ["claude-sonnet-4"]},
            "models: 'claude-sonnet-4' given, which is retired; allowed: claude-sonnet-4-6, its ",
        ),
        (
            {"models": ["claude-opus-4-5"], "route": "jp", "region": "ap-northeast-1"},
            "models: 'claude-opus-4-5' given, which has no jp profile callable from ap-",
        ),
        (
            {"models": ["claude-haiku-4-5"], "route": "eu"},
            "models: 'claude-haiku-4-5' given, which has no eu profile callable from us-east-1;",
        ),
        (
            {"models": ["mythos"]},
            "models: 'mythos' given, of which this stage may have none; allowed: claude-",
        ),
        (
            {"models": ["claude-opus-4-8"], "route": "us", "residency": ["us"]},
            "models: 'claude-opus-4-8' given, which may be answered in ca-central-1, ca-west-1, ",
        ),
        (
            {"models": ["claude-fable-5"], "data_retention": "none"},
            "models: 'claude-fable-5' given, which needs data-retention mode aws_review, where ",
        ),
        (
            {"route": "us", "fallback_routes": ["us"]},
            "fallback_routes: ['us'] given beside route us; allowed: each route once",
        ),
        (
            {"route": "us", "fallback_routes": ["global"], "residency": ["us"]},
            "residency: given beside the route global, whose calls may be answered in any ",
        ),
        ({"residency": ["Europe"]}, "residency: 'Europe' given; allowed: a list of Regions or "),
        ({"data_retention": "inherit"}, "data_retention: 'inherit' given; allowed: none, default"),
        (
            {"guardrail": {"id": "abc", "version": "0"}},
            "guardrail.version: '0' given; allowed: its version in quotes",
        ),
        (
            {"existing_logging": "overwrite"},
            "existing_logging: 'overwrite' given; allowed: fail, adopt, extend or replace",
        ),
        (
            {"existing_logging_role": "arn:aws:iam::123456789012:role/*"},
            "existing_logging_role: 'arn:aws:iam::123456789012:role/*' given; allowed: the ARN of ",
        ),
        (
            {"service_tiers": ["fast"]},
            "service_tiers: 'fast' given; allowed: a list of default and ",
        ),
        (
            {"service_tiers": ["flex"]},
            "service_tiers: ['flex'] given; allowed: default and others, each once, since a call ",
        ),
        ({"service_tiers": []}, "service_tiers: [] given; allowed: default and others"),
        (
            {"service_tiers": ["default", "default"]},
            "service_tiers: ['default', 'default'] given; allowed: default and others, each once",
        ),
        *(
            (
                {"cors_origins": [origin]},
                f"cors_origins: {origin!r} given; allowed: a list of at most 20 origins as ",
            )
            for origin in (
                "*",
                "null",
                "https://app.example.com/",
                "https://App.example.com",
                "http://app.example.com",
                "https://*.example.com",
                "https://a.example.com,https://b.example.com",
            )
        ),
        ({"auth": "cognito"}, "auth: 'cognito' given; allowed: key or iam"),
        (
            {"roles": {"application": {"principals": ["arn:aws:iam::123456789012:root"]}}},
            "roles.application.principals: 'arn:aws:iam::123456789012:root' given; allowed: a ",
        ),
        (
            {"roles": {"application": {"github": ["octo/*:ref:refs/heads/main"]}}},
            "roles.application.github: 'octo/*:ref:refs/heads/main' given; allowed: a list of ",
        ),
        ({"roles": {"reader": {}}}, "roles.reader: unknown key; allowed: application, auditor, "),
        (
            {"plans": {"batch": {"throttle": {"rate_per_second": 0, "burst": 1}}}},
            "plans.batch.throttle.rate_per_second: 0 given; allowed: 0.1 to 10000",
        ),
        ({"plans": {"batch": {}}}, "plans.batch.throttle: missing; allowed: an object of rate_"),
        (
            {"plans": {"default": {"throttle": {"rate_per_second": 1, "burst": 1}}}},
            "plans.default: given; allowed: other names, since throttle and quota of the stage ",
        ),
        (
            {"plans": {"quota": {"rate": 1, "throttle": {"rate_per_second": 1, "burst": 1}}}},
            "plans.quota.rate: unknown key; allowed: throttle, quota",
        ),
        ({"reserved_concurrency": 0}, "reserved_concurrency: 0 given; allowed: a whole number, 1 "),
        (
            {
                "reserved_concurrency": 50,
                "plans": {"batch": {"throttle": {"rate_per_second": 1, "burst": 60}}},
            },
            "reserved_concurrency: 50 given below a burst of 60; allowed: 60 or more, or null, ",
        ),
        ({"teams": {"search": {"cost*": "1"}}}, "teams.search.cost*: 'cost*' given; allowed: an "),
        (
            {"teams": {"a--b": {}}},
            "teams.a--b: 'a--b' given; allowed: an object of team names (1 to 24 letters and ",
        ),
        ({"teams": {"search": {"AWS:x": "1"}}}, "teams.search.AWS:x: given; allowed: other tags, "),
        (
            {"teams": {"search": {"claude-on-bedrock": "1"}}},
            "teams.search.claude-on-bedrock: given; allowed: other tags, since this one is not ",
        ),
        (
            {
                "models": ["opus", "sonnet", "haiku"],
                "teams": {f"t{number}": {} for number in range(12)},
            },
            "teams: 144 profiles given, one for each team, model and route; allowed: as many as 9 ",
        ),
        (
            {
                "teams": {f"team{number}": {} for number in range(20)},
                "api_keys": [f"{number:064}" for number in range(30)],
            },
            "teams: 977 characters of profile ids given beside 2400 of api_keys; allowed: 3000 ",
        ),
        ({"api_keys": ["a b"]}, "api_keys: 'a b' given; allowed: a list of 1 to 50 different "),
        (
            {"canary": "claude-opus-4-8"},
            "canary: 'claude-opus-4-8' given; allowed: one of the stage's models (",
        ),
        ({"canary": True}, "canary: True given; allowed: one of the stage's models, or null"),
        (
            {"canary": "claude-haiku-4-5", "max_body_bytes": 100_000},
            "max_body_bytes: 100000 given beside a canary, whose larger question would be refused",
        ),
        (
            {"canary": "claude-haiku-4-5", "api_keys": ["canary"]},
            "api_keys: 'canary' given beside a canary, whose key has that name; allowed: another ",
        ),
        ({"api_keys": []}, "api_keys: [] given; allowed: a list of 1 to 50 different names"),
        ({"api_keys": ["a", "a"]}, "api_keys: ['a', 'a'] given; allowed: each name once"),
        (
            {"api_keys": [f"{number:064}" for number in range(50)]},
            "api_keys: names and ids of 4000 characters given; allowed: 3000 together, ",
        ),
        ({"throttle": 5}, "throttle: 5 given; allowed: an object of rate_per_second and burst"),
        (
            {"throttle": {"rate_per_second": 0, "burst": 1}},
            "throttle.rate_per_second: 0 given; allowed: ",
        ),
        (
            {"throttle": {"rate_per_second": 1, "burst": 1, "rate": 1}},
            "throttle.rate: unknown key; allowed: rate_per_second, burst",
        ),
        (
            {"throttle": {"rate_per_second": 1}},
            "throttle.burst: missing; allowed: a whole number, 1 to 5000",
        ),
        (
            {"quota": {"requests": 1, "period": "YEAR"}},
            "quota.period: 'YEAR' given; allowed: DAY, WEEK or MONTH",
        ),
        ({"max_body_bytes": 7_000_000}, "max_body_bytes: 7000000 given; allowed: 1000 to 6000000"),
        ({"ping_seconds": 300}, "ping_seconds: 300 given; allowed: 1 to 240 "),
        ({"alarm_email": "ops"}, "alarm_email: 'ops' given; allowed: an e-mail address, or null"),
        ({"keep_logs_on_destroy": 1}, "keep_logs_on_destroy: 1 given; allowed: true or false"),
        ({"account": 123456789012}, "account: 123456789012 given; allowed: an AWS account id of "),
        ({"adapt": "loose"}, "adapt: 'loose' given; allowed: lenient or strict"),
    ],
)
def test_a_mistake_names_stage_key_what_was_given_and_what_is_allowed(
    changes: dict[str, object], told: str
) -> None:
    line = mistake(**changes)
    assert line.startswith(f"stage 'dev': {told}")
    assert "\n" not in line


def test_a_family_is_its_models_that_a_new_customer_can_call_under_the_stages_settings() -> None:
    everywhere = load(models=["sonnet", "claude-opus-4-5-20251101"])
    assert everywhere.models == (
        "claude-sonnet-4-5",
        "claude-opus-4-5",
        "claude-sonnet-4-6",
        "claude-sonnet-5",
        "claude-sonnet-5-5",
    )
    at_home = load(models=["opus", "haiku"], route="us", residency=["us"])
    assert at_home.models == ("claude-opus-4-5", "claude-haiku-4-5")
    assert load(models=["fable"], data_retention="aws_review").models


def test_routes_and_plans_are_told_with_those_of_the_stage_first() -> None:
    stage = load(
        route="us",
        fallback_routes=["global"],
        plans={"batch": {"throttle": {"rate_per_second": 1, "burst": 1}}},
    )
    assert stage.routes == ("us", "global")
    assert list(stage.all_plans) == ["default", "batch"]
    assert stage.all_plans["default"].throttle == stage.throttle


def test_models_are_offered_that_the_route_has_from_the_region() -> None:
    line = mistake(models=["claude-opus-4-5"], route="jp", region="ap-northeast-1")
    assert "allowed: claude-sonnet-4-5, claude-haiku-4-5" in line
    assert "opus-4-5" not in line.split("allowed: ")[1].split(", ")
    nowhere = mistake(models=["claude-haiku-4-5"], route="eu")
    assert nowhere.endswith(
        "allowed: no model by this route from this Region; "
        "routes that can be called from us-east-1: global, us"
    )


def test_a_stage_that_keeps_its_record_says_who_hears_of_alarms() -> None:
    line = mistake(alarm_email=None)
    assert line.startswith("stage 'dev': alarm_email: none given beside keep_logs_on_destroy true;")
    assert "no_alarm_email_reason" in line
    assert mistake(alarm_email=None, no_alarm_email_reason=" ").startswith(
        "stage 'dev': no_alarm_email_reason: ' ' given"
    )
    reason = "the on-call rotation is subscribed by another stack"
    assert load(alarm_email=None, no_alarm_email_reason=reason).no_alarm_email_reason == reason
    assert load(alarm_email=None, keep_logs_on_destroy=False).alarm_email is None


def test_a_missing_key_is_named() -> None:
    block = {key: value for key, value in BLOCK.items() if key != "region"}
    with pytest.raises(SettingsError, match=r"^stage 'dev': region: missing; allowed: an AWS Reg"):
        load_stage({"dev": block}, "dev", today=TODAY)


def test_two_mistakes_are_two_lines() -> None:
    lines = mistake(retention_days="30", adapt="loose").splitlines()
    assert [line.split(":")[1] for line in lines] == [" retention_days", " adapt"]


def test_an_unknown_stage_is_told_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"^stage 'prd': not in cdk.json; allowed: dev, prod$"):
        load_stage({"dev": BLOCK, "prod": BLOCK}, "prd", today=TODAY)


def test_a_stages_name_must_fit_what_is_named_after_it() -> None:
    with pytest.raises(SettingsError, match=r"^stage 'My Stage': name: 'My Stage' given; allowed"):
        load_stage({"My Stage": BLOCK}, "My Stage", today=TODAY)


@pytest.mark.parametrize("stages", [None, {}, ["dev"]])
def test_a_cdk_json_without_stages_is_told_where_they_go(stages: object) -> None:
    with pytest.raises(SettingsError, match=r"^cdk.json has no map of stages in its context"):
        load_stage(stages, "dev", today=TODAY)


def test_a_model_is_refused_from_the_day_of_its_end_on() -> None:
    block = BLOCK | {"models": ["claude-opus-4-1"], "route": "us"}
    assert load_stage({"dev": block}, "dev", today=dt.date(2027, 1, 7)).models
    with pytest.raises(SettingsError, match="which is retired"):
        load_stage({"dev": block}, "dev", today=dt.date(2027, 1, 8))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("api_keys", ["default"]),
        ("quota", {"requests": 7, "period": "WEEK"}),
        ("plans", {"batch": {"throttle": {"rate_per_second": 1, "burst": 1}}}),
    ],
)
def test_what_only_keys_can_have_is_refused_where_there_are_none(key: str, value: object) -> None:
    assert mistake(auth="iam", **{key: value}).startswith(
        f"stage 'dev': {key}: given beside auth iam"
    )
    assert load(auth="key", **{key: value}).auth == "key"


def test_without_keys_the_stages_throttle_stays_and_no_key_is_no_mistake() -> None:
    stage = load(auth="iam", quota=None, throttle={"rate_per_second": 1, "burst": 2})
    assert (stage.auth, stage.throttle.burst) == ("iam", 2)


def test_stages_may_be_handed_over_as_text() -> None:
    assert load_stage(json.dumps({"dev": BLOCK}), "dev", today=TODAY) == load()
    with pytest.raises(SettingsError, match="no JSON"):
        load_stage("{", "dev", today=TODAY)
