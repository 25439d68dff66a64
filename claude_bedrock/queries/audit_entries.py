"""The table `audit_entries`: audit log entries, which Firehose writes as Parquet, and its columns.

What an entry says, field by field: docs/operations.md. Firehose writes no field without a column:
https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html
"""

from collections.abc import Iterator
from typing import Final

from claude_bedrock.queries.schema import NUMBER, TEXT, Fields, hive_type

NAME: Final = "audit_entries"
PREFIX: Final = "audit-entries/"
"""What keys of the files begin with; the hour follows, as in `schema.HOUR_FORMAT`."""
ERROR_PREFIX: Final = "audit-entry-errors/"
"""What keys of entries begin with that Firehose could not convert."""
FILTER_PATTERN: Final = '{ $.audit.gateway_request_id = "*" }'
"""Takes the entries out of a log group that has metrics and Lambda's own lines too. It is as the
CDK's `FilterPattern.exists` writes it:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html"""
_TRUTH: Final = "boolean"
_ATTEMPT: Final[Fields] = {
    "model_id": TEXT,
    "bedrock_request_id": TEXT,
    "upstream": TEXT,
    "upstream_status": NUMBER,
    "upstream_reached": _TRUTH,
    "upstream_complete": _TRUTH,
    "inference_profile_arn": TEXT,
    "error_cause": TEXT,
    "error_reason": TEXT,
}
"""Fields of an attempt at Bedrock: the last one's are the entry's own."""
AUDIT: Final[Fields] = {
    "gateway_request_id": TEXT,
    "api_key_id": TEXT,
    "api_key_name": TEXT,
    "caller": TEXT,
    "token_issuer": TEXT,
    "team": TEXT,
    "caller_arn": TEXT,
    "route": TEXT,
    "model": TEXT,
    "stream": _TRUTH,
    "service_tier": TEXT,
    "project_id": TEXT,
    "status": NUMBER,
    "outcome": TEXT,
    "error_type": TEXT,
    "error_message": TEXT,
    "adapted": f"array<{TEXT}>",
    "request_bytes": NUMBER,
    "response_bytes": NUMBER,
    "session_ms": NUMBER,
    "first_byte_ms": NUMBER,
    "duration_ms": NUMBER,
    "input_tokens": NUMBER,
    "output_tokens": NUMBER,
    "cache_read_input_tokens": NUMBER,
    "cache_creation_input_tokens": NUMBER,
    "cache_creation_1h_input_tokens": NUMBER,
    "budgets_state": TEXT,
    "budgets_cause": TEXT,
    "budgets_price": TEXT,
    **_ATTEMPT,
}
"""Field of an entry -> type; `earlier_attempts` is a list of attempts."""
WITHOUT_COLUMN: Final = frozenset({"budgets", "budgets_reserve_ms", "budgets_settle_ms"})
"""What a budget has of a call stays in the log group, which the verification reads."""


def hive_columns() -> Iterator[tuple[str, str]]:
    """Yield name and type of each column, as the Glue catalog takes them."""
    attempts = f"array<{hive_type(_ATTEMPT)}>"
    yield "timestamp", TEXT
    yield "audit", hive_type({**AUDIT, "earlier_attempts": attempts})
