"""The code samples of Anthropic's guide to Claude on Amazon Bedrock, run as they stand there.

https://platform.claude.com/docs/en/build-with-claude/claude-on-amazon-bedrock-legacy; what had to
be changed in them, docs/clients.md says.
"""

from pathlib import Path

import pytest

from tests.clients import installed, runs
from tests.integration.deployed.deployment import Deployment

SECTION = "The samples of Anthropic's guide"
SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0"


@pytest.mark.parametrize(
    ("place", "driver", "case"),
    [
        ("anthropic-1", "guide_sdk.py", "globally"),
        ("anthropic-1", "guide_sdk.py", "without_a_prefix"),
        ("node", "guide_sdk.mjs", "globally"),
        ("node", "guide_sdk.mjs", "without_a_prefix"),
        ("python", "guide_boto3.py", "globally"),
        ("python", "guide_boto3.py", "listed"),
        ("python", "guide_boto3.py", "listed_by_the_cli"),
    ],
)
def test_a_sample_of_the_guide_runs(
    deployment: Deployment, tmp_path: Path, place: str, driver: str, case: str
) -> None:
    environment = runs.environment(SECTION, SONNET, deployment, tmp_path)

    outcome = runs.driven(installed.command(place, driver), [case], environment)[case]

    if "listed" in case:
        assert SONNET in outcome.get("models", []), outcome
    else:
        assert "Your message was: Hello, world" in outcome.get("text", ""), outcome
