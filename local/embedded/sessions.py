"""That MiniStack's STS tells which sessions it gives: who checks a signature needs the secret."""

from collections.abc import Callable
from typing import Any

from ministack.services import sts  # type: ignore[import-untyped]

from local.aws.sessions_file import SessionsFile


def add(file: SessionsFile) -> None:
    """Put it in; before MiniStack starts."""
    original: Callable[[str, dict[str, Any]], None] = sts.register_session

    def register_session(access_key: str, session: dict[str, Any]) -> None:
        is_new = access_key not in sts._sessions  # a function's key is registered for each process
        original(access_key, session)
        if is_new:
            file.add(access_key, session)

    sts.register_session = register_session
