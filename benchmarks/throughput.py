"""What a call costs once the process has been running for a while: as JSON, as a stream, beside
others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from functools import partial

from benchmarks import fixtures, subjects
from benchmarks.concurrent_callers import start_callers
from benchmarks.direct_client import Direct
from benchmarks.environment import BenchmarkEnvironment, upstream
from benchmarks.fixtures import Operation
from benchmarks.metrics import (
    BOTO3,
    DIRECT,
    FLOOR,
    GATEWAY,
    GATEWAY_TLS,
    IN_SESSION,
    LITELLM,
    NEW_CALLER,
    NGINX,
    RELAY,
    RELAY_TLS,
    UNDER_BUDGET,
    Figure,
    Target,
    interleaved,
)
from benchmarks.nginx_proxy import Nginx
from benchmarks.subjects import Contender
from benchmarks.translators import translators
from benchmarks.workload import Effort
from claude_bedrock.budgets.budget import MICRO, STAGE, USD, Budget, Rules, to_json
from claude_bedrock.budgets.period import DAY
from tools.load.faults.scripted_service import ScriptedService
from tools.load.faults.sts import CALLER_ROLE, ScriptedSts

_FEW_EVENTS = 10
_MESSAGES_UPSTREAM = {"MESSAGES_UPSTREAM": "messages"}
_BUDGET = Rules(stage=(Budget(STAGE, USD, 1_000_000 * MICRO, DAY),))
_RESERVED = 200, '{"Attributes":{"subject":{"S":"stage"}}}'


def json_call(environment: BenchmarkEnvironment, effort: Effort) -> Figure:
    """Return one call answered by a JSON message."""
    samples = _samples(
        _everybody(environment), fixtures.json_call(), effort.json_calls, effort.rounds
    )
    targets = [Target(2.6, FLOOR), Target(0.7, BOTO3), Target(0.05, LITELLM)]
    return Figure("JSON call", "CPU ms", samples, targets)


def call_in_session(environment: BenchmarkEnvironment, effort: Effort) -> Figure:
    """Return the same call in the caller's own session: one that is open, and the first of a
    caller, for which STS has to open one."""
    with closing(ScriptedSts(token=fixtures.ROLE["AWS_SESSION_TOKEN"])) as sts:
        variables = {
            "CALLER_ROLE_ARN": CALLER_ROLE,
            "AWS_ENDPOINT_URL_STS": f"http://localhost:{sts.port}",
        }
        in_session = partial(subjects.gateway, environment, variables=variables)
        starting: Mapping[str, Callable[[], Contender]] = {
            GATEWAY: partial(subjects.gateway, environment),
            IN_SESSION: in_session,
            NEW_CALLER: partial(in_session, kind=subjects.NewCallers),
        }
        samples = _samples(starting, fixtures.json_call(), effort.json_calls, effort.rounds)
    targets = [Target(1.05, GATEWAY, contender=IN_SESSION)]
    return Figure("JSON call in a caller's session", "CPU ms", samples, targets)


def call_under_budget(environment: BenchmarkEnvironment, effort: Effort) -> Figure:
    """Return the same call under one budget: a round trip to its table before Bedrock, and one
    after the answer has gone out."""
    with closing(ScriptedService(lambda _body: _RESERVED, keep_alive=True)) as table:
        variables = {
            "BUDGETS_TABLE": "budgets",
            "BUDGET_RULES": to_json(_BUDGET),
            "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{table.port}",
        }
        starting: Mapping[str, Callable[[], Contender]] = {
            GATEWAY: partial(subjects.gateway, environment),
            UNDER_BUDGET: partial(subjects.gateway, environment, variables=variables),
        }
        samples = _samples(starting, fixtures.json_call(), effort.json_calls, effort.rounds)
    return Figure("JSON call under a budget", "CPU ms", samples)


def stream(environment: BenchmarkEnvironment, effort: Effort) -> Figure:
    """Return one call answered by a stream that comes in one burst: the most work there can be in
    a read. Models send events one by one, so this has no target."""
    samples = _samples(_everybody(environment), fixtures.stream(), effort.streams, effort.rounds)
    return Figure(f"Burst of {fixtures.EVENTS} events", "CPU ms", samples)


def native_stream(environment: BenchmarkEnvironment, effort: Effort) -> Figure:
    """Return the same stream by Bedrock's own operation, whose bytes pass."""
    starting: dict[str, Callable[[], Contender]] = {
        RELAY: partial(subjects.raw_relay, environment),
        GATEWAY: partial(subjects.gateway, environment),
        **({NGINX: partial(Nginx, environment)} if environment.peers else {}),
    }
    samples = _samples(starting, fixtures.native_stream(), effort.streams, effort.rounds)
    title = f"Native burst of {fixtures.EVENTS} events"
    return Figure(title, "CPU ms", samples, [Target(6, RELAY)])


