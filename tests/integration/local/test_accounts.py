"""Three accounts of the embedded AWS replicate their evidence into the archive of a fourth, from
which alone one report judges them."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from claude_bedrock.cli.evidence.signature_check import PublicKey
from claude_bedrock.cli.main import app
from claude_bedrock.verification.evidence_bucket import EvidenceBucket, key_of_hour
from claude_bedrock.verification.finding import Counts
from claude_bedrock.verification.hours import HOUR, iso
from claude_bedrock.verification.signatures import KmsSigner
from local.aws.server import embedded_aws
from verification import sealing
from verification.sealing import Seal

REGION = "us-east-1"
ARCHIVE = "999999999999"
ACCOUNTS = {"search": "111111111111", "support": "222222222222", "trial": "333333333333"}
SINCE = datetime(2026, 10, 1, tzinfo=UTC)
HOURS = 3
ROLE = "claude-on-bedrock-prod-us-east-1-replication"


class Account:
    """An account of the embedded AWS: MiniStack takes 12 digits as the access key of its root."""

    def __init__(self, url: str, number: str) -> None:
        self._url, self.id = url, number

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
        make: Any = boto3.client
        return make(
            service,
            region_name=REGION,
            endpoint_url=self._url,
            aws_access_key_id=self.id,
            aws_secret_access_key="test",
        )

    def deploy_log_bucket(self) -> str:
        """Create a bucket by CloudFormation, with the rule that a stage's archive adds to it."""
        rule = {
            "Id": "Archive",
            "Priority": 1,
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "DeleteMarkerReplication": {"Status": "Disabled"},
            "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
            "Destination": {
                "Bucket": f"arn:aws:s3:::archive-{self.id}",
                "Account": ARCHIVE,
                "AccessControlTranslation": {"Owner": "Destination"},
                "EncryptionConfiguration": {"ReplicaKmsKeyID": "arn:aws:kms:us-east-1:9:key/1"},
                "Metrics": {"Status": "Enabled"},
            },
        }
        role = f"arn:aws:iam::{self.id}:role/{ROLE}"
        bucket = {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "BucketName": f"logs-{self.id}",
                "VersioningConfiguration": {"Status": "Enabled"},
                "ReplicationConfiguration": {"Role": role, "Rules": [rule]},
            },
        }
        template = json.dumps({"Resources": {"Bucket": bucket}})
        self.client("cloudformation").create_stack(StackName="logs", TemplateBody=template)
        return f"logs-{self.id}"

    def seal(self, bucket: str) -> str:
        """Seal hours as the verification does, and return the SHA-256 of the signing key."""
        kms = self.client("kms")
        key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
        signer = KmsSigner(kms, key["Arn"])
        seal = Seal(EvidenceBucket(self.client("s3"), bucket), signer)
        previous = "0" * 64
        for since in (SINCE + number * HOUR for number in range(HOURS)):
            entry = {
                "kind": "run",
                "account": self.id,
                "stage": "prod",
                "region": REGION,
                "since": iso(since),
                "until": iso(since + HOUR),
                "counts": Counts(calls=1, matched=1)._asdict(),
            }
            window = {"since": since, "until": since + HOUR}
            previous = seal.write(key_of_hour(since), [entry], previous, **window)
        return PublicKey.from_pem(signer.public_key()).fingerprint


def open_archive(archive: Account, account: str) -> None:
    """As docs/accounts.md has it: versioning, and a statement for the account's role."""
    s3, bucket = archive.client("s3"), f"archive-{account}"
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:role/{ROLE}"},
        "Action": ["s3:ReplicateObject", "s3:ReplicateTags", "s3:ObjectOwnerOverrideToBucketOwner"],
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def tampered(bucket: Account) -> None:
    """As an administrator of the account would: evidence goes from the log bucket."""
    s3, key = bucket.client("s3"), key_of_hour(SINCE + HOUR)
    for version in s3.list_object_versions(Bucket=f"logs-{bucket.id}", Prefix=key)["Versions"]:
        s3.delete_object(Bucket=f"logs-{bucket.id}", Key=key, VersionId=version["VersionId"])


async def audited(url: str, folder: Path) -> Any:  # noqa: ANN401 - JSON
    archive, stages = Account(url, ARCHIVE), []
    for name, number in ACCOUNTS.items():
        account = Account(url, number)
        if name != "trial":
            open_archive(archive, number)
        bucket = account.deploy_log_bucket()
        fingerprint = account.seal(bucket)
        tampered(account)
        stages.append(
            {
                "name": name,
                "account": number,
                "region": REGION,
                "stage": "prod",
                "bucket": f"archive-{number}",
                "public_key_sha256": fingerprint,
                "since": iso(SINCE - timedelta(days=1)),
            }
        )
    with pytest.raises(ClientError):  # what one account has is not the other's
        Account(url, ACCOUNTS["search"]).client("s3").head_object(
            Bucket=f"logs-{ACCOUNTS['support']}", Key=key_of_hour(SINCE)
        )
    head = Account(url, ACCOUNTS["trial"]).client("s3").head_object
    failed = head(Bucket=f"logs-{ACCOUNTS['trial']}", Key=key_of_hour(SINCE))
    assert failed["ReplicationStatus"] == "FAILED"  # its archive allows nothing
    file = folder / "accounts.json"
    file.write_text(json.dumps({"accounts": stages}))
    window = ("--since", iso(SINCE), "--until", iso(SINCE + HOURS * HOUR))
    arguments = ["audit", "--accounts", str(file), "--out", str(folder / "report"), *window]
    result = await asyncio.to_thread(CliRunner().invoke, app, arguments)
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 2, result.output
    return json.loads((folder / "report" / "accounts.json").read_text())


def test_three_accounts_are_audited_by_their_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "log_hash", lambda _: None)

    async def run() -> Any:  # noqa: ANN401 - JSON
        async with embedded_aws(region=REGION, port=0, folder=tmp_path) as aws:
            monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", ARCHIVE)
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
            monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
            return await audited(aws.url, tmp_path)

    data = asyncio.run(run())

    verdicts = {
        each["name"]: (each["verdict"], each["hours_verified"]) for each in data["accounts"]
    }
    assert verdicts == {
        "search": ("pass", HOURS),
        "support": ("pass", HOURS),
        "trial": ("not assessed", 0),
    }
    assert "NoSuchBucket" in data["accounts"][2]["reason"]
