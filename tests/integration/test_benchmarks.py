"""The benchmarks run and report every figure; what the figures say is not for a test.

Other gateways are not among them here: they would have to be installed.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
GATEWAY, TLS = "gateway", "gateway, upstream over TLS"
RELAY_TLS = "raw relay, upstream over TLS"
RELAYED = ["raw relay", GATEWAY, RELAY_TLS, TLS]
CONTENDERS = {
    "Start to the first 200": ["bare loop", GATEWAY, TLS],
    "Start until the first byte for Bedrock leaves": ["bare loop", GATEWAY, TLS],
    "JSON call": ["bare loop", GATEWAY, "boto3, no gateway"],
    "JSON call in a caller's session": [GATEWAY, "gateway, session open", "gateway, new caller"],
    "JSON call under a budget": [GATEWAY, "gateway, one budget"],
    "Burst of 500 events": ["bare loop", GATEWAY, "boto3, no gateway"],
    "Native burst of 500 events": ["raw relay", GATEWAY],
    "Stream of 10 events, one every 2 ms": RELAYED,
    "Stream of 10 events, one every 20 ms": RELAYED,
    "Time to the first event, one caller": ["direct", GATEWAY],
    "Bursts for 3 callers at once": ["bare loop", GATEWAY],
    "Memory of one environment": ["bare loop", GATEWAY],
    "Copies of a body of 5 MB at once": ["bare loop", GATEWAY],
    "Size of the zip": [GATEWAY],
    "Packages in the zip": [GATEWAY],
    "Burst of 500 events by Bedrock's Messages path": ["raw relay", GATEWAY],
    "Stream of 10 events by Bedrock's Messages path, one every 2 ms": RELAYED,
    "Stream of 10 events by Bedrock's Messages path, one every 20 ms": RELAYED,
}
REACHES = {
    "Start to the first 200": ["≤ 2.4x"],
    "Start until the first byte for Bedrock leaves": ["≤ 1.9x"],
    "JSON call": ["≤ 2.6x", "≤ 0.7x"],
    "JSON call in a caller's session": ["≤ 1.05x"],
    "JSON call under a budget": [],
    "Burst of 500 events": [],
    "Native burst of 500 events": ["≤ 6x"],
    "Stream of 10 events, one every 2 ms": ["≤ 2x", "≤ 2x"],
    "Stream of 10 events, one every 20 ms": ["≤ 2x", "≤ 2x"],
    "Time to the first event, one caller": ["≤ 3 ms above", "≤ 10 ms above, p99"],
    "Bursts for 3 callers at once": [],
    "Memory of one environment": ["≤ 10 MiB above"],
    "Copies of a body of 5 MB at once": ["≤ 2 bodies"],
    "Size of the zip": ["≤ 3 MB"],
    "Packages in the zip": ["≤ 10 packages"],
    "Burst of 500 events by Bedrock's Messages path": ["≤ 6x"],
    "Stream of 10 events by Bedrock's Messages path, one every 2 ms": ["≤ 1.8x", "≤ 1.8x"],
    "Stream of 10 events by Bedrock's Messages path, one every 20 ms": ["≤ 1.8x", "≤ 1.8x"],
}
CURVES = ["body", "stream", "keys", "models", "records", "records-memory"]


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the two pages that a run writes into."""
    folder = tmp_path_factory.mktemp("docs")
    for name in ("performance.md", "growth.md"):
        shutil.copy(PROJECT / "docs" / name, folder)
    return folder


@pytest.fixture(scope="module")
def results(docs: Path) -> dict[str, Any]:
    """What `--json` keeps of a trial run, with what was printed under `printed`."""
    return _run(docs)


@pytest.fixture(scope="module")
def grown(docs: Path) -> dict[str, Any]:
    """The same of the curves."""
    return _run(docs, "growth")


def _run(docs: Path, *part: str) -> dict[str, Any]:
    file = docs / "kept.json"
    options = ["--quick", "--json", str(file), "--write", str(docs)]
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", *part, *options],
        cwd=PROJECT,
        check=False,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert run.returncode == 0, run.stderr
    content: dict[str, Any] = json.loads(file.read_text())
    return {**content, "printed": run.stdout}


def test_every_figure_has_every_contender_and_reach(results: dict[str, Any]) -> None:
    figures = results["figures"]
    assert {figure["title"]: list(figure["contenders"]) for figure in figures} == CONTENDERS
    reaches = {
        figure["title"]: [reach["reach"] for reach in figure["reaches"]] for figure in figures
    }
    assert reaches == REACHES


def test_every_sample_is_something(results: dict[str, Any]) -> None:
    for figure in results["figures"]:
        for contender in figure["contenders"].values():
            assert all(sample > 0 for sample in contender["samples"])


def test_a_months_records_are_queried_and_verified_within_bounds(results: dict[str, Any]) -> None:
    steps = results["records"]
    assert [step["step"] for step in steps] == ["generate", "read", "usage", "verify"]
    for step in steps:
        assert step["calls"] == 10_000
        assert step["peak_mib"] < 1024


def test_the_page_gets_the_run(results: dict[str, Any], docs: Path) -> None:
    page = (docs / "performance.md").read_text()
    assert page.count(results["machine"]) == 3, "figures, messages and records"
    for title in CONTENDERS:
        assert f"**{title}**" in page
        assert f"\n{title}\n" in results["printed"]
    assert "| 10,000 |" in page


def test_a_busy_hour_is_verified_without_a_finding(docs: Path) -> None:
    (hour,) = _run(docs, "hours")["hours"]
    assert (hour["calls"], hour["per_object"], hour["minutes"]) == (60, 1, 30)
    assert hour["peak_mib"] < 1024
    assert "| calls an hour |" in (docs / "growth.md").read_text()


def test_every_curve_has_its_picture_and_exponents(grown: dict[str, Any], docs: Path) -> None:
    assert [curve["name"] for curve in grown["curves"]] == CURVES
    page = (docs / "growth.md").read_text()
    for curve in grown["curves"]:
        assert f"(performance/{curve['name']}.svg)" in page
        assert (docs / "performance" / f"{curve['name']}.svg").read_text().startswith("<svg")
        for costs in curve["costs"].values():
            assert len(costs) == len(curve["sizes"]) > 1
        assert list(curve["exponents"]) == list(curve["costs"])
