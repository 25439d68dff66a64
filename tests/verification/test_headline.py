"""The headline says "every" if and only if each call that Bedrock answered is in both destinations,
whole: over random mixes of faults, and for each case that once read as complete."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import settings

from claude_bedrock.verification.assessment import Assessment, assess
from claude_bedrock.verification.finding import (
    DOUBTS,
    KINDS,
    Counts,
    Finding,
    Kind,
    Outcome,
)
from claude_bedrock.verification.reconciliation import DESTINATIONS, Destination
from tests.verification.scenario import (
    ALLOWED,
    HOUR,
    MODEL,
    NOW,
    OTHER_ROLE,
    ROLE,
    WINDOW,
    audit_line,
    joined,
    record,
)

CALLS_A_WINDOW = 250
WINDOWS = 2 * settings().max_examples
ACCOUNT_PROFILE = f"arn:aws:bedrock:eu-central-1:123456789012:inference-profile/{MODEL}"
MONTH = "October 2026"
IN_BOTH = f"calls of {MONTH} are on record in both places"


class Call(NamedTuple):
    """One call as it happened: what the gateway wrote of it, and the records that there are.

    `answered`: Bedrock answered it with 200. `known`: some status of Bedrock's is in the entry."""

    request_id: str
    at: float
    answered: bool
    known: bool
    completed: bool
    entry: dict[str, Any] | None
    records: dict[Destination, list[dict[str, Any]]]


Change = Callable[[Call, random.Random], Call]


def call(request_id: str, at: float) -> Call:
    records = {destination: [record(request_id, at=at)] for destination in DESTINATIONS}
    return Call(
        request_id,
        at,
        answered=True,
        known=True,
        completed=True,
        entry=audit_line(request_id),
        records=records,
    )


def changed(made: Call, **entry: object) -> Call:
    assert made.entry is not None
    return made._replace(entry={**made.entry, **entry})


def without(made: Call, *fields: str) -> Call:
    assert made.entry is not None
    return made._replace(entry={k: v for k, v in made.entry.items() if k not in fields})


def interrupted(made: Call, _: random.Random) -> Call:
    """The answer broke after Bedrock's 200: the client got another status, or left."""
    made = changed(made, status=0, upstream_complete=False, outcome="caller_gone")
    for where, records in made.records.items():
        made.records[where] = [{**item, "output": {}} for item in records]
    return made._replace(completed=False)


def with_another_status(made: Call, chance: random.Random) -> Call:
    status = chance.choice((429, 500, 504, 529))
    outcome = "upstream_error"
    return changed(made, status=status, upstream_complete=False, outcome=outcome)._replace(
        completed=False
    )


def refused(made: Call, chance: random.Random) -> Call:
    status = chance.choice((400, 403, 429, 503))
    made = changed(made, status=status, upstream_status=status, outcome="upstream_error")._replace(
        answered=False, completed=False
    )
    errors = chance.choice(({"errorCode": "ThrottlingException"}, {}))
    for destination in DESTINATIONS:
        made.records[destination] = [{**row, **errors} for row in made.records[destination]]
        if errors and chance.random() < 0.5:
            made.records[destination] = []
    return made


def answered_by_its_record(made: Call, chance: random.Random) -> Call:
    """The entry says that Bedrock refused, and one destination has an answer."""
    made = changed(made, status=429, upstream_status=429, outcome="upstream_error")
    return lost(made, chance)._replace(completed=False)


def with_the_id_of_another(made: Call, _: random.Random) -> Call:
    """Its entry says the id of a call that is on record, and nothing has a record of its own."""
    made = changed(made, bedrock_request_id="r1")
    return made._replace(records={destination: [] for destination in DESTINATIONS})


def never_sent(made: Call, _: random.Random) -> Call:
    made = without(made, "upstream_status", "bedrock_request_id")
    made = changed(made, upstream_reached=False, upstream_complete=False, status=500)
    return made._replace(
        answered=False, completed=False, records={destination: [] for destination in DESTINATIONS}
    )


