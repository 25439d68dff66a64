"""The data beside the page: each file is of its published form, and in the manifest."""

import csv
import hashlib
import io
import json
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from claude_bedrock.cli.audit import ocsf, output_folder
from claude_bedrock.cli.audit.csv_tables import findings_csv, statements_csv
from claude_bedrock.cli.audit.page import page
from claude_bedrock.cli.audit.report import Report
from claude_bedrock.verification.finding import KINDS, Counts, Finding, Outcome
from tests.unit.cli.audit.made_up import HOSTILE, report

MILLION_BYTES = 1_000_000
TEXT = {"type": "string", "minLength": 1}
NUMBER = {"type": "integer"}
ONE_OF_PROFILE: dict[str, Any] = {
    "user": {"anyOf": [{"required": ["name"]}, {"required": ["uid"]}]},
    "endpoint": {"anyOf": [{"required": [name]} for name in ("ip", "name", "svc_name")]},
}
BASE: dict[str, Any] = {
    "type": "object",
    "required": [
        *("activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time"),
        *("type_uid", "cloud"),
    ],
    "properties": {
        "metadata": {
            "type": "object",
            "required": ["product", "version"],
            "properties": {
                "version": {"const": "1.5.0"},
                "profiles": {"const": ["cloud"]},
                "product": {"anyOf": [{"required": ["name"]}, {"required": ["uid"]}]},
            },
        },
        "cloud": {"type": "object", "required": ["provider"]},
        "severity_id": {"enum": [0, 1, 2, 3, 4, 5, 6, 99]},
        "time": {"type": "integer", "minimum": 1_700_000_000_000},
        "message": TEXT,
    },
}
COMPLIANCE_FINDING: dict[str, Any] = {
    "required": ["finding_info", "compliance"],
    "properties": {
        "class_uid": {"const": 2003},
        "category_uid": {"const": 2},
        "activity_id": {"enum": [0, 1, 2, 3, 99]},
        "type_uid": {"enum": [200300, 200301, 200302, 200303, 200399]},
        "finding_info": {
            "type": "object",
            "required": ["uid"],
            "properties": {"uid": TEXT, "created_time": NUMBER},
        },
        "compliance": {
            "type": "object",
            "properties": {
                "status_id": {"enum": [0, 1, 2, 3, 99]},
                "control": TEXT,
                "standards": {"type": "array", "items": TEXT},
            },
        },
        "remediation": {"type": "object", "required": ["desc"]},
    },
}
API_ACTIVITY: dict[str, Any] = {
    "required": ["actor", "api", "src_endpoint"],
    "properties": {
        "class_uid": {"const": 6003},
        "category_uid": {"const": 6},
        "activity_id": {"enum": [0, 1, 2, 3, 4, 99]},
        "type_uid": {"enum": [600300, 600301, 600302, 600303, 600304, 600399]},
        "status_id": {"enum": [0, 1, 2, 99]},
        "actor": {
            "type": "object",
            "required": ["user"],
            "properties": {"user": ONE_OF_PROFILE["user"]},
        },
        "api": {
            "type": "object",
            "required": ["operation"],
            "properties": {
                "operation": TEXT,
                "request": {"type": "object", "required": ["uid"]},
            },
        },
        "src_endpoint": ONE_OF_PROFILE["endpoint"],
    },
}
"""What version 1.5.0 requires of the two classes and their objects, and the values it has:
https://github.com/ocsf/ocsf-schema/tree/v1.5.0, events/base_event.json, events/findings/,
events/application/api_activity.json, objects/ and dictionary.json."""
EVENT = Draft202012Validator(
    {**BASE, "oneOf": [COMPLIANCE_FINDING, API_ACTIVITY], "unevaluatedProperties": True}
)


def _with_findings(number: int) -> Report:
    """Return a report of so many findings, of all kinds, by a thousand callers."""
    audit = report()
    findings = [
        Finding(
            KINDS[index % len(KINDS)],
            f"00000000-0000-0000-0000-{index:012}",
            f"2026-11-{1 + index % 30:02}T{index % 24:02}:00:00Z",
            "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
            f"arn:aws:sts::123456789012:assumed-role/application-{index % 1000}/session",
            "no record in CloudWatch Logs, and none in S3 either",
            f"s3://bucket/AWSLogs/123456789012/BedrockModelInvocationLogs/{index}.json.gz",
        )
        for index in range(number)
    ]
    callers = {finding.who: 1 for finding in findings}
    outcome = Outcome(Counts(calls=number, not_logged=number), findings, callers)
    joined = audit.completeness.report._replace(outcome=outcome, settled=tuple(findings))
    return audit._replace(completeness=audit.completeness._replace(report=joined))


