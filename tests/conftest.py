"""What holds for every test."""

import os
import signal
from collections.abc import Iterator
from functools import cache

import boto3
import pytest
from botocore.loaders import JSONFileLoader, Loader
from hypothesis import settings
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

from tests.integration.deployed.running import PROJECT, deployment

__all__ = ["deployment"]

# How long an example takes depends on what else the machine does: speed is benchmarks/' business.
settings.register_profile("patient", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=20)  # of 100: make test-unit
settings.load_profile("patient")

# A background job ignores SIGINT, and so would each program that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def no_default_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 remembers the first credentials that a process had: each test has its own."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


@pytest.fixture(autouse=True, scope="session")
def shared_service_models() -> Iterator[None]:
    """Read botocore's descriptions of services once: each new session would read them again."""
    read, list_services = cache(JSONFileLoader().load_file), Loader.list_available_services

    @cache
    def services(paths: tuple[str, ...], kind: str) -> list[str]:
        names: list[str] = list_services(Loader(extra_search_paths=list(paths)), kind)
        return names

    def list_available_services(loader: Loader, type_name: str) -> list[str]:
        return services(tuple(dict.fromkeys(loader.search_paths)), type_name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _, path: read(path))
        patch.setattr(Loader, "list_available_services", list_available_services)
        yield


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: who waits for a deployment leaves its core to another."""
    return (os.cpu_count() or 1) + 1


class OneDeployment(LoadFileScheduling):  # type: ignore[misc]
    """Has the tests of a file run in one process, and all that need the deployed endpoint too."""

    def _split_scope(self, nodeid: str) -> str:
        path: str = super()._split_scope(nodeid)
        return "deployment" if _uses_deployment(path) else path


@cache
def _uses_deployment(path: str) -> bool:
    """Whether the file, or the conftest.py beside it, has the fixture as a parameter."""
    file = PROJECT / path
    texts = (
        source.read_text() for source in (file, file.with_name("conftest.py")) if source.is_file()
    )
    return any("deployment: Deployment" in text for text in texts)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneDeployment:
    return OneDeployment(config, log)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes get no name of their own: some, as gzip's time, differ in each process that asks."""
    return argname if isinstance(val, bytes) else None
