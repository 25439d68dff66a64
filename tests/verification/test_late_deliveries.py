"""What comes a day late at the most is found by the second check, once, and nothing else is read
for it."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from claude_bedrock.records.log_item import LogItem
from claude_bedrock.records.read_digest import Fingerprint
from claude_bedrock.records.trail_event import TrailEvent
from claude_bedrock.records.trail_source import TrailSource
from claude_bedrock.verification.evidence_bucket import HOURLY, key_of_hour
from claude_bedrock.verification.finding import Kind
from claude_bedrock.verification.hours import HOUR, iso, start_of_hour
from claude_bedrock.verification.late_deliveries import LATE
from claude_bedrock.verification.period import Period
from tests.verification.scenario import OTHER_ROLE, ROLE, record
from tests.verification.test_scheduled_run import NOON, Account
from verification.handler import on_demand
from verification.scheduled_run import Work

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
THERE = "there"
WITNESSES: dict[str, tuple[Kind, ...]] = {
    "record": ("bypassed_gateway", "trail_incomplete"),
    "event of the gateway": ("lost_call",),
    "event of another principal": ("unrecorded_call",),
    "event elsewhere": ("call_outside_stage",),
}


class Delivery(NamedTuple):
    """What alone tells of a call: in which minute of noon's hour that was made, and how many
    minutes later S3 or CloudTrail, and CloudWatch Logs, had it."""

    witness: str
    minute: int
    late: int
    later: int = 0

    @property
    def at(self) -> datetime:
        return NOON + self.minute * MINUTE

    @property
    def came(self) -> tuple[datetime, datetime]:
        first = self.at + self.late * MINUTE
        return first, first + self.later * MINUTE


class Delivered(Account):
    """A stage with a trail, in which each witness has what was delivered by the time of the run.
    `hours_read` are those of CloudWatch Logs."""

    source = TrailSource("the-trail")

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.calls = [(NOON + HOUR / 2, THERE)]
        self.deliveries: dict[str, Delivery] = {}
        self.now = NOON
        self.hours_read: set[datetime] = set()

    def run(self, now: datetime, *, seconds: float = 900) -> Any:  # noqa: ANN401
        self.now = now
        return super().run(now, seconds=seconds)

    def work(self) -> Work:
        work = super().work()
        return work._replace(stage=work.stage._replace(trail=self))

    def all_in_s3(self, since: datetime, until: datetime, read: Fingerprint) -> Iterator[LogItem]:
        """S3 is read by whole hours."""
        hours = (start_of_hour(since), start_of_hour(until) + HOUR)
        yield from super().all_in_s3(since, until, read)
        yield from self._records(0, *hours)

    def all_in_logs(self, since: datetime, until: datetime, read: Fingerprint) -> Iterator[LogItem]:
        hour = start_of_hour(since)
        while hour <= until:
            self.hours_read.add(hour)
            hour += HOUR
        yield from super().all_in_s3(since, until, read)
        yield from self._records(1, since, until)

    def _records(self, place: int, since: datetime, until: datetime) -> Iterator[LogItem]:
        for name, delivery in self.deliveries.items():
            came = delivery.came[place]
            if delivery.witness == "record" and since <= came <= until and came < self.now:
                content = record(name, "went round", delivery.at.timestamp())
                yield LogItem(f"{name} {place}", came.timestamp(), content)

    def events(
        self, _accounts: Collection[str], since: datetime, until: datetime, _read: Fingerprint
    ) -> Iterator[TrailEvent]:
        if since <= NOON + HOUR / 2 <= until:
            yield self._event(THERE, NOON + HOUR / 2, NOON + HOUR / 2, ROLE)
        for name, delivery in self.deliveries.items():
            came = delivery.came[0]
            if delivery.witness != "record" and since - MINUTE < came <= until and came < self.now:
                by = ROLE if delivery.witness == "event of the gateway" else f"{OTHER_ROLE}-{name}"
                region = "us-east-1" if delivery.witness == "event elsewhere" else "eu-central-1"
                yield self._event(name, delivery.at, came, by, region)

    def _event(
        self, name: str, at: datetime, came: datetime, by: str, region: str = "eu-central-1"
    ) -> TrailEvent:
        times = (at.timestamp(), came.timestamp())
        return TrailEvent(
            name, times[0], "InvokeModel", "123456789012", region, by, "m", "", region, times[1]
        )

    def found(self) -> list[tuple[str, str]]:
        """Return kind and request id of each finding that is sealed, at first or later."""
        return sorted(
            (entry["finding"]["kind"], entry["finding"]["request_id"])
            for key in self.s3.objects
            if key.startswith(HOURLY)
            for entry in self.evidence.read(key).entries
            if entry["kind"] in {"finding", "late_finding"}
        )

    def verify_the_day(self) -> None:
        """Seal noon and the day behind it, but not yet the hour that checks noon again."""
        self.run(NOON + HOUR)
        for hours in range(2, 26):
            self.run(NOON + hours * HOUR + MINUTE)

    def check_again(self) -> None:
        self.hours_read.clear()
        self.run(NOON + DAY + 2 * HOUR + MINUTE)


MOST = 24 * 60
deliveries = st.builds(
    Delivery,
    st.sampled_from(sorted(WITNESSES)),
    st.integers(0, 59),
    st.integers(0, MOST - 61),
    st.integers(0, 60),
)


@given(made=st.lists(deliveries, max_size=4))
@example(made=[])
@example(made=[Delivery(witness, 1, 9 * 60) for witness in WITNESSES])
@example(made=[Delivery("record", minute, MOST) for minute in (0, 59)])
@example(made=[Delivery("record", 59, minutes, 60) for minutes in (0, 59, 60, 61, 80, 81)])
@settings(max_examples=3, deadline=None)
def test_what_comes_within_a_day_is_found_once_and_nothing_else(made: list[Delivery]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        account = Delivered(patched)
        account.deliveries = {f"r{number}": delivery for number, delivery in enumerate(made)}

        account.verify_the_day()
        account.check_again()
        hours_read = set(account.hours_read)

        expected = [
            (kind, name)
            for name, delivery in account.deliveries.items()
            for kind in WITNESSES[delivery.witness]
        ]
        assert account.found() == sorted(expected)
        window = Period(NOON, NOON + HOUR, HOUR, account.now)
        joined = on_demand(account.work(), window)["findings"]
        assert sorted((each["kind"], each["request_id"]) for each in joined) == sorted(expected)
        came = {start_of_hour(time) for delivery in made for time in delivery.came}
        ordinary = {NOON + number * HOUR for number in (-1, 0, 1, 2, 23, 24, 25, 26)}
        assert hours_read <= came | ordinary


def test_hours_that_say_nothing_of_late_deliveries_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = Delivered(monkeypatch)
    account.deliveries = {"r0": Delivery("record", 1, 9 * 60)}
    account.verify_the_day()
    del account.s3.objects[key_of_hour(NOON + 9 * HOUR)]

    account.check_again()

    assert account.found() == [("bypassed_gateway", "r0"), ("trail_incomplete", "r0")]


def test_what_comes_later_than_a_day_is_no_finding_but_its_hour_counts_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = Delivered(monkeypatch)
    account.deliveries = {"r0": Delivery("event of the gateway", 1, MOST + 60)}
    account.verify_the_day()
    account.check_again()

    account.run(NOON + DAY + 3 * HOUR + MINUTE)

    assert account.found() == []
    assert account.entries(NOON + DAY + HOUR)[0][LATE] == {iso(NOON): 1}
