"""Prompt caching for five minutes and for an hour, told alike by answer, trail and record."""

import json
from typing import Any
from uuid import uuid4

import anthropic
import pytest

from claude_bedrock.records.invocation_records import Records
from tests.integration.deployed.deployment import Deployment
from tests.integration.deployed.features.conftest import Format, Json, recorded
from tests.integration.deployed.features.request_fields import conversed, message_request

PREFIX = 4096  # tokens, the smallest that is kept of Haiku 4.5


def fresh() -> str:
    """A prefix that nobody has sent before."""
    return f"{uuid4()} ".ljust(PREFIX * 4, ".")


def cached(text: str, ttl: str) -> Json:
    marker = {"type": "ephemeral", "ttl": ttl}
    return message_request("Hi!!", system=[{"type": "text", "text": text, "cache_control": marker}])


@pytest.mark.parametrize(
    ("ttl", "billed"), [("5m", "ephemeral_5m_input_tokens"), ("1h", "ephemeral_1h_input_tokens")]
)
def test_a_prefix_is_written_once_and_read_from_then_on(
    form: Format, deployment: Deployment, records: Records, ttl: str, billed: str
) -> None:
    fields = cached(fresh(), ttl)
    written, read = form.ask(**fields), form.ask(**fields)

    assert written.message["usage"]["cache_creation"][billed] == PREFIX
    for response, counts in ((written, (PREFIX, 0)), (read, (0, PREFIX))):
        usage = response.message["usage"]
        assert usage["input_tokens"] == 1
        assert (usage["cache_creation_input_tokens"], usage["cache_read_input_tokens"]) == counts
        line = deployment.audit_line(bedrock_request_id=response.request_id)
        assert (line["cache_creation_input_tokens"], line["cache_read_input_tokens"]) == counts
        side = recorded(records, response.request_id)["input"]
        assert (side["cacheWriteInputTokenCount"], side["cacheReadInputTokenCount"]) == counts


def test_automatic_caching_writes_once_and_reads_from_then_on(
    messages: anthropic.Anthropic,
) -> None:
    fields = message_request(fresh(), cache_control={"type": "ephemeral"})
    counts = []
    for _ in range(2):
        response = messages.beta.messages.with_raw_response.create(**fields)
        assert response.headers["x-gateway-adapted"] == "cache_control:placed"
        usage = json.loads(response.http_response.content)["usage"]
        counts.append((usage["cache_creation_input_tokens"], usage["cache_read_input_tokens"]))

    assert counts == [(PREFIX, 0), (0, PREFIX)]


def test_a_stream_shows_what_was_written_and_read(form: Format) -> None:
    fields = cached(fresh(), "1h")
    counts = []
    for _ in range(2):
        (end,) = [event for event in form.stream(**fields) if event["type"] == "message_delta"]
        usage = end["usage"]
        counts.append((usage["cache_creation_input_tokens"], usage["cache_read_input_tokens"]))

    assert counts == [(PREFIX, 0), (0, PREFIX)]


@pytest.mark.parametrize("ttl", ["5m", "1h"])
def test_a_cache_point_is_written_once_and_read_from_then_on_in_converse(
    bedrock: Any,  # noqa: ANN401
    deployment: Deployment,
    records: Records,
    ttl: str,
) -> None:
    point = {"cachePoint": {"type": "default", "ttl": ttl}}
    fields = conversed({"text": "Hi!!"}, system=[{"text": fresh()}, point])
    written, read = bedrock.converse(**fields), bedrock.converse(**fields)

    assert written["usage"]["cacheDetails"] == [{"ttl": ttl, "inputTokens": PREFIX}]
    for answer, counts in ((written, (PREFIX, 0)), (read, (0, PREFIX))):
        usage = answer["usage"]
        request_id = answer["ResponseMetadata"]["HTTPHeaders"]["request-id"]
        assert (usage["cacheWriteInputTokens"], usage["cacheReadInputTokens"]) == counts
        line = deployment.audit_line(bedrock_request_id=request_id)
        assert (line["cache_creation_input_tokens"], line["cache_read_input_tokens"]) == counts
        side = recorded(records, request_id)["input"]
        assert (side["cacheWriteInputTokenCount"], side["cacheReadInputTokenCount"]) == counts


def test_what_one_format_wrote_the_other_reads(
    bedrock: Any,  # noqa: ANN401
    form: Format,
) -> None:
    text = fresh()
    form.ask(**cached(text, "5m"))
    point = {"cachePoint": {"type": "default"}}
    answer = bedrock.converse(**conversed({"text": "Hi!!"}, system=[{"text": text}, point]))

    assert answer["usage"]["cacheReadInputTokens"] == PREFIX
    assert answer["usage"]["inputTokens"] == 1
