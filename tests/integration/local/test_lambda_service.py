"""Functions run as Lambda runs them: real zips, processes, Runtime API."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from local.lambda_service.answer import Answer
from local.lambda_service.errors import FunctionError, ThrottledError, UnfitFunctionError
from local.lambda_service.service import EventTooLargeError, LambdaService
from tests.integration.local.sample_function import ARN, LambdaApi, Logs, Sessions, zipped

PRELUDE_END = b"\0" * 8


class Harness:
    """A service with the sample function; `logs` has what the function wrote."""

    def __init__(self, folder: Path, archive: bytes | None = None) -> None:
        self._folder = folder
        path = folder / "function.zip"
        path.write_bytes(zipped() if archive is None else archive)
        self.api = LambdaApi(path)
        self.logs = Logs()
        self.echoed: list[str] = []

    @asynccontextmanager
    async def service(self) -> AsyncIterator[LambdaService]:
        service = LambdaService(
            self.api,
            sessions=cast("Any", Sessions()),
            logs=cast("Any", self.logs),
            folder=self._folder / "functions",
            extra={"EXTRA": "yes"},
            echo=self.echoed.append,
        )
        try:
            yield service
        finally:
            await service.stop()

    def run(self, use: Callable[[LambdaService], Coroutine[Any, Any, Any]]) -> Any:  # noqa: ANN401
        async def main() -> Any:  # noqa: ANN401
            async with self.service() as service:
                return await use(service)

        return asyncio.run(main())


@pytest.fixture
def harness(tmp_path: Path) -> Harness:
    return Harness(tmp_path)


async def complete(answer: Answer) -> bytes:
    parts = []
    while data := await answer.take():
        parts.append(data)
    return b"".join(parts)


async def call(service: LambdaService, **event: Any) -> dict[str, Any]:  # noqa: ANN401
    """The object that the sample function ends its answer with."""
    text = await complete(await service.invoke(ARN, event, "Root=1-a"))
    response: dict[str, Any] = json.loads(text.partition(PRELUDE_END)[2])
    return response


def failure(harness: Harness, **event: Any) -> str:  # noqa: ANN401
    async def use(service: LambdaService) -> None:
        await call(service, **event)

    with pytest.raises(FunctionError) as caught:
        harness.run(use)
    return caught.value.kind


def test_an_answer_is_the_head_eight_nuls_and_the_body(harness: Harness) -> None:
    event = {"status": 202, "headers": {"a": "b"}, "parts": ["x", "y"]}

    text = harness.run(lambda s: _bytes(s, event))

    head, _, body = text.partition(PRELUDE_END)
    assert json.loads(head) == {"statusCode": 202, "headers": {"a": "b"}}
    assert body.startswith(b"xy{")


async def _bytes(service: LambdaService, event: dict[str, Any]) -> bytes:
    return await complete(await service.invoke(ARN, event, ""))


def test_an_idle_process_is_used_again_and_an_excess_request_gets_its_own(
    harness: Harness, tmp_path: Path
) -> None:
    async def use(service: LambdaService) -> tuple[list[int], int]:
        gate = tmp_path / "gate"
        first = asyncio.create_task(call(service, do="wait", **{"for": str(gate)}))
        second = await call(service)
        gate.touch()
        pids = [(await first)["pid"], second["pid"]]
        return pids, (await call(service))["pid"]

    pids, later = harness.run(use)

    assert len(set(pids)) == 2
    assert later in pids


def test_no_more_run_at_once_than_are_reserved(harness: Harness, tmp_path: Path) -> None:
    harness.api.reserved = 2

    async def use(service: LambdaService) -> int:
        gate = tmp_path / "gate"
        waiting = [
            asyncio.create_task(call(service, do="wait", **{"for": str(gate)})) for _ in range(2)
        ]
        while len(harness.logs.texts()) < 2:
            await asyncio.sleep(0)
        with pytest.raises(ThrottledError):
            await call(service)
        gate.touch()
        await asyncio.gather(*waiting)
        return len({(await call(service))["pid"] for _ in range(3)})

    assert harness.run(use) <= 2


def test_a_burst_on_a_cold_function_is_held_to_it_too(harness: Harness) -> None:
    harness.api.reserved = 3

    async def use(service: LambdaService) -> list[Any]:
        burst = (call(service) for _ in range(8))
        answers: list[Any] = await asyncio.gather(*burst, return_exceptions=True)
        return answers

    answers = harness.run(use)
    refused = [answer for answer in answers if isinstance(answer, ThrottledError)]
    assert len(refused) == 5
    assert len({answer["pid"] for answer in answers if answer not in refused}) == 3


def test_a_function_finds_what_lambda_promises(harness: Harness) -> None:
    harness.api.variables = {"OWN": "mine"}
    names = [
        "OWN",
        "EXTRA",
        "AWS_REGION",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_SESSION_TOKEN",
        "_HANDLER",
    ]

    response = harness.run(lambda s: call(s, show=[*names, "VIRTUAL_ENV"]))

    assert response["environment"] == {
        "OWN": "mine",
        "EXTRA": "yes",
        "AWS_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "sample",
        "AWS_SESSION_TOKEN": "arn:aws:iam::123456789012:role/sample",
        "_HANDLER": "sample.handle",
        "VIRTUAL_ENV": None,
    }


def test_what_it_prints_goes_to_its_log_group_between_lambdas_own_lines(harness: Harness) -> None:
    harness.run(_twice)

    assert {group for group, _, _ in harness.logs.lines} == {"/sample"}
    assert len({stream for _, stream, _ in harness.logs.lines}) == 1
    assert harness.echoed == harness.logs.texts()
    kinds = [text.split()[0] for text in harness.echoed]
    assert kinds.count("START") == kinds.count("told") == kinds.count("END") == 2


async def _twice(service: LambdaService) -> None:
    await call(service, say="one")
    await call(service, say="two")


def test_a_handler_that_fails_is_an_error_and_its_process_lives_on(harness: Harness) -> None:
    async def use(service: LambdaService) -> tuple[int, str, int]:
        before = (await call(service))["pid"]
        with pytest.raises(FunctionError) as caught:
            await call(service, do="raise")
        return before, str(caught.value), (await call(service))["pid"]

    before, error, after = harness.run(use)

    assert before == after
    assert error == "Runtime.KeyError: KeyError"


def test_a_failure_after_the_first_byte_comes_after_the_bytes(harness: Harness) -> None:
    async def use(service: LambdaService) -> bytes:
        answer = await service.invoke(ARN, {"do": "raise late", "parts": ["x"]}, "")
        first = await answer.take()
        with pytest.raises(FunctionError, match=r"Runtime\.KeyError"):
            await complete(answer)
        return first

    assert PRELUDE_END in harness.run(use)


@pytest.mark.parametrize("do", ["exit", "exit late"])
def test_a_process_that_dies_is_an_error_and_the_next_call_gets_a_fresh_one(
    harness: Harness, do: str
) -> None:
    async def use(service: LambdaService) -> tuple[int, str, int]:
        before = (await call(service))["pid"]
        with pytest.raises(FunctionError) as caught:
            await call(service, do=do, parts=["x"])
        return before, caught.value.kind, (await call(service))["pid"]

    before, kind, after = harness.run(use)

    assert kind in {"Runtime.ExitError", "Runtime.TruncatedResponse"}
    assert before != after


def test_a_function_that_takes_too_long_is_stopped(harness: Harness) -> None:
    harness.api.timeout = 1

    assert failure(harness, do="sleep") == "Sandbox.Timedout"
    assert any("Task timed out after 1.00 seconds" in text for text in harness.logs.texts())


def test_a_function_that_cannot_start_is_an_error(harness: Harness) -> None:
    harness.api.variables = {"FAIL_INIT": "1"}

    assert failure(harness) == "Runtime.ValueError"


def test_a_start_that_takes_too_long_is_made_again_within_the_first_invocation(
    harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.lambda_service.service.INIT_SECONDS", 1.0)
    harness.api.variables = {"SLOW_FIRST_INIT": str(tmp_path / "begun")}

    assert harness.run(call)["pid"]
    assert (tmp_path / "begun").exists()


def test_a_wrapper_that_cannot_be_run_is_an_error(harness: Harness) -> None:
    harness.api.variables = {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/sample.py"}

    assert failure(harness) == "Runtime.InvalidEntrypoint"


def test_a_caller_who_leaves_ends_the_functions_response(harness: Harness) -> None:
    async def use(service: LambdaService) -> int:
        answer = await service.invoke(ARN, {"do": "endless"}, "")
        await answer.take()
        await answer.abandon()
        return int((await call(service, do="wait", **{"for": "/"}))["pid"])

    harness.run(use)

    assert any('"error": "ClientDisconnected"' in text for text in harness.logs.texts())


def state_of(pid: int) -> str:
    """`T` is stopped: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_process_is_frozen_between_invocations_and_thawed_for_the_next(harness: Harness) -> None:
    async def use(service: LambdaService) -> tuple[int, int, str]:
        first = int((await call(service))["pid"])
        while state_of(first) != "T":
            await asyncio.sleep(0.01)
        second = int((await call(service))["pid"])
        while state_of(second) != "T":
            await asyncio.sleep(0.01)
        return first, second, state_of(second)

    first, second, state = harness.run(use)

    assert (first, state) == (second, "T")
    assert not Path(f"/proc/{first}").exists()


