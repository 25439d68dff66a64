"""Whether the newest evidence is in the archive is judged by S3's own status of it."""

from datetime import timedelta

import pytest

from claude_bedrock.cli.doctor.check import Outcome
from claude_bedrock.cli.doctor.checks import archive

KEY = "evidence/hours/2026/11/30/090000Z.jsonl"


@pytest.mark.parametrize(
    ("status", "minutes", "outcome"),
    [
        ("COMPLETED", 5, "ok"),
        ("PENDING", 5, "skipped"),
        ("PENDING", 90, "warning"),
        ("FAILED", 5, "failed"),
        ("", 5, "failed"),
        ("REPLICA", 5, "failed"),
    ],
)
def test_each_status_has_its_outcome(status: str, minutes: int, outcome: Outcome) -> None:
    check = archive.judge(status, KEY, timedelta(minutes=minutes), "company-archive")

    assert (check.outcome, KEY in check.found) == (outcome, True)
    assert bool(check.fix) is (outcome in {"failed", "warning"})
