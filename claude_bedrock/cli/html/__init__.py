"""Reports as pages of HTML: one file each, one look, and no request."""

import base64
import hashlib
import re
from importlib.resources import files
from typing import Final

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

_HERE: Final = __name__


def render(package: str, template: str, **values: object) -> str:
    """Return the page of a template in the package. The template escapes every value but our
    style and script, which it finds as `style`, `script` and `script_hash`."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package, "."), PackageLoader(_HERE, ".")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["with_code"] = with_code
    script = _text("table.js")
    shared = {"style": _text("style.css"), "script": script, "script_hash": _hash(script)}
    return environment.get_template(template).render(**shared, **values)


def with_code(text: str) -> Markup:
    """Return the text escaped, with what is in backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704


def _text(name: str) -> str:
    return files(_HERE).joinpath(name).read_text("utf-8")


def _hash(script: str) -> str:
    """Return the hash source of a style or script:
    https://www.w3.org/TR/CSP3/#grammardef-hash-source"""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
