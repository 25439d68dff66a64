"""What holds for every test."""

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from functools import cache, lru_cache, partialmethod
from importlib import import_module
from itertools import count
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore import compat, hooks
from botocore.loaders import JSONFileLoader, Loader
from hypothesis import settings
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

from local.aws.client import without_aws
from tests.integration.deployed.running import PROJECT, deployment

__all__ = ["deployment"]

# Profiles, credentials and endpoints of the shell that runs the tests would reach an account.
for _name in os.environ.keys() - without_aws().keys():
    del os.environ[_name]
os.environ |= without_aws()
os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"  # nor those of the machine that runs them

# How long an example takes depends on what else the machine does: speed is benchmarks/' business.
settings.register_profile("patient", deadline=None, max_examples=25)
settings.register_profile("quick", deadline=None, max_examples=10)  # of 25: make test-unit
settings.load_profile("patient")

# A background job ignores SIGINT, and so would each program that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@cache
def _rfc3987_syntax() -> ModuleType:
    """Import the package in place of its stand-in."""
    del sys.modules["rfc3987_syntax"]
    return import_module("rfc3987_syntax")


def _is_valid_syntax(rule: str, text: str) -> bool:
    return bool(_rfc3987_syntax().is_valid_syntax(rule, text))


# jsonschema imports this package, which compiles 38 grammars for two seconds, in each process that
# collects tests. Few tests check an IRI: the first that does imports it.
_STAND_IN = ModuleType("rfc3987_syntax")
vars(_STAND_IN)["is_valid_syntax"] = _is_valid_syntax
sys.modules.setdefault("rfc3987_syntax", _STAND_IN)


@pytest.fixture(autouse=True)
def no_default_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 remembers the first credentials that a process had: each test has its own."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


@lru_cache(maxsize=1000)
def _accepts_kwargs(function: Callable[..., Any]) -> object:
    return compat.accepts_kwargs(function)


@pytest.fixture(autouse=True, scope="session")
def shared_event_names() -> Iterator[None]:
    """Work out once what each new botocore session does with its 130 handlers of events: the names
    of the events, and whether a function takes any keyword. It is most of the cost of a client."""
    names: dict[str, str] = {}
    init = hooks.EventAliaser.__init__

    def with_shared_names(self: Any, *arguments: Any) -> None:  # noqa: ANN401 - botocore's
        init(self, *arguments)
        if len(arguments) == 1:  # none but botocore's own aliases
            self._alias_name_cache = names

    def accepts_kwargs(function: Any) -> object:  # noqa: ANN401 - any handler
        return _accepts_kwargs(getattr(function, "__func__", function))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hooks.EventAliaser, "__init__", with_shared_names)
        patch.setattr(hooks, "accepts_kwargs", accepts_kwargs)
        yield


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


@pytest.fixture(autouse=True, scope="session")
def symmetric_keys_without_rsa() -> Iterator[None]:
    """Moto generates an RSA key for each KMS key, which a symmetric one does not use: generate it
    once."""
    with pytest.MonkeyPatch.context() as patch:
        if "moto" in sys.modules:
            models: Any = import_module("moto.kms.models")
            generate, shared = models.generate_private_key, cache(models.generate_private_key)

            def private_key(key_spec: str) -> object:
                return (shared if key_spec == "SYMMETRIC_DEFAULT" else generate)(key_spec)

            patch.setattr(models, "generate_private_key", private_key)
        yield


class _AttachedDatabase:
    """A database of its own for one join, of a shared instance: closing it drops its tables."""

    _numbers = count()

    def __init__(self, instance: Any) -> None:  # noqa: ANN401 - a test without DuckDB imports none
        self._instance, self._name = instance, f"join_{next(self._numbers)}"
        self._cursor = instance.cursor()
        self._cursor.execute(f"ATTACH ':memory:' AS {self._name}; USE {self._name}")
        self.execute = self._cursor.execute

    def close(self) -> None:
        self._cursor.close()
        self._instance.execute(f"DETACH {self._name}")


@pytest.fixture(autouse=True, scope="session")
def shared_duckdb_instance() -> Iterator[None]:
    """Have the joins of a process share an instance of DuckDB, in a database each: to start one,
    which registers some thousands of functions, takes as long as to join what a test puts in."""
    with pytest.MonkeyPatch.context() as patch:
        tables: Any = sys.modules.get("claude_bedrock.verification.join_tables")
        if tables is not None:
            duckdb = import_module("duckdb")
            connect = duckdb.connect
            shared = cache(lambda: connect(config=dict(tables.SETTINGS)))

            def attached(config: Any = None) -> object:  # noqa: ANN401 - DuckDB's
                is_of_join = config is not None and "temp_directory" in config
                return _AttachedDatabase(shared()) if is_of_join else connect(config=config or {})

            patch.setattr(duckdb, "connect", attached)
        yield


@pytest.fixture(autouse=True, scope="session")
def command_runner() -> Iterator[None]:
    """Have a runner of commands raise what a command does not catch, which it would report as exit
    code 1, as a command reports a finding. And have it make the parser of a command line once: it
    makes it, with the types of all options, for each command that it runs."""
    testing: Any = sys.modules.get("typer.testing")
    with pytest.MonkeyPatch.context() as patch:
        if testing is not None:
            runner = testing.CliRunner
            invoke = partialmethod(runner.invoke, catch_exceptions=False)
            patch.setattr(runner, "invoke", invoke)
            patch.setattr(testing, "_get_command", cache(testing._get_command))
        yield


def pytest_collection_finish() -> None:
    """Take what was imported out of the garbage collector's walks, and let it walk less often: with
    half a million objects that stay, they were a fifth of the time of the unit tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are cores, where who waits for a deployment leaves its core to another:
    not with tests that wait for nothing."""
    folders = ("tests/unit", "tests/verification")
    alone = all(any(folder in argument for folder in folders) for argument in config.args)
    return (os.cpu_count() or 1) + (0 if alone else 1)


_SHARED = {"deployment": "deployment: Deployment", "syntheses": ": Synthesis"}
"""What takes long to make and is made once in a process, and how a test that needs it says so."""


class OneOfEach(LoadFileScheduling):  # type: ignore[misc]
    """Has the tests of a file run in one process, and all that need the deployed endpoint too, and
    all that need the syntheses of the stages."""

    def _split_scope(self, nodeid: str) -> str:
        path: str = super()._split_scope(nodeid)
        return _shared_by(path) or path


@cache
def _shared_by(path: str) -> str | None:
    """What the file, or the conftest.py beside it, has as a parameter of those."""
    file = PROJECT / path
    sources = [source for source in (file, file.with_name("conftest.py")) if source.is_file()]
    text = "".join(source.read_text() for source in sources)
    return next((name for name, mark in _SHARED.items() if mark in text), None)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneOfEach:
    return OneOfEach(config, log)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes get no name of their own: some, as gzip's time, differ in each process that asks."""
    return argname if isinstance(val, bytes) else None
