"""A bill and the stage whose calls are looked up in it."""

from collections.abc import Sequence
from pathlib import Path

from claude_bedrock.cli.shared import stage_settings
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.usage.bill import export
from claude_bedrock.cli.usage.bill.comparison import By, Comparison, Stage, compare
from claude_bedrock.cli.usage.rows import Row, UnanswerableError
from claude_bedrock.cli.usage.totals import Dimension, TeamProfiles
from claude_bedrock.cli.verify.verification import principals_of
from claude_bedrock.verification.period import Period


class Bill:
    """Reads the bill, and the stage's roles, before the records are fetched."""

    def __init__(
        self,
        path: Path,
        dimensions: Sequence[Dimension],
        where: Deployment | None,
        period: Period,
    ) -> None:
        """Raises UnanswerableError, NoTargetError, and botocore's errors."""
        self._by = _only_one(dimensions)
        if where is None:
            raise UnanswerableError(
                "--bill needs --stage beside --from: the stage's roles tell which lines of the "
                "bill are the gateway's."
            )
        settings = stage_settings.deployed(where)
        if not settings.has_endpoint:
            raise UnanswerableError(
                f"--bill compares the gateway's calls, and stage {where.stage} has no endpoint. "
                "The bill itself names the principal of each call: `line_item_iam_principal`."
            )
        self._lines = export.read(path, period.since, period.until)
        self._stage = Stage(principals_of(where, settings), settings.region)

    def compare(self, rows: Sequence[Row], profiles: TeamProfiles) -> Comparison:
        """Lay the records' dollars beside the bill's."""
        return compare(rows, self._lines, self._stage, profiles, self._by)


def _only_one(dimensions: Sequence[Dimension]) -> By:
    match list(dimensions):
        case ["caller" | "team" as by]:
            return by
    raise UnanswerableError("With --bill, --by is caller or team: the bill tells no other apart.")
