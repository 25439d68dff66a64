"""Alone knows what we say to each rule of others that finds something in our stacks."""

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
        "Are functions in a network of the account's own?",
        ("LambdaInsideVPC", "CT.LAMBDA.PR.3"),
        Kind.ACCEPTED,
        "No function takes connections, in a VPC or out of it: Lambda invokes it for whom IAM "
        "lets. What they reach are AWS's own endpoints, over TLS. A VPC would bring subnets, "
        "a NAT gateway or an endpoint per service, and routes that whoever has the network "
        "may change. Left: nothing on the way out stops a function that somebody has taken "
        "over from telling what it holds. That its code is what we built, [its bill of "
        "materials](security.md#supply-chain) shows",
    ),
    Answer(
        "Is each function's concurrency limited?",
        ("LambdaConcurrency",),
        Kind.ACCEPTED,
        "Calls are limited at the door, by the stage's throttle and that of each plan; what a "
        "clock, an event or CloudFormation starts runs a few times an hour. Concurrency that "
        "is reserved for a function is taken from the account's, which others share. Where "
        "the stage limits a function all the same, it is not in this list",
    ),
    Answer(
        "Is what a function could not handle kept for later?",
        ("LambdaDLQ",),
        Kind.ACCEPTED,
        "What a clock sends says no more than that it is time, and what CloudFormation sends, "
        "it waits for. Kept for later it would be a question whose time has gone: the next "
        "run looks at all that a missed one left. A run that fails, or is missing, is [an "
        "alarm](operations.md#alarms). API Gateway waits for its answer",
    ),
    Answer(
        "Are there policies inside roles?",
        ("IAMNoInlinePolicy",),
        Kind.ACCEPTED,
        "Each is of one role, is that role's alone, and goes with it; a managed one could be "
        "attached to others. What is meant for others (invoking, the guard, teams, the "
        "endpoint) is managed. Every statement of either is listed in "
        "[access](access/README.md)",
    ),
    Answer(
        "Is each access to the record's bucket logged?",
        ("S3BucketLoggingEnabled", "CT.S3.PR.2"),
        Kind.STAGE,
        "`record_access_log` does it, by CloudTrail, which tells more and is complete, or by "
        "S3 as these rules have it: [both "
        "ways](security.md#access-log-for-records). It is `null` at first since "
        "many accounts have such a trail already",
    ),
    Answer(
        "Is the record's bucket copied elsewhere?",
        ("S3BucketReplicationEnabled",),
        Kind.ACCEPTED,
        "A copy is a second place with prompts, with readers, a key and an end of its own, perhaps "
        "in a Region where they must not be. S3 keeps each object in several zones, and CloudWatch "
        "Logs has the same records, but for large bodies. Left: a record does not outlive its "
        "Region",
    ),
    Answer(
        "Are objects locked?",
        ("CT.S3.PR.9",),
        Kind.STAGE,
        "`object_lock` does it. What is locked cannot be deleted on request either: [what "
        "that means](compliance.md#deletion-requests)",
    ),
    Answer(
        "Does the bucket tell of what happens in it?",
        ("CT.S3.PR.4",),
        Kind.ACCEPTED,
        "Nothing has to act on a single record. Whether records are all there is looked at "
        "each hour, whether the bucket keeps them each quarter of an hour: [verified by the "
        "clock](operations.md#hourly-verification), [still on](operations.md#drift-detection)",
    ),
    Answer(
        "Does a firewall for web applications stand before the endpoint?",
        ("APIGWAssociatedWithWAF",),
        Kind.ACCEPTED,
        "But for `GET /health`, two `HEAD`s and, with `cors_origins`, `OPTIONS`, which answer "
        "nothing, every method asks for a key or a signature. Bodies are prompts: they hold "
        "code, SQL and markup, which such rules are made to refuse. Who wants one, for limits "
        "by address, associates it with the API's stage. Left: whoever calls without a key "
        "still has the authorizer run",
    ),
    Answer(
        "Are answers cached, and the cache encrypted?",
        ("APIGWCacheEnabledAndEncrypted",),
        Kind.ACCEPTED,
        "A cache would keep content outside the record and its retention. There is none, so there "
        "is nothing to encrypt",
    ),
    Answer(
        "Does API Gateway log how it carries calls out?",
        ("APIGWExecutionLoggingEnabled", "CT.APIGATEWAY.PR.1"),
        Kind.ACCEPTED,
        f"[Execution logs]({GUIDE}/set-up-logging.html) can hold parameters and payloads, which "
        "are prompts, where operators read. Access log and audit lines say who called what and "
        "how it ended, and no more",
    ),
    Answer(
        "Does the API show its backend a certificate?",
        ("APIGWSSLEnabled",),
        Kind.ACCEPTED,
        f"[Client certificates]({GUIDE}/getting-started-client-side-ssl-authentication.html) are "
        "for backends on HTTP. Ours is a function, which API Gateway invokes by IAM: no other "
        "address leads to it",
    ),
    Answer(
        "Are answers of Athena encrypted in a bucket of the account?",
        ("CT.ATHENA.PR.1", "CT.ATHENA.PR.2"),
        Kind.MISREAD,
        "The controls look for a bucket with results. The workgroup has none: Athena keeps "
        "them itself, encrypted, for a day ([managed "
        "results](https://docs.aws.amazon.com/athena/latest/ug/managed-results.html))",
    ),
    Answer(
        "Are logs kept for a year?",
        ("CT.CLOUDWATCH.PR.2",),
        Kind.STAGE,
        "`retention_days` says how long, 30 at least. To keep prompts for a year is a duty to "
        "some, and a breach to others",
    ),
    Answer(
        "Is each log group encrypted with a key of the account?",
        ("CT.CLOUDWATCH.PR.3",),
        Kind.MISREAD,
        "Each is, with the stage's key. In the Gateway's stack that key is imported from "
        "another stack (`Fn::ImportValue`), which the control does not read",
    ),
    Answer(
        "May anybody invoke a function?",
        ("CT.LAMBDA.PR.2",),
        Kind.MISREAD,
        "API Gateway may, and only for a method or the authorizer of this API: `SourceArn` "
        "says so. It is put together from references (`Fn::Join`), which the control does not "
        "read",
    ),
)

MENDED: Final = {
    "CT.KMS.PR.3": "Since it was found, the keys' own policies refuse grants to all but AWS's "
    "services (`stacks/components/iam/key_grants.py`): a grant would give somebody the use of "
    "the record's key, and stand in no policy",
}