def without_status(made: Call, _: random.Random) -> Call:
    made = without(made, "upstream_status", "bedrock_request_id")
    made = changed(made, upstream_complete=False, status=504, outcome="upstream_error")
    return made._replace(known=False, completed=False)


def without_status_or_record(made: Call, chance: random.Random) -> Call:
    made = without_status(made, chance)._replace(answered=chance.random() < 0.5)
    return made._replace(records={destination: [] for destination in DESTINATIONS})


def of_an_older_version(made: Call, _: random.Random) -> Call:
    return without(made, "upstream_status", "upstream_complete")


def lost(made: Call, chance: random.Random) -> Call:
    made.records[chance.choice(DESTINATIONS)] = []
    return made


def lost_everywhere(made: Call, _: random.Random) -> Call:
    return made._replace(records={destination: [] for destination in DESTINATIONS})


def late(made: Call, chance: random.Random) -> Call:
    """It was made a moment ago, and a record of it is still on the way."""
    at = WINDOW.settled + 1
    written = {"timestamp": record("", at=at)["timestamp"]}
    for where, records in made.records.items():
        made.records[where] = [{**item, **written} for item in records]
    made.records[chance.choice(DESTINATIONS)] = []
    return made._replace(at=at)


def unreadable_entry(made: Call, _: random.Random) -> Call:
    return changed(made, duration_ms="secret")


def duplicated(made: Call, chance: random.Random) -> Call:
    made.records[chance.choice(DESTINATIONS)] *= 2
    return made


def rewritten(**fields: object) -> Change:
    """One destination's record says something else."""

    def change(made: Call, chance: random.Random) -> Call:
        where = chance.choice(DESTINATIONS)
        made.records[where] = [{**item, **fields} for item in made.records[where]]
        return made

    return change


def rewritten_everywhere(**fields: object) -> Change:
    def change(made: Call, _: random.Random) -> Call:
        for where, records in made.records.items():
            made.records[where] = [{**item, **fields} for item in records]
        return made

    return change


def forged(made: Call, chance: random.Random) -> Call:
    """A second record of the same id, with other words."""
    where = chance.choice(DESTINATIONS)
    for item in made.records[where][:1]:
        made.records[where].append({**item, "input": {"inputBodyJson": {"messages": "forged"}}})
    return made


def under_the_arn_of_its_profile(made: Call, chance: random.Random) -> Call:
    return rewritten_everywhere(modelId=ACCOUNT_PROFILE)(made, chance)


def without_entry(made: Call, _: random.Random) -> Call:
    return made._replace(entry=None)


def in_another_order(made: Call, chance: random.Random) -> Call:
    where = chance.choice(DESTINATIONS)
    made.records[where] = [dict(reversed(item.items())) for item in made.records[where]]
    return made


def past_the_gateway(identity: str) -> Change:
    def change(made: Call, chance: random.Random) -> Call:
        made = rewritten_everywhere(identity={"arn": identity}, requestMetadata={})(made, chance)
        return made._replace(entry=None, answered=False)

    return change


HARMLESS: Final[tuple[Change, ...]] = (
    *(interrupted, with_another_status, refused, never_sent, without_status, of_an_older_version),
    *(duplicated, under_the_arn_of_its_profile, in_another_order, past_the_gateway(ALLOWED)),
)
HARMFUL: Final[tuple[Change, ...]] = (
    *(lost, lost_everywhere, late, without_status_or_record, forged, without_entry),
    *(unreadable_entry, answered_by_its_record),
    rewritten(output={"outputBodyJson": {"content": "another"}}),
    rewritten(input={}),
    rewritten(requestId=None),
    rewritten(identity={"arn": OTHER_ROLE}),
    rewritten_everywhere(identity={"arn": OTHER_ROLE}),
    rewritten_everywhere(modelId=MODEL.replace("eu.", "global.")),
    rewritten_everywhere(input={}),
    rewritten_everywhere(output={}),
    rewritten_everywhere(timestamp="secret"),
    rewritten_everywhere(requestMetadata={}),
    rewritten_everywhere(inferenceRegion="us-east-1"),
    past_the_gateway(OTHER_ROLE),
)


