"""The test files that a change concerns, from the imports of every module.

`python -m tools.changed_tests` prints those for the changes since `main`, uncommitted ones too.
A changed module concerns each test file that imports it, directly or through others, itself or by
a `conftest.py` around it. Another changed file concerns those that import a module beside it, or
whose test code names it. A test of a deployment depends on everything: it is printed only if test
code that it imports has changed, and `make test` runs the rest.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePath

ROOT = Path(__file__).parents[1]
_SOURCE_ROOTS = ("", "lambda/")
_DOTTED = re.compile(r"[a-z_0-9]+(\.[a-z_0-9]+)+")
_FIXTURE = "deployment: Deployment"
_DEPLOYED = "tests/integration/deployed/"


class Imports:
    """What the Python files of a tree import from each other, as paths relative to its root."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.direct = cache(self._direct)

    def closure(self, *paths: str) -> set[str]:
        """Return the files themselves and all that they import, directly or through others."""
        reached: set[str] = set()
        waiting = list(paths)
        while waiting:
            path = waiting.pop()
            if path not in reached:
                reached.add(path)
                waiting += self.direct(path)
        return reached

    def text(self, path: str) -> str:
        return (self._root / path).read_text()

    def conftests(self, test: str) -> list[str]:
        """Return the `conftest.py` files around a test, but the outermost: it is every test's."""
        folders = [folder for folder in PurePath(test).parents if len(folder.parts) > 1]
        paths = [(folder / "conftest.py").as_posix() for folder in folders]
        return [path for path in paths if (self._root / path).is_file()]

    def _direct(self, path: str) -> frozenset[str]:
        names = _imported(ast.parse(self.text(path)), PurePath(path))
        return frozenset(file for name in names for file in self._files(name))

    def _files(self, name: str) -> Iterator[str]:
        """Yield the file of a dotted module name, and the packages around it."""
        parts = name.split(".")
        packages = ["/".join(parts[:count]) + "/__init__.py" for count in range(1, len(parts) + 1)]
        for path in ("/".join(parts) + ".py", *packages):
            for source_root in _SOURCE_ROOTS:
                if (self._root / source_root / path).is_file():
                    yield source_root + path


def _imported(tree: ast.Module, path: PurePath) -> Iterator[str]:
    """Yield dotted names that may be modules: of `from a import b`, `a` and `a.b`; strings too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            around = path.parts[: -node.level] if node.level else ()
            base = ".".join([*around, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            dotted = _DOTTED.match(node.value)
            yield from [dotted[0]] if dotted else []


def concerned(root: Path, changed: set[str]) -> list[str]:
    """Return the test files below `root` that the changed files concern, in order."""
    imports = Imports(root)
    tests = sorted(path.relative_to(root).as_posix() for path in root.glob("tests/**/test_*.py"))
    return [test for test in tests if _is_concerned(test, changed, imports)]


def _is_concerned(test: str, changed: set[str], imports: Imports) -> bool:
    own = (test, *imports.conftests(test))
    reached = imports.closure(*own)
    test_code = {path for path in reached if path.startswith(("tests/", "tools/"))}
    if test.startswith(_DEPLOYED) or any(_FIXTURE in imports.text(path) for path in own):
        return bool(test_code & changed)
    if reached & changed:
        return True
    others = [PurePath(path) for path in changed if not path.endswith(".py")]
    folders = {PurePath(path).parent for path in reached} - {PurePath()}
    if any(other.parent in folders for other in others):
        return True
    texts = [imports.text(path) for path in test_code]
    return any(
        other.name in text or f"*{other.suffix or other.name}" in text
        for other in others
        for text in texts
    )


def changes(base: str) -> set[str]:
    """Return the paths that differ from where this branch left `base`, untracked files too."""
    start = _fork_point(base)
    return {
        *_git("diff", "--name-only", start),
        *_git("ls-files", "--others", "--exclude-standard"),
    }


def _fork_point(base: str) -> str:
    """Return the commit at which this branch left `base`, a branch here or at `origin`. End the
    program where there is none, as in a ZIP file of the sources or a shallow clone."""
    for branch in (base, f"origin/{base}"):
        command = ["git", "-C", str(ROOT), "merge-base", branch, "HEAD"]
        found = subprocess.run(command, check=False, capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.strip()
    sys.exit(
        f"git knows no common commit with {base} here. Fetch it with its history, name another "
        "branch by `python -m tools.changed_tests BRANCH`, or run `make test-unit`."
    )


def _git(*arguments: str) -> list[str]:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


if __name__ == "__main__":
    print(*concerned(ROOT, changes(*sys.argv[1:2] or ["main"])), sep="\n")
