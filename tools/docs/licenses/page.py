"""docs/licenses.md, written from the bills of materials of all functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

Bill = Mapping[str, Any]

HEAD = """# Licenses of what is deployed

This page lists the packages in the functions' zips. The project's own code is under
[Apache-2.0](../LICENSE). `make docs` writes it from the bills of materials that every synthesis
makes ([decision 33](decisions/0033-supply-chain.md)). A test compares the two, and fails on a
license that is not among those below. Each license is that of the package's metadata, as an [SPDX
identifier](https://spdx.org/licenses/); its text is in the zip, if the package has one.

| Package | Version | License | In the functions |
| --- | --- | --- | --- |
"""
ALLOWED = ("Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "PSF-2.0")
FOOT = f"""
Allowed, since you only have to keep their notices: {", ".join(ALLOWED)}.
"""


def page(bills: Iterable[Bill]) -> str:
    """Return the whole page, of the bills of every stage."""
    functions: dict[tuple[str, str, str], set[str]] = {}
    for bill in bills:
        for wheel in wheels(bill):
            row = (wheel["name"], wheel["version"], license_expression(wheel))
            functions.setdefault(row, set()).add(bill["metadata"]["component"]["name"])
    rows = (
        f"| `{name}` | {version} | {text} | {', '.join(sorted(functions[name, version, text]))} |\n"
        for name, version, text in sorted(functions)
    )
    return HEAD + "".join(rows) + FOOT


def wheels(bill: Bill) -> list[Mapping[str, Any]]:
    """Return the components that came from a package index."""
    return [component for component in bill["components"] if "purl" in component]


def license_expression(component: Mapping[str, Any]) -> str:
    (license_,) = component["licenses"]
    known = license_.get("license", {})
    return str(license_.get("expression") or known.get("id") or known["name"])


def disallowed(expression: str) -> set[str]:
    """Return the licenses of an expression that are not in the list."""
    return set(re.findall(r"[\w.+-]+", expression)) - {"AND", "OR", "WITH"} - set(ALLOWED)
