"""The witnesses of the window's calls, each by how many it counts; and what the report covers of
accounts and Regions."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from claude_bedrock.verification.finding import Counts

MANAGEMENT_EVENTS = "CloudTrail's management events"


class Witness(NamedTuple):
    """`number` is how many of `unit` it has of the window, None where the report does not read it;
    `author` is the service that writes it."""

    name: str
    author: str
    number: int | None
    unit: str

    def as_data(self) -> dict[str, Any]:
        return self._asdict()


class Scope(NamedTuple):
    """An account and Region that the report covers, or, where `stage` is empty, does not."""

    account: str
    region: str
    stage: str
    verdict: str


def witnesses(
    counts: Counts, trail: Mapping[str, int] | None, *, has_gateway: bool
) -> tuple[Witness, ...]:
    """Return the gateway, where the stage has one, Bedrock and CloudTrail. `trail` are the counts
    of CloudTrail's events, None for a stage that reads none."""
    events = None if trail is None else trail.get("events", 0)
    entries = Witness("Audit log entries", "the gateway", counts.calls, "calls")
    return (
        *((entries,) if has_gateway else ()),
        Witness("Invocation log records", "Bedrock", counts.records, "request ids"),
        Witness(MANAGEMENT_EVENTS, "CloudTrail", events, "events of calls"),
    )


def other_regions(stage_region: str, answered: Collection[str]) -> list[str]:
    """Return the other Regions that records name as those that answered."""
    return sorted({region for region in answered if region and region != stage_region})
