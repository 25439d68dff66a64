"""The position at which the chain goes on, by the bucket and by the log group that has the hashes.

Where the newest files are gone or changed, it goes on behind what the log group says was sealed:
what was sealed is never written anew, and putting the files back makes the chain whole.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, NamedTuple, Protocol, Self

from botocore.exceptions import BotoCoreError, ClientError

from claude_bedrock.records.fetch import each_in_order
from claude_bedrock.records.window import UnreadableError
from claude_bedrock.verification import hash_chain
from claude_bedrock.verification.coverage import (
    Mismatch,
    differing,
    missing_files,
    of_hours,
    readable,
)
from claude_bedrock.verification.evidence_bucket import (
    EVIDENCE_RETENTION_EXTRA_DAYS,
    HOURLY,
    BrokenEvidenceError,
    EvidenceBucket,
    SealedFile,
    before,
    begin_of,
    is_of_hours,
)
from claude_bedrock.verification.hash_log import SealedHash, moment_of
from claude_bedrock.verification.hours import HOUR, start_of_hour
from claude_bedrock.verification.linked_files import FOLDERS, kind_of
from verification.attempts import SLICES

_COMPARED: Final = timedelta(days=40)
MISMATCHES_SEALED: Final = 100


class HashSource(Protocol):
    """What was logged of sealed files; `claude_bedrock.verification.hash_log.HashLog` is one."""

    def sealed(self, since: datetime, until: datetime) -> dict[str, SealedHash]: ...


class Position(NamedTuple):
    """`covered`, up to which the chain covers, is None where there is none. `slice` is how much
    is tried next, `mismatches` what is gone or changed, `sealed_mismatches` the fingerprint of
    those that the last file names. `unlinked` are the accepted findings and legal holds that no
    file of hours names yet, and `reported` is the day (ISO) of the last daily report."""

    sha256: str
    covered: datetime | None
    slice: timedelta
    mismatches: Sequence[Mismatch]
    sealed_mismatches: str
    logged: Mapping[str, SealedHash] = {}
    unlinked: Sequence[SealedHash] = ()
    reported: str = ""

    @property
    def fingerprint(self) -> str:
        names = "\n".join(sorted(mismatch.id for mismatch in self.mismatches))
        return hashlib.sha256(names.encode()).hexdigest() if names else ""

    def with_mismatches(self, others: Iterable[Mismatch]) -> Self:
        """Return the position with further mismatches."""
        known = {mismatch.key for mismatch in self.mismatches}
        more = [other for other in others if other.key not in known]
        return self._replace(mismatches=[*self.mismatches, *more])

    def note(self) -> dict[str, Any]:
        """Return what the next run has to know of this one."""
        minutes = self.slice // timedelta(minutes=1)
        return {
            "next_slice_minutes": minutes,
            "mismatches": self.fingerprint,
            "reported": self.reported,
        }

    def entries(self) -> Iterator[dict[str, Any]]:
        """What is sealed of the mismatches: each, unless the file before names the same."""
        for link in self.unlinked:
            yield {"kind": kind_of(link.key), "key": link.key, "sealed_sha256": link.sha256}
        if self.fingerprint != self.sealed_mismatches:
            for mismatch in self.mismatches[:MISMATCHES_SEALED]:
                yield {"kind": "mismatch", "mismatch": {**mismatch._asdict(), "id": mismatch.id}}

    def after(self, sha256: str, covered: datetime) -> Self:
        """Once another file was sealed."""
        return self._replace(
            sha256=sha256,
            covered=covered,
            sealed_mismatches=self.fingerprint,
            unlinked=(),
        )


def position(
    evidence: EvidenceBucket, hashes: HashSource, now: datetime, retention_days: int
) -> Position:
    """Raises botocore's errors where the bucket cannot be read."""
    horizon = now - min(_COMPARED, timedelta(days=retention_days + EVIDENCE_RETENTION_EXTRA_DAYS))
    everything, unread = _logged(hashes, horizon, now)
    logged = of_hours(everything, horizon, now)
    linked = {key: entry for key, entry in everything.items() if kind_of(key)}
    names = list(evidence.listed(HOURLY, before(horizon)))
    keys = [name for name in names if is_of_hours(name, now)]
    mismatches = [
        *unread,
        *(
            Mismatch("evidence_changed", name, "is no file that the function has sealed")
            for name in names
            if name not in keys
        ),
        *missing_files(set(keys), logged),
        *missing_files({key for folder in FOLDERS for key in evidence.listed(folder)}, linked),
    ]
    newest, problems, lost_until = _newest(evidence, keys or _older(evidence, now), logged, now)
    mismatches += problems
    begin = Position(
        hash_chain.BEGINNING, None, HOUR, mismatches, "", everything, _after("", linked)
    )
    if newest is not None:
        run = newest.entries[0]
        begin = begin._replace(
            sha256=newest.sha256,
            covered=newest.until,
            slice=_slice(run),
            sealed_mismatches=str(run.get("mismatches", "")),
            unlinked=_after(str(run.get("at", "")), linked),
            reported=str(run.get("reported", "")),
        )
    at = _behind_what_was_logged(begin, logged, now)
    # S3 refuses to write a name again that is taken, so the chain goes on behind the files that
    # do not hold.
    if lost_until and (at.covered is None or at.covered < lost_until):
        return at._replace(covered=lost_until)
    return at


