"""How a driver is run against the endpoint that is up, with the settings that the page tells."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from tests.clients import installed
from tests.clients.roster import Client
from tests.integration.deployed.deployment import Deployment
from tests.pages import ROOT, blocks, read

PAGE = "docs/clients.md"
CASES = ("json", "stream", "tools")
TRUST = "Certificates"
WRONG_KEY = "not-a-key-of-this-stage"
SECONDS = 120.0

Outcome = dict[str, Any]


class Ran(NamedTuple):
    """What the driver printed for each case, and the gateway's audit lines of the calls that ended
    well."""

    outcomes: dict[str, Outcome]
    audit: list[dict[str, Any]]


def run(client: Client, deployment: Deployment, home: Path) -> Ran:
    """Every case of `client`; those with a wrong key and with a retired model beside them."""
    usual = environment(client.name, client.model, deployment, home)
    wrong = environment(client.name, client.model, deployment, home, key=WRONG_KEY)
    retired = {**usual, "MODEL": client.retired}
    command = installed.command(client.place, client.driver)
    log = deployment.state / "gateway.log"
    before = log.stat().st_size
    with ThreadPoolExecutor(2) as pool:
        denied = pool.submit(driven, command, ["json"], wrong)
        missing = pool.submit(driven, command, ["json"], retired)
        cases = [case for case in CASES if client.streams or case != "stream"]
        outcomes = driven(command, cases, usual)
        outcomes["wrong key"] = denied.result()["json"]
        outcomes["retired model"] = missing.result()["json"]
    return Ran(outcomes, _audited(log, before))


def driven(command: list[str], cases: list[str], environment: dict[str, str]) -> dict[str, Outcome]:
    """What a driver prints for each of `cases`."""
    ran = subprocess.run(
        [*command, *cases],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    lines = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith('{"case"')]
    found = {line.pop("case"): line for line in lines}
    problem = {"raised": [], "message": f"{ran.returncode}: {ran.stderr[-2000:]}"}
    return {name: found.get(name, problem) for name in cases}


def environment(
    heading: str, model: str, deployment: Deployment, home: Path, *, key: str | None = None
) -> dict[str, str]:
    """What the page tells to export for certificates and under `heading`, and what drivers read."""
    known = {
        "URL": deployment.endpoint["url"],
        "KEY": key or deployment.key,
        "CA": deployment.endpoint["ca_bundle"],
    }
    told = {
        name: re.sub(r"\$(\w+)", lambda found: known[found[1]], value)
        for part in (TRUST, heading)
        for name, value in exports(part)
    }
    path = os.pathsep.join([str(installed.binaries("python")), "/usr/bin", "/bin"])
    base = {"PATH": path, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    return {**base, **known, **told, "MODEL": model}


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
