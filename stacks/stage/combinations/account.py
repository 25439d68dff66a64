"""Tags, roles and alarms of the account."""

from __future__ import annotations

from collections.abc import Iterator

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
    yield from _role_rule_mistakes(stage)
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
    """Return whether AWS or this project sets the tag itself."""
    return tag.lower().startswith("aws:") or tag in team_profile_plan.OUR_TAGS
