"""One run of `claude-bedrock verify`: what it is about, and the file that it leaves."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from claude_bedrock.catalog import deny_policy
from claude_bedrock.cli.shared import stage_settings
from claude_bedrock.cli.shared.deployment import Deployment, NoTargetError
from claude_bedrock.cli.shared.record_sources import (
    audit_lines_of,
    find_requests_of,
    records_of,
    trail_of,
)
from claude_bedrock.cli.shared.stage_settings import Settings
from claude_bedrock.cli.verify.deployed_chain import (
    ChainReport,
    Unconfirmed,
    chain_report,
    changes_of,
    dispositions_of,
    late_hours_of,
    later_files,
    unconfirmed,
)
from claude_bedrock.cli.verify.evidence_folder import Evidence, Written
from claude_bedrock.cli.verify.retained_window import within_retention
from claude_bedrock.cli.verify.window_hours import WindowHours, is_long
from claude_bedrock.verification import run as verification
from claude_bedrock.verification.accepted_findings import Disposition
from claude_bedrock.verification.allowed_regions import AllowedRegions
from claude_bedrock.verification.assessment import Assessment, Verdict, assess
from claude_bedrock.verification.coverage import DUE_AFTER, Coverage
from claude_bedrock.verification.finding import Finding, Outcome, number_of
from claude_bedrock.verification.hours import HOUR, Span, iso, start_of_hour
from claude_bedrock.verification.period import Period, in_words
from claude_bedrock.verification.principals import Principals
from claude_bedrock.verification.run import RecordSource, Stage
from claude_bedrock.verification.sealed_hours import SealedSum, read_logs, sum_hours


class Accepted(NamedTuple):
    """A finding, and who accepted it and why."""

    finding: Finding
    disposition: Disposition


class Report(NamedTuple):
    """What a run found, where it is kept, and what it rests on. `about` is JSON. Findings that were
    accepted are in `accepted` only, those that were settled late in `settled` only. `chain` and
    `hours` are of the sealed hours that this is the sum of; None where it was joined now.
    `has_gateway`: calls are known by audit entries, not by records alone. `retained_since`: since
    when records are surely kept, of a window that was joined and begins before. `uncertain` has the
    ids of open findings that may be accepted or settled: the function's log, which tells, could not
    be read."""

    about: Mapping[str, Any]
    outcome: Outcome
    evidence: Written
    assessment: Assessment
    accepted: tuple[Accepted, ...] = ()
    settled: tuple[Finding, ...] = ()
    chain: ChainReport | None = None
    has_gateway: bool = True
    hours: WindowHours | None = None
    retained_since: datetime | None = None
    uncertain: frozenset[str] = frozenset()


def run(
    deployment: Deployment, period: Period, folder: Evidence, records: RecordSource | None = None
) -> Report:
    """Reconcile the window. `records` are the stage's own, unless they are read in another way.

    Raises NoTargetError, EvidenceError and botocore's errors."""
    previous = folder.last_hash()
    by = deployment.client("sts").get_caller_identity()
    deployed = stage_settings.deployed(deployment)
    stage = Stage(
        name=deployment.stage,
        account=by["Account"],
        region=deployment.region,
        bounds=_bounds(deployed),
        principals=principals_of(deployment, deployed),
        audit_lines=partial(audit_lines_of, deployment)
        if deployed.has_endpoint
        else verification.no_audit_entries,
        find_requests=partial(find_requests_of, deployment),
        records=records or records_of(deployment),
        has_budgets="BudgetRules" in deployment.outputs("InvocationLogging"),
        trail=trail_of(deployment),
    )
    hours = late_hours_of(deployment, period)
    joined = verification.run(stage, period, by=by["Arn"], hours=hours)
    outcome = joined.outcome.with_findings(changes_of(deployment, period))
    hourly_run = joined._replace(outcome=outcome)
    written = folder.write(period.now, hourly_run.entries(), previous)
    dispositions = dispositions_of(deployment, period.now)
    report = _report(
        hourly_run.about,
        hourly_run.outcome,
        written,
        period,
        dispositions,
        possible=partial(unconfirmed, deployment, period),
        has_gateway=deployed.has_endpoint,
        has_trail=read_logs(hourly_run.about) > 0,
    )
    retained_since = period.now - timedelta(days=deployed.retention_days)
    created = partial(deployment.created, "InvocationLogging")
    certain = _without(report.outcome, report.uncertain)
    assessment = within_retention(report.assessment, certain, period, retained_since, created)
    is_retained = period.since >= retained_since
    return report._replace(
        assessment=assessment, retained_since=None if is_retained else retained_since
    )


