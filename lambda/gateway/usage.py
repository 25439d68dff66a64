"""Tokens of one call, wherever Bedrock says them."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Usage(NamedTuple):
    """Anthropic's names for the counts; None until they are known."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None

    def updated(self, counts: Mapping[str, Any]) -> "Usage":
        """Return the usage with those of `counts` that are numbers, by Anthropic's names."""
        return self._replace(
            **{field: counts[field] for field in self._fields if isinstance(counts.get(field), int)}
        )


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


def from_headers(headers: Mapping[str, str]) -> Usage:
    """Return the counts in the headers of a response to InvokeModel."""
    counts = {name: int(text) for name in _HEADERS if (text := headers.get(name, "")).isdecimal()}
    return _named(_HEADERS, counts)


def from_metrics(metrics: Mapping[str, Any]) -> Usage:
    """Return the counts in `amazon-bedrock-invocationMetrics`."""
    return _named(_METRICS, metrics)


def from_converse(usage: Mapping[str, Any]) -> Usage:
    """Return the counts in Converse's `usage`."""
    return _named(_CONVERSE, usage)


def _named(names: tuple[str, ...], counts: Mapping[str, Any]) -> Usage:
    values = dict(zip(Usage._fields, map(counts.get, names), strict=True))
    return Usage().updated(values)