def test_a_frozen_process_ends_with_the_one_that_froze_it() -> None:
    code = (
        "import os, subprocess\n"
        "from local.lambda_service.freezer import Freezer\n"
        "child = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "Freezer().freeze(child.pid)\n"
        "print(child.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30
    )
    frozen = Path(f"/proc/{killed.stdout.strip()}")

    assert killed.returncode == -9
    while frozen.exists() and state_of(int(frozen.name)) != "Z":
        time.sleep(0.02)


def test_a_changed_function_gets_fresh_processes(harness: Harness) -> None:
    async def use(service: LambdaService) -> tuple[str | None, str | None]:
        before = (await call(service, show=["OWN"]))["environment"]["OWN"]
        harness.api.variables, harness.api.revision = {"OWN": "new"}, "2"
        while (after := (await call(service, show=["OWN"]))["environment"]["OWN"]) == before:
            await asyncio.sleep(0.05)
        return before, after

    assert harness.run(use) == (None, "new")


def test_an_event_over_six_mebibytes_is_refused(harness: Harness) -> None:
    with pytest.raises(EventTooLargeError):
        harness.run(lambda s: call(s, say="x" * 6 * 1024 * 1024))


def test_machine_code_is_refused(tmp_path: Path) -> None:
    harness = Harness(tmp_path, zipped(more={"native/thing.so": ""}))

    with pytest.raises(UnfitFunctionError, match=r"native/thing\.so"):
        harness.run(call)


def test_another_python_is_refused(harness: Harness) -> None:
    harness.api.runtime = "python3.8"

    with pytest.raises(UnfitFunctionError, match=r"python3\.8"):
        harness.run(call)


def test_a_function_without_a_wrapper_is_refused(harness: Harness) -> None:
    settings = harness.api.get_function(FunctionName=ARN)
    del settings["Configuration"]["Environment"]["Variables"]["AWS_LAMBDA_EXEC_WRAPPER"]
    harness.api.get_function = lambda **_: settings  # type: ignore[method-assign]

    with pytest.raises(UnfitFunctionError, match="AWS_LAMBDA_EXEC_WRAPPER"):
        harness.run(call)