def as_data(report: Report) -> dict[str, Any]:
    return {
        **report.about,
        **report.assessment._asdict(),
        **report.outcome.as_data(),
        "accepted": [
            {**accepted.finding.as_data(), "accepted": accepted.disposition._asdict()}
            for accepted in report.accepted
        ],
        "settled": [settled.as_data() for settled in report.settled],
        "evidence": {"file": str(report.evidence.file), "sha256": report.evidence.sha256}
        if report.evidence.is_saved
        else None,
    }


def sealed(deployment: Deployment, period: Period, folder: Evidence) -> Report | None:
    """Return the sum of the sealed hours of a window. None where it is joined: a window of up to a
    day, unless it is over and each of its hours is verified, and one whose stage seals no hours.

    Raises NoTargetError, EvidenceError and botocore's errors."""
    window = Span(period.since, period.until)
    is_whole = all(end == start_of_hour(end) for end in window)
    is_over = is_whole and period.until <= period.now - DUE_AFTER
    stage = stage_settings.deployed(deployment)
    if not (is_over or is_long(period)) or not _seals_hours(deployment, stage):
        return None
    chain = chain_report(deployment, period.since, period.until, period.now)
    coverage = chain.coverage
    expired = period.since < period.now - timedelta(days=stage.retention_days)
    is_open = not coverage.files or (coverage.hours_verified < coverage.hours and not expired)
    if is_open and not is_long(period):
        return None
    total = sum_hours([*coverage.files, *later_files(deployment, period)], window)
    about = _about_sealed(deployment, period, chain, total)
    keys = [{"key": file.key, "sha256": file.sha256} for file in coverage.files]
    entries = [
        {"kind": "sum", **about, "counts": total.outcome.counts._asdict(), "files": keys},
        *({"kind": "finding", "finding": finding.as_data()} for finding in total.outcome.findings),
        *({"kind": "settled", "finding": finding.as_data()} for finding in total.settled),
    ]
    written = folder.write(period.now, entries, folder.last_hash())
    dispositions = dispositions_of(deployment, period.now)
    hours = WindowHours.of(coverage, chain.expired, period)
    report = _report(
        about,
        total.outcome,
        written,
        _of_stage(period, hours),
        dispositions,
        possible=partial(unconfirmed, deployment, period),
        has_gateway=total.has_gateway,
        has_trail=total.trail.get("files", 0) >= len(coverage.files)
        and not total.trail.get("without_logs"),
    )
    return report._replace(
        settled=total.settled,
        chain=chain,
        hours=hours,
        assessment=_with_log(
            _with_hours(report.assessment, coverage, hours, _of_stage(period, hours)), chain
        ),
    )


def _of_stage(period: Period, hours: WindowHours) -> Period:
    """Return the time since the first deployment; all of it where there was no stage."""
    if not hours.before_deployment or not hours.deployed:
        return period
    return period._replace(since=start_of_hour(period.since) + hours.before_deployment * HOUR)


def _seals_hours(deployment: Deployment, stage: Settings) -> bool:
    """Return whether the stage's function seals its hours: an older version does not, nor one of a
    stage with `verify_hourly: false`."""
    return stage.verify_hourly and "EvidenceBucketName" in deployment.outputs("InvocationLogging")


