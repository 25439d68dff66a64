"""CloudTrail, the table of audit log entries, and the canary."""

from __future__ import annotations

from collections.abc import Iterator

from claude_bedrock.catalog.aws_regions import COMMERCIAL_REGIONS
from stacks.stage.block import CANARY_KEY, Stage
from stacks.stage.endpoint import WebAclRules

# The canary's larger question, with room for what stands around it.
CANARY_BODY_BYTES = 160_000


def trail_mistakes(stage: Stage) -> Iterator[str]:
    trail, path = stage.evidence.cloudtrail, "evidence.cloudtrail"
    if trail is None:
        return
    if trail.create == (trail.bucket is not None):
        given = "create true and a bucket" if trail.create else "neither create true nor a bucket"
        yield (
            f"{path}: {given} given; allowed: create true, where the stage makes a trail, or the "
            "bucket of one that exists"
        )
    for key in ("prefix", "organization", "kms_key"):
        if trail.create and getattr(trail, key):
            yield (
                f"{path}.{key}: {getattr(trail, key)!r} given with create true; allowed: bucket "
                f"with it, or no {key}, since the stage's own trail has its own"
            )
    if trail.accounts and not trail.organization:
        yield (
            f"{path}.accounts: {list(trail.accounts)} given without an organization; allowed: the "
            "organization of an organization trail with it, since another trail has no events of "
            "other accounts"
        )
    if stage.account.id in trail.accounts:
        yield (
            f"{path}.accounts: {stage.account.id} given, the stage's own account; allowed: other "
            "accounts of the organization, since each call in one of these is a finding"
        )
    for region in trail.stage_regions:
        if region not in COMMERCIAL_REGIONS:
            yield f"{path}.stage_regions: {region!r} given; allowed: AWS Regions, like us-east-1"
    if stage.region in trail.stage_regions:
        yield (
            f"{path}.stage_regions: {stage.region} given, the stage's own Region; allowed: other "
            "Regions of the account that have a stage"
        )


def entry_table_mistakes(stage: Stage) -> Iterator[str]:
    """Yield a table of entries without the table of records that it stands beside."""
    logging = stage.logging
    if stage.evidence.audit_entry_table and not logging.has_own_destinations:
        yield (
            f"evidence.audit_entry_table: true given with existing_logging "
            f"{logging.existing_logging}, where the stage has no table of records; allowed: "
            "existing_logging fail or replace, or no audit_entry_table"
        )


def may_have_canary(stage: Stage) -> bool:
    endpoint = stage.endpoint
    demands_certificate = endpoint.domain is not None and endpoint.domain.truststore is not None
    is_limited = isinstance(endpoint.web_acl, WebAclRules) and bool(endpoint.web_acl.body_limit_kb)
    return (
        endpoint.enabled
        and not endpoint.allowed_ips
        and endpoint.network is None
        and not demands_certificate
        and not is_limited
    )


def canary_mistakes(stage: Stage) -> Iterator[str]:
    """Yield the mistakes of the canary, once it is known which models the stage has."""
    canary, models, limit = stage.evidence.canary, stage.models.allow, stage.endpoint.max_body_bytes
    if canary is None:
        return
    if models and canary not in models:
        yield (
            f"evidence.canary: {canary!r} given; allowed: one of the stage's models "
            f"({', '.join(models)}), or null"
        )
    if limit < CANARY_BODY_BYTES:
        yield (
            f"endpoint.max_body_bytes: {limit} given with a canary, whose larger question would "
            f"be refused; allowed: {CANARY_BODY_BYTES} or more, or no canary"
        )
    if CANARY_KEY in stage.callers.api_keys and stage.callers.auth == "key":
        yield (
            f"callers.api_keys: {CANARY_KEY!r} given with a canary, whose key has that name; "
            "allowed: another name, or no canary"
        )
