"""The project's answer to each third-party rule that reports a finding in the stacks."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

GUIDE: Final = "https://docs.aws.amazon.com/apigateway/latest/developerguide"


class Kind(StrEnum):
    """What becomes of a finding."""

    ACCEPTED = "accepted"
    STAGE = "for the stage to choose"
    MISREAD = "misread"


class Answer(NamedTuple):
    """`rules` are without their packs' names: several packs ask the same."""

    question: str
    rules: tuple[str, ...]
    kind: Kind
    because: str


ANSWERS: Final = (
    Answer(
        "Do functions run in a VPC of the account?",
        ("LambdaInsideVPC", "CT.LAMBDA.PR.3"),
        Kind.STAGE,
        "With [`endpoint.network.functions`](networks.md#functions-in-your-vpc) they run in a VPC "
        "of yours, and reach AWS by VPC endpoints alone. The default is off: functions accept no "
        "connections, in a VPC or out of it, since Lambda invokes them for principals that IAM "
        "allows, and a VPC brings endpoints to pay for. Remaining risk without it: a compromised "
        "function may send what it holds to any host. [Its bill of materials]"
        "(security.md#supply-chain) shows that its code is what you built",
    ),
    Answer(
        "Is each function's concurrency limited?",
        ("LambdaConcurrency",),
        Kind.ACCEPTED,
        "The stage's throttle and that of each plan limit calls at the endpoint; schedules, "
        "events and CloudFormation start the other functions a few times an hour. Reserved "
        "concurrency is taken from the account's, which others share. If the stage limits a "
        "function all the same, it is not in this list",
    ),
    Answer(
        "Is there a dead-letter queue for failed events?",
        ("LambdaDLQ",),
        Kind.ACCEPTED,
        "A scheduled event only says that it is time, and CloudFormation waits for the answer to "
        "its own. A stored event would be out of date: the next run covers all that a missed one "
        "left. A run that fails, or is missing, raises [an alarm](operations.md#alarms). API "
        "Gateway waits for its answer",
    ),
    Answer(
        "Is the table of budgets in a backup plan?",
        ("DynamoDBInBackupPlan",),
        Kind.ACCEPTED,
        "The table holds what was spent in the current periods. Point-in-time recovery restores "
        "any second of the last 35 days, and `claude-bedrock budgets --check` computes the same "
        "from Bedrock's records. A backup of last week's counters would restore none of today's",
    ),
    Answer(
        "Do roles have inline policies?",
        ("IAMNoInlinePolicy",),
        Kind.ACCEPTED,
        "Each inline policy belongs to one role, and goes with it; a managed one could be "
        "attached to others. Policies for others (invoking, the deny policy, teams, the endpoint) "
        "are managed. [Access](access/README.md) lists every statement of either",
    ),
    Answer(
        "Is each access to the record's bucket logged?",
        ("S3BucketLoggingEnabled", "CT.S3.PR.2"),
        Kind.STAGE,
        "`record_access_log` turns it on, by CloudTrail, which reports more and is complete, or "
        "by S3 as these rules expect, into a bucket of the stage or, with "
        "`log_bucket_access_log`, of yours: [both ways](security.md#access-log-for-records). The "
        "default is `null`, since many accounts have such a trail already",
    ),
    Answer(
        "Does the trail also write to CloudWatch Logs?",
        ("CloudTrailCloudWatchLogsEnabled", "CT.CLOUDTRAIL.PR.3"),
        Kind.ACCEPTED,
        "Verification reads the trail's files, which CloudTrail signs. A copy of every event in "
        "CloudWatch Logs costs 0.50 dollars per GB, and would be a third store of who called. "
        "Where you alarm on events, name the bucket of your own trail instead",
    ),
    Answer(
        "Is the bucket for records replicated?",
        ("S3BucketReplicationEnabled",),
        Kind.STAGE,
        "[`logging.archive`](accounts.md#replicate-into-an-archive) replicates the log bucket into "
        "another account. The default is off: a copy is a second store of prompts, with readers, "
        "a key and a retention of its own. S3 keeps each object in several zones, and CloudWatch "
        "Logs has the same records, except large bodies. Remaining risk without it: you lose the "
        "records with their Region",
    ),
    Answer(
        "Are objects locked?",
        ("CT.S3.PR.9",),
        Kind.STAGE,
        "`object_lock` locks them. You cannot delete locked objects on request either: [what that "
        "means](compliance.md#deletion-requests)",
    ),
    Answer(
        "Does the bucket send event notifications?",
        ("CT.S3.PR.4",),
        Kind.ACCEPTED,
        "Single records need no action. The hourly verification checks that records are complete, "
        "the drift detector every 15 minutes that the bucket keeps them: [hourly "
        "verification](operations.md#hourly-verification), [drift "
        "detection](operations.md#drift-detection)",
    ),
    Answer(
        "Does a firewall for web applications stand before the endpoint?",
        ("APIGWAssociatedWithWAF",),
        Kind.ACCEPTED,
        "Except `GET /health`, two `HEAD`s and, with `cors_origins`, `OPTIONS`, which return no "
        "data, every method needs a key or a signature. Bodies are prompts: they hold code, SQL "
        "and markup, which such rules refuse by design. [`endpoint.web_acl`](networks.md#web-acl) "
        "names one of yours, or makes one that limits each address and reads no prompt. Remaining "
        "risk: the authorizer also runs for callers without a key",
    ),
    Answer(
        "Are answers cached, and the cache encrypted?",
        ("APIGWCacheEnabledAndEncrypted",),
        Kind.ACCEPTED,
        "A cache would keep content outside the records and their retention. The stage has no "
        "cache to encrypt",
    ),
    Answer(
        "Does API Gateway write execution logs?",
        ("APIGWExecutionLoggingEnabled", "CT.APIGATEWAY.PR.1"),
        Kind.ACCEPTED,
        f"[Execution logs]({GUIDE}/set-up-logging.html) can hold parameters and payloads, which "
        "are prompts, where operators read. Access log and audit log say who called which model "
        "and how the call ended",
    ),
    Answer(
        "Does X-Ray trace requests?",
        ("APIGWXrayEnabled", "CT.APIGATEWAY.PR.2"),
        Kind.ACCEPTED,
        "Where a stage has [`endpoint.tracing`](operations.md#traces), it does. The default is "
        "off, since access log and audit log hold each request's times, and X-Ray's default "
        "rule can cost as much as API Gateway itself",
    ),
    Answer(
        "Does the API show its backend a certificate?",
        ("APIGWSSLEnabled",),
        Kind.ACCEPTED,
        f"[Client certificates]({GUIDE}/getting-started-client-side-ssl-authentication.html) are "
        "for backends on HTTP. This backend is a function, which only API Gateway may invoke, by "
        "IAM",
    ),
    Answer(
        "Does Athena encrypt its results in a bucket of the account?",
        ("CT.ATHENA.PR.1", "CT.ATHENA.PR.2"),
        Kind.MISREAD,
        "The controls look for a bucket with results. The workgroup has none: Athena keeps them "
        "itself, encrypted, for a day ([managed "
        "results](https://docs.aws.amazon.com/athena/latest/ug/managed-results.html))",
    ),
    Answer(
        "Are logs kept for a year?",
        ("CT.CLOUDWATCH.PR.2",),
        Kind.STAGE,
        "`retention_days` sets the time, 30 at least. To keep prompts for a year is a duty for "
        "some, and a breach for others",
    ),
    Answer(
        "Is each log group encrypted with a key of the account?",
        ("CT.CLOUDWATCH.PR.3",),
        Kind.MISREAD,
        "Each is, with the stage's key. The Gateway's stack imports that key from another stack "
        "(`Fn::ImportValue`), which the control does not read",
    ),
    Answer(
        "Can any principal invoke a function?",
        ("CT.LAMBDA.PR.2",),
        Kind.MISREAD,
        "Only API Gateway may, for a method or the authorizer of this API: `SourceArn` says so. "
        "The template joins it from references (`Fn::Join`), which the control does not read",
    ),
)

MENDED: Final = {
    "CT.KMS.PR.3": "The keys' own policies now refuse grants to all but AWS's services "
    "(`stacks/components/iam/key_grants.py`): a grant would give another principal the use of the "
    "key, and appear in no policy",
}
