"""Which test files `python -m tools.changed_tests` prints for a change."""

from pathlib import Path

import pytest

from tools.changed_tests import changes, concerned

FILES = {
    "lambda/gateway/__init__.py": "",
    "lambda/gateway/handler.py": "from gateway import routes\n",
    "lambda/gateway/routes.py": "def route(): from .retries import retry\n",
    "lambda/gateway/retries.py": "",
    "lambda/gateway/schema.json": "",
    "local/front.py": "HANDLER = 'gateway.handler:handle'\n",
    "docs/cli.md": "",
    "docs/openapi.yaml": "",
    "tests/pages.py": 'PAGES = "docs/**/*.md"\n',
    "tests/unit/gateway/conftest.py": "import local.front\n",
    "tests/unit/gateway/test_other.py": "",
    "tests/unit/test_retries.py": "from gateway.retries import retry\n",
    "tests/unit/test_docs.py": "from tests.pages import PAGES\n",
    "tests/integration/test_up.py": "import local.front\ndef test(deployment: Deployment): ...\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        ("lambda/gateway/retries.py", ["unit/gateway/test_other", "unit/test_retries"]),
        ("lambda/gateway/routes.py", ["unit/gateway/test_other"]),
        ("lambda/gateway/__init__.py", ["unit/gateway/test_other", "unit/test_retries"]),
        ("lambda/gateway/schema.json", ["unit/gateway/test_other", "unit/test_retries"]),
        ("docs/cli.md", ["unit/test_docs"]),
        ("docs/openapi.yaml", []),
        ("tests/pages.py", ["unit/test_docs"]),
        ("tests/integration/test_up.py", ["integration/test_up"]),
        ("removed.py", []),
    ],
)
def test_a_change_concerns_the_tests_that_import_or_name_it(
    tree: Path, changed: str, tests: list[str]
) -> None:
    assert concerned(tree, {changed}) == [f"tests/{test}.py" for test in tests]


def test_sources_without_the_history_of_main_end_with_what_to_run() -> None:
    with pytest.raises(SystemExit, match="make test-unit"):
        changes("no-such-branch")
