"""The group `logging`: Bedrock's invocation logging, and how long its records are kept."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from stacks.stage.group import TRUE_OR_FALSE, Allowed, Group, Page

# What PutRetentionPolicy takes, from 30 days on:
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RetentionDays = Literal[
    30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]


ACCOUNT_ID = "${AWS::AccountId}"
"""What stands for the stage's account, as in CloudFormation's own templates."""


class Archive(Group):
    """A bucket of another account that S3 replicates the log bucket to."""

    bucket: Annotated[
        str,
        Allowed(f"a bucket's name, in which {ACCOUNT_ID} stands for the stage's account"),
        Field(
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
            pattern=r"^[a-z0-9]([a-z0-9.-]|\$\{AWS::AccountId\}){1,61}([a-z0-9]|\$\{AWS::AccountId\})$",
            description="The archive's bucket, of any Region, with versioning on; one for each "
            f"stage. {ACCOUNT_ID} in it is the stage's account.",
        ),
    ]
    account: Annotated[
        str,
        Allowed("the id of another AWS account, 12 digits in quotes"),
        Field(pattern=r"^[0-9]{12}$", description="The account that owns bucket and replicas."),
    ]
    key: Annotated[
        str,
        Allowed("the ARN of a KMS key of the archive's account, in the bucket's Region"),
        Field(
            pattern=r"^arn:aws:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$",
            description="The KMS key that encrypts the replicas.",
        ),
    ]


class LogBucketAccessLog(Group):
    """A bucket that S3 delivers the access log of the log bucket to."""

    bucket: Annotated[
        str,
        Allowed(f"a bucket's name, in which {ACCOUNT_ID} stands for the stage's account"),
        Field(
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
            pattern=r"^[a-z0-9]([a-z0-9.-]|\$\{AWS::AccountId\}){1,61}([a-z0-9]|\$\{AWS::AccountId\})$",
            description="The bucket, of the stage's account and Region, encrypted with S3's own "
            "keys and without Object Lock.",
        ),
    ]
    prefix: Annotated[
        str,
        Allowed("up to 200 letters, digits and !_.()/-, or empty"),
        Field(
            pattern=r"^[A-Za-z0-9!_.()/-]*$",
            max_length=200,
            description="What the names of the log's objects begin with, like claude/.",
        ),
    ] = ""


class Logging(Group):
    """Bedrock's invocation logging, and how long its records are kept."""

    retention_days: Annotated[
        RetentionDays,
        Allowed("one of " + ", ".join(map(str, get_args(RetentionDays)))),
        Page("decisions/0013-retention-floor.md"),
        Field(
            description="How long the log groups keep events. The bucket keeps records five days "
            "longer."
        ),
    ] = 30
    keep_logs_on_destroy: Annotated[
        bool,
        TRUE_OR_FALSE,
        Page("deploy.md"),
        Field(
            description="true: bucket, key and log groups outlive the stacks. false: cdk destroy "
            "empties and deletes them."
        ),
    ] = True
    object_lock: Annotated[
        Literal["governance", "compliance"] | None,
        Allowed("governance, compliance, or null"),
        Page("deploy.md"),
        Field(
            description="Locks each version in the log bucket for retention_days. Not with "
            "keep_logs_on_destroy false, nor without a canary."
        ),
    ] = None
    kms_key: Annotated[
        str | None,
        Allowed("the ARN of a KMS key of the stage's account and Region, or null"),
        Page("security.md#a-kms-key-of-your-own"),
        Field(
            pattern=r"^arn:aws:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]{1,64}$",
            description="The key that encrypts bucket, log groups, budgets and the stage's trail, "
            "in place of one that the stage makes. Choose it before the first deployment.",
        ),
    ] = None
    archive: Annotated[
        Archive | None,
        Allowed("an object of bucket, account and key, or null"),
        Page("accounts.md"),
        Field(
            description="A bucket of another account, to which S3 replicates records, large "
            "bodies and evidence as they are written. Not with adopt and extend."
        ),
    ] = None
    record_access_log: Annotated[
        Literal["data_events", "server_access_log"] | None,
        Allowed("data_events, server_access_log, or null"),
        Page("security.md"),
        Field(
            description="How it is logged who reads, changes or deletes what is in the log "
            "bucket, in a bucket of its own. data_events costs by the event."
        ),
    ] = None
    log_bucket_access_log: Annotated[
        LogBucketAccessLog | None,
        Allowed("an object of bucket and prefix, or null"),
        Page("security.md#an-access-log-in-a-bucket-of-yours"),
        Field(
            description="A bucket of yours that S3 delivers the log bucket's access log to. Not "
            "with record_access_log server_access_log, which makes a bucket for it."
        ),
    ] = None
    existing_logging: Annotated[
        Literal["fail", "adopt", "extend", "replace"],
        Allowed("fail, adopt, extend or replace"),
        Page("deploy.md"),
        Field(
            description="What the deployment does if the Region already has a logging "
            "configuration of another owner. Where there is none, it sets the stage's."
        ),
    ] = "fail"
    existing_logging_role: Annotated[
        str | None,
        Allowed("the ARN of an IAM role, or null"),
        Page("deploy.md"),
        Field(
            pattern=r"^arn:aws:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,512}$",
            description="The role with which that configuration delivers to CloudWatch Logs. "
            "extend and replace need it, as long as the stage exists.",
        ),
    ] = None
    auto_restore_logging: Annotated[
        bool,
        TRUE_OR_FALSE,
        Page("operations.md"),
        Field(
            description="Whether the stage's own logging configuration is set again when it was "
            "deleted, redirected or lost a data type. Not with adopt and extend."
        ),
    ] = False
    athena_scan_limit_mb: Annotated[
        int,
        Allowed("10 to 7000000 (what one query may read, in MB)"),
        Page("operations.md"),
        Field(
            ge=10,
            le=7_000_000,
            description="How much one query of the records in Athena may read. One that would "
            "read more ends without an answer.",
        ),
    ] = 10_000

    @property
    def has_own_destinations(self) -> bool:
        """Whether Bedrock delivers to the stage's own log group and bucket, not to another's."""
        return self.existing_logging in {"fail", "replace"}
