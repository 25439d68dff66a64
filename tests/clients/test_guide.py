"""The code samples of Anthropic's guide to Claude on Amazon Bedrock, run as they stand there.

https://platform.claude.com/docs/en/build-with-claude/claude-on-amazon-bedrock-legacy; what had to
be changed in them, docs/clients.md says.
"""

from pathlib import Path

import pytest

from tests.clients import runs
from tests.integration.deployed.deployment import Deployment

SECTION = "The samples of Anthropic's guide"
SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0"


@pytest.mark.parametrize(
    "sample",
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
    clients: runs.Places, deployment: Deployment, tmp_path: Path, sample: tuple[str, str, str]
) -> None:
    place, driver, case = sample
    environment = runs.environment(SECTION, SONNET, deployment, tmp_path)

    caller = runs.Caller("usual", environment, [case])
    outcome = clients.drivers(place).run(driver, [caller])["usual", case]

    if "listed" in case:
        assert SONNET in outcome.get("models", []), outcome
    else:
        assert "Your message was: Hello, world" in outcome.get("text", ""), outcome
