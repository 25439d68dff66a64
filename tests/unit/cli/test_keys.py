"""What is asked of API Gateway for a stage's keys, against moto's."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import boto3
import pytest
import typer
from botocore.exceptions import ClientError
from moto import mock_aws

from authorizer import handler
from claude_bedrock.cli.audit import key_owners
from claude_bedrock.cli.keys import command
from claude_bedrock.cli.keys.api_keys import (
    EXPIRES_TAG,
    PLAN_TAG,
    STAGE_TAG,
    Key,
    KeyRefusedError,
    Keys,
    team_warning,
)
from claude_bedrock.cli.keys.command import _duration
from claude_bedrock.cli.shared.deployment import Deployment
from tests.unit.cli.answers import Server

NOW = datetime(2026, 11, 25, 16, tzinfo=UTC)
DAY = timedelta(days=1)


class Account(NamedTuple):
    """API Gateway of moto, the stage's keys in it, and its plans by name."""

    client: Any
    keys: Keys
    plans: dict[str, str]

    def values(self) -> set[str]:
        items = self.client.get_api_keys(includeValues=True)["items"]
        return {key["value"] for key in items}

    def in_plan(self, plan: str) -> set[str]:
        items = self.client.get_usage_plan_keys(usagePlanId=self.plans[plan])["items"]
        return {key["id"] for key in items}


class Failing(Deployment):
    """A deployment whose API Gateway refuses the operation that stands for the endpoint's URL."""

    code = "TooManyRequestsException"

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
        made: Any = boto3.client(service, region_name=self.region)  # type: ignore[call-overload]
        made.meta.events.register(f"before-call.api-gateway.{self.endpoint_url}", self._refuse)
        return made

    def _refuse(self, **_about: object) -> None:
        raise ClientError({"Error": {"Code": self.code}}, "any")


class WithoutPlans(Failing):
    code = "NotFoundException"


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        client = boto3.client("apigateway", region_name="us-east-1")
        plans = {
            name: client.create_usage_plan(name=f"claude-on-bedrock-dev-{name}")["id"]
            for name in ("default", "batch")
        }
        stack_key = client.create_api_key(name="claude-on-bedrock-dev-stack", enabled=True)
        client.create_api_key(name="claude-on-bedrock-prod-other", enabled=True)
        _deploy(plans, {"stack": stack_key["id"]})
        yield Account(client, Keys(Deployment("dev", "us-east-1", None)), plans)


def _deploy(plans: dict[str, str], ids: dict[str, str]) -> None:
    """A stack that puts out what the gateway's does."""
    outputs = {"UsagePlanIds": json.dumps(plans), "ApiKeyIds": json.dumps(ids)}
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    boto3.client("cloudformation", region_name="us-east-1").create_stack(
        StackName="claude-on-bedrock-dev-Gateway", TemplateBody=json.dumps(template)
    )


def test_a_key_is_made_in_its_plan_and_marked_as_the_stages(account: Account) -> None:
    value = account.keys.add("search.nightly", "batch")

    assert value in account.values()
    assert handler.key_plan(value) == "batch"
    (key,) = account.keys.named("search.nightly")
    assert (key.plan, key.enabled, key.ends, key.of_stack) == ("batch", True, None, False)
    assert account.in_plan("batch") == {key.id}
    assert account.in_plan("default") == set()
    tags = account.client.get_api_key(apiKey=key.id)["tags"]
    assert tags == {STAGE_TAG: "dev", PLAN_TAG: "batch"}


@pytest.mark.parametrize(
    ("end", "listed", "reported"),
    [
        ("2026-11-26T16:00:00Z", "ends 2026-11-26 16:00 UTC", "replaced, ends soon"),
        (
            "2026-11-25T15:00:00Z",
            "still on, was to end 2026-11-25 15:00 UTC",
            "replaced, still on after its end",
        ),
        *(
            (
                end,
                f"replaced, still on: end '{end}' is no time",
                "replaced, still on: its end is no time",
            )
            for end in ("soon", "2026-11-26T16:00:00")
        ),
    ],
)
def test_a_replaced_key_is_on_until_it_is_switched_off_whatever_its_tag_says(
    account: Account, end: str, listed: str, reported: str
) -> None:
    """The second is one that the scheduled function has yet to switch off, the others it names as
    UnreadableEndError."""
    tags = {STAGE_TAG: "dev", PLAN_TAG: "batch", EXPIRES_TAG: end}
    account.client.create_api_key(name="claude-on-bedrock-dev-search", enabled=True, tags=tags)

    (replaced,) = account.keys.named("search")

    assert (command._state(replaced, NOW), key_owners._state(replaced, NOW)) == (listed, reported)
    assert account.keys.revoke("search", replaced_only=True) == [replaced]
    off = replaced._replace(enabled=False)
    assert (command._state(off, NOW), key_owners._state(off, NOW)) == ("off", "off")


def test_no_value_is_stored_or_printed_a_second_time(account: Account) -> None:
    value = account.keys.add("search", "default")

    (raw,) = [k for k in account.client.get_api_keys()["items"] if k["name"].endswith("search")]
    assert value[-40:] not in str(account.keys.all())
    assert value[-40:] not in str({**raw, "value": ""})


