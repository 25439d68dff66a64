"""The page about models says what the catalog says, and nobody pays for it at run time."""

import subprocess
import sys
from pathlib import Path

from claude_bedrock.catalog import MODELS
from tools.docs import models_page

ROOT = Path(__file__).parents[3]


def test_the_page_is_current() -> None:
    assert (ROOT / "docs" / "models.md").read_text(encoding="utf-8") == models_page.page(), (
        "run: make docs"
    )


def test_every_spelling_of_every_model_is_on_the_page() -> None:
    page = models_page.page()

    for model in MODELS:
        for spelling in (model.name, model.base_id, *model.aliases):
            assert f"`{spelling}`" in page


def test_importing_the_catalog_loads_nothing_heavy() -> None:
    project_modules = ("tools.docs.models_page", "claude_bedrock.catalog.invoke_policies")
    heavy = {"re", "dataclasses", "inspect", "enum", "json", *project_modules}
    code = (
        f"import sys, typing; before = set(sys.modules); import claude_bedrock.catalog; "
        f"print((set(sys.modules) - before) & {heavy})"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )

    assert loaded.stdout.strip() == "set()"