def happened(seed: int) -> Iterator[Call]:
    """Of some windows every call is well or harmless, of others one is not, or many."""
    chance = random.Random(seed)  # noqa: S311 - a test's
    share = chance.choice((0.0, 0.0, 1 / CALLS_A_WINDOW, 0.02, 0.3))
    for number in range(CALLS_A_WINDOW):
        at = float(chance.randint(int(WINDOW.since), int(WINDOW.settled) - 1))
        made = call(f"id-{number}", at)
        for _ in range(chance.choice((0, 0, 0, 1, 2))):
            made = applied(chance.choice(HARMLESS), made, chance)
        if chance.random() < share:
            made = applied(chance.choice(HARMFUL), made, chance)
        yield made


def applied(change: Change, made: Call, chance: random.Random) -> Call:
    """A change of the entry does nothing to a call that has none."""
    about_entries = (
        *(interrupted, with_another_status, refused, never_sent, without_status),
        *(of_an_older_version, without_status_or_record, unreadable_entry),
        answered_by_its_record,
    )
    if made.entry is None and change in about_entries:
        return made
    plain = made.entry is None or {"upstream_status", "bedrock_request_id"} <= set(made.entry)
    if change in about_entries and not (plain and made.entry and made.entry["status"] == 200):
        return made
    return change(made, chance)


def is_complete(calls: list[Call]) -> bool:
    """By what happened, not by how the join goes about it."""
    return all(_is_complete(item) for item in calls)


def _is_complete(made: Call) -> bool:
    records = [copy for copies in made.records.values() for copy in copies]
    if made.entry is None:
        allowed = all(record["identity"] == {"arn": ALLOWED} for record in records)
        readable = all(
            record["requestId"] and record["timestamp"] != "secret" for record in records
        )
        return allowed and readable and all(record == records[0] for record in records)
    if made.entry["duration_ms"] == "secret" or (not made.known and not records):
        return False
    if made.answered and not all(made.records.values()):
        return False
    plain = [
        {**item, "modelId": MODEL} if item["modelId"] == ACCOUNT_PROFILE else item
        for item in records
    ]
    return all(_is_right(row, made) for row in plain)


def _is_right(result: dict[str, Any], made: Call) -> bool:
    due = record(made.request_id, at=made.at)
    if not made.completed:
        due["output"] = (
            result["output"] if result["output"] in ({}, due["output"]) else due["output"]
        )
    if not made.answered and "errorCode" in result:
        due["errorCode"] = result["errorCode"]
    return result == due


def headline(calls: list[Call], chance: random.Random) -> Assessment:
    lines = [(item.at + 1.5, item.entry) for item in calls if item.entry is not None]
    records = [
        (where, record) for call in calls for where, all_ in call.records.items() for record in all_
    ]
    chance.shuffle(lines)
    chance.shuffle(records)
    return assess(joined(lines, records), MONTH)


def test_every_is_claimed_if_and_only_if_it_is_so() -> None:
    message = {True: 0, False: 0}
    for seed in range(WINDOWS):
        calls = list(happened(seed))
        complete = is_complete(calls)
        result = headline(calls, random.Random(seed))  # noqa: S311 - a test's
        assert (result.verdict == "pass") is complete, (seed, result)
        assert result.headline.startswith("Every call") is complete, (seed, result)
        message[complete] += 1
    assert min(message.values()) > WINDOWS // 10


def test_one_call_in_both_destinations_is_every_call() -> None:
    well = [call("r1", NOW - 5 * HOUR)]
    chance = random.Random(1)  # noqa: S311 - a test's
    assert headline(well, chance).headline == f"Every call of {MONTH} is on record."


@pytest.mark.parametrize("change", (*HARMFUL, with_the_id_of_another))
def test_one_call_that_is_not_complete_is_never_every(change: Change) -> None:
    chance = random.Random(1)  # noqa: S311 - a test's
    well, other = call("r1", NOW - 5 * HOUR), change(call("r2", NOW - 5 * HOUR), chance)
    assert not is_complete([other])

    result = headline([well, other], chance)

    assert result.verdict != "pass"
    assert "very call" not in result.headline


