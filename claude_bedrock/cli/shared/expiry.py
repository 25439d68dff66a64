"""What a reader has to know of a window that begins before the oldest record is surely kept."""

from datetime import datetime, timedelta
from typing import Literal

from claude_bedrock.cli.shared import stage_settings
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.retention.log_group import audit_days

Source = Literal["audit log entries", "records"]
"""What calls are read from."""


def expiry_notes(where: Deployment, source: Source, since: datetime, now: datetime) -> list[str]:
    """Return what a reader has to know of a window that begins before the oldest record, or audit
    log entry, that is surely kept. Raises NoTargetError and botocore's errors."""
    days = stage_settings.deployed(where).retention_days
    if source == "audit log entries":
        days = audit_days(days)
    oldest = now - timedelta(days=days)
    if since >= oldest:
        return []
    first = f"{oldest:%Y-%m-%d %H:%M} UTC"
    note = (
        f"the stage keeps {source} for {days} days: of calls from before {first} some may be gone"
    )
    return [note]
