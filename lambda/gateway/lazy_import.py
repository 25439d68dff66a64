"""Lazy imports of modules that others import and this function hardly ever uses.

Python asks a module for what it does not have by its `__getattr__`: https://peps.python.org/pep-0562/
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Final

LAZY_MODULES: Final = (
    "aws_lambda_powertools.utilities.jmespath_utils",  # by Powertools, and typing_extensions by it
    "gateway.bedrock_errors",  # Bedrock has refused a call
    "gateway.bedrock_messages",  # stages whose messages go by Bedrock's own path
    "gateway.content_coding",  # few clients compress a body
    "gateway.cors_preflight",
    "gateway.control_plane",  # a list is asked for now and then
    "gateway.count_tokens",
    "gateway.history",  # conversations that began on Anthropic's API
    "gateway.models",
    "gateway.reasons",
    "ipaddress",  # by urllib, for addresses in brackets
    "random",  # by Powertools, to log samples
    "textwrap",  # by traceback, to show groups of exceptions
    "tokenize",  # by linecache, to show a line of source
)


def make_all_lazy() -> None:
    """Best called first of all: a module that is loaded already stays."""
    for name in LAZY_MODULES:
        make_lazy(name)


def make_lazy(name: str) -> None:
    """Have `import name` give a stand-in, which becomes the module when an attribute is asked for.

    `from name import …` asks at once. A module that is loaded already stays.
    """
    stand_in = ModuleType(name)

    def load(attribute: str) -> object:
        if sys.modules.get(name) is stand_in:
            del sys.modules[name]
        return getattr(import_module(name), attribute)

    stand_in.__dict__["__getattr__"] = load
    sys.modules.setdefault(name, stand_in)
