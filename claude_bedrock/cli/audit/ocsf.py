"""The report as events of the Open Cybersecurity Schema Framework, for a SIEM or a security lake:
a Compliance Finding for each statement, an API Activity for the call of each open finding and for
each change of the logging configuration.

https://schema.ocsf.io/1.5.0/classes/compliance_finding
https://schema.ocsf.io/1.5.0/classes/api_activity
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, Final, NamedTuple

from claude_bedrock.cli.audit.completeness import statement_of
from claude_bedrock.cli.audit.configuration_changes import Change
from claude_bedrock.cli.audit.controls import of_statements
from claude_bedrock.cli.audit.report import About, Report
from claude_bedrock.cli.audit.severity import IMPORTANCE, Severity
from claude_bedrock.cli.audit.statement import Statement, Verdict
from claude_bedrock.verification.finding import Finding

VERSION: Final = "1.5.0"


class EventClass(NamedTuple):
    """A class of OCSF, and its category."""

    uid: int
    name: str
    category_uid: int
    category: str


COMPLIANCE_FINDING: Final = EventClass(2003, "Compliance Finding", 2, "Findings")
API_ACTIVITY: Final = EventClass(6003, "API Activity", 6, "Application Activity")
_UNKNOWN: Final = "Unknown"
_SEVERITIES: Final[Mapping[Severity, tuple[int, str]]] = {
    "critical": (5, "Critical"),
    "high": (4, "High"),
    "medium": (3, "Medium"),
    "low": (2, "Low"),
}
_VERDICTS: Final[Mapping[Verdict, tuple[int, str]]] = {
    "pass": (1, "Pass"),
    "fail": (3, "Fail"),
    "not assessed": (0, _UNKNOWN),
}
_CHANGES: Final = {"Put": (3, "Update"), "Delete": (4, "Delete")}
_AWS_ACCOUNT: Final = 10


def events(report: Report) -> Iterator[dict[str, Any]]:
    """Yield each event, as JSON. Times are milliseconds since 1970."""
    controls = of_statements()
    for statement in report.statements:
        named = [f"{control.framework}: {control.id}" for control in controls.get(statement.id, ())]
        yield _compliance_finding(report.about, statement, named)
    for finding in report.completeness.report.outcome.findings:
        yield _call(report.about, finding)
    for change in report.history.changes:
        yield _change(report.about, change)


def _compliance_finding(about: About, statement: Statement, controls: list[str]) -> dict[str, Any]:
    status_id, status = _VERDICTS[statement.verdict]
    at = _milliseconds(about.at)
    return {
        **_base(about, COMPLIANCE_FINDING, (1, "Create"), at),
        **_severity(statement.importance.severity if statement.verdict == "fail" else None),
        "message": f"{statement.claim}: {statement.verdict}.",
        "finding_info": {
            "uid": f"{about.account}/{about.region}/{about.stage}/{about.since}/{statement.id}",
            "title": statement.claim,
            "desc": statement.words,
            "created_time": at,
            "types": ["claude-bedrock audit"],
        },
        "compliance": {
            "control": statement.id,
            "desc": statement.importance.risk,
            "standards": controls,
            "status_id": status_id,
            "status": status,
            "status_detail": statement.words,
        },
        "remediation": {"desc": statement.importance.remediation},
        "resources": [
            {"uid": about.stage, "type": "Stage of Claude on Bedrock", "region": about.region}
        ],
        "unmapped": {"applies": statement.applies, "verdict": statement.verdict},
    }


def _call(about: About, finding: Finding) -> dict[str, Any]:
    """Return the call that a finding is about. Its operation and its source are not known."""
    severity = IMPORTANCE[statement_of(finding.kind)].severity
    at = _milliseconds(finding.at or about.at)
    return {
        **_base(about, API_ACTIVITY, (99, "Invoke"), at),
        **_severity(severity),
        "message": f"{finding.kind}: {finding.detail}",
        "actor": {"user": {"name": finding.who or _UNKNOWN}},
        "api": {
            "operation": _UNKNOWN,
            "service": {"name": "bedrock-runtime"},
            "request": {"uid": finding.request_id or _UNKNOWN},
        },
        "src_endpoint": {"name": _UNKNOWN},
        "resources": [{"uid": finding.model_id or _UNKNOWN, "type": "AWS::Bedrock::Model"}],
        "unmapped": {"finding": finding.as_data()},
    }


def _change(about: About, change: Change) -> dict[str, Any]:
    activity = next(
        (each for verb, each in _CHANGES.items() if change.what.startswith(verb)), (99, "Other")
    )
    status = (2, "Failure") if change.refused else (1, "Success")
    at = _milliseconds(change.at)
    return {
        **_base(about, API_ACTIVITY, activity, at),
        **_severity(None),
        "message": f"{change.what} by {change.by or _UNKNOWN}",
        "status_id": status[0],
        "status": status[1],
        **({"status_code": change.refused} if change.refused else {}),
        "actor": {"user": {"uid": change.by or _UNKNOWN}},
        "api": {
            "operation": change.what,
            "service": {"name": "bedrock"},
            "request": {"uid": change.event_id},
        },
        "src_endpoint": _source(change.source_ip),
    }


def _base(
    about: About, event_class: EventClass, activity: tuple[int, str], time: int
) -> dict[str, Any]:
    """Return what every event has, of an activity by its number and name."""
    activity_id, activity_name = activity
    return {
        "metadata": {
            "version": VERSION,
            "profiles": ["cloud"],
            "product": {
                "name": "claude-bedrock audit",
                "vendor_name": "Claude on Bedrock",
                "version": about.version,
            },
        },
        "class_uid": event_class.uid,
        "class_name": event_class.name,
        "category_uid": event_class.category_uid,
        "category_name": event_class.category,
        "activity_id": activity_id,
        "activity_name": activity_name,
        "type_uid": event_class.uid * 100 + activity_id,
        "type_name": f"{event_class.name}: {activity_name}",
        "time": time,
        "cloud": {
            "provider": "AWS",
            "region": about.region,
            "account": {"uid": about.account, "type_id": _AWS_ACCOUNT, "type": "AWS Account"},
        },
    }


def _severity(severity: Severity | None) -> dict[str, Any]:
    """Return that of what went wrong; `Informational` for what did not."""
    severity_id, name = _SEVERITIES[severity] if severity else (1, "Informational")
    return {"severity_id": severity_id, "severity": name}


def _source(address: str) -> dict[str, str]:
    """Return the endpoint that CloudTrail names: an address, or the service that called."""
    try:
        return {"ip": str(ip_address(address))}
    except ValueError:
        return {"svc_name": address or _UNKNOWN}


def _milliseconds(moment: str) -> int:
    """Return an ISO 8601 time, UTC where it names no zone, as OCSF's `timestamp_t`."""
    at = datetime.fromisoformat(moment)
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
