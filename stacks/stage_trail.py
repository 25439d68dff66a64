"""CloudTrail's files of a stage: the trail that it makes, or one that exists."""

from __future__ import annotations

import json

import aws_cdk as cdk
from aws_cdk import aws_kms as kms

from stacks.components.iam.trail_permissions import TrailFilesLocation, trail_root
from stacks.components.record.trail import CallTrail
from stacks.components.stack_outputs import add_outputs, read_output
from stacks.stage import Stage

_BUCKET_OUTPUT = "CloudTrailBucketName"


class StageTrail:
    """Where a stage's events are. `created` is the trail that the stage makes, if it makes one."""

    def __init__(self, stack: cdk.Stack, stage: Stage, key: kms.IKey) -> None:
        self._stack, self._settings = stack, stage.evidence.cloudtrail
        self.created: CallTrail | None = None
        if self._settings is None or not self._settings.create:
            return
        self.created = CallTrail(
            stack,
            "CallTrail",
            name=f"claude-on-bedrock-{stage.name}-{stage.region}",
            key=key,
            retention_days=stage.logging.retention_days,
            retain=stage.logging.keep_logs_on_destroy,
        )
        name = self.created.bucket.bucket_name
        add_outputs(stack, {_BUCKET_OUTPUT: (name, "Bucket of the stage's trail")})

    def location(self, reader: cdk.Stack) -> TrailFilesLocation | None:
        """Return where CloudTrail's files are, as `reader` names it, where the stage reads some."""
        settings = self._settings
        if settings is None:
            return None
        roots = [
            trail_root(
                prefix=settings.prefix, organization=settings.organization or "", account=account
            )
            for account in (self._stack.account, *settings.accounts)
        ]
        arn = f"arn:{self._stack.partition}:s3:::{self._bucket(reader)}"
        return TrailFilesLocation(arn, roots, settings.kms_key)

    def source(self) -> str:
        """Return the source of events as JSON; empty where there is none."""
        settings = self._settings
        if settings is None:
            return ""
        source = {
            "bucket": self._bucket(self._stack),
            "prefix": settings.prefix,
            "organization": settings.organization or "",
            "accounts": settings.accounts,
            "stage_regions": settings.stage_regions,
        }
        return json.dumps(source)

    def _bucket(self, reader: cdk.Stack) -> str:
        if self.created is None:
            return (self._settings.bucket if self._settings else None) or ""
        if reader is self._stack:
            return self.created.bucket.bucket_name
        return read_output(self._stack, _BUCKET_OUTPUT)
