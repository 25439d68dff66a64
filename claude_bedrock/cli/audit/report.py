"""The report's parts, in their order, and the same as data."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any, Final, NamedTuple

from claude_bedrock.cli.audit import (
    access,
    alarms,
    budgets,
    completeness,
    configuration_changes,
    deployed_versions,
    key_owners,
    legal_holds,
    logging_state,
    readers,
    retention,
)
from claude_bedrock.cli.audit.access import Access
from claude_bedrock.cli.audit.alarms import Drift
from claude_bedrock.cli.audit.budgets import BudgetCheck
from claude_bedrock.cli.audit.completeness import Completeness
from claude_bedrock.cli.audit.configuration_changes import History
from claude_bedrock.cli.audit.controls import CONTROLS, Control
from claude_bedrock.cli.audit.deployed_versions import DeployedVersions
from claude_bedrock.cli.audit.key_owners import KeyOwners
from claude_bedrock.cli.audit.legal_holds import HoldsInForce
from claude_bedrock.cli.audit.logging_state import Logging
from claude_bedrock.cli.audit.readers import RecordReaders
from claude_bedrock.cli.audit.recorded_responses import Answer, RecordingDeployment
from claude_bedrock.cli.audit.retention import Retention
from claude_bedrock.cli.audit.statement import (
    Statement,
    Verdict,
    counted,
    decisive,
    overall_verdict,
)
from claude_bedrock.cli.audit.witnesses import Scope, Witness, other_regions, witnesses
from claude_bedrock.cli.doctor.check import WITHHELD
from claude_bedrock.cli.shared import stage_settings
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.stage_settings import Settings
from claude_bedrock.cli.usage import sources, table, totals
from claude_bedrock.cli.usage.rows import Row
from claude_bedrock.cli.usage.totals import Usage
from claude_bedrock.cli.verify import verification
from claude_bedrock.cli.verify.evidence_folder import Evidence
from claude_bedrock.cli.verify.previous_window import PreviousWindow, previous_window
from claude_bedrock.cli.verify.window_hours import with_whole_hours
from claude_bedrock.verification.hours import iso
from claude_bedrock.verification.period import Period, in_words
from claude_bedrock.verification.run import ANSWERED_IN

SCHEMA_VERSION: Final = 2
"""Of `audit.json`: audit.schema.json describes it. It rises where a reader has to change."""
_STACKS: Final = ("InvocationLogging", "ModelAccess", "Gateway", "Observability")
USAGE_BY: Final = ("day", "caller", "model", "geography")


class About(NamedTuple):
    """Moments are ISO 8601 in UTC; `local` where it is the embedded AWS."""

    account: str
    region: str
    stage: str
    since: str
    until: str
    at: str
    by: str
    version: str
    local: bool
    window: str


class Report(NamedTuple):
    about: About
    settings: Settings
    logging: Logging
    history: History
    completeness: Completeness
    retention: Retention
    access: Access
    usage: Usage
    drift: Drift
    answers: Sequence[Answer]
    budgets: BudgetCheck = BudgetCheck()
    readers: RecordReaders = RecordReaders()
    key_owners: KeyOwners = KeyOwners()
    versions: DeployedVersions = DeployedVersions()
    previous: PreviousWindow | None = None
    legal_holds: HoldsInForce = HoldsInForce()

    @property
    def statements(self) -> tuple[Statement, ...]:
        return (
            *self.logging.statements,
            self.history.statement,
            *self.completeness.statements,
            *self.retention.statements,
            *self.access.statements,
            *self.drift.statements,
            *self.budgets.statements,
        )

    @property
    def headline(self) -> str:
        """The sentence on the calls of the window."""
        return self.completeness.report.assessment.headline

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of the statements that apply."""
        return overall_verdict(self.statements)

    @property
    def decisive(self) -> list[Statement]:
        """The statements that the verdict is for, the most severe first; none where all pass."""
        return decisive(self.statements)

    @property
    def reason(self) -> str:
        """The one sentence that a reader in a hurry takes away: why the verdict is what it is."""
        first = next(iter(self.decisive), None)
        if first is None or first.id in completeness.CALL_STATEMENTS:
            return self.headline
        return f"{first.claim}: {first.verdict}."

    @property
    def witnesses(self) -> tuple[Witness, ...]:
        joined = self.completeness.report
        trail = joined.about.get("trail")
        return witnesses(joined.outcome.counts, trail, has_gateway=joined.has_gateway)

    @property
    def accounts(self) -> tuple[Scope, ...]:
        """The accounts, Regions and stages that the report covers."""
        return (Scope(self.about.account, self.about.region, self.about.stage, self.verdict),)

    @property
    def other_regions(self) -> list[str]:
        """The other Regions in which calls of this one were answered, by the records."""
        return other_regions(self.about.region, self.answered_in)

    @property
    def answered_in(self) -> Mapping[str, int]:
        """How many records name each Region as the one that answered, "" where it is not known."""
        answered: Mapping[str, int] = self.completeness.report.about.get(ANSWERED_IN, {})
        return answered

    def as_data(self) -> dict[str, Any]:
        report = self.completeness.report
        hours = self.completeness.hours
        return {
            "schema_version": SCHEMA_VERSION,
            "about": self.about._asdict(),
            "verdict": self.verdict,
            "reason": self.reason,
            "decisive": [statement.id for statement in self.decisive],
            "headline": self.headline,
            "verdicts": counted(self.statements),
            "hours": hours.as_data() if hours else None,
            "signing_key": self.completeness.signing_key or None,
            "witnesses": [witness.as_data() for witness in self.witnesses],
            "accounts": [scope._asdict() for scope in self.accounts],
            "other_regions": self.other_regions,
            "answered_in": self.answered_in,
            "statements": [statement.as_data() for statement in self.statements],
            "logging": {
                "configuration": self.logging.configuration,
                "changes": [change._asdict() for change in self.history.changes],
            },
            "completeness": {
                **verification.as_data(report),
                "summed": report.hours is not None,
            },
            "previous_window": self.previous.as_data() if self.previous else None,
            "retention": {
                "day": self.retention.day.isoformat(),
                "days": self.retention.days,
                "note": self.retention.note,
                "object_lock": self.retention.object_lock,
                "locations": [location._asdict() for location in self.retention.locations],
            },
            "legal_holds": self.legal_holds.as_data(),
            "access": [holder._asdict() for holder in self.access.holders],
            "record_readers": self.readers.as_data(),
            "keys": self.key_owners.as_data(),
            "versions": self.versions.as_data(),
            "usage": usage_as_data(self.usage),
            "usage_notes": table.remarks(self.usage),
            "budgets": [comparison.as_data() for comparison in self.budgets.comparisons],
            "drift": [event._asdict() for event in self.drift.events],
            "controls": [control_as_data(control) for control in CONTROLS],
            "answers": [answer.as_data() for answer in self.answers],
        }


