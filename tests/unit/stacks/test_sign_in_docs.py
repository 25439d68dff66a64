"""Each stage block of the pages about signing in can be deployed, and says what the page says."""

from __future__ import annotations

import json
import re

import pytest

from stacks.settings import load_stage
from stacks.stage import Stage
from tools.docs.pages import read, rows

PAGES = ("docs/sign-in.md", "docs/sign-in-aws.md", "docs/sign-in-github.md")
BLOCKS = [
    (page, json.loads(text))
    for page in PAGES
    for text in re.findall(r"^```json\n(.*?)^```", read(page), re.MULTILINE | re.DOTALL)
    if "callers" in json.loads(text)
]
REST = {
    "region": "eu-central-1",
    "models": {"allow": ["claude-haiku-4-5"], "geography": "eu"},
    "account": {"alarm_email": "operations@example.com"},
}


def load(block: object) -> Stage:
    assert isinstance(block, dict)
    return load_stage({"prod": {**REST, **block}}, "prod")


@pytest.mark.parametrize(("page", "block"), BLOCKS, ids=[page for page, _ in BLOCKS])
def test_a_block_can_be_deployed(page: str, block: object) -> None:
    assert {page for page, _ in BLOCKS} == {*PAGES}
    assert load(block).callers.token_issuers, page


@pytest.mark.parametrize("row", rows(PAGES[0], "Claims of known providers"), ids=lambda row: row[0])
def test_a_known_provider_has_a_right_issuer_and_claim(row: list[str]) -> None:
    _, url, _, claim, team = row
    issuer: dict[str, object] = {"issuer": url.strip("`"), "audience": "x", "require": {"hd": "x"}}
    if claims := re.findall(r"`([^`]+)`", claim):
        issuer["caller_claim"] = claims[0]
    if value := re.findall(r"`({[^`]+})`", team):
        issuer["team"] = json.loads(value[0])
    load({"callers": {"token_issuers": {"company": issuer}, "teams": {"search": {}}}})
