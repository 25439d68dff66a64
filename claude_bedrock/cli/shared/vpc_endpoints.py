"""The VPC endpoints that a stage's functions need, by the stage's block in cdk.json."""

from collections.abc import Mapping
from typing import Any

from claude_bedrock.catalog.endpoint_services import GATEWAYS
from claude_bedrock.cli.shared.cdk_json import value_at

NETWORK = "endpoint.network.functions"
_ALWAYS = ("bedrock", "bedrock-runtime", "cloudformation", "kms", "logs", "s3", "sns", "ssm")


def needed_services(block: Mapping[str, Any]) -> list[str]:
    """Return the services whose endpoints the functions need; none, where they run in Lambda's own
    network."""
    if not value_at(block, NETWORK):
        return []
    plans = value_at(block, "callers.plans") or {}
    has_keys = value_at(block, "callers.auth", "key") == "key"
    sets_log_role = value_at(block, "account.api_log_role", "leave") != "leave"
    limits_tokens = any(plan.get("tokens_per_minute") for plan in plans.values())
    features = {
        "apigateway": has_keys or sets_log_role,
        "athena": value_at(block, "evidence.audit_entry_table", False),
        "dynamodb": value_at(block, "callers.budgets") is not None or limits_tokens,
        "lambda": value_at(block, "logging.auto_restore_logging", False),
        "sts": value_at(block, "callers.caller_sessions", True),
        "xray": bool(value_at(block, "endpoint.tracing")),
    }
    return sorted([*_ALWAYS, *(service for service, is_on in features.items() if is_on)])


def interface_endpoints(block: Mapping[str, Any]) -> int:
    """Return how many endpoints the stage creates that cost by the hour, in each subnet."""
    if value_at(block, f"{NETWORK}.endpoints") != "create":
        return 0
    return len(set(needed_services(block)) - {*GATEWAYS})
