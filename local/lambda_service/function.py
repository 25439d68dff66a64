"""A deployed function as Lambda would run it: its settings, and its zip, unpacked once per hash."""

import io
import shutil
import sys
import urllib.request
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from local.aws.client import Client
from local.lambda_service.errors import UnfitFunctionError

WRAPPER = "AWS_LAMBDA_EXEC_WRAPPER"
TASK_ROOT = "/var/task"


@dataclass(frozen=True, slots=True)
class Function:
    """`root` is the unpacked zip. Times in seconds, memory in MiB. `reserved` is how many runs at
    once it may have; None is as many as the account."""

    name: str
    arn: str
    revision: str
    runtime: str
    handler: str
    role_arn: str
    timeout: int
    memory: int
    log_group: str
    variables: Mapping[str, str]
    root: Path
    reserved: int | None

    def wrapper(self) -> Path:
        """Return the script that AWS_LAMBDA_EXEC_WRAPPER names, where it lies here."""
        return self.root / self.variables[WRAPPER].removeprefix(f"{TASK_ROOT}/")


def read(client: Client, name: str, folder: Path) -> Function:
    """Return the function `name` as deployed, unpacked below `folder`. Raise UnfitFunctionError."""
    response = client.get_function(FunctionName=name)
    settings: dict[str, Any] = response["Configuration"]
    _check_runtime(settings)
    return Function(
        name=settings["FunctionName"],
        arn=settings["FunctionArn"],
        revision=settings["RevisionId"],
        runtime=settings["Runtime"],
        handler=settings["Handler"],
        role_arn=settings["Role"],
        timeout=settings["Timeout"],
        memory=settings["MemorySize"],
        log_group=settings["LoggingConfig"]["LogGroup"],
        variables=settings["Environment"]["Variables"],
        root=_unpacked(settings, response["Code"]["Location"], folder),
        reserved=response.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
    )


def _check_runtime(settings: Mapping[str, Any]) -> None:
    name, runtime = settings["FunctionName"], settings["Runtime"]
    here = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if runtime != here:
        raise UnfitFunctionError(
            f"{name} was built for {runtime} and this is {here}: deploy and run with one Python"
        )
    if WRAPPER not in settings.get("Environment", {}).get("Variables", {}):
        raise UnfitFunctionError(f"{name} streams but has no {WRAPPER}: {runtime} cannot")


def _unpacked(settings: Mapping[str, Any], location: str, folder: Path) -> Path:
    root = folder / b64decode(settings["CodeSha256"]).hex()
    if not root.exists():
        with urllib.request.urlopen(location, timeout=30) as answer:  # noqa: S310 - GetFunction's
            archive = ZipFile(io.BytesIO(answer.read()))
        _check_portable(settings["FunctionName"], archive)
        fresh = root.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        _extract(archive, fresh)
        fresh.rename(root)
    return root


def _check_portable(name: str, archive: ZipFile) -> None:
    native = [entry for entry in archive.namelist() if entry.endswith(".so")]
    if native:
        raise UnfitFunctionError(
            f"{name} holds machine code for Lambda's processor, which local mode does not run: "
            f"{native[0]}. Ship pure-Python wheels."
        )


def _extract(archive: ZipFile, root: Path) -> None:
    """Unlike ZipFile.extractall, keeps the modes: the wrapper must be executable, as on Lambda."""
    for entry in archive.infolist():
        path = Path(archive.extract(entry, root))
        mode = entry.external_attr >> 16 & 0o777
        if mode and not entry.is_dir():
            path.chmod(mode)
