"""What holds for every test."""

import signal

from hypothesis import settings

from tests.integration.deployed.running import deployment

__all__ = ["deployment"]

# How long an example takes depends on what else the machine does: speed is benchmarks/' business.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# A background job ignores SIGINT, and so would each program that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)
