"""The benchmarks run and report every figure; what the figures say is not for a test."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
CONTENDERS = {
    "Cold start to the first 200": ["bare loop", "gateway", "gateway, upstream over TLS"],
    "JSON call": ["bare loop", "gateway", "boto3, no gateway"],
    "Stream of 500 events": ["bare loop", "gateway", "boto3, no gateway"],
}
REACHES = {
    "Cold start to the first 200": "< 6x",
    "JSON call": "< 3x",
    "Stream of 500 events": "< 20 ms",
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `--json` keeps of a trial run, with what was printed under `printed`."""
    file = tmp_path_factory.mktemp("benchmarks") / "kept.json"
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--json", str(file)],
        cwd=PROJECT,
        check=False,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert run.returncode == 0, run.stderr
    content: dict[str, Any] = json.loads(file.read_text())
    return {**content, "printed": run.stdout}


def test_every_figure_has_every_contender(kept: dict[str, Any]) -> None:
    found = {figure["title"]: list(figure["contenders"]) for figure in kept["figures"]}
    assert found == CONTENDERS


def test_every_contender_used_the_processor(kept: dict[str, Any]) -> None:
    for figure in kept["figures"]:
        for contender in figure["contenders"].values():
            assert all(sample > 0 for sample in contender["samples"])


def test_a_months_records_are_asked_and_verified_within_bounds(kept: dict[str, Any]) -> None:
    rows = [line.split("|")[1:] for line in kept["printed"].splitlines() if "< 1024" in line]
    assert [row[0].strip() for row in rows] == ["generate", "usage", "verify"]
    for row in rows:
        assert (row[1].strip(), row[6].strip()) == ("10,000", "reached")


def test_only_the_gateway_has_something_to_reach(kept: dict[str, Any]) -> None:
    for figure in kept["figures"]:
        judged = {n for n, row in figure["contenders"].items() if row["reached"] is not None}
        assert judged == {name for name in figure["contenders"] if name.startswith("gateway")}


def test_the_tables_name_machine_contenders_and_reach(kept: dict[str, Any]) -> None:
    printed = kept["printed"]
    assert printed.startswith(kept["machine"])
    for title, contenders in CONTENDERS.items():
        table = printed.split(f"\n{title}\n")[1].split("\n\n")[0].strip()
        assert REACHES[title] in table
        assert [line.split("|")[1].strip() for line in table.splitlines()[2:]] == contenders
