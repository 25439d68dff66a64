"""Charts as SVG that stands in the page, colored and lettered by the page's own style.

https://www.pygal.org/en/stable/documentation/configuration/
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final
from xml.etree.ElementTree import Element

import pygal  # type: ignore[import-untyped]

# For plug-ins, which there are none of, pygal adds a finder of a kind that Python warns of.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]

WIDTH, HEIGHT, ROW_HEIGHT = 560, 300, 34
_LABELS: Final = 6
_LONGEST: Final = 24
_SERIES: Final = 8
_LEFT_OUT: Final = {"style", "script", "desc", "title"}
_SCALES: Final = ((10**9, "G"), (10**6, "M"), (10**3, "k"))

Series = Mapping[str, Sequence[float]]


def over_time(title: str, days: Sequence[str], series: Series) -> str:
    """Return a bar for each day, made of the `series`, a value for each day."""
    step = max(1, -(-len(days) // _LABELS))
    chart = _chart(pygal.StackedBar, title, HEIGHT, len(series))
    labels = [_day(day) for day in days]
    chart.config.x_labels_major = labels[step // 2 :: step]
    chart.config.show_minor_x_labels = False
    return _drawn(chart, labels, series)


def bars(title: str, names: Sequence[str], series: Series, *, dollars: bool = False) -> str:
    """Return a bar lying down for each name, the first on top."""
    height = 56 + ROW_HEIGHT * len(names)
    chart = _chart(pygal.HorizontalStackedBar, title, height, len(series), dollars=dollars)
    return _drawn(
        chart,
        [short(name) for name in reversed(names)],
        {name: list(reversed(values)) for name, values in series.items()},
    )


def short(name: str) -> str:
    """Return the end of an ARN, or of what is too long for a label."""
    label = name.rpartition(":assumed-role/")[2].rpartition(":")[2]
    return label if len(label) <= _LONGEST else f"…{label[1 - _LONGEST :]}"


def _day(iso: str) -> str:
    """Return the day as `26 Oct`."""
    day = date.fromisoformat(iso)
    return f"{day.day} {day:%b}"


def number(value: float) -> str:
    """Return the number as `1.5M`; in full below a thousand."""
    for scale, letter in _SCALES:
        if value >= scale:
            return f"{value / scale:.1f}".removesuffix(".0") + letter
    return f"{value:g}"


def _chart(
    kind: Callable[..., Any], title: str, height: int, series: int, *, dollars: bool = False
) -> Any:  # noqa: ANN401 - pygal has no types
    legend_rows = -(-min(series, _SERIES) // 2) if series > 1 else 0
    chart = kind(
        css=[],
        js=[],
        width=WIDTH,
        height=height + 24 * legend_rows,
        margin=8,
        margin_bottom=24 if legend_rows else 8,
        disable_xml_declaration=True,
        no_prefix=True,
        show_legend=bool(legend_rows),
        legend_at_bottom=True,
        legend_at_bottom_columns=2,
        legend_box_size=12,
        truncate_legend=_LONGEST,
        truncate_label=_LONGEST,
        print_values=False,
        max_scale=5,
        value_formatter=(lambda value: f"${value:,.2f}") if dollars else number,
    )
    chart.config.style.legend_font_size = chart.config.style.label_font_size = 14
    chart.config.style.major_label_font_size = 14
    chart.add_xml_filter(lambda root: _cleaned(root, title))
    return chart


def _drawn(chart: Any, labels: Sequence[str], series: Series) -> str:  # noqa: ANN401
    chart.x_labels = list(labels)
    for name, values in list(series.items())[:_SERIES]:
        chart.add(name, list(values))
    drawn: str = chart.render(is_unicode=True)
    return drawn


def _cleaned(root: Element, title: str) -> Element:
    """Return the SVG without pygal's own style, its script, its comments and what is for a mouse
    only."""
    for parent in list(root.iter()):
        parent.attrib.pop("id", None)  # another chart has the same
        for child in list(parent):
            tag = str(child.tag).rpartition("}")[2]
            comment = tag.startswith("<")  # of which the tag is a function
            if comment or tag in _LEFT_OUT or _for_a_mouse(child):
                parent.remove(child)
    root.set("role", "img")
    root.set("aria-label", title)
    return root


def _for_a_mouse(element: Element) -> bool:
    return bool(
        {"tooltip", "tooltip-overlay", "text-overlay"} & {*element.get("class", "").split()}
    )
