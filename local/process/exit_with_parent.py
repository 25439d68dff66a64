"""Runs a module as `python -m` does, in a process group that ends with the process it serves.

The parent holds the other end of standard input: when that closes, however the parent ended, this
process and all its children are killed.
"""

import os
import runpy
import signal
import sys
import threading


def main() -> None:
    module = sys.argv[1]
    sys.argv = sys.argv[1:]
    threading.Thread(target=_end_with_parent, daemon=True).start()
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
