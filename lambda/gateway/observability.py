"""The function's audit lines, metrics and reports of defects.

Metrics and defects go through Powertools. Audit lines do not: they are evidence, and depend on no
log level and on no import.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from gateway import audit, request_context
from gateway.errors import (
    BudgetExceeded,
    BudgetsUnavailable,
    GatewayError,
    SessionUnavailable,
    TokenRateExceeded,
)
from gateway.request_context import RequestContext

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.metrics import EphemeralMetrics

_TOKENS = {"InputTokens": "input_tokens", "OutputTokens": "output_tokens"}
_BUDGET_STATES = {  # see gateway.call_budgets, which a stage without budgets does not import
    "refused": "BudgetRefusals",
    "unavailable": "BudgetTableErrors",
    "unsettled": "BudgetTableErrors",
}
_OWN_ERRORS: Mapping[type[GatewayError], str] = {
    SessionUnavailable: "CallerSessionErrors",
    BudgetsUnavailable: "ServerErrors",
    BudgetExceeded: "ClientErrors",
    TokenRateExceeded: "ClientErrors",
}
_UPSTREAM = (request_context.UPSTREAM_ERROR, request_context.INTERRUPTED)
_ENCODER = json.JSONEncoder(separators=(",", ":"), default=str)


@cache
def prepare(stage: str) -> None:
    """Import Powertools, the costliest part of a start. Best called while nobody waits for us."""
    import logging  # noqa: PLC0415 - a part of what is put off

    _logger()
    _metrics(stage)
    # The log lines do not say where they come from, which saves time: the manual's own advice,
    # https://docs.python.org/3/howto/logging.html#optimization
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None


@cache
def _logger() -> Logger:
    from aws_lambda_powertools import Logger  # noqa: PLC0415 - see prepare

    return Logger(location=None, json_deserializer=str)  # our messages are words, logged from here


@cache
def _metrics(stage: str) -> EphemeralMetrics:
    from aws_lambda_powertools.metrics import EphemeralMetrics  # noqa: PLC0415 - see prepare

    return EphemeralMetrics(default_dimensions={"stage": stage})


def log_audit(context: RequestContext) -> None:
    """Write the audit log entry of a request, without prompt, in the form of Powertools' lines."""
    line = {
        "level": "INFO",
        "message": "audit",
        "timestamp": _timestamp(),
        "service": os.environ.get("POWERTOOLS_SERVICE_NAME", "gateway"),
        "audit": audit.entry(context),
    }
    if trace := os.environ.get("_X_AMZN_TRACE_ID", ""):
        line["xray_trace_id"] = trace.partition(";")[0].removeprefix("Root=")
    print(_ENCODER.encode(line), flush=True)  # noqa: T201


def _timestamp() -> str:
    now = time.time()
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now))
    return f"{moment},{int(now * 1000) % 1000:03d}+0000"


def log_defect(error: Exception, request_id: str) -> None:
    """Log files and lines where the gateway's own code failed, never the error's text, which may
    quote a body."""
    import traceback  # noqa: PLC0415 - see prepare

    frames = traceback.extract_tb(error.__traceback__)
    where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    details = {"gateway_request_id": request_id, "error": type(error).__name__, "where": where}
    _logger().error("defect", extra=details)


def count(context: RequestContext) -> None:
    """Write the request's metrics, in CloudWatch's embedded metric format."""
    counted = _counted(context)
    metrics = {name: {"Unit": unit, "Value": [float(value)]} for name, unit, value in counted}
    # EMF is read from stdout; Lambda freezes the process before a buffer would be written.
    print(json.dumps(_metrics(context.settings.stage).serialize_metric_set(metrics)), flush=True)  # noqa: T201


def _counted(context: RequestContext) -> Iterator[tuple[str, str, int]]:
    """Yield name, CloudWatch's unit and value of each."""
    call = context.call
    yield "Requests", "Count", 1
    if failure := _failure(context.outcome, context.error):
        yield failure, "Count", 1
    first_byte_ms = audit.first_byte_ms(context)
    if first_byte_ms is not None and call.bedrock_request_id:
        yield "FirstByteLatency", "Milliseconds", first_byte_ms
    if call.changes:
        yield "Adapted", "Count", 1
    if len(call.attempts) > 1:
        yield "Retries", "Count", len(call.attempts) - 1
    for name, field in _TOKENS.items():
        if (tokens := getattr(call.usage, field)) is not None:
            yield name, "Count", tokens
    if context.budgets is not None:
        if metric := _BUDGET_STATES.get(context.budgets.state):
            yield metric, "Count", 1
        if context.budgets.alerts:
            yield "BudgetAlerts", "Count", context.budgets.alerts


def _failure(outcome: str, error: GatewayError | None) -> str:
    if outcome == request_context.FAILED:
        return "ServerErrors"
    if error is None:
        return ""
    if name := _OWN_ERRORS.get(type(error)):
        return name
    if error.status == 429:
        return "BedrockThrottles"
    if outcome in _UPSTREAM and (error.status >= 500 or error.status == 403):  # 403: our role's
        return "UpstreamErrors"
    return "ClientErrors"
