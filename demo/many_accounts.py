"""Many accounts, shown: the stage's account and two invented ones replicate their evidence into an
archive, by which alone one page judges a month of the first and a day of the others."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config

from claude_bedrock.cli.audit.accounts.accounts_file import ArchivedStage
from claude_bedrock.cli.audit.accounts.accounts_report import PAGE, AccountsReport, page
from claude_bedrock.cli.audit.accounts.archive_check import StageAssessment, assess_archive
from claude_bedrock.cli.evidence.signature_check import PublicKey
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.records.fetch import AT_ONCE
from claude_bedrock.verification.evidence_bucket import EvidenceBucket, key_of_hour
from claude_bedrock.verification.finding import Counts
from claude_bedrock.verification.hash_chain import BEGINNING
from claude_bedrock.verification.hours import HOUR, iso
from claude_bedrock.verification.period import Period
from claude_bedrock.verification.signatures import (
    Head,
    KmsSigner,
    key_of_public_key,
    key_of_signature,
)

ARCHIVE: Final = "999999999999"
INVENTED: Final = {"support": "222222222222", "trial": "333333333333"}
"""Accounts of the embedded AWS, without an endpoint. The archive of the second has lost an hour."""
HOURS: Final = 24
_LOST_HOUR: Final = 7
_ROLE: Final = "replication"


def open_archive(stage: Deployment) -> None:
    """Have the stage's log bucket replicated from now on. Raises botocore's errors."""
    bucket = stage.outputs("InvocationLogging")["EvidenceBucketName"]
    account = stage.client("sts").get_caller_identity()["Account"]
    _replicate(stage.client("s3"), _client(stage, ARCHIVE, "s3"), bucket, account)


def audit_accounts(stage: Deployment, period: Period, folder: Path) -> AccountsReport:
    """Write the page of the three accounts into `folder`, and return the report. Raises botocore's
    errors."""
    account = stage.client("sts").get_caller_identity()["Account"]
    key_arn = stage.outputs("InvocationLogging")["SigningKeyArn"]
    own = PublicKey.from_pem(KmsSigner(stage.client("kms"), key_arn).public_key())
    assessments = [_assess(stage, period, "demo", account, own)]
    for name, number in INVENTED.items():
        key = _seal(stage, number, period.until - HOURS * HOUR)
        window = period._replace(since=period.until - HOURS * HOUR)
        assessments.append(_assess(stage, window, name, number, key))
    report = AccountsReport(period, assessments)
    (folder / PAGE).write_text(page(report))
    return report


def _assess(
    stage: Deployment, period: Period, name: str, account: str, key: PublicKey
) -> StageAssessment:
    archive = f"archive-{account}"
    about = (name, account, stage.region, stage.stage, archive, None, (key,), None)
    evidence = EvidenceBucket(_client(stage, ARCHIVE, "s3"), archive)
    return assess_archive(ArchivedStage(*about), evidence, period)


def _seal(stage: Deployment, account: str, first: datetime) -> PublicKey:
    """Seal hours of an invented account, the last file with a signature, and return its key."""
    s3, kms = (_client(stage, account, service) for service in ("s3", "kms"))
    bucket = f"logs-{account}"
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    archive = _client(stage, ARCHIVE, "s3")
    _replicate(s3, archive, bucket, account)
    made = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    signer, evidence = KmsSigner(kms, made["Arn"]), EvidenceBucket(s3, bucket)
    previous = before = BEGINNING
    for entry in _entries(stage, account, first):
        before, key = previous, key_of_hour(datetime.fromisoformat(entry["since"]))
        previous = evidence.write(key, [entry], previous)
    head = Head(bucket, signer.key_id, key, previous, before, entry["since"], entry["until"])
    evidence.put(key_of_signature(head), signer.sign(head).content(), "application/json")
    evidence.put(key_of_public_key(signer.key_id), signer.public_key(), "application/x-pem-file")
    if account == INVENTED["trial"]:
        lost = key_of_hour(first + _LOST_HOUR * HOUR)
        archive.delete_object(Bucket=f"archive-{account}", Key=lost)
    return PublicKey.from_pem(signer.public_key())


def _entries(stage: Deployment, account: str, first: datetime) -> Iterator[dict[str, Any]]:
    for number in range(HOURS):
        since, calls = first + number * HOUR, 40 + number
        yield {
            "kind": "run",
            "account": account,
            "stage": stage.stage,
            "region": stage.region,
            "gateway_role": "",
            "since": iso(since),
            "until": iso(since + HOUR),
            "at": iso(since + timedelta(hours=2)),
            "counts": Counts(calls=calls, matched=calls, records=calls)._asdict(),
        }


def _replicate(s3: Any, archive: Any, bucket: str, account: str) -> None:  # noqa: ANN401 - boto3
    """Make the archive of an account, and have its bucket replicated into it: docs/accounts.md."""
    name, role = f"archive-{account}", f"arn:aws:iam::{account}:role/{_ROLE}"
    archive.create_bucket(Bucket=name)
    archive.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": role},
        "Action": ["s3:ReplicateObject", "s3:ObjectOwnerOverrideToBucketOwner"],
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    archive.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    rule = {
        "ID": "Archive",
        "Priority": 1,
        "Status": "Enabled",
        "Filter": {"Prefix": "evidence/"},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{name}", "Account": ARCHIVE},
    }
    s3.put_bucket_replication(
        Bucket=bucket, ReplicationConfiguration={"Role": role, "Rules": [rule]}
    )


def _client(stage: Deployment, account: str, service: str) -> Any:  # noqa: ANN401 - boto3
    """Return a client of another account: the embedded AWS takes its number as the access key."""
    make: Any = boto3.client
    return make(
        service,
        config=Config(max_pool_connections=AT_ONCE),
        region_name=stage.region,
        endpoint_url=stage.endpoint_url,
        aws_access_key_id=account,
        aws_secret_access_key="test",  # noqa: S106 - nothing is protected by it
    )
