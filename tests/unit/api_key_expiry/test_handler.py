"""Keys of the stage whose end has come are switched off; all others stay as they are."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from api_key_expiry import handler
from api_key_expiry.handler import EXPIRES_TAG, UnreadableEndError, switch_off
from claude_bedrock.cli.keys import api_keys

PREFIX = "claude-on-bedrock-dev-"
NOW = datetime(2026, 11, 25, 16, tzinfo=UTC)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("KEY_NAME_PREFIX", PREFIX)
    with mock_aws():
        yield boto3.client("apigateway")


def make(client: Any, name: str, tags: Mapping[str, str]) -> str:  # noqa: ANN401
    made = client.create_api_key(name=name, enabled=True, tags=tags)
    return str(made["id"])


def is_on(client: Any, key_id: str) -> bool:  # noqa: ANN401
    return bool(client.get_api_key(apiKey=key_id)["enabled"])


@pytest.mark.parametrize(
    ("name", "tags", "stays"),
    [
        ("claude-on-bedrock-dev-a", {EXPIRES_TAG: "2026-11-25T15:59:59Z"}, False),
        ("claude-on-bedrock-dev-a", {EXPIRES_TAG: "2026-11-25T16:00:00Z"}, False),
        ("claude-on-bedrock-dev-a", {EXPIRES_TAG: "2026-11-25T16:00:01Z"}, True),
        ("claude-on-bedrock-dev-a", {"claude-on-bedrock": "dev"}, True),
        ("claude-on-bedrock-prod-a", {EXPIRES_TAG: "2026-11-25T15:59:59Z"}, True),
    ],
)
def test_only_an_end_that_has_come_switches_a_key_of_the_stage_off(
    client: Any,  # noqa: ANN401
    name: str,
    tags: Mapping[str, str],
    *,
    stays: bool,
) -> None:
    key_id = make(client, name, tags)

    switch_off(client, PREFIX, NOW)

    assert is_on(client, key_id) is stays


@pytest.mark.parametrize("end", ["tomorrow", "2026-11-25T15:00:00", ""])
def test_an_end_that_is_no_time_is_reported_after_the_others_were_checked(
    client: Any,  # noqa: ANN401
    end: str,
) -> None:
    unreadable = make(client, f"{PREFIX}a", {EXPIRES_TAG: end})
    ended = make(client, f"{PREFIX}b", {EXPIRES_TAG: "2026-11-25T15:00:00Z"})

    with pytest.raises(UnreadableEndError, match=unreadable):
        switch_off(client, PREFIX, NOW)

    assert not is_on(client, ended)


def test_the_function_goes_by_the_clock_and_by_its_stages_prefix(client: Any) -> None:  # noqa: ANN401
    past, future = (
        f"{datetime.now(UTC) + timedelta(minutes=m):%Y-%m-%dT%H:%M:%SZ}" for m in (-1, 1)
    )
    ended = make(client, f"{PREFIX}a", {EXPIRES_TAG: past})
    lasting = make(client, f"{PREFIX}b", {EXPIRES_TAG: future})

    handler.handle({}, None)

    assert (is_on(client, ended), is_on(client, lasting)) == (False, True)


def test_what_the_command_line_writes_is_what_the_function_reads() -> None:
    assert api_keys.EXPIRES_TAG == EXPIRES_TAG