def _report(
    about: Mapping[str, Any],
    outcome: Outcome,
    written: Written,
    period: Period,
    dispositions: Mapping[str, Disposition],
    *,
    possible: Callable[[], Unconfirmed],
    has_gateway: bool,
    has_trail: bool,
) -> Report:
    """Return the report: the headline counts all findings, the verdict is that of the open ones.
    `possible` is asked for only where there are some."""
    window = in_words(period.since, period.until)
    opened = _without(outcome, dispositions)
    unread = possible() if opened.findings else Unconfirmed()
    uncertain = unread.ids & {finding.id for finding in opened.findings}
    accepted = tuple(
        Accepted(e, dispositions[e.id]) for e in outcome.findings if e.id in dispositions
    )
    assessment = assess(outcome, window, has_gateway=has_gateway, has_trail=has_trail)
    if accepted:
        number = f"{number_of(accepted, 'is', 'are')} accepted"
        assessment = Assessment(
            verdict=assess(opened, window, has_gateway=has_gateway, has_trail=has_trail).verdict,
            headline=f"{assessment.headline.removesuffix('.')}; {number}.",
        )
    if uncertain:
        certain = _without(opened, uncertain)
        verdict = assess(certain, window, has_gateway=has_gateway, has_trail=has_trail).verdict
        note = f"{number_of(uncertain)} may be settled or accepted, but {unread.because}"
        assessment = Assessment(
            verdict="fail" if verdict == "fail" else "not assessed",
            headline=f"{assessment.headline.removesuffix('.')}; {note}.",
        )
    return Report(
        about,
        opened,
        written,
        assessment,
        accepted,
        has_gateway=has_gateway,
        uncertain=uncertain,
    )


def _without(outcome: Outcome, ids: Collection[str]) -> Outcome:
    return outcome._replace(findings=[e for e in outcome.findings if e.id not in ids])


def _with_hours(
    assessment: Assessment, coverage: Coverage, hours: WindowHours, period: Period
) -> Assessment:
    """Return the assessment of a sum, which is no better than that of its hours."""
    if coverage.holds and hours.is_complete:
        return assessment
    window = in_words(period.since, period.until)
    if not hours.deployed:
        return Assessment("not assessed", f"The stage was not deployed yet in {window}.")
    number = f"nly {hours.verified:,} of {hours.deployed:,} hours"
    if assessment.verdict == "fail":
        findings = assessment.headline.removesuffix(".")
        return Assessment("fail", f"{findings}; o{number} are verified.")
    verdict: Verdict = "not assessed" if coverage.holds else "fail"
    return Assessment(verdict, f"O{number} of {window} are verified.")


def _with_log(assessment: Assessment, chain: ChainReport) -> Assessment:
    """Return the assessment, which is no pass by files that were compared with nothing: who writes
    into the bucket and deletes the function's log can make hours anew."""
    number = len(chain.coverage.uncompared)
    if assessment.verdict != "pass" or not (number or chain.unasked):
        return assessment
    files = "1 sealed file" if number == 1 else f"{number:,} sealed files"
    why = chain.unasked or f"the function's log has no hash of {files}"
    return Assessment("not assessed", f"{assessment.headline.removesuffix('.')}, but {why}.")


def _about_sealed(
    deployment: Deployment, period: Period, chain: ChainReport, total: SealedSum
) -> dict[str, Any]:
    by = deployment.client("sts").get_caller_identity()
    files = chain.coverage.files
    return {
        "by": by["Arn"],
        "account": by["Account"],
        "stage": deployment.stage,
        "region": deployment.region,
        "at": iso(period.now),
        "since": iso(period.since),
        "until": iso(period.until),
        "settled": iso(period.now - period.delay),
        "bounds": _bounds(stage_settings.deployed(deployment))._asdict(),
        **({"trail": total.trail} if total.trail else {}),
        verification.ANSWERED_IN: total.answered_in,
        "read": {"sealed hours": {"count": len(files), "sha256": chain.coverage.sha256}},
    }


def _bounds(stage: Settings) -> AllowedRegions:
    return AllowedRegions(stage.region, stage.residency, stage.geographies, stage.models)


def principals_of(deployment: Deployment, stage: Settings) -> Principals:
    """Return those of the stage as it is and as it was before caller sessions, or with them, since
    records of both times are read. Raises NoTargetError where the stage's stacks do not say which
    role the gateway has."""
    if not stage.has_endpoint:
        return Principals("")
    outputs = deployment.outputs("Gateway")
    try:
        role = outputs["FunctionRoleArn"]
    except KeyError as missing:
        stack = deployment.stack("Gateway")
        raise NoTargetError(
            f"{stack} was deployed by an older version. Deploy it again."
        ) from missing
    beginning = role.rpartition("-")[0]  # of its ARN: the function's purpose is one word
    gateway_role, caller_role = (
        f"{beginning}-{purpose}" for purpose in (deny_policy.GATEWAY_ROLE, deny_policy.CALLER_ROLE)
    )
    has_sessions = "CallerRoleArn" in outputs
    return Principals(
        gateway_role if has_sessions else role, frozenset(stage.allowed_direct_callers), caller_role
    )