def messages_stream(environment: BenchmarkEnvironment, effort: Effort) -> Figure:
    """Return the burst by Bedrock's own Messages path, whose events pass."""
    starting: Mapping[str, Callable[[], Contender]] = {
        RELAY: partial(subjects.raw_relay, environment, request_file=environment.messages_file),
        GATEWAY: partial(subjects.gateway, environment, variables=_MESSAGES_UPSTREAM),
    }
    samples = _samples(starting, fixtures.messages_stream(), effort.streams, effort.rounds)
    title = f"Burst of {fixtures.EVENTS} events by Bedrock's Messages path"
    return Figure(title, "CPU ms", samples, [Target(6, RELAY)])


def paced_messages(pace: int, environment: BenchmarkEnvironment, effort: Effort) -> Figure:
    """Return the cost of an event of a paced stream by Bedrock's own Messages path."""
    events = effort.paced_events
    operation, file = fixtures.messages_stream(events), environment.messages_file
    relay = partial(subjects.raw_relay, environment, request_file=file)
    gateway = partial(subjects.gateway, environment, variables=_MESSAGES_UPSTREAM)
    with ExitStack() as stack:
        plain = stack.enter_context(upstream(events, pace=pace))
        tls = stack.enter_context(upstream(events, environment.certificate, pace))
        calls = {
            RELAY: (relay(endpoint=plain), operation),
            GATEWAY: (gateway(endpoint=plain), operation),
            RELAY_TLS: (relay(endpoint=tls), operation),
            GATEWAY_TLS: (gateway(endpoint=tls), operation),
        }
        samples = _paced_samples(stack, calls, events, effort.paced[pace])
    targets = [Target(1.8, RELAY), Target(1.8, RELAY_TLS, contender=GATEWAY_TLS)]
    title = f"Stream of {events} events by Bedrock's Messages path, one every {pace} ms"
    return Figure(title, "CPU µs an event", samples, targets)


def paced_stream(pace: int, environment: BenchmarkEnvironment, effort: Effort) -> Figure:
    """Return the cost of an event of a stream whose events are `pace` milliseconds apart: what a
    read and a write cost, each of which brings one event."""
    events = effort.paced_events
    with ExitStack() as stack:
        plain = stack.enter_context(upstream(events, pace=pace))
        tls = stack.enter_context(upstream(events, environment.certificate, pace))
        relayed, translated = fixtures.native_stream(events), fixtures.stream(events)
        calls: dict[str, tuple[Contender, Operation]] = {
            RELAY: (subjects.raw_relay(environment, endpoint=plain), relayed),
            GATEWAY: (subjects.gateway(environment, endpoint=plain), translated),
            RELAY_TLS: (subjects.raw_relay(environment, endpoint=tls), relayed),
            GATEWAY_TLS: (subjects.gateway(environment, endpoint=tls), translated),
        }
        if environment.peers:
            calls[NGINX] = Nginx(environment, endpoint=plain), relayed
        for name, start in translators(environment, endpoint=plain).items():
            calls[name] = start(), translated
        samples = _paced_samples(stack, calls, events, effort.paced[pace])
    targets = [Target(2, RELAY), Target(2, RELAY_TLS, contender=GATEWAY_TLS)]
    title = f"Stream of {events} events, one every {pace} ms"
    return Figure(title, "CPU µs an event", samples, targets)


