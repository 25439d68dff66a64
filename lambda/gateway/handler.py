"""The entry point of the function: Lambda's event in, one response and one audit log entry out.

It is the only module that knows both Lambda and the routes, and the one exit for errors."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from gateway import errors, observability, request, request_context, routes, settings, signing
from gateway.error_formats import ErrorFormat
from gateway.request_context import RequestContext
from gateway.retries import RetryBudget
from gateway.runtime import ClientDisconnected, Context, Response
from gateway.settings import Settings
from gateway.upstream import Upstream

if TYPE_CHECKING:
    from gateway.budgets import Budgets
    from gateway.call_budgets import CallBudgets
    from gateway.caller_sessions import CallerSessions


def initialize() -> None:
    """Do what a cold start does before the first request; fail with the name of a bad variable."""
    _settings()
    _upstream()
    _sessions()
    _budgets()


def handle(event: dict[str, Any], context: Context, response: Response) -> None:
    """Answer one API Gateway event, and write one audit log entry however it ends."""
    incoming = request.from_event(event)
    del event  # the body in it may be large
    remaining = context.remaining()
    serve(
        RequestContext(
            incoming,
            response,
            _settings(),
            _upstream(),
            _retry_budget(),
            remaining=remaining,
            sessions=_sessions(),
            budgets=_budgets(),
        )
    )


def serve(context: RequestContext) -> None:
    """Route and answer a request, and log how it ended."""
    try:
        _dispatch(context)
    except ClientDisconnected:
        context.outcome = request_context.CLIENT_DISCONNECTED
    finally:
        if context.session is not None:
            context.session.finish()
        if context.budgets is not None:
            _settle(context.budgets, context)
        observability.log_audit(context)
        observability.count(context)


def _dispatch(context: RequestContext) -> None:
    """Call the route; turn what it raises into an error in the format of the client."""
    route = routes.find(context.request.method, context.request.path)
    context.route, context.parameters = route.name, route.parameters
    try:
        context.request.check_headers()
        route.handler(context)
    except errors.GatewayError as error:
        _send_error(error, route.error_format, context)
    except ClientDisconnected:
        raise
    except Exception as error:  # noqa: BLE001 - the one broad except: a defect is an answer too
        observability.log_defect(error, context.request.id)
        defect = errors.GatewayError("The gateway failed. Try again.")
        _send_error(defect, route.error_format, context)
        context.outcome = request_context.FAILED


def _settle(budgets: CallBudgets, context: RequestContext) -> None:
    """Settle the call's budgets once its response has ended: no client waits for it."""
    try:
        with suppress(ClientDisconnected):
            context.response.end()
        budgets.settle()
    except Exception as error:  # noqa: BLE001 - the audit log entry is written whatever happens
        observability.log_defect(error, context.request.id)


def _send_error(
    error: errors.GatewayError, error_format: ErrorFormat, context: RequestContext
) -> None:
    """Send the error as a response or, if the response has started, as the end of its stream."""
    response = context.response
    context.error = error
    context.outcome = _outcome(context)
    if not response.is_started:
        status, headers, body = error_format.response(error, response.request_id)
        response.start(status, headers)
        response.write(body)
    elif response.content_type == error_format.stream_type:
        response.write(error_format.stream_event(error, response.request_id))


def _outcome(context: RequestContext) -> str:
    if context.response.is_started:
        return request_context.INTERRUPTED
    if context.call.attempts:
        return request_context.UPSTREAM_ERROR
    return request_context.REFUSED


@cache
def _settings() -> Settings:
    return settings.load(os.environ)


@cache
def _upstream() -> Upstream:
    loaded = _settings()
    on_request_sent = partial(observability.prepare, loaded.stage)
    return Upstream(loaded.endpoint, signing.Signer(loaded.region), on_request_sent)


@cache
def _sessions() -> CallerSessions | None:
    """Import them where the stage has them: one without pays nothing for them."""
    loaded = _settings()
    if not loaded.caller_role_arn:
        return None
    from gateway.aws_service import AwsService  # noqa: PLC0415
    from gateway.caller_sessions import CallerSessions  # noqa: PLC0415

    signer = signing.Signer(loaded.region, service="sts")
    return CallerSessions(loaded, AwsService("AWS STS", loaded.sts_endpoint, signer))


@cache
def _budgets() -> Budgets | None:
    """Return the stage's budgets; None, and no import, for a stage without any."""
    loaded = _settings()
    if not loaded.budgets_table:
        return None
    from gateway import budgets  # noqa: PLC0415 - see above

    return budgets.from_settings(loaded)


@cache
def _retry_budget() -> RetryBudget:
    return RetryBudget()
