"""The rendering of `$context.name` in a template or a log format."""

import re
from collections.abc import Mapping
from typing import Any

_VARIABLE = re.compile(r"\$(?:context\.([A-Za-z0-9_.-]*[A-Za-z0-9_])|\{context\.([^}]+)\})")


def render(template: str, context: Mapping[str, Any], *, missing: str) -> str:
    """`template` with each variable's value, `missing` for those that have none."""

    def value(match: re.Match[str]) -> str:
        return str(context.get(match[1] or match[2], missing))

    return _VARIABLE.sub(value, template)