def _paced_samples(
    stack: ExitStack, calls: Mapping[str, tuple[Contender, Operation]], events: int, rounds: int
) -> Mapping[str, list[float]]:
    """Return what an event costs each contender, which `stack` closes."""
    samplers = dict[str, Callable[[], float]]()
    for name, (contender, operation) in calls.items():
        stack.enter_context(closing(contender))
        samplers[name] = partial(_per_event, contender, operation, events)
    return interleaved(rounds, samplers)


def first_event(environment: BenchmarkEnvironment, effort: Effort) -> Figure:
    """Return how long one caller waits, by the clock, for a short stream's first bytes."""
    operation = fixtures.stream(_FEW_EVENTS)
    with ExitStack() as stack:
        endpoint = stack.enter_context(upstream(_FEW_EVENTS))
        direct = stack.enter_context(Direct(endpoint))
        gateway = subjects.gateway(environment, endpoint=endpoint)
        stack.enter_context(closing(gateway))
        waits = {
            DIRECT: partial(direct.first_ms, operation),
            GATEWAY: partial(gateway.first_ms, operation),
        }
        interleaved(max(1, effort.first_events // 20), waits)
        samples = interleaved(effort.first_events, waits)
    targets = [
        Target(3, DIRECT, how="above"),
        Target(10, DIRECT, how="above", percentile=99),
    ]
    return Figure("Time to the first event, one caller", "ms by the clock", samples, targets)


def many_callers(environment: BenchmarkEnvironment, effort: Effort) -> Figure:
    """Return streams per CPU second for many callers. An environment of a function serves one call
    at a time, so there are as many of them as callers; each of the others is one process."""
    operation, callers = fixtures.stream(), effort.callers
    starting: dict[str, tuple[Callable[[], Contender], int]] = {
        FLOOR: (partial(subjects.bare_loop, environment), callers),
        GATEWAY: (partial(subjects.gateway, environment), callers),
    }
    for name, one_process in translators(environment).items():
        starting[name] = one_process, 1
    with ExitStack() as stack:
        samplers = {}
        for name, (start, processes) in starting.items():
            callers_at_once = stack.enter_context(closing(start_callers(callers, processes, start)))
            callers_at_once.call(operation, effort.streams)
            samplers[name] = partial(callers_at_once.per_second_of_cpu, operation, effort.streams)
        samples = interleaved(max(2, effort.rounds // 5), samplers)
    return Figure(f"Bursts for {callers} callers at once", "per CPU second", samples)


def _everybody(environment: BenchmarkEnvironment) -> Mapping[str, Callable[[], Contender]]:
    return {
        FLOOR: partial(subjects.bare_loop, environment),
        GATEWAY: partial(subjects.gateway, environment),
        BOTO3: partial(subjects.direct_boto3, environment),
        **translators(environment),
    }


def _samples(
    starting: Mapping[str, Callable[[], Contender]], operation: Operation, times: int, rounds: int
) -> Mapping[str, list[float]]:
    with _warm(starting, operation, times) as running:
        samplers = {
            name: partial(per_call, contender, operation, times)
            for name, contender in running.items()
        }
        return interleaved(rounds, samplers)


@contextmanager
def _warm(
    starting: Mapping[str, Callable[[], Contender]], operation: Operation, times: int
) -> Iterator[Mapping[str, Contender]]:
    with ExitStack() as stack:
        running = {name: stack.enter_context(closing(start())) for name, start in starting.items()}
        for contender in running.values():
            contender.call(operation, times)
        yield running


def _per_event(contender: Contender, operation: Operation, events: int) -> float:
    return per_call(contender, operation, 1) * 1000 / events


def per_call(contender: Contender, operation: Operation, times: int) -> float:
    """CPU ms of one call, over so many of them."""
    before = contender.process.cpu_ms()
    contender.call(operation, times)
    return (contender.process.cpu_ms() - before) / times
