"""The records and audit log entries of a steady load, rendered when they are asked for: hours of
10,000,000 calls need no disk.

Every record has its own id, caller and time, and one of a few prompts of made-up words, which gzip
to about a third. Its text is the same in S3 and in CloudWatch Logs, as Bedrock delivers it.
"""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import Final, NamedTuple

from demo.sample_call import ACCOUNT, PROMPT, Call, Caller, audit_line, record
from demo.sample_month import Month
from local.bedrock.destinations import S3Destination
from local.bedrock.records import record_key

BUCKET: Final = "records"
MONTH: Final = Month(bucket=BUCKET)
_MODEL: Final = "claude-haiku-4-5"
_MODEL_ID: Final = "global.anthropic.claude-haiku-4-5-20251001-v1:0"
_PROMPTS: Final = 8
_HOUR_MS: Final = 3_600_000
DELAY_MS: Final = 2000
"""From a call to its entry and its record."""
_GZIP_HEAD: Final = gzip.compress(b"", mtime=0)[:10]


class LoadSize(NamedTuple):
    """`calls` an hour with records of about `record_bytes`; `per_object` of them in an object.
    `minutes` of an hour are verified."""

    calls: int
    record_bytes: int
    per_object: int = 500
    minutes: int = 60


class HourLoad:
    """The same load in each hour. Calls of an hour have the numbers from 0 on. `month`: whose
    callers they are, and where their records go."""

    def __init__(self, size: LoadSize, month: Month = MONTH) -> None:
        self.size = size
        self._month = month

    @property
    def objects(self) -> int:
        """Return how many objects an hour has."""
        return -(-self.size.calls // self.size.per_object)

    def key(self, hour: int, number: int) -> str:
        """Return the key of an object of the hour that begins at `hour`, in seconds since 1970."""
        at = datetime.fromtimestamp(self.at_ms(hour, number * self.size.per_object) / 1000, UTC)
        destination = S3Destination(self._month.bucket, self._month.prefix)
        return record_key(destination, ACCOUNT, self._month.region, at, f"{number:016x}")

    def at_ms(self, hour: int, number: int) -> int:
        """Return when a call was made, in milliseconds since 1970."""
        return hour * 1000 + _HOUR_MS * number // self.size.calls

    def calls(self, since_ms: int, until_ms: int) -> Iterator[tuple[int, int]]:
        """Yield hour and number of each call from `since_ms` up to `until_ms`."""
        hour = since_ms // _HOUR_MS * 3600
        number = -((hour * 1000 - since_ms) * self.size.calls // _HOUR_MS)
        while True:
            if number >= self.size.calls:
                hour, number = hour + 3600, 0
            if self.at_ms(hour, number) >= until_ms:
                return
            yield hour, number
            number += 1

    def object(self, hour: int, number: int) -> bytes:
        """Return a file of records as Bedrock writes it. A prompt was compressed before; only what
        is of its own in a record is compressed now."""
        first = number * self.size.per_object
        last = min(first + self.size.per_object, self.size.calls)
        packing = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
        parts, checksum, length = [_GZIP_HEAD], 0, 0
        for call in range(first, last):
            head, rest = self._beginning(hour, call), self._rests[call % _PROMPTS]
            parts += (packing.compress(head), packing.flush(zlib.Z_FULL_FLUSH), rest.packed)
            checksum = zlib.crc32(rest.text, zlib.crc32(head, checksum))
            length += len(head) + len(rest.text)
        tail = checksum.to_bytes(4, "little") + (length & 0xFFFFFFFF).to_bytes(4, "little")
        return b"".join((*parts, packing.flush(), tail))

    def log_event(self, hour: int, call: int) -> str:
        """Return the event of a record in CloudWatch Logs, as FilterLogEvents has it, in JSON."""
        head = json.dumps(self._beginning(hour, call).decode())[:-1]
        return self._event(hour, call, "records", f"{head}{self._rests[call % _PROMPTS].quoted}")

    def log_message(self, hour: int, call: int) -> str:
        """Return the message of that event: the record."""
        text = self._beginning(hour, call) + self._rests[call % _PROMPTS].text
        return text.decode().removesuffix("\n")

    def audit_event(self, hour: int, call: int) -> str:
        """Return the event of an audit log entry."""
        return self._event(hour, call, "gateway", json.dumps(self.audit_message(hour, call)))

    def audit_message(self, hour: int, call: int) -> str:
        """Return the message of that event: the entry."""
        return json.dumps({"level": "INFO", "audit": audit_line(self._call(hour, call))})

    def _event(self, hour: int, call: int, stream: str, message: str) -> str:
        at = self.at_ms(hour, call) + DELAY_MS
        return (
            f'{{"logStreamName":"{stream}","timestamp":{at},"message":{message},'
            f'"ingestionTime":{at + 500},"eventId":"{hour:016d}{call:040d}"}}'
        )

    def _call(self, hour: int, number: int) -> Call:
        seed = f"{hour:012x}{number:020x}"
        request_id = f"{seed[:8]}-{seed[8:12]}-4{seed[12:15]}-8{seed[15:18]}-{seed[18:30]}"
        return Call(
            request_id=f"{request_id}{seed[30:]}",
            gateway_request_id=f"gateway-{seed}",
            at=self.at_ms(hour, number) // 1000,
            caller=Caller(f"team-{number % 500}"),
            model=_MODEL,
            model_id=_MODEL_ID,
            region=self._month.region,
            answered_in="eu-west-1",
            stream=True,
            throttled=False,
            input=900,
            output=300,
            cache_read=0,
            cache_write=0,
            large="",
            milliseconds=DELAY_MS,
        )

    def _beginning(self, hour: int, number: int) -> bytes:
        """Return a record up to its prompt."""
        return self._record(hour, number).partition(PROMPT)[0].encode()

    def _record(self, hour: int, number: int) -> str:
        call = self._call(hour, number)
        return record(call, self._month.identity(call))

    @cached_property
    def _rests(self) -> list[_Rest]:
        beginning, _, end = self._record(0, 0).partition(PROMPT)
        chance = random.Random(1)  # noqa: S311 - nothing is to be kept secret
        lengths = chance.choices(range(2, 10), k=1000)
        words = ["".join(chance.choices("etaoinshrdlu", k=length)) for length in lengths]
        size = max(self.size.record_bytes - len(beginning) - len(end), 1)
        return [
            _Rest.of(f"{' '.join(chance.choices(words, k=size // 3 + 1))[:size]}{end}")
            for _ in range(_PROMPTS)
        ]


class _Rest(NamedTuple):
    """A record from its prompt on: as text with the line's end, compressed, and within a JSON
    string without it, the closing quote included."""

    text: bytes
    packed: bytes
    quoted: str

    @classmethod
    def of(cls, rest: str) -> _Rest:
        text = f"{rest}\n".encode()
        packing = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
        packed = packing.compress(text) + packing.flush(zlib.Z_FULL_FLUSH)
        return cls(text, packed, json.dumps(rest)[1:])
