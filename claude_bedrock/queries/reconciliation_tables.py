"""The tables that reconciliation.sql joins, and the texts of its queries.

`calls` has a row for each call in an audit entry, and one for an entry without a call of Bedrock
(`expected` is `without_bedrock`); `records` one for each record that was read, in whichever
destination. What only the catalog and the stage's settings know of a model, a Region or a principal
are tables of a few rows. Types are those that DuckDB and Athena share.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

CALLER_SEPARATOR: Final = "\x1f"
"""Between the values of `caller`; a value of metadata cannot hold it."""
_TEXT, _NUMBER, _TIME, _TRUTH = "VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN"
TABLES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "calls": {
            "seq": _NUMBER,
            "request_id": _TEXT,
            "happened_at": _TIME,
            "model_id": _TEXT,
            "expected": _TEXT,
            "completed": _TRUTH,
            "profile_arn": _TEXT,
            "caller": _TEXT,
            "who": _TEXT,
        },
        "records": {
            "seq": _NUMBER,
            "destination": _NUMBER,
            "request_id": _TEXT,
            "happened_at": _TIME,
            "model_id": _TEXT,
            "identity": _TEXT,
            "answered_in": _TEXT,
            "failed": _TRUTH,
            "has_metadata": _TRUTH,
            "caller": _TEXT,
            "session_fault": _TEXT,
            "content": _TEXT,
            "digest": _TEXT,
            "input_token": _TEXT,
            "input_path": _TEXT,
            "output_token": _TEXT,
            "output_path": _TEXT,
        },
        "unreadable": {
            "seq": _NUMBER,
            "destination": _NUMBER,
            "request_id": _TEXT,
            "source": _TEXT,
            "happened_at": _TIME,
            "earliest": _TIME,
            "fault": _TEXT,
        },
        "objects": {"path": _TEXT, "size": _NUMBER, "etag": _TEXT, "checksum": _TEXT},
        "bodies": {"path": _TEXT, "digest": _TEXT},
        "identities": {
            "identity": _TEXT,
            "is_gateway": _TRUTH,
            "is_direct": _TRUTH,
            "principal": _TEXT,
        },
        "models": {
            "model_id": _TEXT,
            "tail": _TEXT,
            "name": _TEXT,
            "base_name": _TEXT,
            "regions": _TEXT,
        },
        "regions": {"region": _TEXT, "is_allowed": _TRUTH},
    }
)


DIRECT_CALLS: Final = """
INSERT INTO calls
SELECT
  seq, request_id, happened_at, model_id, CASE WHEN failed THEN 'refused' ELSE 'record' END,
  NOT failed, '', repeat(chr(31), 5) || identity, identity
FROM records
WHERE seq IN (SELECT min(seq) FROM records GROUP BY request_id)
"""
"""The calls of a stage without an endpoint: each stands for the record that is read first. Its
other copy, its prompt and its completion are due. AWS does not say what a record of a failed call
holds."""
_FOLDER: Final = Path(__file__).parent


def reconciliation(since: float, until: float, settled: float, *, has_gateway: bool = True) -> str:
    """Return the statement for a window, in seconds since 1970; of a stage without an endpoint no
    record is held against an entry."""
    window = {"since": since, "until": until, "settled": settled}
    moments = {name: f"CAST({moment!r} AS DOUBLE)" for name, moment in window.items()}
    return _statement("reconciliation").format(
        **moments, has_gateway="true" if has_gateway else "false", attribution=_attribution()
    )


def known_calls() -> str:
    """Return the query for all calls that were read: `request_id`, `happened_at`, `model_id`,
    `who`, `expected`, `has_record` and `caller`."""
    return _statement("known_calls").format(attribution=_attribution())


def _attribution() -> str:
    return _statement("attribution").rstrip()


def _statement(name: str) -> str:
    return (_FOLDER / f"{name}.sql").read_text()
