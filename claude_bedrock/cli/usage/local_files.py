"""The record files in a folder: those that are stored there under the keys they have in S3."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from claude_bedrock.cli.usage.rows import UnanswerableError

_RECORDS: Final = re.compile(
    r"AWSLogs/\d{12}/BedrockModelInvocationLogs/[^/]+/(\d{4}/\d{2}/\d{2}/\d{2})/[^/]+\.json\.gz"
)
_BEYOND: Final = timedelta(hours=1)
"""As in claude_bedrock/queries/render.py."""


def of_records(
    folder: Path, since: datetime, until: datetime, *, may_be_empty: bool = False
) -> list[Path]:
    """Return the files in which calls of the time may be. Raises UnanswerableError if there is none
    of any time, and that may not be: it is not the folder that was meant."""
    hours_by_file = dict(_record_files(folder))
    if not hours_by_file and not may_be_empty:
        raise UnanswerableError(
            f"{folder} has no records under AWSLogs/ACCOUNT/BedrockModelInvocationLogs/: "
            "fetch them with `claude-bedrock usage --sync FOLDER`"
        )
    first, last = (f"{at:%Y/%m/%d/%H}" for at in (since - _BEYOND, until + _BEYOND))
    return sorted(file for file, hour in hours_by_file.items() if first <= hour <= last)


def _record_files(folder: Path) -> Iterator[tuple[Path, str]]:
    for file in folder.rglob("*.json.gz"):
        match = _RECORDS.search(file.as_posix())
        if match and match.end() == len(file.as_posix()):
            yield file, match[1]
