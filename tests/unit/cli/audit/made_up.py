"""A report of which every part has something to show, in words that would break a careless page."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from claude_bedrock.cli.audit.access import Access as InvokeAccess
from claude_bedrock.cli.audit.access import Holder
from claude_bedrock.cli.audit.alarms import Drift, Event
from claude_bedrock.cli.audit.completeness import Completeness
from claude_bedrock.cli.audit.configuration_changes import Change, History
from claude_bedrock.cli.audit.controls import CONTROLS
from claude_bedrock.cli.audit.deployed_versions import DeployedVersions, StackVersion
from claude_bedrock.cli.audit.key_owners import KeyOwner, KeyOwners
from claude_bedrock.cli.audit.legal_holds import HoldsInForce
from claude_bedrock.cli.audit.logging_state import Logging
from claude_bedrock.cli.audit.readers import Access, Reader, RecordReaders
from claude_bedrock.cli.audit.recorded_responses import Answer
from claude_bedrock.cli.audit.report import USAGE_BY, About, Report
from claude_bedrock.cli.audit.retention import Location, Retention
from claude_bedrock.cli.audit.statement import VERDICTS, Statement, Verdict
from claude_bedrock.cli.shared.stage_settings import Settings
from claude_bedrock.cli.usage.totals import Dollars, Sum, Usage
from claude_bedrock.cli.verify.evidence_folder import Written
from claude_bedrock.cli.verify.previous_window import EarlierFinding, PreviousWindow
from claude_bedrock.cli.verify.verification import Accepted
from claude_bedrock.cli.verify.verification import Report as Joined
from claude_bedrock.cli.verify.window_hours import WindowHours
from claude_bedrock.verification.accepted_findings import Disposition
from claude_bedrock.verification.assessment import assess
from claude_bedrock.verification.digest_list import SealedList
from claude_bedrock.verification.finding import Counts, Finding, Outcome
from claude_bedrock.verification.legal_holds import ArchiveHold, LegalHold
from claude_bedrock.verification.run import ANSWERED_IN

HOSTILE = "<img src=x onerror=alert(1)>\"'&</script><script>alert(2)</script>"
MODELS = ("claude-haiku-4-5", "claude-opus-5-5", "claude-sonnet-5-5")
CALLERS = ("search.web", "support.desk", f"arn:aws:sts::123456789012:assumed-role/{HOSTILE}/laptop")
REGIONS = ("eu-central-1", "eu-west-1")
FIRST = date(2026, 11, 1)
DAYS = 30
_IDS = tuple(dict.fromkeys(name for control in CONTROLS for name in control.statements))


def report(*, lost: int = 2) -> Report:
    """Verdicts go round; `lost` calls have no record."""
    statements = {name: _statement(number, name) for number, name in enumerate(_IDS)}
    usage = _usage()
    calls = usage.total.calls
    return Report(
        about=About(
            account="123456789012",
            region="eu-central-1",
            stage="prod",
            since="2026-11-01T00:00:00Z",
            until="2026-12-01T00:00:00Z",
            at="2026-12-01T09:00:00Z",
            by=f"arn:aws:iam::123456789012:user/{HOSTILE}",
            version="0.1.0",
            local=False,
            window="November 2026",
        ),
        settings=Settings(
            "stack", "eu-central-1", ("eu",), REGIONS, MODELS, None, 30, github=False
        ),
        logging=Logging(
            {"cloudWatchConfig.logGroupName": "/claude-on-bedrock/prod/invocations", "x": HOSTILE},
            _some(
                statements, "logging-on", "data-types", "encrypted", "key-rotates", "bucket-closed"
            ),
        ),
        history=History([_change()], statements["logging-unchanged"]),
        completeness=Completeness(
            _joined(calls, lost),
            _some(
                statements,
                "complete",
                "no-bypass",
                "bodies",
                "callers",
                "cloudtrail",
                "residency",
                "chain",
                "signed",
            ),
            WindowHours(720, 718, 0, 2, 0),
            "ab" * 32,
        ),
        retention=Retention(
            FIRST,
            30,
            [_location(number) for number in range(9)],
            "",
            statements["kept"],
            statements["kept-six-months"],
            "New objects are locked 30 days, in governance mode.",
        ),
        access=InvokeAccess(
            [
                Holder("role", f"role-{HOSTILE}", "InvokePolicy", MODELS, held)
                for held in (True, None)
            ],
            _some(statements, "models-bounded", "deny-policy"),
        ),
        usage=usage,
        drift=Drift(
            17,
            [Event("2026-11-09T11:00:00Z", "alarm", "OK", "ALARM", HOSTILE)],
            _some(statements, "alarms-armed", "alarms-quiet"),
        ),
        answers=[_answer(number) for number in range(1, 30)],
        readers=RecordReaders(
            [Reader(f"auditor-{HOSTILE}", ("log group", "bucket")), Reader("other", None)],
            "",
            [Access(HOSTILE, 7, "2026-11-02T08:00:00Z", "2026-11-09T08:00:00Z")],
            "Reads of objects.",
            is_known=True,
        ),
        key_owners=KeyOwners((KeyOwner("a.b", HOSTILE, "default", "2026-10-01T08:00:00Z", "off"),)),
        versions=DeployedVersions(
            (
                StackVersion(
                    "prod-Gateway", "UPDATE_COMPLETE", "2026-10-01T08:00:00Z", {"F": "a.zip"}
                ),
            )
        ),
        previous=_previous(),
        legal_holds=HoldsInForce([_hold()]),
    )


def _hold() -> LegalHold:
    return LegalHold(
        id="3f1c09d2aa41",
        state="held",
        caller=HOSTILE,
        since="2026-11-01T00:00:00Z",
        until="2026-11-02T00:00:00Z",
        reason=HOSTILE,
        by=HOSTILE,
        at="2026-11-09T08:00:00Z",
        versions=12345,
        failed=0,
        listing=SealedList("evidence/hold-lists/3f1c09d2aa41.jsonl.gz", "ab" * 32),
        archive=ArchiveHold("company-archive", HOSTILE, 12340, 5),
    )


def _previous() -> PreviousWindow:
    settled, accepted, opened = (_finding(1000 + number) for number in range(3))
    return PreviousWindow(
        datetime(2026, 10, 2, tzinfo=UTC),
        datetime(2026, 11, 1, tzinfo=UTC),
        "October 2026",
        WindowHours(720, 700, 20, 0, 0),
        (
            EarlierFinding(settled, "settled"),
            EarlierFinding(accepted, "accepted", _disposition(accepted)),
            EarlierFinding(opened, "open"),
            EarlierFinding(_finding(1003), "not assessed"),
        ),
        "the log group verification cannot be read (AccessDeniedException)",
    )


def _disposition(finding: Finding) -> Disposition:
    return Disposition(
        finding.id, f"Deleted on request: {HOSTILE}", HOSTILE, "2026-11-09T12:00:00Z"
    )


def _statement(number: int, name: str) -> Statement:
    verdict = VERDICTS[number % len(VERDICTS)]
    answers = tuple(_answer(index).name for index in range(1, 1 + number % 7))
    return Statement(name, f"Claim of {name}", verdict, f"What was found: {HOSTILE}.", answers)


def _some(statements: dict[str, Statement], *names: str) -> tuple[Statement, ...]:
    return tuple(statements[name] for name in names)


def _change() -> Change:
    by = f"arn:aws:sts::123456789012:assumed-role/{HOSTILE}/somebody"
    name = "DeleteModelInvocationLoggingConfiguration"
    return Change("2026-11-09T10:59:00Z", name, by, "198.51.100.7", "", "11111111-2222")


def _joined(calls: int, lost: int) -> Joined:
    findings = [_finding(number) for number in range(lost)]
    counts = Counts(calls=calls, matched=calls - lost, not_logged=lost, records=calls - lost)
    read = {name: {"count": calls, "sha256": "0" * 64} for name in ("S3", "CloudWatch Logs")}
    answered_in = dict(zip(REGIONS, (calls - 7, 7), strict=True))
    about = {"account": "1" * 12, "by": "somebody", "read": read, ANSWERED_IN: answered_in}
    outcome = Outcome(counts, findings, {"arn:aws:iam::123456789012:role/batch": 3})
    written = Written(Path("verify-prod.jsonl"), "1" * 64)
    accepted = (Accepted(_finding(lost), _disposition(_finding(lost))),)
    assessment = assess(outcome, "November 2026")
    return Joined(about, outcome, written, assessment, accepted, (_finding(lost + 1),))


def _finding(number: int) -> Finding:
    at = "2026-11-09T11:00:00Z"
    return Finding("missing_record", f"request-{number}", at, "m", HOSTILE, "-")


def _location(number: int) -> Location:
    days = None if number == 0 else 29 + number
    verdict: Verdict = "fail" if days == 29 else "pass"
    return Location(
        f"s3://bucket/{number}/*", verdict, HOSTILE, days, "2026-12-01T00:00:00+00:00", ""
    )


def _usage() -> Usage:
    groups: dict[tuple[str, ...], Sum] = {
        (f"{FIRST + timedelta(days=day)}", caller, model, "eu"): Sum(
            calls=3 + (day * index) % 17,
            failed=day % 2,
            uncounted=day % 3,
            unpriced=day % 4,
            input_tokens=1000 * (1 + index),
            output_tokens=400,
            cache_read_tokens=900,
            cache_write_tokens=50,
            dollars=Dollars(input=Decimal("0.25") * (1 + index)),
        )
        for day in range(DAYS)
        for index, (caller, model) in enumerate(
            (caller, model) for caller in CALLERS for model in MODELS
        )
    }
    total = Sum(unreadable=5)
    for group in groups.values():
        total.merge(group)
    notes = (f"not counted: records that cannot be read, the first of them in {HOSTILE}",)
    return Usage(USAGE_BY, groups, total, notes, "audit log entries")


def _answer(number: int) -> Answer:
    return Answer(
        name=f"{number:03}-iam-GetPolicy.xml",
        service="iam",
        operation="GetPolicy",
        parameters={"PolicyArn": HOSTILE},
        status=200,
        at=datetime(2026, 12, 1, 9, tzinfo=UTC),
        content=f"<Policy>{number}</Policy>".encode(),
    )
