"""Tags, roles and alarms of the account."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stacks import team_profile_plan
from stacks.stage.block import Stage


def account_mistakes(stage: Stage) -> Iterator[str]:
    account = stage.account
    for tag in account.tags:
        if is_reserved(tag):
            yield (
                f"account.tags.{tag}: given; allowed: other tags, since this one is not yours to "
                "set"
            )
    yield from _twin_tag_mistakes(account.tags)
    yield from _team_tag_mistakes(stage)
    yield from _role_rule_mistakes(stage)
    yield from _other_account_mistakes(stage)
    if account.roles.legal_hold:
        yield from _legal_hold_mistakes(stage)
    deploy = account.roles.deploy
    if deploy and not (deploy.principals or deploy.github):
        yield (
            "account.roles.deploy: names nobody; allowed: principals, github or both, since who "
            "takes it deploys any template, as an administrator can"
        )
    has_reader = account.alarm_email or account.no_alarm_email_reason
    if stage.logging.keep_logs_on_destroy and not has_reader:
        yield (
            "account.alarm_email: none given with logging.keep_logs_on_destroy true; allowed: an "
            "e-mail address, or account.no_alarm_email_reason with who hears of alarms instead, "
            "since a person has to hear of it when records are no longer kept"
        )


def _twin_tag_mistakes(tags: Iterable[str]) -> Iterator[str]:
    """Yield tags that differ in case alone, of which a role has one:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html"""
    earlier: dict[str, str] = {}
    for tag in tags:
        if (twin := earlier.setdefault(tag.lower(), tag)) != tag:
            yield (
                f"account.tags.{tag}: given with {twin}; allowed: one of them, since the names of "
                "a role's tags are the same in either case"
            )


def _team_tag_mistakes(stage: Stage) -> Iterator[str]:
    """Yield a role's tag that would stand for the team of a caller who has none:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html"""
    team = next((tag for tag in stage.account.tags if tag.lower() == "team"), None)
    if team and stage.callers.team_guardrails and stage.callers.caller_sessions:
        yield (
            f"account.tags.{team}: given with a guardrail in callers.teams; allowed: another tag, "
            "since IAM would take it for the team of each caller without one"
        )


def _role_rule_mistakes(stage: Stage) -> Iterator[str]:
    account = stage.account
    prefix, most = account.role_prefix or "", stage.role_names.prefix_characters
    if len(prefix) > most:
        yield (
            f"account.role_prefix: {prefix!r} given; allowed: at most {most} characters for this "
            "stage and Region, since the name of a role has at most 64"
        )
    for key in ("permissions_boundary", "role_path", "role_prefix"):
        if getattr(account, key) and stage.endpoint.enabled and account.api_log_role is None:
            yield (
                f"account.{key}: given without account.api_log_role, where a function makes a role "
                "that does not carry it; allowed: api_log_role with the ARN of a role, or leave"
            )


def _other_account_mistakes(stage: Stage) -> Iterator[str]:
    """Yield what AWS takes from the stage's own account alone. A policy of AWS's own is of the
    account `aws`."""
    own, account, endpoint = stage.account.id, stage.account, stage.endpoint
    truststore = endpoint.domain.truststore if endpoint.domain else None
    arns = {
        "account.api_log_role": account.api_log_role,
        "account.permissions_boundary": account.permissions_boundary,
        "endpoint.domain.certificate": endpoint.domain.certificate if endpoint.domain else None,
        "endpoint.domain.truststore.ownership_certificate": truststore.ownership_certificate
        if truststore
        else None,
        "endpoint.web_acl": endpoint.web_acl if isinstance(endpoint.web_acl, str) else None,
        "logging.existing_logging_role": stage.logging.existing_logging_role,
    }
    for key, arn in arns.items():
        if own and arn and arn.startswith("arn:") and arn.split(":")[4] not in {own, "aws"}:
            yield (
                f"{key}: one of the account {arn.split(':')[4]} given; allowed: one of {own}, the "
                "stage's own account"
            )


def _legal_hold_mistakes(stage: Stage) -> Iterator[str]:
    logging = stage.logging
    if not logging.object_lock:
        yield (
            "account.roles.legal_hold: given without logging.object_lock; allowed: an object_lock, "
            "since S3 puts legal holds on objects of a bucket with Object Lock only"
        )
    if not logging.has_own_destinations:
        yield (
            f"account.roles.legal_hold: given with existing_logging {logging.existing_logging}; "
            "allowed: fail or replace, since the records lie in another team's bucket"
        )


def is_reserved(tag: str) -> bool:
    """Return whether AWS or this project sets the tag itself: those of keys have a colon."""
    return (
        tag.lower().startswith(("aws:", "claude-on-bedrock:"))
        or tag.lower() in team_profile_plan.OUR_TAGS
    )
