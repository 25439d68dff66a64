"""Whatever is installed, here or in AWS, is pinned to a version and to the hashes of its files."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from tools.docs.pages import ROOT, read

PINS = sorted(ROOT.glob("lambda/*/requirements.txt"))
LOCKS = sorted(ROOT.glob("requirements*.lock"))
CLIENTS = sorted(ROOT.glob("tests/clients/requirements/*.txt"))
NAMED = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==([\w.]+)", re.MULTILINE)


def versions(text: str) -> set[tuple[str, str]]:
    """Each `name==version`, the name as PEP 503 spells it."""
    return {(re.sub(r"[-_.]+", "-", name).lower(), at) for name, at in NAMED.findall(text)}


def requirements(path: Path) -> list[str]:
    """Each requirement of a file with what belongs to it, in one line."""
    lines = path.read_text().replace("\\\n", " ").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize(
    "path", [*PINS, *LOCKS, *CLIENTS], ids=lambda path: str(path.relative_to(ROOT))
)
def test_each_requirement_has_a_version_and_a_hash(path: Path) -> None:
    assert requirements(path)
    for requirement in requirements(path):
        assert re.match(r"[\w.-]+(\[[\w,-]+\])?==\S+ .*--hash=sha256:[0-9a-f]{64}\b", requirement)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "constraints.txt"])
def test_what_is_requested_is_what_is_locked(name: str) -> None:
    missing = versions(read(name)) - versions(read("requirements.lock"))
    assert not missing, "make lock"


@pytest.mark.parametrize("path", CLIENTS, ids=lambda path: path.stem)
def test_a_client_that_is_requested_is_what_is_locked(path: Path) -> None:
    missing = versions(path.with_suffix(".in").read_text()) - versions(path.read_text())
    assert not missing, "make lock"


def test_tools_are_installed_by_their_hashes_and_from_wheels_only() -> None:
    makefile = read("Makefile")
    assert "HASHED := --quiet --require-hashes --only-binary :all:\n" in makefile
    others = re.findall(r"pip install (?!\$\(HASHED\))(.*)", makefile)
    assert others == ["--quiet --no-deps --no-build-isolation --editable ."]


@pytest.mark.parametrize("lock", ["package-lock.json", "tests/clients/node/package-lock.json"])
def test_each_npm_package_has_a_hash(lock: str) -> None:
    packages = json.loads(read(lock))["packages"]
    installed = {
        name: package for name, package in packages.items() if name and not package.get("link")
    }
    assert installed
    assert [name for name, package in installed.items() if "integrity" not in package] == []


def test_dependabot_watches_every_folder_with_a_lock_of_npm() -> None:
    updates = yaml.safe_load(read(ROOT / ".github" / "dependabot.yml"))["updates"]
    (npm,) = (update for update in updates if update["package-ecosystem"] == "npm")
    locks = [
        *ROOT.glob("package-lock.json"),
        *(ROOT / "benchmarks").rglob("package-lock.json"),
        *(ROOT / "tests").rglob("package-lock.json"),
    ]

    folders = {("/" / lock.parent.relative_to(ROOT)).as_posix() for lock in locks}
    assert folders
    unwatched = {
        folder
        for folder in folders
        if not any(fnmatch(folder, pattern) for pattern in npm["directories"])
    }
    assert unwatched == set()
