"""The function's settings, read from its environment once at the cold start."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from claude_bedrock.catalog.model import SERVICE_TIERS, STANDARD_TIER

INVOKE = "invoke"
MESSAGES = "messages"

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "WARN", "FATAL", "NOTSET")
_LOG_LEVELS = {  # the last is Lambda's own
    "POWERTOOLS_LOG_LEVEL": _LEVELS,
    "LOG_LEVEL": _LEVELS,
    "AWS_LAMBDA_LOG_LEVEL": ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"),
}


class SettingsError(Exception):
    """A variable is missing or wrong; the message names it."""


class Guardrail(NamedTuple):
    """The guardrail that every call carries, since IAM refuses one without it."""

    id: str
    version: str


class Settings(NamedTuple):
    """`ping_seconds`: silence after which a stream is kept alive. `endpoint`: Bedrock's URL.

    `unsupported_fields`: whether they are left out of a body (drop) or refused (reject).
    `service_tiers`: those that a caller may name. `cors_origins`: whose pages may call.
    `caller_role_arn`: the role of the callers' sessions; empty where the gateway calls in its own.
    `sts_endpoint`: the URL of AWS STS.
    `team_profiles`: team -> id of a profile that AWS defines -> ARN of the team's own copy of it.
    `plan_models`: usage plan -> the models that its keys may call, for a plan that has a list.
    `plan_rates`: usage plan -> tokens a minute of each caller, for a plan that limits them.
    `budgets_table` is the DynamoDB table of budgets, empty for a stage without budgets and rates;
    `budget_rules` is JSON for claude_bedrock.budgets; `budgets_fail`: whether calls are refused
    (closed) or go on (open) while the table does not answer.
    `team_guardrails`: the guardrail of each team that has one.
    `messages_upstream`: whether messages go by InvokeModel or by Bedrock's own Messages path.
    """

    stage: str
    geographies: tuple[str, ...]
    region: str
    allowed_models: frozenset[str]
    max_body_bytes: int
    ping_seconds: float
    unsupported_fields: str
    api_key_names: dict[str, str]
    endpoint: str
    team_profiles: Mapping[str, Mapping[str, str]]
    guardrail: Guardrail | None
    service_tiers: tuple[str, ...] = (STANDARD_TIER,)
    cors_origins: tuple[str, ...] = ()
    plan_models: Mapping[str, frozenset[str]] = MappingProxyType({})
    caller_role_arn: str = ""
    sts_endpoint: str = ""
    plan_rates: Mapping[str, int] = MappingProxyType({})
    budgets_table: str = ""
    budget_rules: str = ""
    budgets_fail: str = "closed"
    messages_upstream: str = INVOKE
    team_guardrails: Mapping[str, Guardrail] = MappingProxyType({})

    def for_plan(self, plan: str) -> "Settings":
        """Return the settings for a caller of that usage plan: those of the stage, with the plan's
        models where it has a list."""
        models = self.plan_models.get(plan)
        return self if models is None else self._replace(allowed_models=models)

    def for_team(self, team: str) -> "Settings":
        """Return the settings for a caller of that team: those of the stage, with the team's
        guardrail where it has one."""
        guardrail = self.team_guardrails.get(team)
        return self if guardrail is None else self._replace(guardrail=guardrail)


def load(environment: Mapping[str, str]) -> Settings:
    """Return the settings of this environment. Raises SettingsError."""
    _check_log_levels(environment)
    region = _text(environment, "AWS_REGION")
    default_endpoint = f"https://bedrock-runtime.{region}.amazonaws.com"
    return Settings(
        stage=_text(environment, "STAGE"),
        geographies=tuple(_text(environment, "GEOGRAPHIES").split(",")),
        region=region,
        allowed_models=frozenset(_text(environment, "ALLOWED_MODELS").split(",")),
        max_body_bytes=int(_positive(environment, "MAX_BODY_BYTES")),
        ping_seconds=_positive(environment, "PING_SECONDS"),
        unsupported_fields=_one_of(environment, "UNSUPPORTED_FIELDS", ("drop", "reject")),
        api_key_names=_names(environment, "API_KEY_NAMES"),
        endpoint=environment.get("AWS_ENDPOINT_URL_BEDROCK_RUNTIME") or default_endpoint,
        team_profiles=_team_profiles(environment, "TEAM_PROFILES"),
        guardrail=_guardrail(environment, "GUARDRAIL"),
        service_tiers=_service_tiers(environment, "SERVICE_TIERS"),
        cors_origins=tuple(filter(None, environment.get("CORS_ORIGINS", "").split(","))),
        plan_models=_plan_models(environment, "PLAN_LIMITS"),
        caller_role_arn=_role_arn(environment, "CALLER_ROLE_ARN"),
        sts_endpoint=environment.get("AWS_ENDPOINT_URL_STS")
        or f"https://sts.{region}.amazonaws.com",
        plan_rates=_plan_rates(environment, "PLAN_LIMITS"),
        budgets_table=environment.get("BUDGETS_TABLE", ""),
        budget_rules=environment.get("BUDGET_RULES", ""),
        budgets_fail=_default_or_other(environment, "BUDGETS_FAIL", ("closed", "open")),
        team_guardrails=_team_guardrails(environment, "TEAM_GUARDRAILS"),
        messages_upstream=_default_or_other(environment, "MESSAGES_UPSTREAM", (INVOKE, MESSAGES)),
    )


def _check_log_levels(environment: Mapping[str, str]) -> None:
    """Powertools reads them when the first request has been sent: too late for a wrong one."""
    for name, levels in _LOG_LEVELS.items():
        value = environment.get(name, "")
        if value and value.upper() not in levels:
            raise SettingsError(f"{name} must be one of {', '.join(levels)}, not {value!r}")


def _text(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise SettingsError(f"{name} is not set")
    return value


def _one_of(environment: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = _text(environment, name)
    if value not in allowed:
        raise SettingsError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
    return value


def _positive(environment: Mapping[str, str], name: str) -> float:
    text = _text(environment, name)
    try:
        value = float(text)
    except ValueError as error:
        raise SettingsError(f"{name} must be a number, not {text!r}") from error
    if not 0 < value < float("inf"):
        raise SettingsError(f"{name} must be above zero, not {text!r}")
    return value


def _names(environment: Mapping[str, str], name: str) -> dict[str, str]:
    text = _text(environment, name)
    try:
        names = json.loads(text)
    except ValueError as error:
        raise SettingsError(f"{name} must be a JSON object, not {text!r}") from error
    if not isinstance(names, dict) or not all(isinstance(value, str) for value in names.values()):
        raise SettingsError(f"{name} must be a JSON object of strings, not {text!r}")
    return names


def _team_profiles(environment: Mapping[str, str], name: str) -> dict[str, dict[str, str]]:
    """A stage without teams does not set it. The ids under `profiles` are in the order of `teams`,
    which keeps it short."""
    text = environment.get(name, "")
    if not text:
        return {}
    try:
        content = json.loads(text)
        profiles: dict[str, dict[str, str]] = {team: {} for team in content["teams"]}
        for copied_id, own_ids in content["profiles"].items():
            for team, own_id in zip(content["teams"], own_ids, strict=True):
                profiles[team][copied_id] = content["arn"] + own_id
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise SettingsError(
            f"{name} must be a JSON object of arn, teams and profiles, not {text!r}"
        ) from error
    return profiles


def _plan_models(environment: Mapping[str, str], name: str) -> dict[str, frozenset[str]]:
    """A stage without such plans does not set it. Models are numbers of ALLOWED_MODELS, from 0."""
    text = environment.get(name, "")
    if not text:
        return {}
    models = _text(environment, "ALLOWED_MODELS").split(",")
    try:
        return {
            plan: frozenset(models[number] for number in limits["models"])
            for plan, limits in json.loads(text).items()
            if "models" in limits
        }
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise SettingsError(
            f"{name} must be a JSON object of plans, each with the numbers of its models, "
            f"not {text!r}"
        ) from error


def _role_arn(environment: Mapping[str, str], name: str) -> str:
    """Return the ARN; a stage without caller sessions does not set it."""
    arn = environment.get(name, "")
    if arn and (arn.count(":") != 5 or ":role/" not in arn):
        raise SettingsError(f"{name} must be the ARN of an IAM role, not {arn!r}")
    return arn


def _plan_rates(environment: Mapping[str, str], name: str) -> dict[str, int]:
    """Return the rates of the plans in a variable that `_plan_models` has read."""
    plans = json.loads(environment.get(name) or "{}")
    rates = {plan: limits.get("tokens_per_minute") for plan, limits in plans.items()}
    return {plan: rate for plan, rate in rates.items() if isinstance(rate, int)}


def _default_or_other(environment: Mapping[str, str], name: str, allowed: tuple[str, str]) -> str:
    """Return one of two values; the first where the variable is not set."""
    value = environment.get(name, allowed[0])
    if value not in allowed:
        raise SettingsError(f"{name} must be {' or '.join(allowed)}, not {value!r}")
    return value


def _team_guardrails(environment: Mapping[str, str], name: str) -> dict[str, Guardrail]:
    """A stage whose teams have none does not set it."""
    text = environment.get(name, "")
    if not text:
        return {}
    guardrails = {
        team: _guardrail({name: value}, name) for team, value in _names(environment, name).items()
    }
    return {team: guardrail for team, guardrail in guardrails.items() if guardrail is not None}


def _guardrail(environment: Mapping[str, str], name: str) -> Guardrail | None:
    text = environment.get(name)
    if not text:
        return None
    guardrail = Guardrail(*text.partition(":")[::2])
    if not all(guardrail):
        raise SettingsError(f"{name} must be ID:VERSION, not {text!r}")
    return guardrail


def _service_tiers(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Return the service tiers that the stage allows; the standard tier alone where the variable is
    not set."""
    tiers = tuple(environment.get(name, STANDARD_TIER).split(","))
    if STANDARD_TIER not in tiers or not set(tiers) <= set(SERVICE_TIERS):
        raise SettingsError(
            f"{name} must be {STANDARD_TIER}, or a list of it and others of "
            f"{', '.join(SERVICE_TIERS)}, not {environment[name]!r}"
        )
    return tiers
