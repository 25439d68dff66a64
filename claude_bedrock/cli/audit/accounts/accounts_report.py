"""The assessments of many stages on one page, and the same as data."""

from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from claude_bedrock.cli.audit.accounts.accounts_file import ArchivedStage
from claude_bedrock.cli.audit.accounts.archive_check import StageAssessment, assess_archive
from claude_bedrock.cli.audit.statement import Verdict
from claude_bedrock.cli.doctor.check import WITHHELD
from claude_bedrock.cli.evidence.offline import EvidenceCopy
from claude_bedrock.cli.html import render
from claude_bedrock.records.fetch import AT_ONCE
from claude_bedrock.verification.evidence_bucket import EvidenceBucket, EvidenceFiles
from claude_bedrock.verification.hours import iso
from claude_bedrock.verification.period import Period, in_words

PAGE, DATA = "accounts.html", "accounts.json"
MOST_FINDINGS: Final = 500
"""So many of them are on the page; the data has all."""
_WORST_FIRST: Final[tuple[Verdict, ...]] = ("fail", "not assessed", "pass")


class AccountsReport(NamedTuple):
    """`at` is ISO 8601; `assessments` are in the order of the file."""

    period: Period
    assessments: Sequence[StageAssessment]

    @property
    def verdict(self) -> Verdict:
        """The worst of the stages'."""
        verdicts = {assessment.verdict for assessment in self.assessments}
        return next(verdict for verdict in _WORST_FIRST if verdict in verdicts)

    @property
    def headline(self) -> str:
        """One sentence: how many stages have which verdict, and the hours."""
        counts = Counter(assessment.verdict for assessment in self.assessments)
        parts = [f"{counts[name]} {_VERBS[name]}" for name in _WORST_FIRST if counts[name]]
        verified, hours = (
            sum(getattr(assessment, name) for assessment in self.assessments)
            for name in ("hours_verified", "hours")
        )
        window = in_words(self.period.since, self.period.until)
        of = f"{len(self.assessments)} stage{'s' if len(self.assessments) > 1 else ''}"
        return (
            f"Of {of}, {', '.join(parts)}: "
            f"{verified:,} of {hours:,} due hours of {window} are verified"
        )

    @property
    def kinds(self) -> Mapping[str, Mapping[str, int]]:
        """The number of open findings by stage and kind, where there are any."""
        return {
            assessment.stage.name: dict(
                sorted(Counter(finding.kind for finding in assessment.findings).items())
            )
            for assessment in self.assessments
            if assessment.findings
        }

    @property
    def has_holds(self) -> bool:
        return any(assessment.holds for assessment in self.assessments)

    def as_data(self) -> dict[str, Any]:
        return {
            "since": iso(self.period.since),
            "until": iso(self.period.until),
            "at": iso(self.period.now),
            "version": version("claude-on-bedrock"),
            "verdict": self.verdict,
            "headline": self.headline,
            "accounts": [assessment.as_data() for assessment in self.assessments],
        }


_VERBS: Final[Mapping[Verdict, str]] = {
    "fail": "fail",
    "not assessed": "could not be assessed",
    "pass": "pass",
}


def assess_all(stages: Sequence[ArchivedStage], period: Period) -> AccountsReport:
    """Return the assessments. An archive that cannot be read is not assessed, with AWS's reason."""
    return AccountsReport(period, [_assess(stage, period) for stage in stages])


def page(report: AccountsReport) -> str:
    """Return the page. The template escapes every value but the page's own style and script."""
    return render(
        __package__,
        "accounts.html.j2",
        report=report,
        window=in_words(report.period.since, report.period.until),
        since=iso(report.period.since),
        until=iso(report.period.until),
        at=iso(report.period.now.replace(microsecond=0)),
        version=version("claude-on-bedrock"),
        most_findings=MOST_FINDINGS,
    )


def _assess(stage: ArchivedStage, period: Period) -> StageAssessment:
    try:
        return assess_archive(stage, _evidence(stage), period)
    except WITHHELD as error:
        return StageAssessment(stage, "not assessed", _unreadable(error))
    except OSError as error:
        return StageAssessment(
            stage, "not assessed", f"{error.filename} cannot be read: {error.strerror}"
        )


def _evidence(stage: ArchivedStage) -> EvidenceFiles:
    if stage.folder is not None:
        return EvidenceCopy(stage.folder)
    import boto3  # noqa: PLC0415 - a third of a second, which a command's help need not take
    from botocore.config import Config  # noqa: PLC0415 - as above

    make: Any = boto3.client
    config = Config(max_pool_connections=AT_ONCE)
    return EvidenceBucket(make("s3", config=config), stage.bucket)


def _unreadable(error: ClientError | BotoCoreError) -> str:
    """Return what AWS calls it, in its word."""
    code = type(error).__name__
    if isinstance(error, ClientError):
        code = f"{error.response['Error'].get('Code', '')} of {error.operation_name}"
    return f"the archive cannot be read: {code}"
