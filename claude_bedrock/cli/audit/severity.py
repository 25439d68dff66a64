"""Severity, risk and remediation of each statement, in the words of security checks: what follows
where it fails, and what to do then.

https://docs.prowler.com/developer-guide/check-metadata-guidelines
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

Severity = Literal["critical", "high", "medium", "low"]
SEVERITIES: Final[tuple[Severity, ...]] = ("critical", "high", "medium", "low")


class Importance(NamedTuple):
    """`risk` is what may have happened, or may happen, where the statement fails; `remediation`
    what to do about it. Each is full sentences."""

    severity: Severity
    risk: str
    remediation: str


_RESTORE: Final = (
    "Run `cdk deploy --all` for the stage, or set `logging.auto_restore_logging`; then run "
    "`claude-bedrock doctor`."
)
_ACCEPT: Final = (
    "List them with `claude-bedrock findings list`, and accept one that has a reason with "
    "`claude-bedrock findings accept`."
)

IMPORTANCE: Final[Mapping[str, Importance]] = {
    "logging-on": Importance(
        "critical", "Bedrock records calls elsewhere, in part, or not at all.", _RESTORE
    ),
    "data-types": Importance(
        "high", "Records lack prompts or completions of the types that are off.", _RESTORE
    ),
    "encrypted": Importance(
        "medium",
        "A principal that may read the store can read prompts without the stage's key.",
        "Follow docs/deploy.md#restore-what-was-changed-by-hand. With another "
        "team's destinations, have that team name the key.",
    ),
    "key-rotates": Importance(
        "low",
        "A key that leaks opens everything that was ever encrypted with it.",
        "Turn on rotation in KMS: `aws kms enable-key-rotation`.",
    ),
    "bucket-closed": Importance(
        "high",
        "A policy or an access control list may open prompts and completions to the public.",
        "Turn on all four settings of the bucket's public access block.",
    ),
    "logging-unchanged": Importance(
        "high",
        "Calls between two changes may lack a record, or have it elsewhere.",
        "Ask the principal that is named, and attach the deny policy as a service control policy: "
        "`claude-bedrock policy print --format scp`.",
    ),
    "complete": Importance(
        "critical",
        "Bedrock answered prompts that are on record in part or not at all.",
        f"Search each request id with `claude-bedrock logs show`. {_ACCEPT}",
    ),
    "no-bypass": Importance(
        "high",
        "Principals call Bedrock outside the gateway's models, limits and budgets.",
        "Attach the deny policy to the principals that are named, or list them in "
        f"`callers.allowed_direct_callers`. {_ACCEPT}",
    ),
    "bodies": Importance(
        "high",
        "A record shows that a call was made, but not what was asked or answered.",
        f"Restore the object's version where there is one. {_ACCEPT}",
    ),
    "callers": Importance(
        "high",
        "A call may be attributed to the wrong caller or model, or a record was changed.",
        f"Compare entry and record of the call with `claude-bedrock logs show`. {_ACCEPT}",
    ),
    "cloudtrail": Importance(
        "critical",
        "Models were called without a record: in a Region without a stage, by an operation that "
        "Bedrock does not log, or with entry and record both lost.",
        "Deploy a stage without an endpoint in that Region, or attach the deny policy as a service "
        f"control policy. {_ACCEPT}",
    ),
    "residency": Importance(
        "high",
        "Prompts were processed in a Region that the stage rules out.",
        f"Narrow `models.geography`, and report it to your data-protection officer. {_ACCEPT}",
    ),
    "chain": Importance(
        "critical",
        "Evidence was changed or removed, or hours lack it and stay unverified.",
        "Run `claude-bedrock evidence verify`, which names each file, and restore its version.",
    ),
    "signed": Importance(
        "high",
        "Evidence differs from what was signed, or was made without the key.",
        "Run `claude-bedrock evidence verify`; check that the verification may use the key.",
    ),
    "kept": Importance(
        "high",
        "Records end before the stage's number of days, and cannot be shown to anyone afterwards.",
        "Run `claude-bedrock retention`, which names the rule, and follow "
        "docs/deploy.md#restore-what-was-changed-by-hand.",
    ),
    "kept-six-months": Importance(
        "medium",
        "Logs of a high-risk AI system end before the six months that the EU AI Act asks for.",
        "Set `logging.retention_days` to 365 or more.",
    ),
    "models-bounded": Importance(
        "high",
        "Holders of the stage's policies may call models that were not approved.",
        "Follow docs/deploy.md#restore-what-was-changed-by-hand.",
    ),
    "deny-policy": Importance(
        "high",
        "The gateway could turn logging off, or call other endpoints of Bedrock.",
        "Follow docs/deploy.md#restore-what-was-changed-by-hand.",
    ),
    "alarms-armed": Importance(
        "medium",
        "Logging may stop, or a call be lost, and no one learns of it.",
        "Set `account.alarm_email`, confirm the subscription, and turn on the actions.",
    ),
    "alarms-quiet": Importance(
        "medium",
        "Something that an alarm watches went wrong in the window.",
        "Follow the runbook of the alarm, and note what was done.",
    ),
    "budgets-counted": Importance(
        "medium",
        "Callers may spend more than their budget.",
        "Run `claude-bedrock budgets --check`.",
    ),
}
"""By the statement's id."""
