"""`python -m tests.clients.drivers.run`: runs drivers, each as several callers.

Each line of standard input is a JSON object, `driver` and `callers`, an array of `{"name",
"environment", "cases"}`. What drivers print comes out, then a line that says `{"ran": driver}`.
A caller is a process of its own, forked from this one once this has imported the packages of the
driver in the environment of the first caller: an import takes longer than all that is done then.
"""

import ast
import json
import multiprocessing
import os
import runpy
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
OURS = "tests.clients.drivers."


def main() -> None:
    forked = multiprocessing.get_context("fork")
    for line in sys.stdin:
        driver, callers = json.loads(line).values()
        become(callers[0]["environment"])
        for package in sorted(packages(HERE / driver)):
            import_module(package)
        for caller in callers:
            process = forked.Process(target=drive, args=(driver, caller))
            process.start()
            process.join()
        sys.stdout.write(json.dumps({"ran": driver}) + "\n")
        sys.stdout.flush()


def become(environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)


def drive(driver: str, caller: dict[str, Any]) -> None:
    """The driver as that caller: what it prints has the name of the caller in it."""
    become(caller["environment"])
    sys.argv = [caller["name"], *caller["cases"]]
    runpy.run_module(f"{OURS}{Path(driver).stem}", run_name="__main__")


def packages(driver: Path) -> set[str]:
    """The modules that a driver imports, those of the modules of ours that it imports included."""
    named: set[str] = set()
    for node in ast.walk(ast.parse(driver.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            named |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            named.add(node.module)
    ours = {name for name in named if name.startswith(OURS)}
    deeper = [packages(HERE / f"{name.removeprefix(OURS)}.py") for name in ours]
    return (named - ours).union(*deeper)


if __name__ == "__main__":
    main()
