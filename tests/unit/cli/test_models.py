"""What is listed of a stage and of the catalog."""

import io
import json
from typing import Any

import pytest
from rich.console import Console

from claude_bedrock.catalog import MODELS
from claude_bedrock.cli.models import listing
from claude_bedrock.cli.models.listing import Offer
from claude_bedrock.cli.shared.endpoint import Endpoint, RefusedError
from claude_bedrock.cli.shared.request_auth import ByKey
from tests.unit.cli.answers import Server

TODAY = "2026-11-25"


def profile(route: str, base_id: str, *regions: str) -> dict[str, Any]:
    return {
        "inferenceProfileId": f"{route}.{base_id}",
        "inferenceProfileArn": f"arn:aws:bedrock:eu-west-2::inference-profile/{route}.{base_id}",
        "models": [
            {"modelArn": f"arn:aws:bedrock:{region}::foundation-model/x"} for region in regions
        ],
    }


def offered(server: Server, *profiles: dict[str, Any]) -> list[Offer]:
    server.body = json.dumps({"inferenceProfileSummaries": profiles}).encode()
    return listing.of_endpoint(Endpoint(server.url, ByKey("k"), None))


def rendered(offers: list[Offer], *, spellings: bool = False) -> str:
    text = io.StringIO()
    Console(file=text, width=200).print(listing.as_text(offers, today=TODAY, spellings=spellings))
    return text.getvalue()


HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"


def test_a_stage_is_what_its_endpoint_offers(server: Server) -> None:
    offers = offered(
        server, profile("eu", HAIKU, "eu-west-2", "eu-west-1"), profile("global", HAIKU, "x", "")
    )

    assert server.received[0].path == "/stage/inference-profiles"
    (haiku,) = listing.as_data(offers, today=TODAY)
    assert [geography["answered_in"] for geography in haiku["geographies"]] == [
        {"eu-west-2": ("eu-west-2", "eu-west-1")},
        None,
    ]
    assert haiku["geographies"][0]["price"]["input"] == "1.1"
    assert haiku["geographies"][1]["price"]["input"] == "1"
    assert haiku["life"]["state"] == "ACTIVE"
    table = rendered(offers)
    assert "eu: 1.1 / 5.5" in table
    assert "eu-west-1 eu-west-2" in table
    assert "any commercial Region" in table


def test_a_model_this_catalog_lacks_is_not_left_out_silently(server: Server) -> None:
    with pytest.raises(RefusedError, match="claude-sonnet-9, which this version's catalog lacks"):
        offered(server, profile("eu", "anthropic.claude-sonnet-9", "eu-west-2"))


def test_an_answer_that_is_no_json_is_an_error(server: Server) -> None:
    server.body = b"<html>"
    with pytest.raises(RefusedError, match="did not return JSON"):
        listing.of_endpoint(Endpoint(server.url, ByKey("k"), None))


def test_the_catalog_is_every_model_with_its_end_and_successor() -> None:
    offers = listing.of_catalog(None)
    data = listing.as_data(offers, today=TODAY)

    assert [model["name"] for model in data] == [model.name for model in MODELS]
    assert json.loads(json.dumps(data))[0]["geographies"][1]["answered_in"]["us-west-1"]
    by_name = {model["name"]: model for model in data}
    assert by_name["claude-haiku-5-5"]["geographies"][1]["long_prompt"] == {
        "above_tokens": 100_000,
        "price": {
            "input": "0.55",
            "output": "2.75",
            "cache_write_5m": "0.6875",
            "cache_write_1h": "1.1",
            "cache_read": "0.055",
        },
    }
    table = rendered(offers, spellings=True)
    for expected in (
        "retired 2026-10-14",
        "legacy since 2026-07-08",
        "then claude-sonnet-4-6",
        "us: 15 / 75",
        "us eu jp au: 3.3 / 16.5",
        "claude-3-7-sonnet-latest",
        "jp.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "by invitation",
        "aws_review",
        "above 100,000 tokens 0.5 / 2.5",
    ):
        assert expected in table
    assert "Where a call may be answered" not in table


def test_from_one_region_only_what_can_be_called_there_is_listed() -> None:
    offers = listing.of_catalog("eu-west-2")
    by_name = {model.name: routes for model, routes in offers}
    assert list(by_name["claude-haiku-4-5"]) == ["global", "eu"]
    table = rendered(offers)
    assert "none from there" in table
    assert "eu-south-2 eu-west-1 eu-west-2 eu-west-3" in table
