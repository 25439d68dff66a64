"""How a curve's exponent is found, and that its picture is one."""

from xml.etree import ElementTree as ET

import pytest

from benchmarks import plots, report
from benchmarks.scaling import Curve

SIZES = [10, 100, 1_000, 10_000]


def _curve(costs: list[float]) -> Curve:
    return Curve("body", "One call", "bytes", "CPU ms", SIZES, {"gateway": costs})


def test_the_exponent_is_that_of_the_upper_half() -> None:
    fixed_then_square = [5.0, 5.0, 10.0, 1_000.0]
    exponent = _curve(fixed_then_square).exponent("gateway")
    assert exponent.value == pytest.approx(2)
    assert (exponent.low, exponent.high) == (1_000, 10_000)


def test_what_does_not_depend_on_the_size_has_none() -> None:
    assert _curve([3.0] * 4).exponent("gateway").value == pytest.approx(0)


def test_the_table_ends_with_range_and_exponent() -> None:
    last = report.curve(_curve([1.0, 1.0, 1.0, 10.0])).splitlines()[-1]
    assert [cell.strip() for cell in last.split("|")[1:-1]] == [
        "exponent, 1,000 to 10,000",
        "1.00",
    ]


def test_the_picture_needs_no_script_and_is_the_same_each_time() -> None:
    curve = _curve([0.2, 1.0, 9.0, 90.0])
    drawn = plots.drawn(curve)
    assert drawn == plots.drawn(curve)
    root = ET.fromstring(drawn)  # noqa: S314 - our own
    assert not [element for element in root.iter() if "script" in str(element.tag)]
    labels = [
        "".join(element.itertext()) for element in root.iter() if str(element.tag).endswith("text")
    ]
    assert {"One call", "bytes", "CPU ms", "gateway: n^1.00 from 1k", "100", "10k", "0.1"} <= set(
        labels
    )
