"""A week of calls in a folder, and what it comes to by each call's own price."""

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from claude_bedrock import catalog
from claude_bedrock.catalog import cost
from demo.sample_call import Call
from demo.sample_month import Folder, Month, hours, write

SINCE, UNTIL = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
WEEK = Month(days=7, calls=3_000)


class Made(NamedTuple):
    folder: Path
    calls: list[Call]

    def dollars(self) -> dict[str, Decimal]:
        """By model, each call priced alone by its whole prompt."""
        dollars: dict[str, Decimal] = defaultdict(Decimal)
        for call in self.calls:
            model = catalog.find(call.model)
            assert model is not None
            used = cost.Usage(call.input, call.output, call.cache_write, 0, call.cache_read)
            geography = call.model_id.partition(".")[0]
            day = f"{datetime.fromtimestamp(call.at, UTC):%Y-%m-%d}"
            if not call.throttled:
                dollars[call.model] += cost.cost(model, geography, used, day=day)
        return dict(dollars)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("week")
    write(WEEK, Folder(folder))
    return Made(folder, [call for hour in hours(WEEK) for call in hour.calls])
