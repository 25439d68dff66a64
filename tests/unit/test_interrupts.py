"""The tests interrupt programs, however pytest itself was started."""

import subprocess
import sys

from tools.docs.pages import ROOT

LOADED = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); import tests.conftest; "
CHILD = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"


def test_what_a_test_starts_can_be_interrupted_in_the_background_of_a_shell() -> None:
    """Such a shell ignores SIGINT for its job, and each child of a child inherits that."""
    child = f"[sys.executable, '-c', {CHILD!r}], start_new_session=True"
    start = f"import subprocess, sys; subprocess.run({child})"
    ran = subprocess.run(
        [sys.executable, "-c", LOADED + start],
        cwd=ROOT,
        env={"PYTHONPATH": "lambda"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "True\n"
