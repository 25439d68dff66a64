"""An item of a log and where it was read, as readers hand it to the join."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from claude_bedrock.records.window import Window


class LogItem(NamedTuple):
    """An audit log entry or an invocation log record.

    `source` names the S3 object and line, or the log group and event. The item was written at `at`
    and is about something that happened at `earliest` or later (both in seconds since 1970).
    `content` is None for what is no JSON object; `fault` then says why, and quotes nothing.
    """

    source: str
    at: float
    content: Mapping[str, Any] | None
    fault: str = ""
    earliest: float | None = None

    def may_be_in(self, window: Window) -> bool:
        """Return whether an item whose own time cannot be read may belong to the window."""
        earliest = self.at if self.earliest is None else self.earliest
        return window.since <= self.at and earliest < window.until