@pytest.mark.parametrize("change", HARMLESS)
def test_one_call_that_is_complete_takes_nothing_from_every(change: Change) -> None:
    chance = random.Random(1)  # noqa: S311 - a test's
    well, other = call("r1", NOW - 5 * HOUR), change(call("r2", NOW - 5 * HOUR), chance)
    assert is_complete([other])

    assert headline([well, other], chance).headline.startswith("Every call")


def of(counts: Counts, *kinds: Kind) -> Assessment:
    result = [Finding(kind, str(number), "", "", "", "") for number, kind in enumerate(kinds)]
    return assess(Outcome(counts, result), MONTH)


@pytest.mark.parametrize(
    ("counts", "kinds", "verdict", "words"),
    [
        (Counts(), (), "pass", "No call was made in October 2026."),
        (
            Counts(records=3, allowed_direct_calls=3),
            (),
            "pass",
            "No call was made through the gateway in October 2026.",
        ),
        (
            Counts(calls=1000, matched=998, unknown=2),
            (),
            "not assessed",
            f"998 of 1,000 {IN_BOTH}; of 2 it cannot be known.",
        ),
        (
            Counts(calls=1000, matched=600, unknown=400),
            (),
            "not assessed",
            f"600 of 1,000 {IN_BOTH}; of 400 it cannot be known.",
        ),
        (
            Counts(calls=4, matched=2, pending=1, records_pending=1, not_loggable=1),
            (),
            "not assessed",
            f"2 of 3 {IN_BOTH}; 2 are too young to be judged.",
        ),
        (
            Counts(records=1000, audit_entries_lost=1000),
            ("audit_entry_lost",) * 1000,
            "fail",
            f"0 of 0 {IN_BOTH}; 1,000 records of the gateway have no audit entry.",
        ),
        (
            Counts(calls=1000, matched=1000, records=1000),
            ("body_missing",) * 1000,
            "fail",
            f"1,000 of 1,000 {IN_BOTH}; 1,000 lack their prompt or completion.",
        ),
        (
            Counts(calls=5, matched=2, not_logged=1, refused=1, not_loggable=1, unreadable=1),
            ("missing_record", "unreadable_record"),
            "fail",
            f"1 of 3 calls of {MONTH} is not on record; 1 record or audit entry cannot be read.",
        ),
        (
            Counts(calls=3, matched=2, refused=1),
            (),
            "pass",
            "Every call of October 2026 of which a record is due is on record.",
        ),
        (
            Counts(calls=3, refused=3),
            (),
            "pass",
            "No record is due in October 2026: Bedrock answered no call that it logs.",
        ),
    ],
)
def test_the_headline_names_numbers(
    counts: Counts, kinds: tuple[Kind, ...], verdict: str, words: str
) -> None:
    assert of(counts, *kinds) == (verdict, words)


def test_each_kind_of_finding_has_its_words() -> None:
    for kind in KINDS:
        result = of(Counts(calls=1, matched=1, not_logged=kind == "missing_record"), kind)
        assert result.verdict == ("not assessed" if kind in DOUBTS else "fail")
        assert result.headline != "1 of 1 call of October 2026 is on record in both places."


def test_an_id_is_of_the_finding_and_of_nothing_else() -> None:
    result = Finding("unreadable_record", "r1", "a", "m", "w", "d", "s3://b/k, line 1")
    assert result.id == result._replace(at="b", who="x", detail="y", model_id="z").id
    others = (
        result._replace(kind="model_mismatch"),
        result._replace(request_id="r2"),
        result._replace(source="s3://b/k, line 2"),
    )
    assert len({result.id, *(other.id for other in others)}) == 4
    assert result.as_data() == {"id": result.id, **result._asdict()}
    assert len(result.id) == 12
    assert set(result.id) <= set("0123456789abcdef")


def test_ids_are_the_same_on_every_machine() -> None:
    at = datetime.fromtimestamp(NOW, UTC).isoformat()
    assert Finding("missing_record", "r1", at, MODEL, ROLE, "").id == "a86498ac70f9"
