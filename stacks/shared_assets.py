"""Where templates take the functions' zips from: the bootstrap of the account and Region, or a
bucket that many accounts may read."""

from __future__ import annotations

import re

import aws_cdk as cdk

from stacks.settings import SettingsError
from stacks.stage import Stage

# Room for what the name ends in, and no dot: CloudFormation reads the bucket by its host name.
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,40}[a-z0-9]")


def synthesizer(stage: Stage, bucket: object) -> cdk.DefaultStackSynthesizer | None:
    """Return what synthesizes the stage's stacks: for many accounts where there is a `bucket`, with
    the stage's own qualifier where it has one, else None for the CDK's default. Raises
    SettingsError."""
    if bucket is not None:
        return shared_assets(stage, bucket)
    qualifier = stage.account.qualifier
    return cdk.DefaultStackSynthesizer(qualifier=qualifier) if qualifier else None


def shared_assets(stage: Stage, bucket: object) -> cdk.DefaultStackSynthesizer:
    """Return what synthesizes templates whose functions' zips are in `bucket`-REGION: Lambda takes
    a zip from a bucket of its own Region.

    Raises SettingsError where a template would be one account's alone.
    https://docs.aws.amazon.com/cdk/v2/guide/customize-synth.html"""
    if lines := [*_mistakes(stage, bucket)]:
        raise SettingsError("\n".join(f"stage {stage.name!r}: {line}" for line in lines))
    return cdk.DefaultStackSynthesizer(
        file_assets_bucket_name=f"{bucket}-${{AWS::Region}}",
        generate_bootstrap_version_rule=False,
    )


def _mistakes(stage: Stage, bucket: object) -> list[str]:
    with_it = "given with shared_assets_bucket, whose templates are for any account"
    by_name = f"{with_it}, and whose stacks StackSets names"
    trail = stage.evidence.cloudtrail
    mistakes = {
        f"account.qualifier: {stage.account.qualifier} {with_it}, and which need no bootstrap; "
        "allowed: no account.qualifier": stage.account.qualifier,
        f"account.id: {stage.account.id} {with_it}; allowed: no account.id": stage.account.id,
        f"endpoint.enabled: true {with_it}; allowed: endpoint.enabled false, since API keys, "
        "callers and URL are each account's own": stage.endpoint.enabled,
        f"logging.record_access_log: {by_name}; allowed: null, since a stack reads that bucket "
        "from another stack by its name": stage.logging.record_access_log,
        f"evidence.cloudtrail.create: true {by_name}; allowed: an organization trail's bucket, "
        "since a stack reads the bucket of the stage's own from another stack by its name": trail
        is not None
        and trail.create,
        f"logging.existing_logging_role: {stage.logging.existing_logging_role} {with_it}; allowed: "
        "null, since a role is of one account": stage.logging.existing_logging_role,
        f"logging.kms_key: {stage.logging.kms_key} {with_it}; allowed: null, since a key is of one "
        "account": stage.logging.kms_key,
        f"logging.existing_logging: {stage.logging.existing_logging} {by_name}; allowed: fail or "
        "replace, for the same reason": not stage.logging.has_own_destinations,
        f"shared_assets_bucket: {bucket!r} given; allowed: 3 to 42 lower-case letters, digits and "
        "hyphens; the Region is appended": not isinstance(bucket, str)
        or not _NAME.fullmatch(bucket),
    }
    return [line for line, is_so in mistakes.items() if is_so]
