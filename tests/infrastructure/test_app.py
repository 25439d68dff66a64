"""What the CDK's command line sees of app.py: a synthesis, or one clear line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import aws_cdk as cdk
import pytest

from stacks.components.packaging import python_function
from stacks.settings import load_stage
from stacks.stage_stacks import add_stacks
from tests.infrastructure.variants import Syntheses
from tools.stage_blocks import with_keys
from tools.synthesis import CONTEXT, ROOT, Synthesis, synthesize


def run_app(stage: str, changes: dict[str, object]) -> subprocess.CompletedProcess[str]:
    context = json.loads(json.dumps(CONTEXT)) | {"stage": stage}
    if stage in context["stages"]:
        context["stages"][stage] = with_keys(context["stages"][stage], changes)
    return subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={**os.environ, "CDK_CONTEXT_JSON": json.dumps(context)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("stage", "changes", "expected"),
    [
        (
            "dev",
            {"logging.retention_days": 29},
            "stage 'dev': logging.retention_days: 29 given; allowed: one of 30",
        ),
        ("", {}, "stage '': not in cdk.json; allowed: local, dev, prod"),
    ],
)
def test_a_mistake_is_one_clear_line(stage: str, changes: dict[str, object], expected: str) -> None:
    done = run_app(stage, changes)
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if not line.startswith("b'!!")]
    assert len(lines) == 1
    assert lines[0].startswith(expected)


def test_a_tier_without_claude_is_warned_of(tmp_path: Path) -> None:
    app = cdk.App(context=CONTEXT, outdir=str(tmp_path))
    block = with_keys(CONTEXT["stages"]["dev"], {"models.service_tiers": ["default", "flex"]})
    with Syntheses(tmp_path).without_packages():
        add_stacks(app, load_stage({"dev": block}, "dev"))
    stack = app.node.find_child("claude-on-bedrock-dev-ModelAccess")
    warnings = [str(entry.data) for entry in stack.node.metadata if "warning" in entry.type]
    assert [text.partition(",")[0] for text in warnings] == ["models.service_tiers: flex given"]


def test_two_syntheses_give_the_same_assets(
    local: Synthesis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = tmp_path / "build"
    fresh.mkdir()
    # The wheels are the same by their hashes; everything made of them is made again.
    for folder in ("wheels", "wheelhouse"):
        (fresh / folder).symlink_to(python_function.CACHE / folder)
    monkeypatch.setattr(python_function, "CACHE", fresh)
    again = synthesize("local", tmp_path / "out")
    assert again.asset_hashes() == local.asset_hashes()
    assert again.bills() == local.bills()
    assert len(list((fresh / "functions").glob("*.zip"))) == 10
