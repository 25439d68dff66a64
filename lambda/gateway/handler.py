"""The doorman: the one place that knows both Lambda and the routes, and the one exit for errors."""

import os
from functools import cache, partial
from typing import Any

from gateway import audit, cors, errors, observability, request, routes, settings, signing
from gateway.audit import Record, RecordedResponse
from gateway.error_formats import ErrorFormat
from gateway.request import Request
from gateway.retries import Retries
from gateway.runtime import CallerGone, Context, Response
from gateway.service import Service
from gateway.settings import Settings
from gateway.upstream import Upstream


def initialize() -> None:
    """What a cold start does before the first request; fails with the name of a bad variable."""
    _settings()
    _upstream()


def handle(event: dict[str, Any], context: Context, response: Response) -> None:
    """Answer one API Gateway event; every end of it is one audit line."""
    service = Service(_settings(), _upstream(), context.remaining, response.look, _retries())
    incoming = request.from_event(event)
    del event  # the body in it may be large
    serve(incoming, response, service)


def serve(incoming: Request, response: Response, service: Service) -> None:
    """Route, answer, turn whatever is raised into the caller's error, and record it."""
    name = service.settings.api_key_names.get(incoming.api_key_id) or incoming.api_key_name
    record = Record(incoming, name, service.team_of(name))
    recorded = RecordedResponse(response, record, cors.headers(incoming, service.settings))
    try:
        _dispatch(incoming, recorded, record, service)
    except CallerGone:
        record.outcome = audit.CALLER_GONE
    finally:
        observability.log_audit(record)
        observability.count(record, service.settings.stage)


def _dispatch(
    incoming: Request, response: RecordedResponse, record: Record, service: Service
) -> None:
    route = routes.find(incoming.method, incoming.path)
    record.route = route.name
    try:
        incoming.check_headers()
        route.answer(incoming._replace(parameters=route.parameters), response, record, service)
    except errors.GatewayError as error:
        _answer(error, route.errors, response, record)
    except CallerGone:
        raise
    except Exception as error:  # noqa: BLE001 - the one broad except: a defect is an answer too
        observability.log_defect(error, incoming.id)
        defect = errors.GatewayError("The gateway failed. Try again.")
        _answer(defect, route.errors, response, record)
        record.outcome = audit.FAILED


def _answer(
    error: errors.GatewayError, written: ErrorFormat, response: RecordedResponse, record: Record
) -> None:
    record.error = error
    record.outcome = _outcome(response, record)
    if not response.started:
        answer = written.answer(error, record.request_id)
        response.start(answer.status, answer.headers)
        response.write(answer.body)
    elif response.content_type == written.stream_type:
        response.write(written.in_stream(error, record.request_id))


def _outcome(response: RecordedResponse, record: Record) -> str:
    if response.started:
        return audit.INTERRUPTED
    return audit.UPSTREAM_ERROR if record.asked else audit.REFUSED


@cache
def _settings() -> Settings:
    return settings.load(os.environ)


@cache
def _upstream() -> Upstream:
    told = _settings()
    meanwhile = partial(observability.prepare, told.stage)
    return Upstream(told.endpoint, signing.Signer(told.region), meanwhile)


@cache
def _retries() -> Retries:
    return Retries()
