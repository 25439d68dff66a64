"""The time in the name of an object of records, as Bedrock writes it."""

import re
from datetime import UTC, datetime
from typing import Final

_STAMP: Final = re.compile(
    r"/(\d{4})/(\d\d)/(\d\d)/(\d\d)/(?:\d{8}T\d\d(\d\d)(\d\d)\d{3}Z_)?[^/]*$"
)


def begun_at(key: str) -> float | None:
    """Return when the first record of an object may have been written, in seconds since 1970: by
    the time in its name, else by its folder, which is an hour's. None where neither says.

    https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
    """
    stamp = _STAMP.search(key)
    if stamp is None:
        return None
    year, month, day, hour, minute, second = (int(group) for group in stamp.groups(default="0"))
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()
    except ValueError:
        return None