def test_audit_json_is_of_its_published_schema() -> None:
    schema = json.loads(output_folder.schema())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for audit in (report(), report()._replace(previous=None), report(lost=0)):
        data = json.loads(json.dumps(audit.as_data()))
        assert [error.message for error in validator.iter_errors(data)] == []
    for wrong in ({"verdict": "ok"}, {"schema_version": 1}, {"reason": None}):
        assert not validator.is_valid({**data, **wrong})


def test_every_event_has_what_ocsf_requires_of_its_class() -> None:
    audit = _with_findings(22)
    events = list(ocsf.events(audit))

    for event in json.loads(json.dumps(events)):
        assert [error.message for error in EVENT.iter_errors(event)] == [], event
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
    compliance = [event for event in events if event["class_uid"] == 2003]
    assert [event["compliance"]["control"] for event in compliance] == [
        statement.id for statement in audit.statements
    ]
    by_verdict = {"pass": 1, "fail": 3, "not assessed": 0}
    for event, statement in zip(compliance, audit.statements, strict=True):
        assert event["compliance"]["status_id"] == by_verdict[statement.verdict]
        assert (event["severity_id"] > 1) == (statement.verdict == "fail")
    *calls, change = [event for event in events if event["class_uid"] == 6003]
    assert len({event["api"]["request"]["uid"] for event in calls}) == 22
    assert (change["activity_id"], change["src_endpoint"]) == (4, {"ip": "198.51.100.7"})


@pytest.mark.parametrize("event", [{}, {"class_uid": 6003}, {"class_uid": 2003, "compliance": {}}])
def test_the_check_of_events_refuses_what_lacks_a_field(event: dict[str, Any]) -> None:
    assert not EVENT.is_valid(event)


def test_csv_has_every_finding_with_its_state_and_no_formula() -> None:
    audit = report()
    formula = audit.completeness.report.outcome.findings[0]._replace(who='=HYPERLINK("x")')
    outcome = audit.completeness.report.outcome._replace(findings=[formula])
    joined = audit.completeness.report._replace(outcome=outcome)
    audit = audit._replace(completeness=audit.completeness._replace(report=joined))

    rows = list(csv.DictReader(io.StringIO(findings_csv(audit).decode(), newline="")))

    assert [row["state"] for row in rows] == ["open", "accepted", "settled"]
    assert rows[0]["who"] == '\'=HYPERLINK("x")'
    assert rows[1]["reason"] == f"Deleted on request: {HOSTILE}"
    statements = list(csv.DictReader(io.StringIO(statements_csv(audit).decode(), newline="")))
    assert [(row["id"], row["verdict"], row["severity"]) for row in statements] == [
        (statement.id, statement.verdict, statement.importance.severity)
        for statement in audit.statements
    ]


def test_the_page_of_a_hundred_thousand_findings_is_under_a_megabyte() -> None:
    audit = _with_findings(100_000)

    text = page(audit)

    assert len(text.encode()) < MILLION_BYTES
    assert "99,850 more rows are in <code>audit.json</code>" in text
    number = sum(finding.kind == KINDS[0] for finding in audit.completeness.report.outcome.findings)
    assert number > 1000  # in groups of a caller each, of which the first are listed


def test_the_manifest_is_of_every_file(tmp_path: Path) -> None:
    evidence = tmp_path / "audit" / "evidence" / "verify.jsonl"
    evidence.parent.mkdir(parents=True)
    evidence.write_bytes(b"{}\n")
    audit = report()
    written = audit.completeness.report.evidence._replace(file=evidence)
    joined = audit.completeness.report._replace(evidence=written)
    audit = audit._replace(completeness=audit.completeness._replace(report=joined))

    manifest = output_folder.write(tmp_path / "audit", audit).manifest

    lines = [line.partition("  ") for line in manifest.read_text().splitlines()]
    sums = {name: digest for digest, _, name in lines}
    files = {path for path in manifest.parent.rglob("*") if path.is_file()} - {manifest}
    assert {str(path.relative_to(manifest.parent)) for path in files} == set(sums)
    for path in files:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert sums[str(path.relative_to(manifest.parent))] == digest
    data = ("audit.json", "audit.schema.json", "ocsf.jsonl", "statements.csv", "findings.csv")
    assert set(chain(data, ["audit.html", "evidence/verify.jsonl"])) <= set(sums)
    written_events = (manifest.parent / "ocsf.jsonl").read_text().splitlines()
    assert [json.loads(event) for event in written_events] == list(ocsf.events(audit))
