"""The workflows: pinned actions, a token of AWS only where a deployment needs it, whole scripts."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.docs.pages import ROOT

EXAMPLE = ROOT / "examples" / "pipeline" / "github.yml"
WORKFLOWS = [EXAMPLE, *sorted((ROOT / ".github" / "workflows").glob("*.yml"))]
PINNED = re.compile(r"^\s+- uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def _jobs(path: Path) -> dict[str, dict[str, Any]]:
    jobs: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text())["jobs"]
    return jobs


def _scripts(path: Path) -> Iterator[str]:
    for job in _jobs(path).values():
        yield from (step["run"] for step in job["steps"] if "run" in step)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_each_action_is_pinned_by_commit_and_each_script_is_whole(path: Path) -> None:
    uses = [line for line in path.read_text().splitlines() if "uses:" in line]
    assert uses
    assert [line for line in uses if not PINNED.match(line)] == []
    for script in _scripts(path):
        # What a pull request says may be code, so that it comes by the environment.
        assert "${{" not in script
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_one_version_of_an_action_in_all_workflows() -> None:
    used = {
        tuple(step["uses"].split("@"))
        for path in WORKFLOWS
        for job in _jobs(path).values()
        for step in job["steps"]
        if "uses" in step
    }
    assert len(used) == len({name for name, _ in used})


def test_the_deployment_alone_has_a_token_and_runs_nothing_but_the_pinned_cli() -> None:
    jobs = _jobs(EXAMPLE)
    assert yaml.safe_load(EXAMPLE.read_text())["permissions"] == {}
    assert {name: job["permissions"] for name, job in jobs.items()} == {
        "difference": {"contents": "read"},
        "comment": {"pull-requests": "write"},
        "synthesize": {"contents": "read"},
        "deploy": {"contents": "read", "id-token": "write"},
    }
    assert jobs["deploy"]["needs"] == "synthesize"
    assert jobs["synthesize"]["if"] == "github.event_name == 'push'"
    assert [step["run"].split()[:3] for step in jobs["deploy"]["steps"] if "run" in step] == [
        ["npm", "ci", "--ignore-scripts"],
        ["npx", "cdk", "deploy"],
    ]
    assert not [step for step in jobs["comment"]["steps"] if "checkout" in step.get("uses", "")]