@pytest.mark.parametrize("name", ["stack", "search"])
def test_a_name_that_is_taken_is_refused(account: Account, name: str) -> None:
    account.keys.add("search", "default")
    before = account.values()

    with pytest.raises(KeyRefusedError, match="exists"):
        account.keys.add(name, "default")

    assert account.values() == before


def test_a_plan_that_the_stage_has_not_is_refused_with_those_it_has(account: Account) -> None:
    with pytest.raises(KeyRefusedError, match="default, batch"):
        account.keys.add("search", "gold")


@pytest.mark.parametrize("operation", ["CreateUsagePlanKey", "TagResource"])
def test_a_key_that_could_not_be_finished_is_not_left_behind(
    account: Account, operation: str
) -> None:
    account.keys.add("search", "default")
    before = account.values()
    keys = Keys(Failing("dev", "us-east-1", operation))

    with pytest.raises(ClientError, match="TooManyRequestsException"):
        keys.rotate("search", DAY, NOW)

    assert account.values() == before


def test_a_plan_that_was_deleted_by_hand_is_named_and_leaves_no_key(account: Account) -> None:
    before = account.values()
    keys = Keys(WithoutPlans("dev", "us-east-1", "CreateUsagePlanKey"))

    with pytest.raises(KeyRefusedError, match=r"lacks the usage plan batch of stage dev: .*--rev"):
        keys.add("search", "batch")

    assert account.values() == before


def test_without_an_overlap_the_old_key_is_deleted(account: Account) -> None:
    old = account.keys.add("search", "default")

    new = account.keys.rotate("search", timedelta(), NOW)

    assert old not in account.values()
    assert new in account.values()


def test_a_key_of_the_stack_is_not_rotated_and_only_switched_off(account: Account) -> None:
    with pytest.raises(KeyRefusedError, match="api_keys"):
        account.keys.rotate("stack", DAY, NOW)

    (revoked,) = account.keys.revoke("stack", replaced_only=False)

    assert revoked.of_stack
    (key,) = account.keys.named("stack")
    assert not key.enabled


def test_only_the_stages_keys_are_listed(account: Account) -> None:
    assert [key.name for key in account.keys.all()] == ["stack"]
    with pytest.raises(KeyRefusedError, match="no key other"):
        account.keys.revoke("other", replaced_only=False)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("30m", timedelta(minutes=30)),
        ("24h", timedelta(hours=24)),
        ("7d", timedelta(days=7)),
        ("0", timedelta()),
    ],
)
def test_an_overlap_is_read(text: str, meant: timedelta) -> None:
    assert _duration(text) == meant


@pytest.mark.parametrize("text", ["", "24", "h", "-1h", "1.5h", "24h ", "1w"])
def test_what_is_no_overlap_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="not a duration") as refused:
        _duration(text)
    assert "--overlap" in refused.value.format_message()


class Stage(Deployment):
    """A deployed stage with these outputs, whatever stack is asked for them."""

    def outputs(self, stack: str) -> dict[str, str]:
        if self.stage == "denied":
            raise ClientError({"Error": {"Code": "AccessDenied"}}, f"DescribeStacks {stack}")
        teams: dict[str, object] = {"search": {}, "support": {}} if self.stage == "teams" else {}
        return {
            "UsagePlanIds": '{"default": "p1"}',
            "ApiKeyIds": "{}",
            **({"TeamProfileArns": json.dumps(teams)} if teams else {}),
        }


@pytest.mark.parametrize(
    ("quota", "entry", "day"),
    [
        ({}, [3], (3, None)),
        ({}, [3, 0], (3, None)),
        (None, [3, 0], (3, None)),
        ({"limit": 5, "period": "DAY"}, [3, 2], (3, 2)),
        ({"limit": 5, "period": "DAY"}, [3], (3, None)),
        ({}, [], (0, None)),
    ],
)
def test_usage_of_a_plan_is_read_however_its_quota_is_written(
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    quota: dict[str, object] | None,
    entry: list[int],
    day: tuple[int, int | None],
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    plan = {} if quota is None else {"quota": quota}
    server.headers["content-type"] = "application/json"
    server.body = json.dumps({"id": "p1", **plan, "values": {"k1": [entry]}}).encode()
    key = Key("k1", "default", "default", enabled=True, created=NOW, ends=None, of_stack=True)

    (used,) = Keys(Stage("dev", "us-east-1", server.url)).usage(key, 1, NOW.date())

    assert (used.requests, used.remaining) == day


@pytest.mark.parametrize(
    ("stage", "name", "words"),
    [
        ("teams", "serach.web", ["no team serach", "is search meant?", "search, support"]),
        ("teams", "other.web", ["no team other", "keys revoke other.web --stage teams --region"]),
        ("denied", "search.web", ["AWS denies"]),
        ("teams", "search.web", []),
        ("teams", "nightly", []),
        ("none", "serach.web", []),
    ],
)
def test_a_team_that_the_stage_has_not_is_reported(stage: str, name: str, words: list[str]) -> None:
    warning = team_warning(Stage(stage, "us-east-1", None), name)

    assert all(word in warning for word in words), warning
    assert bool(warning) == bool(words)
