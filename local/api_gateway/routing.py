"""The routing of a request to a method of an API: the most specific pair of resource and verb.

A resource without the verb does not keep the request from a less specific one that has it, as
measured on AWS: https://github.com/ministackorg/ministack/pull/1423
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from local.api_gateway.definition import Method

_LITERAL, _PARAMETER, _GREEDY = range(3)


class Match(NamedTuple):
    method: Method
    parameters: Mapping[str, str]
    """Path parameters by name, percent-encoded as they came."""


def find(methods: Iterable[Method], verb: str, path: str) -> Match | None:
    """Return the method for `verb` on `path` (with its leading slash, without the stage's name)."""
    segments = _segments(path)
    best: tuple[tuple[int, ...], bool] | None = None
    match = None
    for method in methods:
        parts = _segments(method.resource)
        ranks = _ranks(parts, segments)
        if ranks is None or method.verb not in (verb, "ANY"):
            continue
        # Of one resource, a method of its own goes before ANY.
        order = ranks, method.verb == "ANY"
        if best is None or order < best:
            best, match = order, Match(method, _parameters(parts, segments))
    return match


def _segments(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def _ranks(parts: list[str], segments: list[str]) -> tuple[int, ...] | None:
    """Return how specific each part is; None if the path does not fit them."""
    ranks = tuple(_rank(part) for part in parts)
    greedy = bool(ranks) and ranks[-1] == _GREEDY
    # `{proxy+}` stands for one segment or more, never for none.
    if len(segments) < len(parts) or (len(segments) > len(parts) and not greedy):
        return None
    fits = all(r != _LITERAL or p == s for r, p, s in zip(ranks, parts, segments, strict=False))
    return ranks if fits else None


def _rank(part: str) -> int:
    if not part.startswith("{"):
        return _LITERAL
    return _GREEDY if part.endswith("+}") else _PARAMETER


def _parameters(parts: list[str], segments: list[str]) -> dict[str, str]:
    parameters = {}
    for position, part in enumerate(parts):
        match _rank(part):
            case 1:
                parameters[part[1:-1]] = segments[position]
            case 2:
                parameters[part[1:-2]] = "/".join(segments[position:])
    return parameters
