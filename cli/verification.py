"""One run of `claude-bedrock verify`: what it is about, and the file that it leaves."""

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from cli import settings
from cli.deployment import Deployment, NoTargetError
from cli.evidence import Evidence, Written
from cli.settings import Settings
from cli.target import audit_lines_of, find_requests_of, records_of
from reconciliation.assessment import Assessment, assess
from reconciliation.bounds import Bounds
from reconciliation.finding import Outcome
from reconciliation.principals import Principals
from verification import run as verification
from verification.evidence import EvidenceBucket
from verification.period import Period, in_words
from verification.run import RecordSource, Stage


class Report(NamedTuple):
    """What a run found, where it is kept, and what it rests on. `about` is JSON."""

    about: Mapping[str, Any]
    outcome: Outcome
    evidence: Written
    assessment: Assessment


def run(
    deployment: Deployment, asked: Period, folder: Evidence, records: RecordSource | None = None
) -> Report:
    """`records` are the stage's own, unless they are read in another way.

    Raises NoTargetError, EvidenceError and botocore's errors."""
    previous = folder.last_hash()
    by = deployment.client("sts").get_caller_identity()
    deployed = settings.deployed(deployment)
    stage = Stage(
        name=deployment.stage,
        account=by["Account"],
        region=deployment.region,
        bounds=_bounds(deployed),
        principals=_principals(deployment, deployed),
        audit_lines=partial(audit_lines_of, deployment),
        find_requests=partial(find_requests_of, deployment),
        records=records or records_of(deployment),
    )
    found = verification.run(stage, asked, by=by["Arn"])
    written = folder.write(asked.now, found.entries(), previous)
    window = in_words(asked.since, asked.until)
    return Report(found.about, found.outcome, written, assess(found.outcome, window))


def as_data(report: Report) -> dict[str, Any]:
    return {
        **report.about,
        **report.assessment._asdict(),
        **report.outcome.as_data(),
        "evidence": {"file": str(report.evidence.file), "sha256": report.evidence.sha256}
        if report.evidence.is_kept
        else None,
    }


def evidence_of(deployment: Deployment) -> EvidenceBucket:
    """What the stage's function has left. Raises NoTargetError, and botocore's errors."""
    bucket = deployment.outputs("InvocationLogging")["EvidenceBucketName"]
    return EvidenceBucket(deployment.client("s3"), bucket)


def _bounds(stage: Settings) -> Bounds:
    return Bounds(stage.region, stage.residency, stage.routes, stage.models)


def _principals(deployment: Deployment, stage: Settings) -> Principals:
    """Raises NoTargetError where the stage's stacks do not say which role the gateway has."""
    try:
        role = deployment.outputs("Gateway")["FunctionRoleArn"]
    except KeyError as missing:
        stack = deployment.stack("Gateway")
        raise NoTargetError(f"{stack} is of an older version: deploy it again") from missing
    return Principals(role, frozenset(stage.other_callers))
