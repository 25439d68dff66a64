"""What holds for every test."""

from hypothesis import settings

from tests.integration.deployed.running import deployment

__all__ = ["deployment"]

# How long an example takes depends on what else the machine does: speed is benchmarks/' business.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
