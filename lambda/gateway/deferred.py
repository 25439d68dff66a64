"""How a module that others import is loaded only once something of it is used.

Python asks a module for what it does not have by its `__getattr__`: https://peps.python.org/pep-0562/
"""

import sys
from importlib import import_module
from types import ModuleType


def defer(name: str) -> None:
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
