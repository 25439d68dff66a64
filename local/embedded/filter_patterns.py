"""Filter patterns of FilterLogEvents as CloudWatch Logs takes them: a phrase in quotes, whose case
counts, or a regular expression of its own syntax. MiniStack takes both for words. Another pattern
is refused, since it would be evaluated otherwise than by AWS.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/regex-expressions.html
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from ministack.core.responses import error_response_json  # type: ignore[import-untyped]
from ministack.services import cloudwatch_logs  # type: ignore[import-untyped]

Matches = Callable[[str], bool]
Reply = tuple[int, Mapping[str, str], bytes]

LONGEST: Final = 1024
"""Characters: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html"""
_REGEX: Final = re.compile(r"%([A-Za-z0-9:_#=@/;,\-^$?\[\]{}|\\*+. ]+)%")
"""What a regular expression may hold; it has neither groups nor multibyte characters."""
_PHRASE: Final = re.compile(r'"([^"\\]+)"')


def add() -> None:
    """Teach MiniStack these patterns, and to refuse others; before it starts."""
    cloudwatch_logs._compile_filter_pattern = compiled
    cloudwatch_logs._filter_log_events = _with_refusals(cloudwatch_logs._filter_log_events)


def compiled(pattern: str) -> Matches:
    """Return whether a message matches the pattern. Raises ValueError for one that AWS refuses, or
    that this module does not evaluate."""
    if len(pattern) > LONGEST:
        raise ValueError(f"a filter pattern has at most {LONGEST} characters")
    if not pattern:
        return lambda _: True
    if phrase := _PHRASE.fullmatch(pattern):
        return lambda message: phrase[1] in message
    if not (syntax := _REGEX.fullmatch(pattern)):
        raise ValueError("Invalid filter pattern")
    try:
        regex = re.compile(syntax[1], re.ASCII)
    except re.error as error:
        raise ValueError("Invalid filter pattern") from error
    return lambda message: regex.search(message) is not None


def _with_refusals(filter_log_events: Callable[[Any], Reply]) -> Callable[[Any], Reply]:
    def filtered(request: Mapping[str, Any]) -> Reply:
        try:
            compiled(request.get("filterPattern", ""))
        except ValueError as error:
            refusal: Reply = error_response_json("InvalidParameterException", str(error), 400)
            return refusal
        return filter_log_events(request)

    return filtered
