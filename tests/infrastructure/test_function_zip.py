"""A function's zip, built anew elsewhere, by another user, at another time: equal to the byte."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stacks.components.packaging.function_folder import LIBRARY, package_path, wheelhouse
from stacks.components.packaging.function_package import FunctionPackage, package_function
from stacks.components.packaging.function_zip import contents_digest, zip_folder
from stacks.components.packaging.python_function import CACHE, PROJECT

PACKAGES = (
    *("gateway", "claude_bedrock.catalog", "claude_bedrock.caller_sessions"),
    "claude_bedrock.budgets",
)
A_DAY_IN_2001 = 1_000_000_000


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@pytest.fixture
def only_known_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have pip find the wheels of the last synthesis, downloaded now in a fresh clone, alone."""
    requirements = package_path(PROJECT, PACKAGES[0]) / "requirements.txt"
    wheels = wheelhouse(requirements, cache=CACHE)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))


def build(folder: Path) -> FunctionPackage:
    """The gateway from a checkout of its sources in `place`, with a cache of its own."""
    for package in PACKAGES:
        shutil.copytree(
            package_path(PROJECT, package),
            package_path(folder, package),
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    shutil.copy(PROJECT / LIBRARY / "__init__.py", folder / LIBRARY)
    return package_function(
        project=folder, packages=PACKAGES, sdk_services=[], cache=folder / ".build"
    )


@pytest.mark.usefixtures("only_known_wheels")
def test_two_builds_from_nothing_are_equal_to_the_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build(tmp_path / "here")
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(A_DAY_IN_2001))
    with umask(0o077):
        second = build(tmp_path / "quite" / "elsewhere")
    assert first.archive != second.archive
    assert first.archive.read_bytes() == second.archive.read_bytes()
    assert first.bill.read_bytes() == second.bill.read_bytes()
    assert first.contents == second.contents
    with zipfile.ZipFile(first.archive) as archive:
        revealing = [
            name for name in archive.namelist() if str(tmp_path).encode() in archive.read(name)
        ]
    assert revealing == []


def folder_of(folder: Path, *, mode: int = 0o644, age: int = 0) -> Path:
    for name in ("b.py", "a/c.py"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"NAME = '{name}'\n")
    (folder / "b.py").chmod(mode)
    os.utime(folder / "b.py", (A_DAY_IN_2001 + age,) * 2)
    return folder


def test_neither_time_nor_umask_is_in_a_zip(tmp_path: Path) -> None:
    first = folder_of(tmp_path / "1", mode=0o640)
    second = folder_of(tmp_path / "2", mode=0o604, age=86_400)
    assert zip_folder(first).read_bytes() == zip_folder(second).read_bytes()
    with zipfile.ZipFile(zip_folder(first)) as archive:
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == ["a/c.py", "b.py"]
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}


@pytest.mark.parametrize("change", ["text", "name", "mode"])
def test_each_change_of_contents_changes_their_hash(tmp_path: Path, change: str) -> None:
    folder = folder_of(tmp_path / "1")
    before = contents_digest(folder)
    match change:
        case "text":
            (folder / "b.py").write_text("NAME = 'x'\n")
        case "name":
            (folder / "b.py").rename(folder / "d.py")
        case _:
            (folder / "b.py").chmod(0o755)
    assert contents_digest(folder) != before