def changed_files(
    evidence: EvidenceBucket, logged: Mapping[str, SealedHash], now: datetime
) -> Iterator[Mismatch]:
    """Yield the mismatches of the files of this hour of each day, which do not hold or differ from
    what was `logged`: a run each hour reads all of them once a day. Raises botocore's errors."""
    horizon = min((moment_of(entry.since) for entry in logged.values()), default=now)
    names = evidence.listed(HOURLY, before(start_of_hour(max(horizon, now - _COMPARED))))
    keys = [key for key in names if is_of_hours(key, now) and begin_of(key).hour == now.hour]
    for key, sealed in each_in_order(partial(readable, evidence), keys):
        if isinstance(sealed, BrokenEvidenceError):
            yield Mismatch("evidence_changed", key, str(sealed))
        else:
            yield from differing(sealed, logged, now)


def _logged(
    hashes: HashSource, since: datetime, now: datetime
) -> tuple[dict[str, SealedHash], list[Mismatch]]:
    try:
        return hashes.sealed(since, now), []
    except (ClientError, BotoCoreError, UnreadableError) as error:
        why = f"could not be compared with the function's log: {type(error).__name__}"
        return {}, [Mismatch("evidence_not_compared", HOURLY, why)]


def _older(evidence: EvidenceBucket, now: datetime) -> list[str]:
    return [name for name in evidence.listed(HOURLY) if is_of_hours(name, now)]


def _newest(
    evidence: EvidenceBucket, keys: Sequence[str], logged: Mapping[str, SealedHash], now: datetime
) -> tuple[SealedFile | None, list[Mismatch], datetime | None]:
    """Return the newest file that holds, what is wrong with it and with those behind it, and up to
    when a file that does not hold has taken the name."""
    problems: list[Mismatch] = []
    lost_until = None
    for key in reversed(keys):
        try:
            file = evidence.read(key)
        except BrokenEvidenceError as broken:
            problems.append(Mismatch("evidence_changed", key, str(broken)))
            # The newest comes first: it is the one behind which there is room.
            lost_until = lost_until or start_of_hour(begin_of(key)) + HOUR
        else:
            return file, [*problems, *differing(file, logged, now)], lost_until
    return None, problems, lost_until


def _behind_what_was_logged(
    at: Position, logged: Mapping[str, SealedHash], now: datetime
) -> Position:
    """Nothing is sealed before it is over: what says so in the log is not believed."""
    known = [entry for entry in logged.values() if moment_of(entry.until) <= now]
    newest = max(known, key=lambda entry: moment_of(entry.until), default=None)
    if newest is None or (at.covered and moment_of(newest.until) <= at.covered):
        return at
    return at._replace(sha256=newest.sha256, covered=moment_of(newest.until))


def _slice(run: Mapping[str, Any]) -> timedelta:
    sizes = {size // timedelta(minutes=1): size for size in SLICES}
    return sizes.get(run.get("next_slice_minutes", 0), HOUR)


def _after(at: str, linked: Mapping[str, SealedHash]) -> tuple[SealedHash, ...]:
    """Return the files that were sealed later than at that moment (ISO 8601)."""
    return tuple(entry for _, entry in sorted(linked.items()) if entry.since > at)
