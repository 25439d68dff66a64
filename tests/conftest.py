"""What holds for every test."""

import os
import signal

import boto3
import pytest
from hypothesis import settings

from tests.integration.deployed.running import deployment

__all__ = ["deployment"]

# How long an example takes depends on what else the machine does: speed is benchmarks/' business.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# A background job ignores SIGINT, and so would each program that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def no_default_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 remembers the first credentials that a process had: each test has its own."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: who waits for a deployment leaves its core to another."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Has the tests of a file run in one process, and all that need the deployed endpoint too."""
    for item in items:
        shared = "deployment" in getattr(item, "fixturenames", ())
        group = "deployment" if shared else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes get no name of their own: some, as gzip's time, differ in each process that asks."""
    return argname if isinstance(val, bytes) else None
