"""How a driver is run against the endpoint that is up, with the settings that the page tells."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple

from tests.clients import installed
from tests.clients.roster import Client
from tests.integration.deployed.deployment import Deployment
from tools.docs.pages import ROOT, blocks, read

PAGE = "docs/clients.md"
TRUST = "Certificates"
WRONG_KEY = "not-a-key-of-this-stage"
SECONDS = 120.0

Outcome = dict[str, Any]


class Caller(NamedTuple):
    """Who a driver is, and which of its cases it runs as that."""

    name: str
    environment: dict[str, str]
    cases: list[str]


class Ran(NamedTuple):
    """What the driver printed for each case, and the gateway's audit lines of the calls that ended
    well."""

    outcomes: dict[str, Outcome]
    audit: list[dict[str, Any]]


class Drivers(NamedTuple):
    """The process that runs the drivers of one place, with all that it has loaded for those before:
    of what a client costs, most is its import."""

    process: subprocess.Popen[str]
    errors: Path
    reader: ThreadPoolExecutor

    def run(self, driver: str, callers: list[Caller]) -> dict[tuple[str, str], Outcome]:
        """What it prints for each case of each of the callers, by the names of both."""
        assert self.process.stdin is not None
        asked = {"driver": driver, "callers": [caller._asdict() for caller in callers]}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        try:
            lines = self.reader.submit(self._lines).result(SECONDS)
        except TimeoutError:
            self.process.kill()
            raise
        found = {(line.pop("caller"), line.pop("case")): line for line in lines}
        problem = {"raised": [], "message": self.errors.read_text()[-2000:]}
        named = [(caller.name, case) for caller in callers for case in caller.cases]
        return {each: found.get(each, problem) for each in named}

    def _lines(self) -> list[dict[str, Any]]:
        assert self.process.stdout is not None
        lines: list[dict[str, Any]] = []
        for printed in self.process.stdout:
            if printed.startswith('{"ran"'):
                break
            if printed.startswith('{"caller"'):
                lines.append(json.loads(printed))
        else:
            self.process.wait()  # it has failed, and the next client is told to another
        return lines


class Places:
    """The drivers of each place, started when they are first needed."""

    def __init__(self, stack: ExitStack, deployment: Deployment, home: Path) -> None:
        self._stack, self._deployment, self._home = stack, deployment, home
        self._started: dict[str, Drivers] = {}

    def drivers(self, place: str) -> Drivers:
        started = self._started.get(place)
        if not started or started.process.poll() is not None:
            trusting = environment(TRUST, "", self._deployment, self._home)
            up = _started(installed.command(place), trusting, self._home / f"{place}.log")
            self._started[place] = self._stack.enter_context(up)
        return self._started[place]

    def run(self, client: Client) -> Ran:
        """Every case of `client`, then what it raises for a wrong key and for a retired model."""
        home = Path(mkdtemp(dir=self._home))
        usual = environment(client.name, client.model, self._deployment, home)
        wrong = environment(client.name, client.model, self._deployment, home, key=WRONG_KEY)
        callers = [
            Caller("usual", usual, client.cases),
            Caller("wrong key", wrong, ["json"]),
            Caller("retired model", {**usual, "MODEL": client.retired}, ["json"]),
        ]
        log = self._deployment.state / "gateway.log"
        before = log.stat().st_size
        found = self.drivers(client.place).run(client.driver, callers)
        refused = {caller.name: found[caller.name, "json"] for caller in callers[1:]}
        outcomes = {case: found["usual", case] for case in client.cases}
        return Ran({**outcomes, **refused}, _audited(log, before))


@contextmanager
def places(deployment: Deployment, home: Path) -> Iterator[Places]:
    """All of them end with the block."""
    with ExitStack() as stack:
        yield Places(stack, deployment, home)


@contextmanager
def _started(command: list[str], environment: Mapping[str, str], errors: Path) -> Iterator[Drivers]:
    with errors.open("w") as log, ThreadPoolExecutor(1) as reader:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        with process:
            yield Drivers(process, errors, reader)


def environment(
    heading: str, model: str, deployment: Deployment, home: Path, *, key: str | None = None
) -> dict[str, str]:
    """What the page tells to export for certificates and under `heading`, and what drivers read."""
    known = {
        "URL": deployment.endpoint["url"],
        "KEY": key or deployment.key,
        "CA": deployment.endpoint["ca_bundle"],
    }
    endpoint_variables = {
        name: re.sub(r"\$(\w+)", lambda found: known[found[1]], value)
        for part in (TRUST, heading)
        for name, value in exports(part)
    }
    path = os.pathsep.join([str(installed.binaries("python")), "/usr/bin", "/bin"])
    return {"PATH": path, "HOME": str(home), **known, **endpoint_variables, "MODEL": model}


def exports(heading: str) -> Iterator[tuple[str, str]]:
    """Each variable that the page exports under `heading`, its value with `$URL` and the like."""
    for block in snippets(heading):
        yield from re.findall(r"^export (\w+)=(\S+)$", block, re.MULTILINE)


def snippets(heading: str) -> list[str]:
    """The blocks of code under a heading of the page."""
    _, found, rest = read(PAGE).partition(f"# {heading}\n")
    assert found, f"{PAGE} has no heading {heading!r}"
    return blocks(re.split(r"^#{2,3} ", rest, maxsplit=1, flags=re.MULTILINE)[0])


def _audited(log: Path, before: int) -> list[dict[str, Any]]:
    with log.open() as file:
        file.seek(before)
        lines = [json.loads(line) for line in file if line.startswith("{")]
    return [line["audit"] for line in lines if line.get("audit", {}).get("outcome") == "completed"]
