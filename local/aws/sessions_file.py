"""The file of temporary credentials: the embedded AWS writes it, those who check signatures read
it."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.bedrock.caller import Caller


class SessionsFile:
    """A file in `folder` with a line for each session, in the words of MiniStack's STS."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "sessions.jsonl"

    def add(self, access_key_id: str, session: Mapping[str, Any]) -> None:
        """It holds secrets, if of nothing: for its owner only."""
        fields = ("Arn", "UserId", "SecretAccessKey", "SessionToken", "Expiration")
        line = {"AccessKeyId": access_key_id, **{name: session.get(name) for name in fields}}
        self._file.touch(mode=0o600)
        with self._file.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def callers(self) -> Iterator[tuple[str, Caller]]:
        """Access key id, and who signs with it."""
        lines = self._file.read_text().splitlines() if self._file.exists() else []
        for line in lines:
            session = json.loads(line)
            ends = session["Expiration"]
            yield (
                session["AccessKeyId"],
                Caller(
                    session["Arn"],
                    session["SecretAccessKey"],
                    session["SessionToken"],
                    session["UserId"],
                    datetime.fromtimestamp(ends, UTC) if ends else None,
                    session["AccessKeyId"],
                ),
            )
