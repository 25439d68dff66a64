"""What the function tells its operator: audit lines and metrics, through Powertools."""

import json
import traceback
from functools import cache

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from gateway import audit
from gateway.errors import GatewayError

_TOKENS = {"InputTokens": "input_tokens", "OutputTokens": "output_tokens"}
_UPSTREAM = (audit.UPSTREAM_ERROR, audit.INTERRUPTED)


@cache
def _logger() -> Logger:
    return Logger(location=None, json_deserializer=str)  # our messages are words, logged from here


@cache
def _metrics(stage: str) -> EphemeralMetrics:
    return EphemeralMetrics(default_dimensions={"stage": stage})


def log_audit(record: audit.Record) -> None:
    """One line per request, prompt-free."""
    _logger().info("audit", extra={"audit": record.line()})


def log_defect(error: Exception, request_id: str) -> None:
    """Where our code failed: files and lines, never the error's text, which may quote a body."""
    frames = traceback.extract_tb(error.__traceback__)
    where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    details = {"gateway_request_id": request_id, "error": type(error).__name__, "where": where}
    _logger().error("defect", extra=details)


def count(record: audit.Record, stage: str) -> None:
    """The request's metrics, in CloudWatch's embedded metric format."""
    metrics = _metrics(stage)
    metrics.clear_metrics()
    metrics.add_metric("Requests", MetricUnit.Count, 1)
    if failure := _failure(record.outcome, record.error):
        metrics.add_metric(failure, MetricUnit.Count, 1)
    if record.first_byte_ms is not None and record.bedrock_request_id:
        metrics.add_metric("FirstByteLatency", MetricUnit.Milliseconds, record.first_byte_ms)
    if record.changes:
        metrics.add_metric("Adapted", MetricUnit.Count, 1)
    if record.earlier_attempts:
        metrics.add_metric("Retries", MetricUnit.Count, len(record.earlier_attempts))
    for name, field in _TOKENS.items():
        if (tokens := getattr(record.usage, field)) is not None:
            metrics.add_metric(name, MetricUnit.Count, tokens)
    # EMF is read from stdout; Lambda freezes the process before a buffer would be written.
    print(json.dumps(metrics.serialize_metric_set()), flush=True)  # noqa: T201


def _failure(outcome: str, error: GatewayError | None) -> str:
    if outcome == audit.FAILED:
        return "ServerErrors"
    if error is None:
        return ""
    if error.status == 429:
        return "Throttles"
    if outcome in _UPSTREAM and (error.status >= 500 or error.status == 403):  # 403: our role's
        return "UpstreamErrors"
    return "ClientErrors"
