"""Lets the pauses of custom resources pass faster than on AWS, which are long and of no use here.

MiniStack runs each function in a process of its own. There, and only for what a function waits by
`custom_resource.deletion.Timing`, a second lasts a tenth of one; what the embedded AWS makes such
a function wait for is measured by the same clock.
"""

import time
from typing import Final

from ministack.core import lambda_runtime  # type: ignore[import-untyped]

SCALE: Final = 10.0
_BEFORE: Final = "    try:\n        mod = importlib.import_module(module_name)\n"
_PATCH: Final = f"""\
    try:
        from claude_bedrock.iam.propagation import Timing
    except ImportError:
        pass
    else:
        Timing.__new__.__defaults__ = (
            lambda: time.monotonic() * {SCALE}, lambda seconds: time.sleep(seconds / {SCALE})
        )
"""


def add() -> None:
    """Put it in; before MiniStack starts."""
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    if script.count(_BEFORE) != 1:
        raise RuntimeError("MiniStack imports a function's handler in another way than it did.")
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(_BEFORE, _PATCH + _BEFORE)


def clock() -> float:
    """Return seconds as a custom resource's function counts them."""
    return time.monotonic() * SCALE
