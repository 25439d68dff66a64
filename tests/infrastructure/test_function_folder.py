"""A function's folder: equal bytes from equal sources, wheels of the target only, no noise."""

from __future__ import annotations

import hashlib
import marshal
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from types import CodeType

import pytest

from stacks.components.packaging.function_folder import PackagingError, build_folder
from stacks.components.packaging.python_function import managed_runtime

HEADER_BYTES = 16  # of a .pyc file: magic number, flags, hash of the source


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    package = tmp_path / "sources" / "lambda" / "greeter"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('NAMES = {"a", "b", "c"}\n')
    (package / "handler.py").write_text("def handle(event):\n    return event in {'x', 'y'}\n")
    (package / "start").write_text("#!/bin/sh\n")
    (package / "start").chmod(0o755)
    (package / "requirements.txt").write_text("")
    return package.parents[1]


def add_wheel(index: Path, name: str, tag: str = "py3-none-any", files: Sequence[str] = ()) -> str:
    """A wheel of one module in the folder `index`; the line that requires it, hash included."""
    index.mkdir(exist_ok=True)
    wheel = index / f"{name}-1.0-{tag}.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path in files or (f"{name}.py",):
            archive.writestr(path, "VALUE = 1\n")
        about = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        archive.writestr(f"{info}/METADATA", about)
        built_for = f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n"
        archive.writestr(f"{info}/WHEEL", built_for)
        archive.writestr(f"{info}/RECORD", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"{name}==1.0 --hash=sha256:{digest}\n"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index that is a folder; no other is asked."""
    folder = tmp_path / "index"
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def build(
    sources: Path,
    cache: Path,
    requirements: Path | None = None,
    services: Sequence[str] = (),
    architecture: str = "arm64",
) -> Path:
    return build_folder(
        project=sources,
        packages=["greeter"],
        requirements=requirements,
        sdk_services=services,
        cache=cache,
        architecture=architecture,
    )


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mode, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_equal_sources_give_equal_bytes_wherever_they_are_built(
    sources: Path, tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(add_wheel(index, "tiny"))
    monkeypatch.setenv("PYTHONHASHSEED", "1")
    first = build(sources, tmp_path / "one", requirements)
    monkeypatch.setenv("PYTHONHASHSEED", "2")
    second = build(sources, tmp_path / "a" / "longer" / "way", requirements)
    assert first != second
    assert contents(first) == contents(second)
    assert "tiny.py" in contents(first)


def test_a_change_of_source_or_of_mode_gives_another_folder(sources: Path, tmp_path: Path) -> None:
    first = build(sources, tmp_path / "cache")
    (sources / "lambda" / "greeter" / "start").chmod(0o644)
    second = build(sources, tmp_path / "cache")
    (sources / "lambda" / "greeter" / "handler.py").write_text("def handle(event): ...\n")
    third = build(sources, tmp_path / "cache")
    assert len({first, second, third}) == 3


def test_the_executable_bit_is_preserved_and_requirements_are_not_shipped(
    sources: Path, tmp_path: Path
) -> None:
    built = contents(build(sources, tmp_path / "cache"))
    assert built["greeter/start"][0] & 0o111 == 0o111
    assert "greeter/requirements.txt" not in built


def test_byte_code_is_trusted_and_names_the_file_in_lambda(sources: Path, tmp_path: Path) -> None:
    built = contents(build(sources, tmp_path / "cache"))
    _, data = built[f"greeter/__pycache__/handler.{sys.implementation.cache_tag}.pyc"]
    # PEP 552: bit 0 says that a hash validates the file, bit 1 that it is to be checked.
    assert int.from_bytes(data[4:8], "little") == 0b01
    code = marshal.loads(data[HEADER_BYTES:])  # noqa: S302 - our own file
    assert isinstance(code, CodeType)
    assert code.co_filename == "/var/task/greeter/handler.py"


def test_byte_code_of_the_working_copy_is_not_taken_along(sources: Path, tmp_path: Path) -> None:
    stale = sources / "lambda" / "greeter" / "__pycache__" / "gone.cpython-311.pyc"
    before = build(sources, tmp_path / "cache")
    stale.parent.mkdir()
    stale.write_bytes(b"stale")
    assert build(sources, tmp_path / "cache") == before
    assert "greeter/__pycache__/gone.cpython-311.pyc" not in contents(before)


def test_the_installers_notes_stay_behind(sources: Path, tmp_path: Path, index: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(add_wheel(index, "tiny"))
    names = set(contents(build(sources, tmp_path / "cache", requirements)))
    assert "tiny-1.0.dist-info/METADATA" in names
    assert not {"tiny-1.0.dist-info/RECORD", "tiny-1.0.dist-info/INSTALLER"} & names


def test_a_second_build_needs_no_index(
    sources: Path, tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(add_wheel(index, "tiny"))
    build(sources, tmp_path / "cache", requirements)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nowhere"))
    (sources / "lambda" / "greeter" / "handler.py").write_text("def handle(event): ...\n")
    again = build(sources, tmp_path / "cache", requirements)
    assert "tiny.py" in contents(again)


def test_wheels_of_the_target_are_taken_wherever_this_runs(
    sources: Path, tmp_path: Path, index: Path
) -> None:
    requirements = tmp_path / "requirements.txt"
    tag = f"cp3{sys.version_info.minor}-cp3{sys.version_info.minor}-manylinux2014_aarch64"
    requirements.write_text(add_wheel(index, "native", tag))
    assert "native.py" in contents(build(sources, tmp_path / "cache", requirements))


def test_wheels_are_for_the_processor_of_the_function(
    sources: Path, tmp_path: Path, index: Path
) -> None:
    requirements = tmp_path / "requirements.txt"
    minor = f"cp3{sys.version_info.minor}"
    requirements.write_text(add_wheel(index, "native", f"{minor}-{minor}-manylinux2014_x86_64"))
    built = build(sources, tmp_path / "cache", requirements, architecture="x86_64")
    assert "native.py" in contents(built)
    with pytest.raises(PackagingError, match="native"):
        build(sources, tmp_path / "cache", requirements)


@pytest.mark.parametrize(
    "tag", ["cp39-cp39-manylinux2014_aarch64", "py3-none-manylinux2014_x86_64"]
)
def test_wheels_of_another_machine_or_python_are_refused(
    sources: Path, tmp_path: Path, index: Path, tag: str
) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(add_wheel(index, "native", tag))
    with pytest.raises(PackagingError, match="native"):
        build(sources, tmp_path / "cache", requirements)
    assert not (tmp_path / "cache" / "functions").exists()


def test_a_wheel_with_another_hash_is_refused(sources: Path, tmp_path: Path, index: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    add_wheel(index, "tiny")
    requirements.write_text(f"tiny==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(PackagingError, match="DO NOT MATCH THE HASHES"):
        build(sources, tmp_path / "cache", requirements)


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ((), set()),
        (("s3",), {"endpoints.json", "s3/2006-03-01/service-2.json.gz"}),
    ],
)
def test_only_the_apis_a_function_calls_are_shipped(
    sources: Path, tmp_path: Path, index: Path, services: tuple[str, ...], expected: set[str]
) -> None:
    data = ("endpoints.json", "s3/2006-03-01/service-2.json.gz", "ec2/2016-11-15/service-2.json.gz")
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(
        add_wheel(index, "botocore", files=[f"botocore/data/{name}" for name in data])
    )
    built = build(sources, tmp_path / "cache", requirements, services)
    shipped = {name for name in contents(built) if name.startswith("botocore/data/")}
    assert shipped == {f"botocore/data/{name}" for name in expected}


def test_a_python_that_lambda_does_not_have_is_refused() -> None:
    assert managed_runtime("3.13").name == "python3.13"
    with pytest.raises(PackagingError, match=r"no managed Python 3\.10; synthesize with one of "):
        managed_runtime("3.10")
