"""Controls of frameworks and the statements that serve each of them, read both ways."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

_NIST: Final = "https://csrc.nist.gov/pubs/sp/800/53/r5/upd1/final"
_CIS: Final = (
    "https://docs.aws.amazon.com/securityhub/latest/userguide/cis-aws-foundations-benchmark.html"
)
_SOC_2: Final = (
    "https://www.aicpa-cima.com/resources/download/"
    "2017-trust-services-criteria-with-revised-points-of-focus-2022"
)
_AI_ACT: Final = "https://eur-lex.europa.eu/eli/reg/2024/1689/oj"
_PROWLER: Final = (
    "https://github.com/prowler-cloud/prowler/tree/master/prowler/providers/aws/services"
)


class Control(NamedTuple):
    """One control of a framework: `requirement` in our words; `statements` are ids."""

    framework: str
    id: str
    requirement: str
    source: str
    statements: Sequence[str]

    @property
    def anchor(self) -> str:
        words = f"{self.framework}-{self.id}".lower()
        return "control-" + "".join(letter if letter.isalnum() else "-" for letter in words)


def _prowler(service: str, check: str, requirement: str, *statements: str) -> Control:
    return Control("Prowler", check, requirement, f"{_PROWLER}/{service}/{check}", statements)


CONTROLS: Final = (
    Control(
        "Anthropic",
        "30 days",
        "Prompts and completions are logged, and kept at least 30 days",
        "https://platform.claude.com/docs/en/build-with-claude/claude-on-amazon-bedrock",
        ("logging-on", "data-types", "bodies", "kept"),
    ),
    Control(
        "NIST 800-53 r5",
        "AU-2",
        "It is decided which events are logged",
        _NIST,
        ("logging-on", "data-types", "logging-unchanged"),
    ),
    Control(
        "NIST 800-53 r5",
        "AU-3",
        "A record says what happened, when, where and who did it",
        _NIST,
        ("bodies", "callers", "residency"),
    ),
    Control(
        "NIST 800-53 r5",
        "AU-6",
        "Records are reviewed, and what is found is reported",
        _NIST,
        ("chain", "alarms-armed", "alarms-quiet"),
    ),
    Control("NIST 800-53 r5", "AU-11", "Records are retained as long as is said", _NIST, ("kept",)),
    Control(
        "NIST 800-53 r5",
        "AU-12",
        "Records are made of every such event",
        _NIST,
        ("complete", "no-bypass", "cloudtrail", "logging-on"),
    ),
    Control(
        "NIST 800-53 r5",
        "AU-9",
        "Records are protected from change and from the wrong readers",
        _NIST,
        ("encrypted", "bucket-closed", "chain", "signed"),
    ),
    Control(
        "NIST 800-53 r5",
        "AC-6",
        "Nobody may do more than the task needs",
        _NIST,
        ("models-bounded", "deny-policy"),
    ),
    Control(
        "CIS AWS Foundations 3.0.0",
        "2.1.4",
        "Buckets block public access",
        _CIS,
        ("bucket-closed",),
    ),
    Control(
        "CIS AWS Foundations 3.0.0",
        "3.6",
        "Symmetric keys that a customer made are rotated",
        _CIS,
        ("key-rotates",),
    ),
    Control(
        "ISO/IEC 27001:2022",
        "A.8.15",
        "Logs of activities and events are made, kept, protected and reviewed",
        "https://www.iso.org/standard/27001",
        ("logging-on", "complete", "cloudtrail", "kept", "chain", "signed", "alarms-quiet"),
    ),
    Control(
        "SOC 2",
        "CC7.2",
        "Systems are monitored for anomalies, and anomalies are analyzed",
        _SOC_2,
        ("alarms-armed", "alarms-quiet", "no-bypass"),
    ),
    Control(
        "EU AI Act",
        "Article 12",
        "A high-risk AI system records events automatically over its lifetime",
        _AI_ACT,
        ("logging-on", "logging-unchanged", "complete"),
    ),
    Control(
        "EU AI Act",
        "Article 19",
        "Providers of high-risk AI systems keep the logs at least six months",
        _AI_ACT,
        ("kept-six-months",),
    ),
    Control(
        "EU AI Act",
        "Article 26(6)",
        "Deployers of high-risk AI systems keep the logs at least six months",
        _AI_ACT,
        ("kept-six-months",),
    ),
    _prowler(
        "bedrock",
        "bedrock_model_invocation_logging_enabled",
        "Invocation logging is on",
        "logging-on",
    ),
    _prowler(
        "bedrock",
        "bedrock_model_invocation_logging_text_data_enabled",
        "Text is delivered to the log",
        "data-types",
    ),
    _prowler(
        "bedrock",
        "bedrock_model_invocation_logs_encryption_enabled",
        "The log's places are encrypted",
        "encrypted",
    ),
    _prowler(
        "cloudwatch",
        "cloudwatch_log_group_kms_encryption_enabled",
        "Log groups are encrypted with a key of KMS",
        "encrypted",
    ),
    _prowler(
        "cloudwatch",
        "cloudwatch_alarm_actions_enabled",
        "Alarms have their actions switched on",
        "alarms-armed",
    ),
)


def of_statements() -> Mapping[str, Sequence[Control]]:
    """Return the controls that each statement serves, by the statement's id."""
    controls: dict[str, list[Control]] = {}
    for control in CONTROLS:
        for statement in control.statements:
            controls.setdefault(statement, []).append(control)
    return controls
