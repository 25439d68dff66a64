"""Alone knows how a function's folder is built, so that equal sources give equal bytes."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

LIBRARY = "claude_bedrock"
# The processors of Lambda, and the wheels that have machine code for them.
# Amazon Linux 2, below Python 3.11 alone, has glibc 2.26; x86_64 serves local mode.
PLATFORMS = {
    "arm64": ("manylinux2014_aarch64", "manylinux_2_26_aarch64"),
    "x86_64": ("manylinux2014_x86_64", "manylinux_2_27_x86_64"),
}
MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
# Where Lambda unpacks a zip; tracebacks then name the file that is there.
TASK_ROOT = "/var/task"
# Installer's notes and what no function runs; RECORD differs between versions of pip. Of Powertools
# the functions import the logger and the metrics, which need none of its other utilities but
# `jmespath_utils`.
UNWANTED = (
    *("bin", "__pycache__", "*.dist-info/RECORD", "*.dist-info/INSTALLER"),
    *("*.dist-info/REQUESTED", "boto3/data", "boto3/examples"),
    "duckdb/experimental",  # Spark's interface, which holds code under another license
    *("aws_lambda_powertools/event_handler", "aws_lambda_powertools/utilities/[!_j]*"),
)
# A client reads these beside its service's own model.
SDK_FILES = (
    *("_retry.json", "endpoints.json", "partitions.json", "sdk-default-configuration.json"),
)


class PackagingError(Exception):
    """pip could not bring what a function needs; the message holds what pip said."""


def build_folder(
    *,
    project: Path,
    packages: Sequence[str],
    requirements: Path | None,
    sdk_services: Sequence[str],
    cache: Path,
    architecture: str = "arm64",
) -> Path:
    """A folder holding `packages`, the wheels of `requirements`, and byte code.

    A package is named as it is imported: `gateway` lies in `lambda/` of `project`, and
    `claude_bedrock.catalog` in the library.

    The byte code is for the minor version of the interpreter that runs this, which the function's
    runtime therefore follows. botocore keeps the API models of `sdk_services` only. Wheels are for
    `architecture`; they come from the package index once, then from `cache`. Raises PackagingError
    where pip fails.
    """
    wheels = _installed(requirements, architecture, cache=cache) if requirements else None
    names = (*packages, *sdk_services, wheels.name if wheels else "", MINOR)
    key = _digest(
        *(name.encode() for name in names),
        Path(__file__).read_bytes(),
        *_fingerprints(project, packages),
    )

    def fill(folder: Path) -> None:
        if wheels:
            shutil.copytree(wheels, folder, dirs_exist_ok=True)
            _trim_sdk(folder, services=sdk_services)
        for package in packages:
            ignore = shutil.ignore_patterns("__pycache__", "requirements.txt")
            target = folder / package.replace(".", "/")
            shutil.copytree(package_path(project, package), target, ignore=ignore)
            if package.startswith(LIBRARY):
                shutil.copy(project / LIBRARY / "__init__.py", folder / LIBRARY)
        _compile(folder)

    return _made_once(cache / "functions" / f"{packages[0]}-{key}", fill)


def wheelhouse(requirements: Path, architecture: str = "arm64", *, cache: Path) -> Path:
    """Return a folder of the wheels for `architecture` that `requirements` pins, each of a hash
    that is named there."""
    platforms = PLATFORMS[architecture]

    def fill(folder: Path) -> None:
        _pip("download", requirements, platforms, "--dest", str(folder))

    return _made_once(cache / "wheelhouse" / _wheels_key(requirements, platforms), fill)


def _installed(requirements: Path, architecture: str, *, cache: Path) -> Path:
    wheels = wheelhouse(requirements, architecture, cache=cache)
    platforms = PLATFORMS[architecture]

    def fill(folder: Path) -> None:
        from_wheels = ["--no-index", "--find-links", str(wheels), "--no-compile"]
        _pip("install", requirements, platforms, "--target", str(folder), *from_wheels)
        _remove_unwanted(folder)

    return _made_once(cache / "wheels" / _wheels_key(requirements, platforms), fill)


def _wheels_key(requirements: Path, platforms: Sequence[str]) -> str:
    names = (MINOR, *platforms)
    texts = (name.encode() for name in names)
    return _digest(Path(__file__).read_bytes(), requirements.read_bytes(), *texts)


def _pip(does: str, requirements: Path, platforms: Sequence[str], *more: str) -> None:
    command = [sys.executable, "-m", "pip", does, "--quiet", "--disable-pip-version-check", *more]
    target = [f"--platform={platform}" for platform in platforms]
    target += ["--python-version", MINOR, "--only-binary=:all:"]
    pip = subprocess.run(  # noqa: S603
        [*command, *target, "--require-hashes", "-r", str(requirements)],
        check=False,
        capture_output=True,
        text=True,
    )
    if pip.returncode:
        raise PackagingError(
            f"pip could not install {requirements} for {platforms[0]}:\n{pip.stderr}"
        )


def _remove_unwanted(folder: Path) -> None:
    for pattern in UNWANTED:
        for path in sorted(folder.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _trim_sdk(folder: Path, *, services: Sequence[str]) -> None:
    data = folder / "botocore" / "data"
    needed = {*services, *(SDK_FILES if services else ())}
    for entry in sorted(data.iterdir()) if data.is_dir() else ():
        if entry.name not in needed:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def _compile(folder: Path) -> None:
    # A process of its own with a fixed hash seed: byte code holds traces of what else was loaded.
    names = ["-s", str(folder), "-p", TASK_ROOT]
    command = [sys.executable, "-P", "-m", "compileall", "-q", "--invalidation-mode"]
    subprocess.run(  # noqa: S603
        [*command, "unchecked-hash", *names, str(folder)],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )


def _made_once(folder: Path, fill: Callable[[Path], None]) -> Path:
    """`folder`, filled beside its place and moved there whole: two syntheses may run at once."""
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        draft = Path(scratch) / folder.name
        draft.mkdir()
        fill(draft)
        try:
            draft.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    return folder


def package_path(project: Path, package: str) -> Path:
    """Return the folder of a function's package, or of one of the library's."""
    return project / ("" if package.startswith(LIBRARY) else "lambda") / package.replace(".", "/")


def _fingerprints(project: Path, packages: Sequence[str]) -> Iterator[bytes]:
    for package in packages:
        for path in sorted(package_path(project, package).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                mode = "x" if os.access(path, os.X_OK) else "-"
                yield f"{path.relative_to(project)} {mode}".encode()
                yield path.read_bytes()


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8) + part)
    return digest.hexdigest()[:16]
