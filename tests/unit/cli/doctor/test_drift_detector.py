"""What doctor says of the drift detector's newest report."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from claude_bedrock.cli.doctor.checks.drift_detector import Run, judge, newest_run

AT = datetime(2026, 11, 30, 11, 0, tzinfo=UTC)
GONE = "/claude-on-bedrock/dev/invocations: the log group does not exist"


def event(seconds: int, line: object) -> dict[str, object]:
    message = line if isinstance(line, str) else json.dumps(line)
    return {"timestamp": int(AT.timestamp() * 1000) + seconds * 1000, "message": message}


def drift(seconds: int, what: str) -> dict[str, object]:
    return event(seconds, {"level": "WARNING", "message": "drift", "drift": {"what": what}})


def metrics(seconds: int, **counts: float) -> dict[str, object]:
    written = {name: [count] for name, count in {"DriftDetectorRuns": 1, **counts}.items()}
    return event(seconds, {"_aws": {"Timestamp": 0}, "stage": "dev", **written})


def test_the_newest_run_has_its_own_differences() -> None:
    events = [
        metrics(900, RetentionShortened=1.0),
        drift(899, GONE),
        drift(0, "policy: of an earlier run"),
        metrics(1, LogBucketDrifted=1.0),
        event(901, "END RequestId: 1"),
        event(902, "[1]"),
    ]

    run = newest_run(events)

    assert run is not None
    assert (run.at.minute, run.differences) == (15, (GONE,))
    assert judge(run, is_new=False).found == f"at 11:15 UTC: {GONE}"


def test_a_run_that_is_not_over_is_no_run() -> None:
    assert newest_run([drift(0, GONE), event(1, "START RequestId: 1")]) is None


@pytest.mark.parametrize(
    ("counts", "outcome", "runbooks"),
    [
        ({"DriftDetectorRuns": 1.0, "RetentionShortened": 0.0}, "ok", []),
        ({"RetentionShortened": 2.0}, "failed", ["RetentionShortened"]),
        ({"KmsKeyUnusable": 1.0, "CatalogOutdated": 1.0}, "failed", ["CatalogOutdated"]),
        ({"CatalogOutdated": 1.0}, "warning", ["CatalogOutdated"]),
    ],
)
def test_a_difference_fails_and_names_its_runbook(
    counts: dict[str, float], outcome: str, runbooks: list[str]
) -> None:
    check = judge(Run(AT, counts, tuple("abcdefg" if counts else ())), is_new=False)

    assert check.outcome == outcome
    assert all(f"docs/runbooks/{name}.md" in check.fix for name in runbooks)
    assert all(Path(f"docs/runbooks/{name}.md").is_file() for name in runbooks)


def test_a_detector_that_does_not_run_is_told_from_a_new_stage() -> None:
    assert judge(None, is_new=True).outcome == "skipped"
    silent = judge(None, is_new=False)
    assert (silent.outcome, silent.fix) == (
        "failed",
        "follow docs/runbooks/DriftDetectorNotRunning.md",
    )
