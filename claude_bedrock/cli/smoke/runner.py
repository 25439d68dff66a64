"""All checks in their order, and what becomes of one that AWS or the endpoint does not answer."""

from collections.abc import Iterator
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from claude_bedrock.cli.doctor.check import DENIED, code_of
from claude_bedrock.cli.shared.deployment import NoTargetError
from claude_bedrock.cli.shared.endpoint import RefusedError
from claude_bedrock.cli.smoke import (
    entry_table,
    function_memory,
    function_vpc,
    mantle_endpoint,
    messages_path,
    metric_names,
    model_features,
    permissions,
    records,
    refusals,
    streaming,
    trail_events,
    witnesses,
)
from claude_bedrock.cli.smoke.check import EMBEDDED, Check, Finding, Result, failed, not_assessed
from claude_bedrock.cli.smoke.deployed_stage import Subject
from claude_bedrock.records.window import UnreadableError

CHECKS: Final[tuple[Check, ...]] = (
    *streaming.CHECKS,
    *refusals.CHECKS[:-1],
    *witnesses.CHECKS,
    *records.CHECKS,
    *trail_events.CHECKS,
    *entry_table.CHECKS,
    *messages_path.CHECKS,
    *mantle_endpoint.CHECKS,
    *function_memory.CHECKS,
    *function_vpc.CHECKS,
    *model_features.CHECKS,
    *permissions.CHECKS,
    *metric_names.CHECKS,
    refusals.CHECKS[-1],  # the throttle, which leaves the key throttled for a while
)

_DELETED: Final = frozenset({"ResourceNotFoundException", "NoSuchBucket"})


def run(subject: Subject) -> Iterator[Result]:
    """Yield what each check of this stage comes to, one after the other."""
    for check in CHECKS:
        if check.upstream and check.upstream != subject.upstream:
            continue
        if check.output and not _has_output(subject, check.output):
            continue
        yield Result(check, _judge(check, subject))


def _has_output(subject: Subject, name: str) -> bool:
    """Return whether the Observability stack has the output; true where AWS gives no answer, so
    that the check says why."""
    try:
        return bool(subject.output("Observability", name))
    except (NoTargetError, ClientError, BotoCoreError):
        return True


def _judge(check: Check, subject: Subject) -> Finding:
    if subject.is_local and not check.is_local:
        return not_assessed(EMBEDDED)
    try:
        if 0 < subject.body_limit_bytes < check.body_bytes:
            return not_assessed("The stage's web ACL refuses a body of that size.")
        return check.judge(subject)
    except RefusedError as error:
        return failed(f"{error}.")
    except UnreadableError:
        return failed("A record cannot be read.")
    except (NoTargetError, ClientError, BotoCoreError) as error:
        report = failed if _is_of_the_stage(error) else not_assessed
        return report(_why_unanswered(error))


def _is_of_the_stage(error: Exception) -> bool:
    """Return whether AWS has answered, that what the stage made is deleted or its key disabled."""
    if not isinstance(error, ClientError):
        return False
    code = code_of(error)
    return code in _DELETED or code.startswith("KMS")


def _why_unanswered(error: NoTargetError | ClientError | BotoCoreError) -> str:
    if isinstance(error, NoTargetError):
        return f"{error}."
    if isinstance(error, BotoCoreError):
        return f"AWS does not answer: {type(error).__name__}."
    if code_of(error) in DENIED:
        return f"AWS denies you {error.operation_name}."
    advice = " `claude-bedrock doctor` names what changed." if _is_of_the_stage(error) else ""
    return f"AWS answers {error.operation_name} with {code_of(error)}.{advice}"
