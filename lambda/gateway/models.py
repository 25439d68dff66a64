"""`GET /v1/models`: the models this stage allows, as Anthropic's Models API lists them.

https://platform.claude.com/docs/en/api/models-list
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from claude_bedrock import catalog
from claude_bedrock.catalog import capabilities, message_fields
from gateway import errors
from gateway.model_resolution import today
from gateway.request_context import RequestContext
from gateway.settings import Settings

_DEFAULT_LIMIT, _GREATEST_LIMIT = 20, 1000
_UNKNOWN_RELEASE = "1970-01-01"  # Anthropic: an epoch value if the release date is unknown
_LIFECYCLES: Final = ("active", "deprecated", "retired")
_LISTED: Final = ("active", "deprecated")  # Anthropic: retired ones only where they are asked for
_LIFECYCLE_NAMES: Final = ("lifecycle", "lifecycle[]")
_EFFORTS: Final = ("low", "medium", "high", "xhigh", "max")
_THINKING: Final = ("adaptive", "between_tools", "disabled", "enabled")
_CONTEXT_EDITS: Final = ("clear_thinking_20251015", "clear_tool_uses_20250919")


def list_models(context: RequestContext) -> None:
    """Answer with a page of them, the most recently released first, as `limit`, `after_id`,
    `before_id` and `lifecycle` say. Raises InvalidRequest."""
    query = context.request.query
    models = _matching_models(query, context.settings)
    start = _position(models, query, "after_id", 0, step=1)
    end = _position(models, query, "before_id", len(models), step=0)
    limit = _limit(query.get("limit", str(_DEFAULT_LIMIT)))
    if "before_id" in query:
        start = max(start, end - limit)
    page = models[start : min(end, start + limit)]
    has_more = start > 0 if "before_id" in query else start + limit < end
    names = [model.name for model in page]
    first, last = (names[0], names[-1]) if names else (None, None)
    entries = [_entry(model, today()) for model in page]
    context.response.send_json(
        {"data": entries, "has_more": has_more, "first_id": first, "last_id": last}
    )


def get_model(context: RequestContext) -> None:
    """Answer with one of them, by any name by which it may be called. Raises GatewayError as a call
    does."""
    resolved = context.resolve(context.parameters["id"])
    context.response.send_json(_entry(resolved.model, today()))


def _matching_models(query: Mapping[str, str], settings: Settings) -> list[catalog.Model]:
    lifecycles = _requested_lifecycles(query)
    date = today()
    models = [
        model
        for model in catalog.MODELS
        if model.name in settings.allowed_models and _lifecycle(model, date) in lifecycles
    ]
    return sorted(models, key=lambda model: model.released or "", reverse=True)


def _requested_lifecycles(query: Mapping[str, str]) -> tuple[str, ...]:
    """Return the lifecycles that the query asks for: clients separate the list by commas, or write
    brackets behind the name."""
    texts = [query[name] for name in _LIFECYCLE_NAMES if name in query]
    lifecycles = tuple(part.strip() for text in texts for part in text.split(","))
    for part in lifecycles:
        if part not in _LIFECYCLES:
            raise errors.InvalidRequest(
                "lifecycle: Input should be 'active', 'deprecated' or 'retired'"
            )
    return lifecycles or _LISTED


def _position(
    models: Iterable[catalog.Model],
    query: Mapping[str, str],
    name: str,
    default: int,
    *,
    step: int,
) -> int:
    """Return the position of the model that a cursor names, by any of its spellings."""
    if name not in query:
        return default
    cursor = catalog.find(query[name])
    for position, model in enumerate(models):
        if model is cursor:
            return position + step
    raise errors.InvalidRequest(f"{name}: No such model on this endpoint. Use an id of this list.")


def _limit(text: str) -> int:
    """Return the page size that the query asks for. Raises InvalidRequest in Anthropic's words."""
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    if not (digits.isascii() and digits.isdigit()):
        raise errors.InvalidRequest(
            "limit: Input should be a valid integer, unable to parse string as an integer"
        )
    significant = digits.lstrip("0")
    if sign or not significant:
        raise errors.InvalidRequest("limit: Input should be greater than or equal to 1")
    if len(significant) > len(str(_GREATEST_LIMIT)) or int(significant) > _GREATEST_LIMIT:
        raise errors.InvalidRequest(
            f"limit: Input should be less than or equal to {_GREATEST_LIMIT}"
        )
    return int(significant)


def _entry(model: catalog.Model, date: str) -> dict[str, Any]:
    lifecycle = _lifecycle(model, date)
    leaving = lifecycle != "active"
    return {
        "type": "model",
        "id": model.name,
        "display_name": model.display_name,
        "created_at": _time(model.released or _UNKNOWN_RELEASE),
        "lifecycle": lifecycle,
        "deprecated_at": _time(model.life.legacy) if leaving else None,
        "retires_at": _time(model.life.end_of_life) if leaving else None,
        "line": model.family,
        "max_input_tokens": model.context_tokens,
        "max_tokens": model.max_output_tokens,
        "capabilities": _capabilities(model),
        "allowed_fallback_models": [],  # Bedrock has no `fallbacks`
    }


def _lifecycle(model: catalog.Model, date: str) -> str:
    """Return the model's lifecycle in Anthropic's words: Bedrock's legacy is Anthropic's
    deprecated, served and closed to new customers."""
    if catalog.is_retired(model, date):
        return "retired"
    return "deprecated" if catalog.is_legacy(model, date) else "active"


def _time(date: str | None) -> str | None:
    return f"{date}T00:00:00Z" if date else None


def _capabilities(model: catalog.Model) -> dict[str, Any]:
    """Return the model's capabilities on Bedrock; those of Anthropic's own API alone are false."""
    row = capabilities.of(model)
    edits = message_fields.CONTEXT_MANAGEMENT in row.betas
    compacts = message_fields.COMPACT in row.betas
    thinks = bool({"adaptive", "enabled"}.intersection(row.thinking))
    return {
        "batch": _supported(False),
        "citations": _supported(True),
        "code_execution": _supported(False),
        "compaction": _supported(False, {"summarize": False}),
        "context_management": _supported(
            edits or compacts,
            {**dict.fromkeys(_CONTEXT_EDITS, edits), "compact_20260112": compacts},
        ),
        "effort": _supported(
            bool(row.efforts), {effort: effort in row.efforts for effort in _EFFORTS}
        ),
        "image_input": _supported(True),
        "pdf_input": _supported(True),
        "server_tools": _supported(False, {"code_execution": False, "web_search": False}),
        "structured_outputs": _supported(row.output_format),
        "thinking": {
            "supported": thinks,
            "types": {each: _supported(each in row.thinking) for each in _THINKING},
        },
    }


def _supported(supported: bool, parts: Mapping[str, bool] | None = None) -> dict[str, Any]:
    named = {name: _supported(each) for name, each in (parts or {}).items()}
    return {"supported": supported, **named}
