"""Whatever goes wrong upstream: the caller is told, the line says it, and the next call works."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from tools.load.faults import page
from tools.load.faults.dynamodb import (
    TABLE_AREAS,
    TABLE_FAULTS,
    TableHarness,
    prepared_with_table,
)
from tools.load.faults.environment import PROC
from tools.load.faults.fault_catalog import FAULTS, Fault, stalls, turns_away
from tools.load.faults.formats import COMPLETE, FORMATS, Format
from tools.load.faults.harness import FaultHarness, cases, prepared
from tools.load.faults.scripted_service import ServiceFault
from tools.load.faults.sts import AREA, STS_FAULTS, StsHarness, prepared_with_sts

pytestmark = pytest.mark.skipif(not PROC.exists(), reason="only Linux tells what a process holds")
CASES = [
    pytest.param(area, fault, form, id=f"{fault.name}-{form.name}")
    for area in FAULTS
    for fault, form in cases(area)
]
_ROUNDS = 6
TABLE_CASES = [
    pytest.param(mode, fault, form, id=f"{mode}-{fault.name}-{form.name}")
    for mode in TABLE_AREAS
    for fault in TABLE_FAULTS
    for form in FORMATS
    if fault.is_down or fault.answer or (mode, form) == ("closed", FORMATS[0])
]
"""What takes seconds is here once; `make test-faults` tries it in every format."""
QUICK = [fault for fault in FAULTS["Body of the answer"] if fault.seconds > 5]


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultHarness]:
    with prepared(tmp_path_factory.mktemp("faults")) as made:
        yield made


@pytest.mark.parametrize(("area", "fault", "form"), CASES)
def test_a_fault_ends_as_the_page_describes_and_leaves_nothing(
    harness: FaultHarness, area: str, fault: Fault, form: Format
) -> None:
    seen = harness.see(fault, form)

    assert seen.observed == page.documented(area)[fault.name][form.name]
    assert seen.after == COMPLETE
    assert harness.environment.footprint() == harness.footprint


@pytest.fixture(scope="module")
def harness_with_sts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StsHarness]:
    with prepared_with_sts(tmp_path_factory.mktemp("sts")) as made:
        yield made


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
@pytest.mark.parametrize("fault", STS_FAULTS, ids=lambda fault: fault.name)
def test_a_fault_of_sts_ends_as_the_page_describes_and_leaves_nothing(
    harness_with_sts: StsHarness, fault: ServiceFault, form: Format
) -> None:
    seen, after = harness_with_sts.see(fault, form)

    assert seen == page.documented(AREA)[fault.name][form.name]
    assert after == COMPLETE
    assert harness_with_sts.environment.footprint() == harness_with_sts.footprint


@pytest.fixture(scope="module")
def harness_with_table(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], TableHarness]]:
    with ExitStack() as stack:

        @cache
        def harness(mode: str) -> TableHarness:
            folder = tmp_path_factory.mktemp("table")
            return stack.enter_context(prepared_with_table(folder, mode))

        yield harness


@pytest.mark.parametrize(("mode", "fault", "form"), TABLE_CASES)
def test_a_fault_of_the_budgets_table_ends_as_the_page_describes_and_leaves_nothing(
    harness_with_table: Callable[[str], TableHarness], mode: str, fault: ServiceFault, form: Format
) -> None:
    harness = harness_with_table(mode)
    seen, after = harness.see(fault, form)

    assert seen == page.documented(harness.area)[fault.name][form.name]
    assert after == COMPLETE
    assert harness.environment.footprint() == harness.footprint


@pytest.mark.parametrize(
    ("area", "faults"),
    [(AREA, STS_FAULTS), *((area, TABLE_FAULTS) for area in TABLE_AREAS.values())],
)
def test_the_page_has_every_fault_of_a_service_and_no_other(
    area: str, faults: tuple[ServiceFault, ...]
) -> None:
    assert list(page.documented(area)) == [fault.name for fault in faults]


@pytest.mark.parametrize("area", FAULTS)
def test_the_page_has_every_fault_and_no_other(area: str) -> None:
    documented = page.documented(area)
    assert list(documented) == [fault.name for fault in FAULTS[area]]
    for fault in FAULTS[area]:
        cells = documented[fault.name]
        skipped = [form.name for form in FORMATS if not fault.meets(streamed=form.streamed)]
        assert [name for name, cell in cells.items() if cell == page.NONE] == skipped


STREAMS = [form for form in FORMATS if form.streamed]


@pytest.mark.parametrize("form", STREAMS, ids=lambda form: form.name)
def test_a_caller_who_leaves_an_idle_stream_ends_the_call_of_bedrock(
    harness: FaultHarness, form: Format
) -> None:
    """Before a byte of the response is out, its connection says nothing of the caller."""
    harness.proxy.set_answer(stalls, None)
    harness.environment.hand_out(form.build_event("hello", retries_itself=True), seconds=60)
    assert harness.proxy.waits.begun.wait(10)

    line = harness.environment.leave()

    assert line["outcome"] == "caller_gone"
    assert harness.proxy.waits.ended.wait(10)
    harness.proxy.set_answer(None, None)
    assert harness.check_health(form) == COMPLETE
    assert harness.environment.footprint() == harness.footprint


def test_when_all_calls_are_turned_away_few_are_made_twice(harness: FaultHarness) -> None:
    form, calls = FORMATS[0], 20
    harness.proxy.set_answer(turns_away(429, "ThrottlingException", times=1000), None)
    exchanges = [harness.send(form) for _ in range(calls)]
    harness.proxy.set_answer(None, None)

    attempts = [len(exchange.line.get("earlier_attempts", [])) for exchange in exchanges]
    assert [exchange.answer.status for exchange in exchanges] == [429] * calls
    assert attempts == [1] * sum(attempts) + [0] * (calls - sum(attempts))
    assert 5 <= sum(attempts) <= 10
    advice = [exchange.answer.headers.get("x-should-retry") for exchange in exchanges]
    assert advice == ["false" if attempt else None for attempt in attempts]
    for _ in range(50):
        harness.check_health(form)


def test_faults_cost_no_memory(harness: FaultHarness) -> None:
    """4 KiB lost at each would be seen."""
    rounds = [(fault, form) for fault in QUICK for form in FORMATS[1::2]]
    for _ in range(2):
        _meet(harness, rounds)
    before = harness.environment.memory_kib()
    for _ in range(_ROUNDS):
        _meet(harness, rounds)
    assert harness.environment.memory_kib() - before < 4 * _ROUNDS * len(rounds)


def _meet(harness: FaultHarness, rounds: list[tuple[Fault, Format]]) -> None:
    for fault, form in rounds:
        harness.see(fault, form)
