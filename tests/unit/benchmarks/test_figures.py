"""What samples come to, and when something is reached."""

import pytest

from benchmarks import report
from benchmarks.metrics import Figure, Target, interleaved

SAMPLES = {"floor": [1.0, 2.0, 4.0], "gateway": [3.0, 6.0, 8.0]}


def _figure(target: Target) -> Figure:
    return Figure("Calls", "CPU ms", SAMPLES, [target])


@pytest.mark.parametrize(
    ("target", "value", "missed_by"),
    [
        (Target(2, "floor"), 3, 0.5),
        (Target(3, "floor"), 3, 0),
        (Target(4, "floor", how="above"), 4, 0),
        (Target(2, "floor", how="above"), 4, 1),
        (Target(3, how="itself"), 6, 1),
        (Target(12, how="itself"), 6, -0.5),
        (Target(6, "floor", at_least=True), 3, 0.5),
        (Target(2, "floor", at_least=True), 3, -0.5),
    ],
    ids=str,
)
def test_a_target_is_missed_by_a_part_of_its_limit(
    target: Target, value: float, missed_by: float
) -> None:
    figure = _figure(target)
    assert figure.value(target) == value
    assert figure.missed_by(target) == pytest.approx(missed_by)


def test_ratios_are_taken_round_by_round() -> None:
    """3/1, 6/2, 8/4: the ratio of the medians would be the same, that of the means not."""
    assert _figure(Target(1)).ratio("gateway", "floor") == 3


def test_the_ninety_ninth_of_a_hundred_is_not_the_median() -> None:
    samples = {"direct": [0.0] * 101, "gateway": [float(number) for number in range(101)]}
    figure = Figure("Waits", "ms", samples)
    assert figure.value(Target(1, "direct", how="above")) == 50
    assert figure.value(Target(1, "direct", how="above", percentile=99)) == 99


def test_a_peer_that_did_not_run_is_not_compared() -> None:
    assert _figure(Target(1, "LiteLLM")).judged() == []
    assert _figure(Target(1, "floor", contender="gateway over TLS")).judged() == []


def test_each_round_samples_everyone_once() -> None:
    sampled: list[str] = []

    def sampler(name: str) -> float:
        sampled.append(name)
        return len(sampled)

    samples = interleaved(2, {"a": lambda: sampler("a"), "b": lambda: sampler("b")})
    assert sampled == ["a", "b", "a", "b"]
    assert samples == {"a": [1, 3], "b": [2, 4]}


def test_the_judgment_has_the_difference() -> None:
    table = report.judgments([_figure(Target(2, "floor")), _figure(Target(4, "floor"))])
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    assert cells[2:] == [
        ["Calls", "gateway", "floor", "≤ 2x", "3x", "missed by 50%"],
        ["Calls", "gateway", "floor", "≤ 4x", "3x", "reached"],
    ]
