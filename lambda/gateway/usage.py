"""Tokens of one call, wherever Bedrock says them."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple


class Usage(NamedTuple):
    """Anthropic's names for the counts; None until they are known.

    `cache_creation_1h_input_tokens` are those of the cache's writes that are kept for an hour; None
    where Bedrock does not tell the two lifetimes apart."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation_1h_input_tokens: int | None = None

    def updated(self, counts: Mapping[str, Any]) -> "Usage":
        """Return the usage with those of `counts` that are numbers, by Anthropic's names."""
        known = {name: counts[name] for name in _COUNTS if isinstance(counts.get(name), int)}
        by_lifetime = counts.get("cache_creation")
        an_hour = by_lifetime.get(_AN_HOUR) if isinstance(by_lifetime, Mapping) else None
        if isinstance(an_hour, int):
            known["cache_creation_1h_input_tokens"] = an_hour
        return self._replace(**known)

    def counts(self) -> dict[str, int | None]:
        """Return the counts of the audit log entry."""
        return self._asdict()


_COUNTS = Usage._fields[:4]
_AN_HOUR = "ephemeral_1h_input_tokens"
_AN_HOUR_MEMBER = re.compile(rb'"ephemeral_1h_input_tokens"\s*:\s*([0-9]{1,12})')
"""In the JSON of a message; inside a text its quotes have backslashes."""


# The same counts as Bedrock names them: in InvokeModel's response headers, in the metrics at the
# end of its stream, and in Converse's usage (API_runtime_TokenUsage).
_HEADERS = (
    "x-amzn-bedrock-input-token-count",
    "x-amzn-bedrock-output-token-count",
    "x-amzn-bedrock-cache-read-input-token-count",
    "x-amzn-bedrock-cache-write-input-token-count",
)
_METRICS = (
    "inputTokenCount",
    "outputTokenCount",
    "cacheReadInputTokenCount",
    "cacheWriteInputTokenCount",
)
_CONVERSE = ("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheWriteInputTokens")


def from_headers(headers: Mapping[str, str], body: bytes = b"") -> Usage:
    """Return the counts in the headers of a response to InvokeModel; how long a cache keeps what
    it wrote is in the `body` alone."""
    counts = {name: int(text) for name in _HEADERS if (text := headers.get(name, "")).isdecimal()}
    usage = _named(_HEADERS, counts)
    if usage.cache_creation_input_tokens and (found := _AN_HOUR_MEMBER.findall(body)):
        return usage._replace(cache_creation_1h_input_tokens=int(found[-1]))
    return usage


def from_metrics(metrics: Mapping[str, Any]) -> Usage:
    """Return the counts in `amazon-bedrock-invocationMetrics`."""
    return _named(_METRICS, metrics)


def from_converse(usage: Mapping[str, Any]) -> Usage:
    """Return the counts in Converse's `usage`:
    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html"""
    by_lifetime = usage.get("cacheDetails")
    if not isinstance(by_lifetime, list):
        return _named(_CONVERSE, usage)
    an_hour = sum(
        int(part.get("inputTokens") or 0) for part in by_lifetime if part.get("ttl") == "1h"
    )
    return _named(_CONVERSE, usage)._replace(cache_creation_1h_input_tokens=an_hour)


def _named(names: tuple[str, ...], counts: Mapping[str, Any]) -> Usage:
    values = dict(zip(_COUNTS, map(counts.get, names), strict=True))
    return Usage().updated(values)
