"""`python -m tools.docs`: write every generated page. `make docs` runs it after `make synth`."""

import subprocess
import sys

from tools.docs import (
    compatibility_page,
    inference_actions_page,
    message_schema,
    models_page,
    stage_block,
)
from tools.docs.access.__main__ import write_pages as write_access
from tools.docs.findings.__main__ import main as write_findings
from tools.docs.licenses.__main__ import main as write_licenses
from tools.docs.openapi.__main__ import main as write_openapi
from tools.docs.pages import ROOT


def main() -> None:
    """Write the pages, each from the code or the templates that it describes."""
    (ROOT / "docs" / "models.md").write_text(models_page.page(), encoding="utf-8")
    (ROOT / "docs" / "compatibility.md").write_text(compatibility_page.page(), encoding="utf-8")
    actions = inference_actions_page.page()
    (ROOT / "docs" / "inference-actions.md").write_text(actions, encoding="utf-8")
    message_schema.main()
    stage_block.main()
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", message_schema.PAGE], check=True)
    write_openapi()
    write_licenses()
    write_access()
    write_findings()


if __name__ == "__main__":
    main()
