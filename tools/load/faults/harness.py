"""Function, proxy and Bedrock put together, and one fault seen from all sides."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any, NamedTuple

import trustme

from benchmarks.environment import built
from tools.load.faults.environment import Environment, Exchange
from tools.load.faults.fault_catalog import FAULTS, Fault
from tools.load.faults.formats import COMPLETE, FORMATS, Format
from tools.load.faults.proxy import Proxy

ROOT = Path(__file__).parents[3]
_CA = "ca.pem"
# A name that nobody may ever have: https://www.rfc-editor.org/rfc/rfc6761#section-6.4
_NAMELESS = "https://bedrock-runtime.invalid"
_PROMPT = "hello"
_HEALTH = {
    "httpMethod": "GET",
    "path": "/health",
    "headers": {},
    "requestContext": {"requestId": "gateway-1"},
}
_KEYS = {"AWS_ACCESS_KEY_ID": "dev", "AWS_SECRET_ACCESS_KEY": "secret"}
_PATIENT = 30.0
_DEAREST = 14  # tokens that an attempt costs: gateway.retries


def cases(area: str) -> Iterator[tuple[Fault, Format]]:
    """Yield each fault of an area with each format that can meet it."""
    for fault in FAULTS[area]:
        yield from ((fault, form) for form in FORMATS if fault.meets(streamed=form.streamed))


class Seen(NamedTuple):
    """`observed` is what the caller got and what the audit line calls it, as docs/faults.md has it;
    `after`, what the next request on the same environment got."""

    observed: str
    seconds: float
    after: str


class FaultHarness:
    """An environment behind a proxy; `footprint` is what it holds while nothing goes wrong."""

    def __init__(self, environment: Environment, proxy: Proxy, folder: Path) -> None:
        self.environment = environment
        self.proxy = proxy
        self._folder = folder
        for form in FORMATS:
            assert self.check_health(form) == COMPLETE
        self.footprint = environment.footprint()

    def see(self, fault: Fault, form: Format) -> Seen:
        """Return what comes of a request that meets the fault."""
        if fault.nameless:
            return self._see_nameless(fault, form)
        exchange = self._meet(fault, form)
        seen = Seen(observed(form, exchange), exchange.seconds, self.check_health(form))
        for _ in range(_DEAREST * len(exchange.line.get("earlier_attempts", []))):
            self.check_health(form)  # each earns a token of what the attempts have cost
        return seen

    def check_health(self, form: Format) -> str:
        """Return what a request gets with which nothing goes wrong."""
        event = form.build_event(_PROMPT, retries_itself=True)
        return observed(form, self.environment.invoke(event, seconds=_PATIENT))

    def send(self, form: Format, *, seconds: float = _PATIENT) -> Exchange:
        """By a client that does not try again by itself."""
        return self.environment.invoke(
            form.build_event(_PROMPT, retries_itself=False), seconds=seconds
        )

    def _meet(self, fault: Fault, form: Format) -> Exchange:
        if fault.greeting is not None or fault.before is not None:
            self.proxy.hang_up()  # or no new connection would be needed
        self.proxy.set_answer(fault.answering, fault.greeting)
        if fault.before is not None:
            fault.before(self.proxy)
        event = form.build_event(fault.prompt, retries_itself=fault.retries_itself)
        try:
            return self.environment.invoke(event, seconds=fault.seconds)
        finally:
            self.proxy.set_answer(None, None)
            self.proxy.listen()

    def _see_nameless(self, fault: Fault, form: Format) -> Seen:
        """In an environment of its own: there is no success by which it could earn new attempts."""
        with closing(Environment(built(), _NAMELESS, self._folder / _CA)) as environment:
            before = environment.footprint()
            event = form.build_event(fault.prompt, retries_itself=fault.retries_itself)
            exchange = environment.invoke(event, seconds=fault.seconds)
            health = environment.invoke(_HEALTH, seconds=_PATIENT)
            assert environment.footprint() == before
        return Seen(
            observed(form, exchange),
            exchange.seconds,
            COMPLETE if health.answer.status == 200 else "",
        )


def observed(form: Format, exchange: Exchange) -> str:
    answer, line = exchange.answer, exchange.line
    what = form.see(answer)
    assert b"arn:aws" not in answer.body, answer.body
    assert line["status"] == answer.status
    assert answer.headers["request-id"] == line.get("bedrock_request_id", "gateway-1")
    assert line["outcome"] == _outcome(what)
    assert line["response_bytes"] == len(answer.body)
    attempts = len(line.get("earlier_attempts", [])) + 1
    cause = f", `{line['error_cause']}`" if "error_cause" in line else ""
    return f"{what}{cause}{f', attempts: {attempts}' if attempts > 1 else ''}"


def _outcome(what: str) -> str:
    if what == COMPLETE:
        return "completed"
    return "interrupted" if what.startswith("200") else "upstream_error"


@contextmanager
def prepared(folder: Path) -> Iterator[FaultHarness]:
    """What is started here is gone with the context; `folder` takes the certificate."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / _CA))
    context = SSLContext(PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with local_bedrock() as upstream, closing(Proxy(upstream, context)) as proxy:
        endpoint = f"https://localhost:{proxy.port}"
        with closing(Environment(built(), endpoint, folder / _CA)) as environment:
            yield FaultHarness(environment, proxy, folder)


@contextmanager
def local_bedrock(keys: Mapping[str, str] = _KEYS) -> Iterator[str]:
    """Yield the local Bedrock in a process of its own, for who signs with `keys`: host and port."""
    command = [sys.executable, "-m", "local.bedrock", "--port", "0"]
    environment: Mapping[str, Any] = {**os.environ, **keys, "PYTHONPATH": "lambda"}
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split("//")[-1].strip()
        finally:
            process.terminate()
