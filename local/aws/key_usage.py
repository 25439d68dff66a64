"""The number of requests by key: the API front writes it, the embedded AWS answers GetUsage by
it."""

from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path


class KeyUsage:
    """A file in `folder` with a line for each request: day (UTC), usage plan, key."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "key-usage.log"

    def count(self, plan_id: str, key_id: str) -> None:
        with self._file.open("a") as file:
            file.write(f"{datetime.now(UTC).date()} {plan_id} {key_id}\n")

    def by_day(self, plan_id: str, key_id: str) -> Counter[date]:
        """Request by day, as far as there were any."""
        lines = self._file.read_text().splitlines() if self._file.exists() else []
        entries = (line.split() for line in lines)
        return Counter(date.fromisoformat(day) for day, *ids in entries if ids == [plan_id, key_id])
