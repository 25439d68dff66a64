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


def command(place: str, driver: str) -> list[str]:
    """What runs `driver` with the clients of `place`, which is installed first if need be."""
    if place == "node":
        folder = _node_modules()
        return [str(binaries("python") / "node"), str(folder / "drivers" / driver)]
    return [str(binaries(place) / "python"), "-m", f"tests.clients.drivers.{driver[:-3]}"]


def binaries(place: str) -> Path:
    """The commands of a Python environment with the pins of requirements/`place`.txt."""
    folder, pins = BUILD / place, HERE / "requirements" / f"{place}.txt"
    mark = f"{sys.version_info[:2]} {_hash(pins)}"
    with _alone():
        if not _is_made(folder, mark):
            shutil.rmtree(folder, ignore_errors=True)
            _run([sys.executable, "-m", "venv", str(folder)])
            _run([str(folder / "bin" / "pip"), "install", "-q", "--no-deps", "-r", str(pins)])
            (folder / "made").write_text(mark)
    return folder / "bin"


def _node_modules() -> Path:
    folder = BUILD / "node"
    binaries("python")  # brings Node
    mark = _hash(*sorted(_NODE.glob("*.json")))
    drivers, copied = _hash(*sorted(DRIVERS.glob("*.mjs"))), folder / "drivers"
    with _alone():
        if not _is_made(folder, mark):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(_NODE, folder)
            _run(["npm", "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
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


def _run(command: list[str], folder: Path | None = None) -> None:
    """With the pinned Node before any other, for npm."""
    path = os.pathsep.join([str(BUILD / "python" / "bin"), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run(command, cwd=folder, env=environment, check=True)
