"""An hour names each object that it rests on: what was changed since, is gone or is new."""

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import cast

import pytest

from claude_bedrock.records.invocation_records import Records
from claude_bedrock.verification.evidence_bucket import SealedFile, key_of_hour
from claude_bedrock.verification.object_check import ObjectCheck, check_objects
from claude_bedrock.verification.object_digests import OBJECTS
from tests.verification.test_handler import (
    BUCKET,
    CONTEXT,
    ENVIRONMENT,
    HOUR,
    NOW,
    Account,
    account,
    run_at,
)
from verification import handler

__all__ = ["account"]

ROOT = "AWSLogs/123456789012/BedrockModelInvocationLogs/eu-central-1"
RECORD = f"{ROOT}/{HOUR:%Y/%m/%d/%H}/kept.json.gz"
BODY = f"large-data/{ROOT}/{HOUR:%Y/%m/%d/%H}/data/long_input.json.gz"
Tamper = Callable[[Account], None]


@pytest.fixture
def sealed(account: Account) -> Iterator[Account]:
    """With a call whose prompt is too long for a record, and one of the hour before."""
    versions = {"Status": "Enabled"}
    account.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=versions)
    at = HOUR + timedelta(minutes=30)
    account.s3.put_object(Bucket=BUCKET, Key=BODY, Body=gzip.compress(b'{"messages": []}'))
    for request_id, moment in (("kept", at), ("long", at), ("before", HOUR - timedelta(minutes=9))):
        account.called(request_id, moment)
        long = {"input": {"inputBodyS3Path": f"s3://{BUCKET}/{BODY}"}}
        account.recorded(request_id, moment, **(long if request_id == "long" else {}))
    run_at(NOW)
    yield account


def checked(account: Account) -> ObjectCheck:
    return compared(account, [account.evidence().read(key_of_hour(HOUR))])


def compared(account: Account, files: Sequence[SealedFile]) -> ObjectCheck:
    records = handler._work(ENVIRONMENT, CONTEXT.invoked_function_arn).stage.records
    return check_objects(account.evidence(), files, cast("Records", records))


def put(key: str, content: bytes) -> Tamper:
    return lambda account: account.s3.put_object(Bucket=BUCKET, Key=key, Body=content)


def delete(key: str) -> Tamper:
    return lambda account: account.s3.delete_object(Bucket=BUCKET, Key=key)


def digest_key(account: Account) -> str:
    name: str = account.entries(key_of_hour(HOUR))[0]["objects"]["key"]
    return name


def change_digests(account: Account) -> None:
    put(digest_key(account), gzip.compress(b"{}"))(account)


def delete_digests(account: Account) -> None:
    delete(digest_key(account))(account)


def test_an_hour_has_a_line_for_each_object_of_its_own(sealed: Account) -> None:
    about = sealed.entries(key_of_hour(HOUR))[0]["objects"]
    packed = sealed.s3.get_object(Bucket=BUCKET, Key=about["key"])["Body"].read()
    *lines, end = [json.loads(line) for line in gzip.decompress(packed).splitlines()]

    assert about["key"].startswith(f"{OBJECTS}{HOUR:%Y/%m/%d/%H}0000Z-")
    assert about["sha256"] == hashlib.sha256(packed).hexdigest()
    assert (about["records"], about["bodies"]) == (end["records"], end["bodies"]) == (2, 2)
    by_path = {item["path"]: item for item in lines}
    stored = sealed.s3.get_object(Bucket=BUCKET, Key=RECORD)
    assert by_path[f"s3://{BUCKET}/{RECORD}"] == {
        "path": f"s3://{BUCKET}/{RECORD}",
        "size": stored["ContentLength"],
        "etag": stored["ETag"],
        "version": stored["VersionId"],
        "sha256": hashlib.sha256(stored["Body"].read()).hexdigest(),
    }
    assert by_path[f"s3://{BUCKET}/{BODY}"]["version"]
    assert not [path for path in by_path if "before" in path]
    assert (checked(sealed).changes, checked(sealed).objects) == ((), 4)


@pytest.mark.parametrize(
    ("tamper", "kind", "what"),
    [
        (put(RECORD, gzip.compress(b"{}")), "object_changed", RECORD),
        (delete(RECORD), "object_missing", RECORD),
        (put(BODY, gzip.compress(b"another")), "object_changed", BODY),
        (delete(BODY), "object_missing", BODY),
        (change_digests, "evidence_changed", OBJECTS),
        (delete_digests, "evidence_changed", OBJECTS),
    ],
)
def test_what_was_changed_or_deleted_since_is_named(
    sealed: Account, tamper: Tamper, kind: str, what: str
) -> None:
    tamper(sealed)

    result = checked(sealed)

    assert {change.kind for change in result.changes} == {kind}
    assert all(what in item.path for item in result.changes)
    assert not result.holds


def test_what_came_later_is_new_and_breaks_nothing(sealed: Account) -> None:
    put(RECORD.replace("kept", "late"), gzip.compress(b"{}"))(sealed)

    (change,) = checked(sealed).changes

    assert (change.kind, change.path.rpartition("/")[2]) == ("object_new", "late.json.gz")
    assert checked(sealed).holds


def test_a_file_of_an_older_version_names_no_objects(sealed: Account) -> None:
    file = sealed.evidence().read(key_of_hour(HOUR))
    old = file._replace(entries=({**file.entries[0], "objects": None}, *file.entries[1:]))

    result = compared(sealed, [old])

    assert (result.without, result.objects, result.holds) == (1, 0, True)
