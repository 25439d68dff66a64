"""The coverage of a window by sealed files: which hours are missing or not what was sealed.

What has to be covered is a matter of the window, of now, and of when the stage was deployed: never
of which files are there.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any, Final, NamedTuple

from claude_bedrock.records.fetch import each_in_order
from claude_bedrock.verification.evidence_bucket import (
    HOURLY,
    LONGEST,
    BrokenEvidenceError,
    EvidenceFiles,
    SealedFile,
    before,
    begin_of,
    is_of_hours,
    key_of_hour,
)
from claude_bedrock.verification.hash_log import SealedHash, moment_of
from claude_bedrock.verification.hours import (
    HOUR,
    Span,
    gaps_in,
    hours_in,
    iso,
    next_hour,
    start_of_hour,
)

DUE_AFTER: Final = timedelta(hours=2, minutes=15)
"""So long after its end an hour is sealed at the latest: its records settle for an hour, the next
run begins within another, and takes 15 minutes at the most."""
_LOGGED_WITHIN: Final = timedelta(minutes=10)


class Mismatch(NamedTuple):
    """A file that is not as the log group has it: `evidence_missing` or `evidence_changed`."""

    kind: str
    key: str
    detail: str

    @property
    def id(self) -> str:
        return f"{self.kind}:{self.key}"

    def __str__(self) -> str:
        return f"{self.kind}: {self.key} {self.detail}"


class Coverage(NamedTuple):
    """Of the whole hours that are `due`: which spans have no file, which have one that does not
    hold (and why), of which nothing is known (and why). `sha256` is the last hash, if there is one.

    `unlogged` are files that the second place knows nothing of; None: it was not asked.
    `uncompared` are those of them that were sealed too long ago to be on their way into it."""

    due: Span
    files: tuple[SealedFile, ...]
    missing: tuple[Span, ...]
    broken: tuple[tuple[Span, str], ...]
    not_verified: tuple[tuple[Span, str], ...]
    mismatches: tuple[Mismatch, ...]
    unlogged: tuple[str, ...] | None
    uncompared: tuple[str, ...] = ()

    @property
    def hours(self) -> int:
        return max(0, int((self.due.until - self.due.since) / HOUR))

    @property
    def hours_verified(self) -> int:
        """The hours all of which were verified, by files that hold."""
        changed = [_span_named(mismatch.key) for mismatch in self.mismatches]
        spans = [*self.missing, *(span for span, _ in (*self.broken, *self.not_verified)), *changed]
        unverified = (hours_in(span) for span in spans if span)
        return len(set(hours_in(self.due)).difference(*unverified))

    @property
    def holds(self) -> bool:
        """Whether no file is missing or changed. What was not verified is no break."""
        return not (self.missing or self.broken or self.mismatches)

    @property
    def sha256(self) -> str:
        return self.files[-1].sha256 if self.files else ""

    def as_data(self) -> dict[str, Any]:
        return {
            "since": iso(self.due.since),
            "until": iso(self.due.until),
            "hours": self.hours,
            "hours_verified": self.hours_verified,
            "missing": [str(hour) for hour in self.missing],
            "broken": [f"{span}: {why}" for span, why in self.broken],
            "not_verified": [f"{span}: {why}" for span, why in self.not_verified],
            "mismatches": [mismatch._asdict() for mismatch in self.mismatches],
            "unlogged": None if self.unlogged is None else list(self.unlogged),
            "sha256": self.sha256,
        }


def due_span(since: datetime, until: datetime, *, now: datetime, deployed: datetime) -> Span:
    """Return the whole hours of a window that have to be sealed by now: not those that began
    before the stage was deployed, nor those whose records may still be on their way."""
    begin = max(start_of_hour(since), next_hour(deployed))
    end = min(next_hour(until), start_of_hour(now - DUE_AFTER))
    return Span(begin, max(begin, end))


def cover(
    evidence: EvidenceFiles,
    due: Span,
    *,
    files_of: Span,
    now: datetime,
    logged: Mapping[str, SealedHash] | None,
) -> Coverage:
    """Return what the files of `files_of` come to, which may be more than is `due`. `logged` is
    what the second place has; None: it was not asked.

    Raises botocore's errors."""
    files, broken = _read(evidence, *files_of)
    spans = [Span(file.since, file.until) for file in files] + [span for span, _ in broken]
    unlogged = None if logged is None else _unlogged(files, logged)
    return Coverage(
        due=due,
        files=tuple(files),
        missing=tuple(gaps_in(spans, due)),
        broken=(*broken, *_unlinked(files)),
        not_verified=tuple(
            (Span(file.since, file.until), file.because) for file in files if file.because
        ),
        mismatches=tuple(_mismatches(files, broken, of_hours(logged or {}, *files_of), now)),
        unlogged=unlogged,
        uncompared=tuple(
            file.key for file in files if file.key in (unlogged or ()) and _settled(file, now)
        ),
    )


