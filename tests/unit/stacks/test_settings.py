"""A stage block is read as written, and every mistake in it is named in one line."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from claude_bedrock.catalog import endpoint_services
from stacks import plan_models
from stacks.settings import SettingsError, load_stage
from stacks.stage import Stage
from stacks.stage.keys import walk
from stacks.stage.renamed import NEW_PATHS, PATHS
from tools.stage_blocks import with_names

TODAY = dt.date(2026, 11, 23)
BLOCK: dict[str, Any] = {
    "region": "us-east-1",
    "models": ["claude-sonnet-4-5", "claude-haiku-4-5"],
    "account": {"alarm_email": "ops@example.com"},
}
TWELVE_MODELS = [
    *("claude-sonnet-4-5", "claude-opus-4-5", "claude-haiku-4-5", "claude-sonnet-4-6"),
    *("claude-opus-4-6", "claude-opus-4-7", "claude-opus-4-8", "claude-sonnet-5"),
    *("claude-opus-5", "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"),
]
PLAN: dict[str, Any] = {"throttle": {"rate_per_second": 1, "burst": 1}}
DOMAIN = {
    "name": "claude.example.com",
    "certificate": "arn:aws:acm:us-east-1:111111111111:certificate/"
    "473e64fd-f30b-4765-81a0-62ad96dd167a",
}
TRUSTSTORE = {"uri": "s3://pki/authorities.pem", "version": "a1"}


ISSUER = {"issuer": "https://login.example.com", "audience": "claude"}


def issuer(**changes: object) -> dict[str, object]:
    return {"token_issuers": {"okta": {**ISSUER, **changes}}}


def in_vpc(*, functions: dict[str, object] | None = None, **changes: object) -> dict[str, object]:
    """A stage with functions in a VPC whose endpoints it creates, but for what differs."""
    created = {
        "vpc": "vpc-0123abcd",
        "subnets": ["subnet-0123abcd"],
        "endpoints": "create",
        "route_tables": ["rtb-0123abcd"],
        "prefix_lists": {"s3": "pl-0123abcd"},
        **(functions or {}),
    }
    network = {"api_endpoints": ["vpce-0123abcd"], "functions": created}
    return {"network": network, "api_log_role": "leave", **changes}


def load(**changes: object) -> Stage:
    return load_stage({"dev": with_names(BLOCK, **changes)}, "dev", today=TODAY)


def mistake(**changes: object) -> str:
    with pytest.raises(SettingsError) as caught:
        load(**changes)
    return str(caught.value)


def test_what_is_not_set_has_its_default() -> None:
    stage = load()
    assert stage.logging.retention_days == 30
    assert stage.callers.api_keys == ("default",)
    assert stage.callers.quota is None
    assert stage.endpoint.max_body_bytes == 5_000_000
    assert stage.endpoint.ping_seconds == 15
    assert stage.logging.keep_logs_on_destroy is True
    assert stage.account.id is None
    assert stage.endpoint.unsupported_fields == "drop"
    assert (stage.logging.existing_logging, stage.logging.existing_logging_role) == ("fail", None)


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


def test_what_is_set_is_used() -> None:
    stage = load(
        retention_days=365,
        api_keys=["a", "b.c"],
        throttle={"rate_per_second": 0.5, "burst": 3},
        quota={"requests": 7, "period": "WEEK"},
        alarm_email="ops@example.com",
    )
    assert stage.logging.retention_days == 365
    assert stage.callers.api_keys == ("a", "b.c")
    assert (stage.callers.throttle.rate_per_second, stage.callers.throttle.burst) == (0.5, 3)
    assert stage.callers.quota is not None
    assert (stage.callers.quota.requests, stage.callers.quota.period) == (7, "WEEK")


def budget_of(*callers: str) -> dict[str, Any]:
    return {"budgets": {"callers": {name: [{"usd": 1, "per": "day"}] for name in callers}}}


@pytest.mark.parametrize(
    "block",
    [
        {**issuer(), **budget_of("default", "search.web", "okta:ana@example.com", "key:a1")},
        {"auth": "iam", **budget_of("default", "Deploy", "Deploy/ci", "user:ana", "account:root")},
    ],
)
def test_a_budget_names_a_caller_by_its_qualified_name(block: dict[str, Any]) -> None:
    assert load(**block).callers.budgets


def test_a_stage_with_a_token_issuer_needs_no_keys() -> None:
    changes = issuer(require={"verified": True, "tenant": ["a", "b"], "azp": "cli"}, team="search")
    stage = load(**changes, api_keys=[], teams={"search": {}})
    okta = stage.callers.token_issuers["okta"]
    assert okta.require == {"verified": (True,), "tenant": ("a", "b"), "azp": ("cli",)}
    assert (okta.caller_claim, okta.plan) == ("sub", "default")
    assert okta.team is not None
    assert (okta.team.name, okta.team.claim) == ("search", None)
    assert stage.key_names == ()
    assert stage.to_output()["token_issuers"] == {"okta": ISSUER}


def test_only_the_local_stage_may_have_an_issuer_without_tls() -> None:
    block = {**BLOCK, "callers": issuer(issuer="http://127.0.0.1:8080/issuer")}
    assert load_stage({"local": block}, "local", today=TODAY).callers.token_issuers
    with pytest.raises(SettingsError, match="allowed: an HTTPS URL"):
        load_stage({"dev": block}, "dev", today=TODAY)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().logging.retention_days = 60


def test_every_stage_of_cdk_json_is_valid() -> None:
    cdk_json = Path(__file__).parents[3] / "cdk.json"
    stages = json.loads(cdk_json.read_text())["context"]["stages"]
    assert {"local", "dev", "prod"} <= set(stages)
    for name in stages:
        assert load_stage(stages, name, today=TODAY).name == name


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"retention_days": 29}, "logging.retention_days: 29 given; allowed: one of 30, 60, 90, "),
        (
            {
                "object_lock": "compliance",
                "keep_logs_on_destroy": False,
                "canary": "claude-haiku-4-5",
            },
            "logging.object_lock: compliance given with keep_logs_on_destroy false; allowed: ",
        ),
        (
            {"object_lock": "governance", "keep_logs_on_destroy": True},
            "logging.object_lock: governance given without a canary; allowed: an evidence.canary ",
        ),
        (
            {
                "log_bucket_access_log": {"bucket": "company-logs"},
                "record_access_log": "server_access_log",
            },
            "logging.log_bucket_access_log: given with record_access_log server_access_log, and a ",
        ),
        (
            {"log_bucket_access_log": {"bucket": "claude-on-bedrock-dev-invocation-bucket-1"}},
            "logging.log_bucket_access_log.bucket: 'claude-on-bedrock-dev-invocation-bucket-1' ",
        ),
        (
            {"log_bucket_access_log": {"bucket": "company-logs", "prefix": "a b"}},
            "logging.log_bucket_access_log.prefix: 'a b' given; allowed: up to 200 letters, ",
        ),
        (
            {"kms_key": "arn:aws:kms:us-west-2:123456789012:key/1234"},
            "logging.kms_key: a key of us-west-2 given; allowed: one of us-east-1, the stage's ",
        ),
        (
            {"kms_key": "arn:aws:kms:us-east-1:123456789012:key/1234", "id": "210987654321"},
            "logging.kms_key: a key of the account 123456789012 given; allowed: one of the stage's",
        ),
        (
            {"kms_key": "arn:aws:kms:us-east-1:123456789012:alias/company"},
            "logging.kms_key: 'arn:aws:kms:us-east-1:123456789012:alias/company' given; allowed: ",
        ),
        (
            {"roles": {"deploy": {}}},
            "account.roles.deploy: names nobody; allowed: principals, github or both, since who ",
        ),
        (
            {"roles": {"deploy": {"github": ["octo-org/search:pull_request"]}}},
            "account.roles.deploy.github: 'octo-org/search:pull_request' given; allowed: a list of",
        ),
        (
            {"roles": {"legal_hold": {}}},
            "account.roles.legal_hold: given without logging.object_lock; allowed: an object_lock",
        ),
        (
            {
                "roles": {"legal_hold": {}},
                "object_lock": "governance",
                "keep_logs_on_destroy": True,
                "canary": "claude-haiku-4-5",
                "existing_logging": "adopt",
            },
            "account.roles.legal_hold: given with existing_logging adopt; allowed: fail or replace",
        ),
        (
            {"tags": {"AWS:owner": "x"}},
            "account.tags.AWS:owner: given; allowed: other tags, since ",
        ),
        (
            {"tags": {"claude-on-bedrock": "x"}},
            "account.tags.claude-on-bedrock: given; allowed: other ",
        ),
        (
            {"tags": {"Claude-On-Bedrock": "x"}},
            "account.tags.Claude-On-Bedrock: given; allowed: other ",
        ),
        (
            {"tags": {"claude-on-bedrock:expires": "2026-12-01T00:00:00Z"}},
            "account.tags.claude-on-bedrock:expires: given; allowed: other ",
        ),
        (
            {"tags": {"Owner": "x", "owner": "y"}},
            "account.tags.owner: given with Owner; allowed: one of them, since the names of ",
        ),
        (
            {
                "tags": {"Team": "search"},
                "teams": {"search": {"guardrail": {"id": "a", "version": "1"}}},
            },
            "account.tags.Team: given with a guardrail in callers.teams; allowed: another tag, ",
        ),
        (
            {"id": "222222222222", "api_log_role": "arn:aws:iam::111111111111:role/logs"},
            "account.api_log_role: one of the account 111111111111 given; allowed: one of 2222",
        ),
        (
            {"id": "222222222222", "domain": DOMAIN},
            "endpoint.domain.certificate: one of the account 111111111111 given; allowed: one of ",
        ),
        (
            {
                "id": "222222222222",
                "permissions_boundary": "arn:aws:iam::111111111111:policy/most",
                "api_log_role": "leave",
            },
            "account.permissions_boundary: one of the account 111111111111 given; allowed: one ",
        ),
        (
            {
                "id": "2" * 12,
                "cloudtrail": {
                    "bucket": "abc",
                    "organization": "o-abcdefghij",
                    "accounts": ["2" * 12],
                },
            },
            "evidence.cloudtrail.accounts: 222222222222 given, the stage's own account; allowed: ",
        ),
        (
            {"tags": {"owner": 1}},
            'account.tags.owner: 1 given; allowed: text in quotes, "1"',
        ),
        (
            {"messages_upstream": "messages", "guardrail": {"id": "abc", "version": "1"}},
            "endpoint.messages_upstream: messages given with models.guardrail, with which every ",
        ),
        ({"retention_days": 31}, "logging.retention_days: 31 given; allowed: one of 30, 60, 90, "),
        (
            {"retention_days": "30"},
            "logging.retention_days: '30' given; allowed: one of 30, 60, 90, ",
        ),
        (
            {"retenton_days": 30},
            "retenton_days: unknown key; did you mean logging.retention_days?",
        ),
        ({"name": "dev"}, "name: unknown key; allowed: region, models, endpoint, callers, "),
        (
            {"region": "Virginia"},
            "region: 'Virginia' given; allowed: an AWS Region, ",
        ),
        ({"region": "us-east-9"}, "region: 'us-east-9' given; allowed: a commercial AWS Region, "),
        ({"region": "us-gov-west-1"}, "region: 'us-gov-west-1' given; allowed: a commercial AWS "),
        (
            {"region": "us-west-1", "geography": "us", "teams": {"search": {}}},
            "callers.teams: given in us-west-1, where CloudFormation has no application ",
        ),
        (
            {"geography": "mars"},
            "models.geography: 'mars' given; allowed: global, us, eu, jp, au or apac",
        ),
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
            {"models": ["claude-opus-4-5"], "geography": "jp", "region": "ap-northeast-1"},
            "models: 'claude-opus-4-5' given, which has no jp profile callable from ap-",
        ),
        (
            {"models": ["claude-haiku-4-5"], "geography": "eu"},
            "models.geography: 'eu' given, which cannot be called from us-east-1; allowed: ",
        ),
        (
            {"models": ["mythos"]},
            "models: 'mythos' given, of which this stage may have none; allowed: claude-",
        ),
        (
            {"models": ["claude-opus-5"], "geography": "us", "residency": ["us"]},
            "models: 'claude-opus-5' given, which may be answered in ca-central-1, ca-west-1, ",
        ),
        (
            {"models": ["claude-fable-5"], "data_retention": "none"},
            "models: 'claude-fable-5' given, which needs data-retention mode aws_review, where ",
        ),
        (
            {"geography": "us", "fallback_geographies": ["us"]},
            "models.fallback_geographies: ['us'] given with geography us; allowed: each ",
        ),
        (
            {"geography": "us", "fallback_geographies": ["global"], "residency": ["us"]},
            "models.residency: given with the geography global, whose calls may be answered ",
        ),
        (
            {"residency": ["Europe"]},
            "models.residency: 'Europe' given; allowed: a list of Regions or ",
        ),
        (
            {"data_retention": "inherit"},
            "models.data_retention: 'inherit' given; allowed: none, default",
        ),
        (
            {"guardrail": {"id": "abc", "version": "0"}},
            "models.guardrail.version: '0' given; allowed: a number in quotes",
        ),
        (
            {"existing_logging": "overwrite"},
            "logging.existing_logging: 'overwrite' given; allowed: fail, adopt, extend or replace",
        ),
        (
            {"existing_logging_role": "arn:aws:iam::123456789012:role/*"},
            "logging.existing_logging_role: 'arn:aws:iam::123456789012:role/*' given; allowed: ",
        ),
        (
            {"service_tiers": ["fast"]},
            "models.service_tiers: 'fast' given; allowed: a list of default and ",
        ),
        (
            {"service_tiers": ["flex"]},
            "models.service_tiers: ['flex'] given; allowed: default and others, each once, ",
        ),
        ({"service_tiers": []}, "models.service_tiers: [] given; allowed: default and others"),
        (
            {"service_tiers": ["default", "default"]},
            "models.service_tiers: ['default', 'default'] given; allowed: default and others, ",
        ),
        *(
            (
                {"cors_origins": [origin]},
                f"endpoint.cors_origins: {origin!r} given; allowed: a list of at most 20 ",
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
        ({"auth": "cognito"}, "callers.auth: 'cognito' given; allowed: key or iam"),
        *(
            ({"cloudtrail": trail}, f"evidence.cloudtrail{mistake}")
            for trail, mistake in (
                ({}, ": neither create true nor a bucket given; allowed: create true, where "),
                ({"create": True, "bucket": "abc"}, ": create true and a bucket given; allowed: "),
                ({"create": True, "prefix": "a"}, ".prefix: 'a' given with create true; allowed: "),
                ({"bucket": "abc", "accounts": ["1" * 12]}, ".accounts: ['111111111111'] given wi"),
                ({"bucket": "abc", "stage_regions": ["us-east-1"]}, ".stage_regions: us-east-1 gi"),
                (
                    {"bucket": "abc", "stage_regions": ["eu-wset-1"]},
                    ".stage_regions: 'eu-wset-1' g",
                ),
                ({"bucket": "s3://abc"}, ".bucket: 's3://abc' given; allowed: the name of an S3 "),
                ({"bucket": "abc", "kms_key": "alias/a"}, ".kms_key: 'alias/a' given; allowed: "),
                ({"bucket": "abc", "prefix": "/a"}, ".prefix: '/a' given; allowed: the trail's "),
                ({"trail": "abc"}, ".trail: unknown key; allowed: evidence.cloudtrail.create, "),
            )
        ),
        *(
            ({"audit_entry_table": True, **others}, f"evidence.audit_entry_table: {mistake}")
            for others, mistake in (
                ({"enabled": False}, "given with endpoint.enabled false, where callers go to "),
                ({"existing_logging": "adopt"}, "true given with existing_logging adopt, where "),
            )
        ),
        (
            {"roles": {"application": {"principals": ["arn:aws:iam::123456789012:root"]}}},
            "account.roles.application.principals: 'arn:aws:iam::123456789012:root' given; ",
        ),
        (
            {"roles": {"application": {"github": ["octo/*:ref:refs/heads/main"]}}},
            "account.roles.application.github: 'octo/*:ref:refs/heads/main' given; allowed: a ",
        ),
        (
            {"permissions_boundary": "arn:aws:iam::123456789012:role/x"},
            "account.permissions_boundary: 'arn:aws:iam::123456789012:role/x' given; allowed: ",
        ),
        (
            {"role_path": "platform"},
            "account.role_path: 'platform' given; allowed: a path of IAM, like /platform/",
        ),
        (
            {"role_prefix": "a" * 19, "api_log_role": "leave"},
            "account.role_prefix: 'aaaaaaaaaaaaaaaaaaa' given; allowed: at most 18 characters",
        ),
        (
            {"permissions_boundary": "company"},
            "account.permissions_boundary: given without account.api_log_role, where a function ",
        ),
        (
            {
                "role_path": "/" + 3 * f"{'a' * 128}/" + f"{'a' * 123}/",
                "api_log_role": "leave",
                "geography": "us",
                "fallback_geographies": ["global"],
                "caller_sessions": False,
                "auth": "iam",
                "teams": {"search": {}},
                "data_retention": "none",
                "guardrail": {"id": "abc123", "version": "1"},
                "budgets": {"stage": [{"usd": 1, "per": "day"}]},
            },
            "account.role_path: given, with which the stage's permissions boundary has ",
        ),
        ({"qualifier": "Platform"}, "account.qualifier: 'Platform' given; allowed: 1 to 10 "),
        (
            {"roles": {"reader": {}}},
            "account.roles.reader: unknown key; allowed: account.roles.application, ",
        ),
        (
            {"plans": {"batch": {"throttle": {"rate_per_second": 0, "burst": 1}}}},
            "callers.plans.batch.throttle.rate_per_second: 0 given; allowed: 0.1 to 10000",
        ),
        (
            {"plans": {"batch": {}}},
            "callers.plans.batch.throttle: missing; allowed: an object of rate_",
        ),
        (
            {"plans": {"default": {"throttle": {"rate_per_second": 1, "burst": 1}}}},
            "callers.plans.default: given; allowed: other names, since callers.throttle and ",
        ),
        (
            {"plans": {"quota": {"rate": 1, "throttle": {"rate_per_second": 1, "burst": 1}}}},
            "callers.plans.quota.rate: unknown key; allowed: callers.plans.quota.throttle, ",
        ),
        (
            {"plans": {"batch": {**PLAN, "models": ["claude-opus-4-8"]}}},
            "callers.plans.batch.models: 'claude-opus-4-8' given; allowed: the stage's models (",
        ),
        (
            {
                "models": TWELVE_MODELS,
                "fallback_geographies": ["us"],
                "teams": {"search": {}},
                "plans": {"batch": {**PLAN, "models": TWELVE_MODELS[1:]}},
            },
            "callers.plans.batch.models: 11 models given in global, us; allowed: fewer, since a ",
        ),
        (
            {"plans": {"batch": {**PLAN, "models": []}}},
            "callers.plans.batch.models: [] given; allowed: a list of names, aliases and families ",
        ),
        (
            {"reserved_concurrency": 0},
            "endpoint.reserved_concurrency: 0 given; allowed: a whole number, 1 ",
        ),
        (
            {
                "reserved_concurrency": 50,
                "plans": {"batch": {"throttle": {"rate_per_second": 1, "burst": 60}}},
            },
            "endpoint.reserved_concurrency: 50 given below a burst of 60; allowed: 60 or more, ",
        ),
        (
            {"teams": {"search": {"cost*": "1"}}},
            "callers.teams.search.cost*: 'cost*' given; allowed: an ",
        ),
        (
            {
                "teams": {"search": {"guardrail": {"id": "abc", "version": "1"}}},
                "guardrail": {"id": "abc", "version": "1"},
            },
            "callers.teams.search.guardrail: given with models.guardrail, and a call carries one; ",
        ),
        (
            {
                "teams": {"search": {"guardrail": {"id": "abc", "version": "1"}}},
                "caller_sessions": False,
            },
            "callers.teams.search.guardrail: given with caller_sessions false, without which IAM ",
        ),
        (
            {"teams": {"search": {"guardrail": {"id": "abc", "version": "0"}}}},
            "callers.teams.search.guardrail.version: '0' given; allowed: a number in quotes",
        ),
        (
            {"teams": {"search": {"tags": {"cost*": "1"}, "guardrail": None}}},
            "callers.teams.search.tags.cost*: 'cost*' given; allowed: an object of tags",
        ),
        (
            {"teams": {f"t{n}": {"guardrail": {"id": f"g{n}", "version": "1"}} for n in range(9)}},
            "callers.teams: guardrails given that make the permissions boundary ",
        ),
        (
            {"teams": {"a--b": {}}},
            "callers.teams.a--b: 'a--b' given; allowed: an object of team names (1 to 24 ",
        ),
        (
            {
                "teams": {"search": {f"t{n}": "1" for n in range(20)}},
                "tags": {f"a{n}": "1" for n in range(29)},
            },
            "callers.teams.search.tags: 51 tags given with account.tags and the stage's own; ",
        ),
        (
            {"teams": {"search": {"AWS:x": "1"}}},
            "callers.teams.search.AWS:x: given; allowed: other tags, ",
        ),
        (
            {"teams": {"search": {"claude-on-bedrock": "1"}}},
            "callers.teams.search.claude-on-bedrock: given; allowed: other tags, since this one ",
        ),
        (
            {
                "models": TWELVE_MODELS,
                "teams": {f"t{number}": {} for number in range(12)},
            },
            "callers.teams: 144 profiles given, one for each team, model and geography; ",
        ),
        (
            {
                "teams": {f"team{number}": {} for number in range(20)},
                "api_keys": [f"{number:064}" for number in range(30)],
            },
            "callers.teams: 977 characters of profile ids given with 2400 of api_keys; ",
        ),
        (
            {"api_keys": ["a b"]},
            "callers.api_keys: 'a b' given; allowed: a list of 1 to 50 different ",
        ),
        (
            {"canary": "claude-opus-4-8"},
            "evidence.canary: 'claude-opus-4-8' given; allowed: one of the stage's models (",
        ),
        (
            {"canary": "claude-haiku-4-5", "allowed_ips": ["203.0.113.0/24"]},
            "evidence.canary: given with endpoint.allowed_ips, which keeps it out",
        ),
        (
            {
                "web_acl": "arn:aws:wafv2:eu-west-1:111111111111:regional/webacl/edge/"
                "473e64fd-f30b-4765-81a0-62ad96dd167a"
            },
            "endpoint.web_acl: one of eu-west-1 given; allowed: one of us-east-1, the stage's",
        ),
        (
            {
                "domain": {
                    "name": "claude.example.com",
                    "certificate": "arn:aws:acm:eu-west-1:111111111111:certificate/"
                    "473e64fd-f30b-4765-81a0-62ad96dd167a",
                }
            },
            "endpoint.domain.certificate: one of eu-west-1 given; allowed: one of us-east-1",
        ),
        (
            {"web_acl": "edge"},
            "endpoint.web_acl: 'edge' given; allowed: the ARN of a regional web ACL of AWS WAF, an",
        ),
        (
            {"web_acl": {"rate_limit": 9}},
            "endpoint.web_acl.rate_limit: 9 given; allowed: a whole number, 10 to 2000000000",
        ),
        (
            {"web_acl": {"rate_limit": 100, "rate_limit_without_credential": 100}},
            "endpoint.web_acl.rate_limit_without_credential: 100 given with rate_limit 100, which",
        ),
        (
            {
                "web_acl": {"rate_limit": 100, "body_limit_kb": 64},
                "canary": "claude-haiku-4-5",
            },
            "endpoint.web_acl.body_limit_kb: 64 given with a canary, whose larger question would",
        ),
        (
            {"domain": {**DOMAIN, "truststore": TRUSTSTORE}},
            "endpoint.domain.truststore: given with disable_execute_api false, where API Gateway's",
        ),
        (
            {
                "domain": {**DOMAIN, "disable_execute_api": True, "truststore": TRUSTSTORE},
                "canary": "claude-haiku-4-5",
            },
            "evidence.canary: given with endpoint.domain.truststore, which keeps it out",
        ),
        (
            {"domain": {**DOMAIN, "truststore": {**TRUSTSTORE, "uri": "s3://pki"}}},
            "endpoint.domain.truststore.uri: 's3://pki' given; allowed: the URI of an object",
        ),
        (
            {"canary": "claude-haiku-4-5", "network": {"api_endpoints": ["vpce-0123abcd"]}},
            "evidence.canary: given with endpoint.network, which keeps it out",
        ),
        (
            {"network": {}},
            "endpoint.network: neither api_endpoints nor functions given; allowed: one of them",
        ),
        (
            {"network": {"api_endpoints": []}},
            "endpoint.network.api_endpoints: [] given; allowed: a list of 1 to 20 different ids",
        ),
        (
            {"network": {"api_endpoints": ["vpce-0123abcd"] * 2}},
            "endpoint.network.api_endpoints: ['vpce-0123abcd', 'vpce-0123abcd'] given; allowed: ",
        ),
        (
            in_vpc(api_log_role=None),
            "account.api_log_role: none given with endpoint.network.functions, where a function ",
        ),
        (
            in_vpc(functions={"subnets": ["subnet-0123abcd"] * 2}),
            "endpoint.network.functions.subnets: ['subnet-0123abcd', 'subnet-0123abcd'] given; ",
        ),
        (
            in_vpc(functions={"security_group": "sg-0123abcd"}),
            "endpoint.network.functions.security_group: given with endpoints create, which makes ",
        ),
        (
            in_vpc(functions={"route_tables": []}),
            "endpoint.network.functions.route_tables: none given with endpoints create; allowed: ",
        ),
        (
            in_vpc(functions={"prefix_lists": None}),
            "endpoint.network.functions.prefix_lists.s3: none given with endpoints create; ",
        ),
        (
            in_vpc(budgets={"stage": [{"usd": 1, "per": "day"}]}),
            "endpoint.network.functions.prefix_lists.dynamodb: none given with endpoints create; ",
        ),
        (
            {**in_vpc(), **issuer()},
            "callers.token_issuers: given with endpoint.network.functions.endpoints create, by ",
        ),
        (
            in_vpc(existing_logging="adopt"),
            "logging.existing_logging: adopt given with endpoint.network.functions.endpoints ",
        ),
        (
            in_vpc(
                functions={
                    "endpoints": "existing",
                    "security_group": "sg-0123abcd",
                    "prefix_lists": None,
                }
            ),
            "endpoint.network.functions.route_tables: given with endpoints existing; allowed: ",
        ),
        (
            in_vpc(functions={"endpoints": "existing", "route_tables": [], "prefix_lists": None}),
            "endpoint.network.functions.security_group: none given with endpoints existing; ",
        ),
        (
            {"allowed_ips": ["203.0.113.1/24"]},
            "endpoint.allowed_ips: 203.0.113.1/24 has host bits set; allowed: IPv4 networks",
        ),
        (
            {"allowed_ips": ["203.0.113.7"]},
            "endpoint.allowed_ips: '203.0.113.7' given; allowed: a list",
        ),
        (
            {"canary": True},
            "evidence.canary: True given; allowed: one of the stage's models, or null",
        ),
        (
            {"canary": "claude-haiku-4-5", "max_body_bytes": 100_000},
            "endpoint.max_body_bytes: 100000 given with a canary, whose larger question would ",
        ),
        (
            {"canary": "claude-haiku-4-5", "api_keys": ["canary"]},
            "callers.api_keys: 'canary' given with a canary, whose key has that name; ",
        ),
        (
            {"api_keys": []},
            "callers.api_keys: [] given; allowed: a list of 1 to 50 different names",
        ),
        ({"api_keys": ["a", "a"]}, "callers.api_keys: ['a', 'a'] given; allowed: each name once"),
        (
            {"api_keys": [f"{number:064}" for number in range(50)]},
            "callers.api_keys: names and ids of 4000 characters given; allowed: 3000 together, ",
        ),
        (
            {"throttle": 5},
            "callers.throttle: 5 given; allowed: an object of rate_per_second and burst",
        ),
        (
            {"throttle": {"rate_per_second": 0, "burst": 1}},
            "callers.throttle.rate_per_second: 0 given; allowed: ",
        ),
        (
            {"throttle": {"rate_per_second": 0.09, "burst": 1}},
            "callers.throttle.rate_per_second: 0.09 given; allowed: 0.1 to 10000",
        ),
        (
            {"throttle": {"rate_per_second": 1, "burst": 1, "rate": 1}},
            "callers.throttle.rate: unknown key; allowed: callers.throttle.rate_per_second",
        ),
        (
            {"throttle": {"rate_per_second": 1}},
            "callers.throttle.burst: missing; allowed: a whole number, 1 to 5000",
        ),
        (
            {"quota": {"requests": 1, "period": "YEAR"}},
            "callers.quota.period: 'YEAR' given; allowed: DAY, WEEK or MONTH",
        ),
        (
            {"max_body_bytes": 7_000_000},
            "endpoint.max_body_bytes: 7000000 given; allowed: 1000 to 6000000",
        ),
        (
            {"token_issuers": {"okta": {"audience": "c"}}},
            "callers.token_issuers.okta.issuer: missing; allowed: an HTTPS URL as the token's iss ",
        ),
        (
            issuer(isuer="https://login.example.com"),
            "callers.token_issuers.okta.isuer: unknown key; did you mean callers.token_issuers.",
        ),
        (
            issuer(issuer="http://127.0.0.1:8080"),
            "callers.token_issuers.okta.issuer: 'http://127.0.0.1:8080' given; allowed: an HTTPS ",
        ),
        (
            issuer(issuer="https://login.example.com/?a"),
            "callers.token_issuers.okta.issuer: 'https://login.example.com/?a' given; allowed: ",
        ),
        (
            issuer(plan="trail"),
            "callers.token_issuers.okta.plan: 'trail' given; allowed: one of the stage's plans ",
        ),
        (
            issuer(team="search"),
            "callers.token_issuers.okta.team: given in a stage without teams; allowed: ",
        ),
        (
            {**issuer(team="serch"), "teams": {"search": {}}},
            "callers.token_issuers.okta.team: 'serch' given; allowed: one of the stage's teams ",
        ),
        (
            {**issuer(team={"clam": "groups"}), "teams": {"search": {}}},
            "callers.token_issuers.okta.team.clam: unknown key; did you mean ",
        ),
        (
            {**issuer(team={}), "teams": {"search": {}}},
            "callers.token_issuers.okta.team: neither name nor claim given; allowed: one of ",
        ),
        (
            issuer(require={"tenant": 5}),
            "callers.token_issuers.okta.require.tenant: 5 given; allowed: an object of claim ",
        ),
        (
            issuer(issuer="https://token.actions.githubusercontent.com", require={"ref": "main"}),
            "callers.token_issuers.okta.require: names none of repository, repository_id, ",
        ),
        (
            {"token_issuers": {"user": ISSUER}},
            "callers.token_issuers.user: given; allowed: other names than account, ",
        ),
        (
            {**issuer(), **budget_of("ana@example.com")},
            "callers.budgets.callers.ana@example.com: given; allowed: default, and names of keys ",
        ),
        (
            {**issuer(), **budget_of("octa:ana@example.com")},
            "callers.budgets.callers.octa:ana@example.com: given; allowed: default, and names of ",
        ),
        (
            {"auth": "iam", **budget_of("key:a1")},
            "callers.budgets.callers.key:a1: given; allowed: default, and ROLE, ROLE/SESSION and ",
        ),
        (
            {"token_issuers": {"a": ISSUER, "b": ISSUER}},
            "callers.token_issuers.b.audience: 'claude' given for an issuer that has it already; ",
        ),
        (
            {
                "token_issuers": {
                    f"i{number}": {**ISSUER, "audience": f"a{number}"} for number in range(20)
                }
            },
            "callers.token_issuers: 5600 characters given; allowed: 3000 together, since ",
        ),
        (
            {**issuer(), "auth": "iam", "api_keys": []},
            "callers.token_issuers: given with auth iam, where there are no keys; allowed: ",
        ),
        ({"ping_seconds": 300}, "endpoint.ping_seconds: 300 given; allowed: 1 to 240 "),
        (
            {"alarm_email": "ops"},
            "account.alarm_email: 'ops' given; allowed: an e-mail address, or null",
        ),
        (
            {"keep_logs_on_destroy": 1},
            "logging.keep_logs_on_destroy: 1 given; allowed: true or false",
        ),
        ({"id": 123456789012}, "account.id: 123456789012 given; allowed: an AWS account id of "),
        (
            {"unsupported_fields": "loose"},
            "endpoint.unsupported_fields: 'loose' given; allowed: drop or reject",
        ),
    ],
)
def test_a_mistake_names_stage_key_its_value_and_what_is_allowed(
    changes: dict[str, object], outcome: str
) -> None:
    line = mistake(**changes)
    assert line.startswith(f"stage 'dev': {outcome}")
    assert "\n" not in line


def test_a_family_is_its_models_that_a_new_customer_can_call_under_the_stages_settings() -> None:
    everywhere = load(models=["sonnet", "claude-opus-4-5-20251101"])
    assert everywhere.models.allow == (
        "claude-sonnet-4-5",
        "claude-opus-4-5",
        "claude-sonnet-4-6",
        "claude-sonnet-5",
        "claude-sonnet-5-5",
    )
    at_home = load(models=["opus", "haiku"], geography="us", residency=["us"])
    assert at_home.models.allow == (
        "claude-opus-4-5",
        "claude-haiku-4-5",
        "claude-opus-4-6",
        "claude-opus-4-7",
        "claude-opus-4-8",
    )
    assert load(models=["fable"], data_retention="aws_review").models.allow


def test_a_plans_models_are_some_of_the_stages_by_any_of_their_names() -> None:
    stage = load(plans={"batch": {**PLAN, "models": ["haiku", "claude-sonnet-4-5"]}, "trial": PLAN})

    plans = stage.callers.plans
    assert plan_models.models_of(plans["batch"], stage) == ("claude-sonnet-4-5", "claude-haiku-4-5")
    assert plan_models.models_of(plans["trial"], stage) == ()


def test_a_plan_of_families_takes_all_models_of_its_stage_and_of_two_geographies() -> None:
    callers = {"plans": {"all": {**PLAN, "models": ["opus", "sonnet", "haiku"]}}}
    for models in (TWELVE_MODELS, [*TWELVE_MODELS, "claude-fable-5"]):
        load(models=models, fallback_geographies=["us"], **callers)


def test_routes_and_plans_are_listed_with_those_of_the_stage_first() -> None:
    stage = load(
        geography="us",
        fallback_geographies=["global"],
        plans={"batch": {"throttle": {"rate_per_second": 1, "burst": 1}}},
    )
    assert stage.models.geographies == ("us", "global")
    assert list(stage.callers.all_plans) == ["default", "batch"]
    assert stage.callers.all_plans["default"].throttle == stage.callers.throttle


def test_models_are_offered_that_the_route_has_from_the_region() -> None:
    line = mistake(models=["claude-opus-4-5"], geography="jp", region="ap-northeast-1")
    assert "allowed: claude-sonnet-4-5, claude-haiku-4-5" in line
    assert "opus-4-5" not in line.split("allowed: ")[1].split(", ")


def test_a_geography_that_cannot_be_called_is_the_only_mistake() -> None:
    assert mistake(geography="eu") == (
        "stage 'dev': models.geography: 'eu' given, which cannot be called from us-east-1; "
        "allowed: global, us"
    )
    assert mistake(geography="global", fallback_geographies=["us", "eu"]) == (
        "stage 'dev': models.fallback_geographies: 'eu' given, which cannot be called from "
        "us-east-1; allowed: global, us"
    )


def test_a_stage_that_retains_its_record_names_who_gets_alarms() -> None:
    line = mistake(alarm_email=None)
    assert line.startswith("stage 'dev': account.alarm_email: none given with logging.keep_")
    assert "no_alarm_email_reason" in line
    assert mistake(alarm_email=None, no_alarm_email_reason=" ").startswith(
        "stage 'dev': account.no_alarm_email_reason: ' ' given"
    )
    reason = "the on-call rotation is subscribed by another stack"
    assert (
        load(alarm_email=None, no_alarm_email_reason=reason).account.no_alarm_email_reason == reason
    )
    assert load(alarm_email=None, keep_logs_on_destroy=False).account.alarm_email is None


def test_a_missing_key_is_named() -> None:
    block = {key: value for key, value in BLOCK.items() if key != "region"}
    with pytest.raises(SettingsError, match=r"^stage 'dev': region: missing; allowed: an AWS Reg"):
        load_stage({"dev": block}, "dev", today=TODAY)


def test_two_mistakes_are_two_lines() -> None:
    lines = mistake(retention_days="30", unsupported_fields="loose").splitlines()
    paths = {line.split(": ")[1] for line in lines}
    assert paths == {"logging.retention_days", "endpoint.unsupported_fields"}


def test_an_unknown_stage_names_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"^stage 'prd': not in cdk.json; allowed: dev, prod$"):
        load_stage({"dev": BLOCK, "prod": BLOCK}, "prd", today=TODAY)


@pytest.mark.parametrize("block", [None, [], "us-east-1"])
def test_a_block_that_is_no_object_is_not_a_stage_that_is_missing(block: object) -> None:
    with pytest.raises(SettingsError, match=r"^stage 'dev': .* given; allowed: an object with its"):
        load_stage({"dev": block}, "dev", today=TODAY)


def test_a_name_that_is_no_text_names_the_known_stages() -> None:
    with pytest.raises(SettingsError, match=r"^stage \['dev'\]: not in cdk.json; allowed: dev$"):
        load_stage({"dev": BLOCK}, ["dev"], today=TODAY)


def test_a_stages_name_must_fit_what_is_named_after_it() -> None:
    with pytest.raises(SettingsError, match=r"^stage 'My Stage': name: 'My Stage' given; allowed"):
        load_stage({"My Stage": BLOCK}, "My Stage", today=TODAY)


@pytest.mark.parametrize("stages", [None, {}, ["dev"]])
def test_a_cdk_json_without_stages_names_where_they_go(stages: object) -> None:
    with pytest.raises(SettingsError, match=r"^cdk.json has no map of stages in its context"):
        load_stage(stages, "dev", today=TODAY)


def test_a_model_is_refused_from_the_day_of_its_end_on() -> None:
    block = with_names(BLOCK, models=["claude-opus-4-1"], geography="us")
    assert load_stage({"dev": block}, "dev", today=dt.date(2027, 1, 7)).models.allow
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
        f"stage 'dev': callers.{key}: given with auth iam"
    )
    assert load(auth="key", **{key: value}).callers.auth == "key"


def test_without_keys_the_stages_throttle_stays_and_no_key_is_no_mistake() -> None:
    stage = load(auth="iam", quota=None, throttle={"rate_per_second": 1, "burst": 2})
    assert (stage.callers.auth, stage.callers.throttle.burst) == ("iam", 2)


def test_stages_may_be_handed_over_as_text() -> None:
    assert load_stage(json.dumps({"dev": BLOCK}), "dev", today=TODAY) == load()
    with pytest.raises(SettingsError, match="no JSON"):
        load_stage("{", "dev", today=TODAY)


@pytest.mark.parametrize(
    ("block", "line"),
    [
        ({"route": "us"}, "route is now models.geography; `python -m tools.migrate_stages cdk"),
        ({"adapt": "strict"}, "adapt is now endpoint.unsupported_fields (lenient is drop, strict "),
        ({"account": "123456789012"}, "account is now account.id; `python"),
        ({"account": None}, "account is now account.id; `python"),
        ({"geography": "us"}, "geography: unknown key; it is models.geography"),
        ({"canary": None, "tags": {}}, "canary is now evidence.canary, tags is now account.tags; "),
        (
            {"models": {"allow": ["haiku"], "route": "us"}},
            "models.route: unknown key; it is models",
        ),
        ({"logging": {"canary": None}}, "logging.canary: unknown key; it is evidence.canary"),
        ({"logging": {"retension_days": 60}}, "logging.retension_days: unknown key; did you mean "),
        ({"evidence": {"verify": True}}, "evidence.verify: unknown key; allowed: evidence.verify_"),
        ({"endpont": {}}, "endpont: unknown key; did you mean endpoint?"),
        (
            {"models": ["claude-hiaku-4-5"]},
            "models: 'claude-hiaku-4-5' given; did you mean claude-",
        ),
        ({"callers": []}, "callers: [] given; allowed: an object"),
    ],
)
def test_a_key_that_does_not_exist_is_answered_with_the_one_that_was_meant(
    block: dict[str, Any], line: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load_stage({"dev": {**BLOCK, **block}}, "dev", today=TODAY)
    assert str(caught.value).startswith(f"stage 'dev': {line}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("answer", ["adopt", "extend"])
def test_a_configuration_of_others_is_not_restored(answer: str) -> None:
    line = mistake(existing_logging=answer, auto_restore_logging=True)
    assert line.startswith(
        "stage 'dev': logging.auto_restore_logging: true given with existing_logging "
        f"{answer}, where it has no effect"
    )
    assert load(existing_logging="replace", auto_restore_logging=True).logging.auto_restore_logging


def test_three_lines_are_a_stage() -> None:
    stage = load_stage(
        {"dev": {"region": "us-east-1", "models": ["haiku"], "account": {"alarm_email": "a@b.c"}}},
        "dev",
        today=TODAY,
    )
    assert stage.models.geographies == ("global",)
    assert load(models={"allow": ["claude-haiku-4-5"]}) == load(models=["claude-haiku-4-5"])


def test_no_two_groups_have_a_key_of_the_same_name() -> None:
    paths = [key.path for key in walk() if key.path.count(".") == 1]
    assert sorted(PATHS.values()) == sorted(paths)
    assert {*NEW_PATHS.values()} <= {*PATHS.values()}


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"canary": "claude-haiku-4-5"}, "evidence.canary"),
        ({"api_keys": ["one"]}, "callers.api_keys"),
        ({"ping_seconds": 20}, "endpoint.ping_seconds"),
        ({"budgets": {"stage": [{"usd": 1, "per": "day"}]}}, "callers.budgets"),
        ({"allowed_direct_callers": ["arn:aws:iam::111111111111:role/x"]}, "callers.allowed_"),
    ],
)
def test_a_stage_without_an_endpoint_takes_nothing_of_one(
    changes: dict[str, object], key: str
) -> None:
    assert f"{key}" in (line := mistake(enabled=False, **changes))
    assert "given with endpoint.enabled false" in line
    assert len(line.splitlines()) == 1


def test_a_stage_without_an_endpoint_has_no_keys_and_may_have_teams_and_a_locked_bucket() -> None:
    stage = load(enabled=False, teams={"search": {}}, object_lock="governance")

    assert stage.key_names == ()
    assert stage.to_output()["endpoint"] is False
    assert "endpoint" not in load().to_output()
    assert "evidence.verify_hourly" in mistake(
        enabled=False, object_lock="governance", verify_hourly=False
    )


ARCHIVE = {
    "bucket": "company-archive",
    "account": "333333333333",
    "key": "arn:aws:kms:eu-west-1:333333333333:key/1111",
}


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"id": "333333333333"}, "logging.archive.account: 333333333333 given, which is the"),
        ({"existing_logging": "adopt"}, "logging.archive: given with existing_logging adopt"),
        ({"archive": {**ARCHIVE, "account": "1"}}, "logging.archive.account: '1' given"),
        ({"archive": {**ARCHIVE, "account": "444444444444"}}, "a key of 333333333333 given"),
        ({"archive": {**ARCHIVE, "key": "alias/x"}}, "logging.archive.key: 'alias/x' given"),
    ],
)
def test_an_archive_is_another_accounts_with_its_own_key(
    changes: dict[str, object], line: str
) -> None:
    assert line in mistake(**{"archive": ARCHIVE, **changes})


@pytest.mark.parametrize(
    ("bucket", "problem"),
    [
        ("a" * 60 + "-${AWS::AccountId}", "which has 73 characters and may have 63"),
        ("company..archive", "which has two periods side by side"),
        ("192.0.2.1", "which is an IP address"),
        ("company-archive-s3alias", "which begins or ends in what S3 reserves"),
    ],
)
def test_a_bucket_has_a_name_that_s3_takes(bucket: str, problem: str) -> None:
    written = {
        "logging.archive.bucket": {"archive": {**ARCHIVE, "bucket": bucket}},
        "logging.log_bucket_access_log.bucket": {"log_bucket_access_log": {"bucket": bucket}},
    }
    for path, block in written.items():
        assert f"{path}: {bucket!r} given, {problem}" in mistake(**block)


def test_the_archives_bucket_is_among_what_the_command_line_reads() -> None:
    assert load(archive=ARCHIVE).to_output()["archive"] == "company-archive"
    assert "archive" not in load().to_output()


def test_an_endpoint_service_that_the_region_lacks_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert load(**in_vpc()).endpoint.function_network is not None
    monkeypatch.setitem(endpoint_services.REGIONS, "bedrock", ("eu-west-1",))
    assert mistake(**in_vpc()) == (
        "stage 'dev': endpoint.network.functions.endpoints: create given in us-east-1, which lacks "
        "the endpoint service com.amazonaws.us-east-1.bedrock; allowed: another Region, or existing"
    )
