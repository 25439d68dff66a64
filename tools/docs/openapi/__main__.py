"""`python -m tools.docs.openapi`: docs/openapi.yaml, written anew from the gateway's code."""

import tomllib
from pathlib import Path

import yaml

from tools.docs.openapi.document import document

ROOT = Path(__file__).parents[3]
FILE = ROOT / "docs" / "openapi.yaml"


def text() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    made: str = yaml.dump(
        document(project["version"]),
        Dumper=_WithoutAliases,
        sort_keys=False,
        allow_unicode=True,
        width=120,
    )
    return f"# Made by `python -m tools.docs.openapi`; docs/api.md tells what it means.\n{made}"


class _WithoutAliases(yaml.SafeDumper):
    """No anchors: not every reader of OpenAPI follows them."""

    def ignore_aliases(self, data: object) -> bool:
        return data is not None


def main() -> None:
    """Write the document."""
    FILE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
