"""The keys of a stage block before they were grouped, and where each of them is now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from stacks.stage.block import Stage
from stacks.stage.keys import groups_in

_OTHER_NAMES: Final = {
    "route": "models.geography",
    "fallback_routes": "models.fallback_geographies",
    "models": "models.allow",
    "adapt": "endpoint.unsupported_fields",
    "other_callers": "callers.allowed_direct_callers",
    "restore_logging": "logging.auto_restore_logging",
    "account": "account.id",
}
_SAME_NAMES: Final = (
    *("residency", "data_retention", "guardrail", "service_tiers"),
    *("cors_origins", "max_body_bytes", "ping_seconds", "reserved_concurrency"),
    *("auth", "api_keys", "throttle", "quota", "plans", "teams", "team_profiles_available"),
    *("short_term_bearer_tokens", "retention_days", "keep_logs_on_destroy", "object_lock"),
    *("record_access_log", "existing_logging", "existing_logging_role", "athena_scan_limit_mb"),
    *("verify_hourly", "canary", "tags", "roles", "alarm_email", "no_alarm_email_reason"),
)
VALUES: Final = {"adapt": {"lenient": "drop", "strict": "reject"}}
"""Old key -> old value -> new value."""


def _paths() -> Iterator[tuple[str, str]]:
    """Yield the path of each key of a group, with the key's own name: no two groups have a key of
    the same name."""
    for group, field in Stage.model_fields.items():
        for inner in groups_in(field.annotation):
            yield from ((name, f"{group}.{name}") for name in inner.model_fields)


PATHS: Final[Mapping[str, str]] = dict(_paths())
"""The name of a key in a group -> its path."""
NEW_PATHS: Final[Mapping[str, str]] = _OTHER_NAMES | {name: PATHS[name] for name in _SAME_NAMES}
"""Old key -> the path of the new one."""


def old_keys(block: Mapping[str, Any]) -> list[str]:
    """Return the keys that stand in the block as they did before there were groups."""
    return [key for key in NEW_PATHS if key in block and not _is_new(key, block[key])]


def _is_new(key: str, value: object) -> bool:
    """Return whether a key that is a group today, too, has a value that the group takes."""
    return key in Stage.model_fields and (key == "models" or not isinstance(value, str | None))


def rewrite(block: Mapping[str, Any]) -> dict[str, Any]:
    """Return the old block in the new form, its keys in the order of the groups; a new one as it
    is."""
    old = old_keys(block)
    if not old:
        return dict(block)
    values: dict[str, Any] = {key: value for key, value in block.items() if key not in old}
    if isinstance(values.get("models"), list):
        old.append("models")
    for key in old:
        group, _, name = NEW_PATHS[key].partition(".")
        value = VALUES.get(key, {}).get(block[key], block[key]) if key in VALUES else block[key]
        inside = values.get(group)
        values[group] = {**(inside if isinstance(inside, dict) else {}), name: value}
    return _in_order(values)


def _in_order(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the groups and their keys in the order of the types; a `models` of names alone as a
    list."""
    ordered: dict[str, Any] = {}
    for group, field in Stage.model_fields.items():
        if group not in values:
            continue
        value = values[group]
        inner = next(groups_in(field.annotation), None)
        if inner is not None and isinstance(value, dict):
            known = [name for name in inner.model_fields if name in value]
            value = {name: value[name] for name in [*known, *(set(value) - set(known))]}
        ordered[group] = value["allow"] if group == "models" and list(value) == ["allow"] else value
    return {**ordered, **{key: value for key, value in values.items() if key not in ordered}}
