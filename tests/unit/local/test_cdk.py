"""What is shown of the CLI's output."""

import pytest

from local.run.cdk_cli import condensed

STACK = "claude-on-bedrock-local-Gateway"


@pytest.mark.parametrize(
    ("line", "short"),
    [
        (
            f"{STACK} |  2/15 | 5:15:51 AM | CREATE_COMPLETE | AWS::KMS::Key      | Key (Key96)",
            "Gateway 2/15 AWS::KMS::Key",
        ),
        (
            "CDKToolkit | 10/15 | 5:15:30 AM | CREATE_IN_PROGRESS | AWS::IAM::Role | R",
            "CDKToolkit 10/15 AWS::IAM::Role",
        ),
        ("✨  Deployment time: 0.1s", ""),
        ("", ""),
    ],
)
def test_events_become_a_few_words_and_other_lines_nothing(line: str, short: str) -> None:
    assert condensed(line) == short
