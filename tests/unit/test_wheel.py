"""What `make wheel` builds: the library with its data, the command, and what it imports."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile

import pytest

from tools.docs.pages import ROOT

LIBRARY = ROOT / "claude_bedrock"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Build the wheel of a copy, without an index."""
    copy = tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    shutil.copytree(LIBRARY, copy / "claude_bedrock")
    command = ["uv", "build", "--wheel", "--no-build-isolation", "--offline", "--quiet", str(copy)]
    subprocess.run(command, check=True)
    return zipfile.ZipFile(next(copy.glob("dist/*.whl")))


def dependencies() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    requirements: list[str] = project["dependencies"]
    return requirements


def imported() -> set[str]:
    """Return the top-level modules that the library imports: each is named as its package."""
    modules = set()
    for path in LIBRARY.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                modules.add(str(node.module).partition(".")[0])
    return modules - sys.stdlib_module_names - {"claude_bedrock"}


def test_each_imported_package_is_a_dependency() -> None:
    declared = {requirement.partition(">")[0] for requirement in dependencies()}
    # boto3 brings botocore, and Jinja MarkupSafe.
    assert imported() - {"botocore", "markupsafe"} == declared


def test_the_locked_versions_are_allowed() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    locked = dict(re.findall(r"^([\w-]+)(?:\[.*\])?==([\d.]+)", lock, re.MULTILINE))
    for requirement in dependencies():
        name, least, below = re.split(">=|,<", requirement)
        version = [int(number) for number in locked[name].split(".")]
        assert [*map(int, least.split("."))] <= version < [*map(int, below.split("."))]


def test_the_wheel_holds_the_library_alone(wheel: zipfile.ZipFile) -> None:
    names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    files = {path.relative_to(ROOT).as_posix() for path in LIBRARY.rglob("*") if path.is_file()}
    assert names == {name for name in files if "__pycache__" not in name}
    entry_points = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert b"claude-bedrock = claude_bedrock.cli.__main__:main" in wheel.read(entry_points)