def gather(deployment: Deployment, period: Period, evidence: Evidence) -> Report:
    """Ask everything. What AWS withholds of a statement leaves it `not assessed`. A window longer
    than a day is the sum of its sealed hours, and begins and ends with an hour.

    Raises what the report cannot be without: NoTargetError, EvidenceError and
    botocore's errors."""
    period = with_whole_hours(period)
    recorder = RecordingDeployment.of(deployment)
    meant = stage_settings.deployed(recorder)
    outputs = {name: recorder.outputs(name) for name in ("InvocationLogging", "ModelAccess")}
    stacks = [name for name in _STACKS if name != "Gateway" or meant.has_endpoint]
    summed = verification.sealed(deployment, period, evidence)
    joined = summed or verification.run(deployment, period, evidence)
    return Report(
        about=_about(recorder, period, joined.about),
        settings=meant,
        logging=logging_state.collect_logging(recorder, outputs["InvocationLogging"]),
        history=configuration_changes.collect_changes(recorder, period),
        completeness=completeness.collect_completeness(recorder, deployment, joined, period),
        retention=retention.collect_retention(recorder, period.since.date(), meant.retention_days),
        access=access.collect_access(recorder, outputs["ModelAccess"], meant.models),
        usage=_usage(deployment, period),
        drift=alarms.collect_alarms(recorder, period, stacks),
        budgets=_budgets(recorder, deployment, outputs["InvocationLogging"], period, joined),
        readers=readers.collect_readers(
            recorder, deployment, outputs["InvocationLogging"], period, stacks
        ),
        key_owners=key_owners.collect_key_owners(deployment, meant, period.now),
        versions=deployed_versions.collect_versions(recorder, stacks),
        previous=_previous(deployment, period),
        legal_holds=legal_holds.collect_holds(deployment, outputs["InvocationLogging"], period.now),
        answers=tuple(recorder.answers),
    )


def _previous(deployment: Deployment, period: Period) -> PreviousWindow | None:
    """Return the window before; None where AWS withholds its evidence."""
    try:
        return previous_window(deployment, period)
    except WITHHELD:
        return None


def _usage(deployment: Deployment, period: Period) -> Usage:
    """By all that the report's tables and charts are told apart by. The same computation as
    `claude-bedrock usage`, of the same source."""
    read = sources.read_stage(deployment, period.since, period.until, period.now, lambda *_: None)
    profiles = sources.team_profiles(deployment)
    total_usage = totals.usage(read.rows, USAGE_BY, profiles, read.source)
    return totals.with_notes(total_usage, read.notes)


def _budgets(
    recorder: RecordingDeployment,
    deployment: Deployment,
    outputs: Mapping[str, str],
    period: Period,
    joined: verification.Report,
) -> BudgetCheck:
    def read(since: datetime, until: datetime) -> list[Row]:
        # The counters are the gateway's word, and so are its audit log entries: records are not.
        return sources.read_records(deployment, since, until, lambda *_: None)

    profiles = sources.team_profiles(deployment)
    return budgets.collect_budgets(recorder, outputs, period, read, profiles, joined=joined)


def usage_as_data(usage: Usage) -> list[dict[str, Any]]:
    return [
        {**dict(zip(usage.by, values, strict=True)), **group_sum.as_data()}
        for values, group_sum in usage.groups.items()
    ]


def _about(deployment: RecordingDeployment, period: Period, joined: Mapping[str, Any]) -> About:
    return About(
        account=joined["account"],
        region=deployment.region,
        stage=deployment.stage,
        since=iso(period.since.replace(microsecond=0)),
        until=iso(period.until.replace(microsecond=0)),
        at=iso(period.now.replace(microsecond=0)),
        by=joined["by"],
        version=version("claude-on-bedrock"),
        local=deployment.is_embedded,
        window=in_words(period.since, period.until),
    )


def control_as_data(control: Control) -> dict[str, Any]:
    return {**control._asdict(), "statements": list(control.statements)}
