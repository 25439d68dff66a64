"""A check of one fact, and what it comes to."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from claude_bedrock.cli.smoke.deployed_stage import Subject

Verdict = Literal["pass", "fail", "not assessed"]
EMBEDDED = "The embedded AWS tells nothing of this about AWS."


class Finding(NamedTuple):
    """`text` is a sentence; `measured` is what a maintainer wants to know of AWS, as JSON."""

    verdict: Verdict
    text: str
    measured: Mapping[str, Any] = MappingProxyType({})


class Check(NamedTuple):
    """`fact` is what the check settles, `source` is where it is documented or in doubt.

    `is_local` says that the check means something in local mode, too; `upstream`, that only a
    stage whose messages go that way is checked; `output`, that only one whose Observability stack
    has that output is; `body_bytes`, that it sends a body so large.
    `judge` may raise botocore's errors and RefusedError."""

    name: str
    fact: str
    source: str
    judge: Callable[[Subject], Finding]
    is_local: bool = True
    upstream: str = ""
    body_bytes: int = 0
    output: str = ""


class Result(NamedTuple):
    """A check, and what it came to on one stage."""

    check: Check
    finding: Finding


def passed(text: str, **measured: object) -> Finding:
    return Finding("pass", text, measured)


def failed(text: str, **measured: object) -> Finding:
    return Finding("fail", text, measured)


def not_assessed(text: str, **measured: object) -> Finding:
    return Finding("not assessed", text, measured)


def exit_code(results: Sequence[Result]) -> int:
    """Return 1 if a check failed, else 2 if one was not assessed, else 0."""
    verdicts = {result.finding.verdict for result in results}
    if "fail" in verdicts:
        return 1
    return 2 if "not assessed" in verdicts else 0
