"""The fields of an invocation log record that the join needs, and a digest of its content.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from claude_bedrock.records.window import UnreadableError
from claude_bedrock.verification import fields

DIGEST_BYTES: Final = 12
_COMPARED: Final = (
    "accountId",
    "region",
    "inferenceRegion",
    "operation",
    "requestMetadata",
    "errorCode",
)
"""Fields that the copies of one record must agree in, beside model, identity, tokens and bodies.
Not the timestamp: AWS does not say that both destinations get the same one."""
_NO_BODY: Final[tuple[object, ...]] = (None, {}, [], "")
"""What a field of a body has that holds neither a prompt nor a completion."""
# Images and documents of Converse go to S3 alone; each destination's copy names its own object:
_IMAGE_SOURCE: Final = re.compile(
    r'"source":\{(?:"bytes":"[^"]*"|"s3Location":\{"uri":"[^"]*"(?:,"bucketOwner":"[^"]*")?\})\}'
)
_MAY_HOLD_IMAGES: Final = '"source":{'
_CANONICAL: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


class Body(NamedTuple):
    """Whether a body stands in the record, and where in S3 it lies if it does not. `digest` is of
    an inline body; empty for another."""

    inline: bool
    path: str
    digest: bytes = b""


class RecordSummary(NamedTuple):
    """A record; `at` in seconds since 1970, `answered_in` the Region that Bedrock names. `digest`
    is of everything that is compared between copies of the record, but the bodies."""

    request_id: str
    at: float
    answered_in: str
    model_id: str
    identity: str
    metadata: Mapping[str, str]
    failed: bool
    input: Body
    output: Body
    digest: bytes


def summarize_record(record: Mapping[str, Any]) -> RecordSummary:
    """Return the summary of a record. Raises UnreadableError, which names the field at fault and
    quotes nothing of the record."""
    sides = {name: fields.members(record, name) for name in ("input", "output")}
    identity = fields.optional_text(fields.members(record, "identity"), "arn")
    request_id = fields.text(record, "requestId")
    model_id = fields.text(record, "modelId")
    model = model_id.rpartition("/")[2]  # one copy may name a profile by its ARN
    others = [record.get(name) for name in _COMPARED]
    try:
        return RecordSummary(
            request_id=request_id,
            at=_seconds(fields.text(record, "timestamp")),
            answered_in=fields.optional_text(record, "inferenceRegion")
            or fields.text(record, "region"),
            model_id=model_id,
            identity=identity,
            metadata=fields.texts(record, "requestMetadata"),
            failed=bool(record.get("errorCode")),
            input=_body(sides, "input"),
            output=_body(sides, "output"),
            digest=_digest([model, identity, others, _tokens(sides)]),
        )
    except RecursionError as error:
        raise UnreadableError("it is nested too deeply") from error


def body_digest(body: object) -> bytes:
    """Return the digest of a body: the same whichever destination the record went to, and in
    whichever order the members of objects are summarize_record."""
    return _digest(body)


def _seconds(timestamp: str) -> float:
    try:
        moment = datetime.fromisoformat(timestamp)
    except ValueError as error:
        raise UnreadableError("timestamp is not an ISO 8601 time") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _body(sides: Mapping[str, Mapping[str, Any]], side: str) -> Body:
    part = sides[side]
    body = part.get(f"{side}BodyJson")
    if body not in _NO_BODY:
        return Body(inline=True, path="", digest=body_digest(body))
    return Body(inline=False, path=fields.optional_text(part, f"{side}BodyS3Path"))


def _tokens(sides: Mapping[str, Mapping[str, Any]]) -> list[Any]:
    return [
        {name: value for name, value in part.items() if name.endswith("TokenCount")}
        for part in sides.values()
    ]


def _digest(value: object) -> bytes:
    text = _CANONICAL(value)
    if _MAY_HOLD_IMAGES in text:
        text = _IMAGE_SOURCE.sub('"source":{}', text)
    return hashlib.blake2b(text.encode(), digest_size=DIGEST_BYTES).digest()