def sealed_files(evidence: EvidenceFiles, span: Span) -> tuple[SealedFile, ...]:
    """Return the files of the span that hold. Raises botocore's errors."""
    files, _ = _read(evidence, *span)
    return tuple(files)


def missing_files(keys: Collection[str], logged: Mapping[str, SealedHash]) -> Iterator[Mismatch]:
    """Yield the mismatch of each file that was logged and is not among `keys`."""
    for key, sealed in sorted(logged.items()):
        if key not in keys:
            yield Mismatch("evidence_missing", key, f"was sealed with {sealed.sha256}, and is gone")


def differing(
    file: SealedFile, logged: Mapping[str, SealedHash], now: datetime
) -> Iterator[Mismatch]:
    """Yield the mismatch of a file whose hash is not the logged one. A file sealed just now may not
    be in the log yet, and is none."""
    known = logged.get(file.key)
    if known is not None and known.sha256 != file.sha256:
        detail = f"was sealed with {known.sha256}, and has {file.sha256}"
        yield Mismatch("evidence_changed", file.key, detail)
    if known is None and _should_be_logged(file, logged) and _settled(file, now):
        detail = f"has {file.sha256}, which the function's log does not know"
        yield Mismatch("evidence_changed", file.key, detail)


def of_hours(
    logged: Mapping[str, SealedHash], since: datetime, until: datetime
) -> dict[str, SealedHash]:
    """Return what was logged of files of hours that begin between the two times."""
    return {
        key: sealed
        for key, sealed in logged.items()
        if key.startswith(HOURLY) and since <= moment_of(sealed.since) < until
    }


def _read(
    evidence: EvidenceFiles, since: datetime, until: datetime
) -> tuple[list[SealedFile], list[tuple[Span, str]]]:
    files: list[SealedFile] = []
    broken: list[tuple[Span, str]] = []
    listed = list(evidence.listed(HOURLY, before(since - LONGEST)))
    names = [key for key in listed if is_of_hours(key, until - timedelta(seconds=1))]
    earlier = [key for key in names if begin_of(key) < since]
    # The last file before the span may reach into it: one that was sealed as not verified covers
    # up to LONGEST.
    keys = [*earlier[-1:], *names[len(earlier) :]]
    # A file that cannot be read does not say where it ends: at the next one at the latest.
    ends = [*(begin_of(key) for key in keys[1:]), until]
    read = each_in_order(partial(readable, evidence), keys)
    for (key, result), following in zip(read, ends, strict=False):  # no key, and the end
        if isinstance(result, SealedFile):
            files += [result] if result.until > since else []
        else:
            begin = begin_of(key)
            end = min(start_of_hour(begin) + HOUR, following)
            broken += [(Span(begin, end), str(result))] if end > since else []
    return files, broken


def readable(evidence: EvidenceFiles, key: str) -> SealedFile | BrokenEvidenceError:
    """Return the file, or why it is none. Raises botocore's errors."""
    try:
        return evidence.read(key)
    except BrokenEvidenceError as broken:
        return broken


def _unlinked(files: Sequence[SealedFile]) -> list[tuple[Span, str]]:
    """Return the spans of files that touch and do not follow each other, or that overlap."""
    breaks = []
    for file, other in pairwise(files):
        span = Span(other.since, other.until)
        if other.since < file.until:
            breaks.append((span, f"{other.key} begins at {iso(other.since)}, within {file.key}"))
        elif other.since == file.until and other.previous != file.sha256:
            breaks.append((span, f"{other.key}, entry 1: it does not follow the entry before it"))
    return breaks


def _mismatches(
    files: Sequence[SealedFile],
    broken: Sequence[tuple[Span, str]],
    logged: Mapping[str, SealedHash],
    now: datetime,
) -> Iterator[Mismatch]:
    there = {file.key for file in files} | {key_of_hour(span.since) for span, _ in broken}
    yield from missing_files(there, logged)
    for file in files:
        yield from differing(file, logged, now)


def _unlogged(files: Iterable[SealedFile], logged: Mapping[str, SealedHash]) -> tuple[str, ...]:
    return tuple(file.key for file in files if file.key not in logged)


def _should_be_logged(file: SealedFile, logged: Mapping[str, SealedHash]) -> bool:
    """Return whether the log has to know the file: not where an older version of the function
    sealed it, or the log has expired."""
    return any(moment_of(sealed.since) <= file.since for sealed in logged.values())


def _settled(file: SealedFile, now: datetime) -> bool:
    try:
        return moment_of(str(file.entries[0]["at"])) < now - _LOGGED_WITHIN
    # A file without a time gets no grace: a forger could leave the time out.
    except (KeyError, ValueError):
        return True


def _span_named(key: str) -> Span | None:
    try:
        begin = begin_of(key)
    except BrokenEvidenceError:
        return None
    # The name has the beginning alone, and a minute is enough to leave its hour unverified.
    return Span(begin, begin + timedelta(minutes=1))
