"""Curves as SVG that a page shows as a picture, both axes by powers of ten.

https://www.pygal.org/en/stable/documentation/types/xy.html
"""

from __future__ import annotations

import math
import sys
from xml.etree.ElementTree import Element

import pygal  # type: ignore[import-untyped]
from pygal.style import Style  # type: ignore[import-untyped]

from benchmarks.scaling import Curve

# For plug-ins, which there are none of, pygal adds a finder of a kind that Python warns of.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]

_STYLE = Style(
    background="#ffffff",
    plot_background="#ffffff",
    foreground="#333333",
    foreground_strong="#111111",
    foreground_subtle="#777777",
    colors=("#1f5fa8", "#8a8a8a", "#b3541e", "#2f8f5b"),
    font_family="sans-serif",
    label_font_size=13,
    major_label_font_size=13,
    legend_font_size=14,
    title_font_size=16,
    guide_stroke_color="#dddddd",
    guide_stroke_dasharray="1,0",
    major_guide_stroke_color="#dddddd",
    major_guide_stroke_dasharray="1,0",
)
_A_LITTLE = 1.05
_SCALES = ((10**9, "G"), (10**6, "M"), (10**3, "k"))


def drawn(curve: Curve) -> str:
    """Return the same SVG for the same curve."""
    across, up = _powers(curve.sizes[0], curve.sizes[-1]), _powers(*_extremes(curve))
    chart = pygal.XY(
        style=_STYLE,
        js=[],
        no_prefix=True,
        disable_xml_declaration=True,
        width=720,
        height=420,
        logarithmic=True,
        title=curve.title,
        x_title=curve.size,
        y_title=curve.unit,
        legend_at_bottom=True,
        truncate_legend=-1,
        dots_size=3,
        stroke_style={"width": 2},
        x_value_formatter=number,
        value_formatter=number,
        x_labels=across,
        xrange=(across[0], across[-1]),
        y_labels=up,
        range=(up[0], up[-1] * _A_LITTLE),  # pygal leaves out a label at the very top
    )
    for name, costs in curve.costs.items():
        exponent = curve.exponent(name)
        label = f"{name}: n^{exponent.value:.2f} from {number(exponent.low)}"
        chart.add(label, list(zip(curve.sizes, costs, strict=True)))
    chart.add_xml_filter(_without_scripts)
    svg: str = chart.render(is_unicode=True)
    return svg


def number(value: float) -> str:
    """`50k`."""
    for scale, letter in _SCALES:
        if value >= scale:
            return f"{value / scale:g}{letter}"
    return f"{value:g}"


def _extremes(curve: Curve) -> tuple[float, float]:
    costs = [cost for contender_costs in curve.costs.values() for cost in contender_costs]
    return min(costs), max(costs)


def _powers(low: float, high: float) -> list[float]:
    """Return those of ten that hold both."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    return [float(f"1e{power}") for power in range(first, last + 1)]


def _without_scripts(root: Element) -> Element:
    for parent in list(root.iter()):
        for child in list(parent):
            if str(child.tag).endswith("script"):
                parent.remove(child)
    return root
