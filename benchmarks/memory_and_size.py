"""The size of the function: memory at rest, copies of a body, and what is deployed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from benchmarks import fixtures, peer_environments, subjects
from benchmarks.environment import BenchmarkEnvironment
from benchmarks.fixtures import Operation
from benchmarks.metrics import FLOOR, GATEWAY, LITELLM, Figure, Target, interleaved
from benchmarks.subjects import Contender
from benchmarks.translators import translators
from benchmarks.workload import Effort

_LARGEST_BODY = 5_000_000
_WARM_CALLS = 5


def memory(environment: BenchmarkEnvironment, effort: Effort) -> Figure:
    """Return what a process holds after a few calls of both kinds."""
    starting: dict[str, Callable[[], Contender]] = {
        FLOOR: partial(subjects.bare_loop, environment),
        GATEWAY: partial(subjects.gateway, environment),
        **translators(environment),
    }
    samplers = {name: partial(_held, start) for name, start in starting.items()}
    samples = interleaved(effort.footprints, samplers)
    targets = [Target(10, FLOOR, how="above")]
    return Figure("Memory of one environment", "MiB of PSS", samples, targets)


def copies(environment: BenchmarkEnvironment, effort: Effort) -> Figure:
    """Return the most that a process held during its first call with a large body, above what it
    held before, in bodies."""
    operation = fixtures.json_call_of(_LARGEST_BODY)
    samplers = {
        FLOOR: partial(_copies, partial(subjects.bare_loop, environment), operation),
        GATEWAY: partial(_copies, partial(subjects.gateway, environment), operation),
    }
    samples = interleaved(effort.footprints, samplers)
    title = f"Copies of a body of {_LARGEST_BODY / 1_000_000:g} MB at once"
    return Figure(title, "bodies", samples, [Target(2, how="itself")])


def zip_size(environment: BenchmarkEnvironment, _: Effort) -> Figure:
    """Return the folder that is deployed, as a zip."""
    samples = {GATEWAY: [_zipped(environment.function_folder) / 1_000_000]}
    return Figure("Size of the zip", "MB", samples, [Target(3, how="itself")])


def packages(environment: BenchmarkEnvironment, _: Effort) -> Figure:
    """Our own packages, and the distributions beside them."""
    samples = {GATEWAY: [float(len(_packages(environment.function_folder)))]}
    if environment.peers:
        samples[LITELLM] = [float(peer_environments.packages(environment.peers.litellm_python))]
    return Figure("Packages in the zip", "packages", samples, [Target(10, how="itself")])


def _held(start: Callable[[], Contender]) -> float:
    with closing(start()) as contender:
        contender.call(fixtures.json_call(), _WARM_CALLS)
        contender.call(fixtures.stream(), _WARM_CALLS)
        return contender.process.memory_mib()


def _copies(start: Callable[[], Contender], operation: Operation) -> float:
    with closing(start()) as contender:
        contender.call(fixtures.json_call(), _WARM_CALLS)
        before = contender.process.rest()
        contender.call(operation)
        return (contender.process.peak_bytes() - before) / len(operation.request)


def _zipped(folder: Path) -> int:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return len(buffer.getvalue())


def _packages(folder: Path) -> set[str]:
    """Return the names of distributions, by their `.dist-info`, and of the other folders."""
    distributions = {entry.name.partition("-")[0] for entry in folder.glob("*.dist-info")}
    modules = {entry.name.partition(".")[0] for entry in folder.iterdir()}
    own = {entry for entry in modules if (folder / entry).is_dir() and "-" not in entry}
    return (own | distributions) - {"__pycache__"}
