"""Records are compared with what the gateway called, and with their copy."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from claude_bedrock.records.object_stat import ObjectStat
from claude_bedrock.verification.finding import Outcome
from claude_bedrock.verification.reconciliation import DESTINATIONS, Destination
from tests.verification.scenario import (
    GATEWAY_ROLE,
    MODEL,
    NOW,
    OTHER_ROLE,
    PRINCIPALS,
    ROLE,
    audit_line,
    joined,
    record,
)

AT = NOW - 5 * 3600
TEAM = "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/abc"
PROFILE_ARN = "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/"
BASE_ID = MODEL.removeprefix("eu.")


def of(
    entry: Mapping[str, Any] | None,
    s3: Mapping[str, Any] | None,
    logs: Mapping[str, Any] | None,
    **more: Any,  # noqa: ANN401 - of `joined`
) -> Outcome:
    copies: list[tuple[Destination, Mapping[str, Any]]] = [
        (where, content)
        for where, content in zip(DESTINATIONS, (s3, logs), strict=True)
        if content is not None
    ]
    lines = [(AT + 1.5, entry)] if entry is not None else []
    return joined(lines, copies, **more)


def both(entry: Mapping[str, Any], **fields: object) -> Outcome:
    changed = {**record("r1"), **fields}
    return of(entry, changed, changed)


def kinds(outcome: Outcome) -> list[str]:
    return [finding.kind for finding in outcome.findings]


# --- what Bedrock answered, whatever the client was told


@pytest.mark.parametrize("status", [0, 429, 500, 504])
@pytest.mark.parametrize("known", [True, False])
def test_a_call_that_bedrock_answered_is_missed_whatever_the_client_got(
    status: int, known: bool
) -> None:
    entry = audit_line("r1", "cut, not logged") | {"status": status}
    if not known:
        del entry["bedrock_request_id"]

    outcome = of(entry, None, None)

    (finding,) = outcome.findings
    assert (finding.kind, finding.request_id) == ("missing_record", "r1" if known else "")
    assert finding.source == ("" if known else "gateway request gateway-r1")
    assert (outcome.counts.not_logged, outcome.counts.unknown) == (1, 0)


def test_two_calls_without_an_id_are_two_findings() -> None:
    entries = [audit_line(item, "cut, not logged") for item in ("r1", "r2")]
    for audit_entry in entries:
        del audit_entry["bedrock_request_id"]

    outcome = joined([(AT, entry) for entry in entries], [])

    assert kinds(outcome) == ["missing_record"] * 2
    assert len({finding.id for finding in outcome.findings}) == 2


def test_an_earlier_attempt_that_bedrock_answered_is_due_too() -> None:
    attempt = {
        "model_id": MODEL,
        "bedrock_request_id": "r0",
        "upstream_status": 200,
        "upstream_complete": False,
    }
    outcome = both({**audit_line("r1"), "earlier_attempts": [attempt]})

    assert [(finding.kind, finding.request_id) for finding in outcome.findings] == [
        ("missing_record", "r0")
    ]


@pytest.mark.parametrize("copies", [0, 1, 2])
def test_no_record_is_due_of_a_refusal(copies: int) -> None:
    result = {**record("r1", "throttled, logged")}
    outcome = of(
        audit_line("r1", "throttled, logged"), *[result, result][:copies], *[None] * (2 - copies)
    )

    assert outcome.findings == []
    assert (outcome.counts.matched, outcome.counts.refused) == ((1, 0) if copies == 2 else (0, 1))


def test_a_record_in_one_destination_shows_that_the_call_was_answered() -> None:
    entry = audit_line("r1", "answer lost, logged")
    assert kinds(of(entry, record("r1"), None)) == ["missing_record"]
    refused = {**record("r1"), "errorCode": "ThrottlingException"}
    assert kinds(of(entry, refused, None)) == []


# --- a completion is due where the call completed


@pytest.mark.parametrize(
    ("changes", "due"),
    [
        ({}, True),
        ({"outcome": "caller_gone", "upstream_complete": False}, False),
        ({"outcome": "caller_gone"}, False),
        ({"outcome": "interrupted", "upstream_complete": False}, False),
        ({"upstream_complete": False}, False),
        ({"outcome": "failed", "status": 500}, False),
    ],
)
def test_a_completion_is_due_only_where_the_call_completed(
    changes: dict[str, Any], due: bool
) -> None:
    outcome = both({**audit_line("r1"), **changes}, output={})
    assert kinds(outcome) == (["body_missing"] if due else [])
    prompt = both({**audit_line("r1"), **changes}, input={})
    assert kinds(prompt) == ["body_missing"]


def test_an_error_in_the_record_of_a_call_that_completed_excuses_nothing() -> None:
    assert kinds(both(audit_line("r1"), output={}, errorCode="ModelErrorException")) == [
        "body_missing"
    ]


# --- model


@pytest.mark.parametrize(
    ("recorded", "same"),
    [
        (MODEL, True),
        (f"{PROFILE_ARN}{MODEL}", True),
        (BASE_ID, True),
        (f"arn:aws:bedrock:eu-west-1::foundation-model/{BASE_ID}", True),
        (f"global.{BASE_ID}", False),
        (f"{PROFILE_ARN}us.{BASE_ID}", False),
        ("anthropic.claude-opus-4-5-20251101-v1:0", False),
        ("eu.anthropic.claude-opus-4-5-20251101-v1:0", False),
        ("amazon.nova-lite-v1:0", False),
        (TEAM, False),
        ("nonsense", False),
    ],
)
def test_the_record_names_the_model_that_was_called(recorded: str, same: bool) -> None:
    outcome = both(audit_line("r1"), modelId=recorded)
    assert kinds(outcome) == ([] if same else ["model_mismatch"])
    assert outcome.counts.matched == 1


@pytest.mark.parametrize(
    ("recorded", "same"),
    [(TEAM, True), (MODEL, True), (f"{TEAM}d", False), (f"global.{BASE_ID}", False)],
)
def test_the_profile_of_a_team_is_the_model_it_copies(recorded: str, same: bool) -> None:
    entry = {**audit_line("r1"), "inference_profile_arn": TEAM}
    assert kinds(both(entry, modelId=recorded)) == ([] if same else ["model_mismatch"])


def test_an_older_entry_does_not_name_the_profile_of_a_team_that_was_called() -> None:
    assert both(audit_line("r1", "of an older version"), modelId=TEAM).findings == []


# --- identity


@pytest.mark.parametrize(
    ("arn", "same"),
    [
        (ROLE, True),
        (ROLE.replace("/function", "/another-session"), True),
        (GATEWAY_ROLE, True),
        (ROLE.replace("/gateway/function", "/caller/search.nightly"), True),
        (OTHER_ROLE, False),
        (ROLE.replace("123456789012", "999999999999"), False),
        (ROLE.replace("/gateway/", "/gateway2/"), False),
        ("arn:aws:iam::123456789012:user/gateway", False),
    ],
)
def test_the_record_is_of_a_session_of_the_gateways_role(arn: str, same: bool) -> None:
    outcome = both(audit_line("r1"), identity={"arn": arn})
    assert kinds(outcome) == ([] if same else ["identity_mismatch"])


@pytest.mark.parametrize("identity", [None, {}])
def test_a_record_without_identity_is_of_nobody(identity: object) -> None:
    (finding,) = both(audit_line("r1"), identity=identity).findings
    assert finding.kind == "identity_mismatch"
    assert finding.detail == "the record is of nobody, not of the gateway's role"


def test_a_finding_names_a_tokens_caller_with_its_issuer() -> None:
    caller = {"api_key_id": "", "api_key_name": "", "token_issuer": "corp", "caller": "default"}
    lost = of({**audit_line("r1"), **caller}, None, None)

    assert [(finding.kind, finding.who) for finding in lost.findings] == [
        ("missing_record", "corp:default")
    ]


def test_metadata_alone_matches_nothing() -> None:
    """Who knows a call's metadata and calls Bedrock directly is not taken for the lost call."""
    forged = {**record("r2"), "identity": {"arn": OTHER_ROLE}}
    forged["requestMetadata"] = record("r1")["requestMetadata"]

    outcome = of(audit_line("r1", "answer lost, not logged"), forged, forged)

    assert [(finding.kind, finding.who) for finding in outcome.findings] == [
        ("bypassed_gateway", OTHER_ROLE)
    ]
    assert (outcome.counts.matched, outcome.counts.unknown) == (0, 1)


# --- content


OTHERS: tuple[dict[str, Any], ...] = (
    {"input": {"inputBodyJson": {"messages": "another secret"}}},
    {"output": {"outputBodyJson": {"content": "another secret"}}},
    {"output": {"outputBodyJson": {"content": "secret-completion"}, "outputTokenCount": 7}},
    {"operation": "Converse"},
    {"accountId": "999999999999"},
)


@pytest.mark.parametrize("change", OTHERS)
@pytest.mark.parametrize("changed", [0, 1])
def test_copies_that_differ_are_a_finding(change: dict[str, Any], changed: int) -> None:
    copies = [record("r1"), record("r1")]
    copies[changed] |= change

    outcome = of(audit_line("r1"), *copies)

    (finding,) = outcome.findings
    assert finding.kind == "content_mismatch"
    assert finding.detail.startswith("S3 and CloudWatch Logs differ in the ")
    assert "secret" not in repr(outcome)


@pytest.mark.parametrize("change", OTHERS)
@pytest.mark.parametrize("where", DESTINATIONS)
def test_a_second_record_that_differs_is_no_duplicate(
    change: dict[str, Any], where: Destination
) -> None:
    copies = [
        *((destination, record("r1")) for destination in DESTINATIONS),
        (where, {**record("r1"), **change}),
    ]

    outcome = joined([(AT + 1.5, audit_line("r1"))], copies)

    (finding,) = outcome.findings
    assert finding.kind == "content_mismatch"
    assert finding.detail.startswith(f"two records in {where} differ in the ")
    assert outcome.counts.duplicates == 0


def test_the_order_of_members_and_the_timestamp_are_no_content() -> None:
    first = record("r1")
    first["input"] = {"inputBodyJson": {"a": 1, "b": [{"c": 2, "d": 3}]}, "inputTokenCount": 1}
    other = json.loads(json.dumps(dict(reversed(first.items())), sort_keys=True))
    other["timestamp"] = "2026-11-25T07:00:01Z"
    assert of(audit_line("r1"), first, other).findings == []


def test_a_copy_that_names_the_profile_by_its_arn_is_the_same() -> None:
    by_arn = {**record("r1"), "modelId": f"{PROFILE_ARN}{MODEL}"}
    for copies in ((record("r1"), by_arn), (by_arn, record("r1"))):
        assert of(audit_line("r1"), *copies).findings == []
    other = {**by_arn, "modelId": f"{PROFILE_ARN}us.{BASE_ID}"}
    assert sorted(kinds(of(audit_line("r1"), record("r1"), other))) == [
        "content_mismatch",
        "model_mismatch",
    ]


S3_PATH = "s3://b/AWSLogs/1/data/r1_input.json.gz"
LOGS_PATH = "s3://b/large-data/AWSLogs/1/data/r1_input.json.gz"


def large(path: str) -> dict[str, Any]:
    return {**record("r1"), "input": {"inputBodyS3Path": path}}


def test_a_large_body_has_an_object_for_each_destination() -> None:
    assert of(audit_line("r1"), large(S3_PATH), large(LOGS_PATH)).findings == []


@pytest.mark.parametrize("same", [True, False])
def test_a_body_that_is_inline_in_one_destination_is_compared_with_the_object_of_the_other(
    same: bool,
) -> None:
    body = {"messages": "secret-prompt" if same else "another"}
    for copies in (
        (record("r1"), large(LOGS_PATH)),
        (large(S3_PATH), record("r1")),
    ):
        outcome = of(audit_line("r1"), *copies, bodies={LOGS_PATH: body, S3_PATH: body})
        assert kinds(outcome) == ([] if same else ["content_mismatch"])


@pytest.mark.parametrize("same", [True, False])
def test_objects_of_different_names_are_compared(same: bool) -> None:
    other = "s3://b/large-data/AWSLogs/1/data/r9_input.json.gz"
    bodies = {S3_PATH: {"a": 1}, other: {"a": 1 if same else 2}}
    outcome = of(audit_line("r1"), large(S3_PATH), large(other), bodies=bodies)
    assert kinds(outcome) == ([] if same else ["content_mismatch"])


def test_objects_of_one_name_that_hold_the_same_bytes_are_not_read() -> None:
    identical = {(S3_PATH, LOGS_PATH), (LOGS_PATH, S3_PATH)}
    for copies in ((S3_PATH, LOGS_PATH), (LOGS_PATH, S3_PATH)):
        outcome = of(audit_line("r1"), *map(large, copies), bodies={}, identical=identical)
        assert outcome.findings == []


@pytest.mark.parametrize("same", [True, False])
def test_objects_of_one_name_whose_bytes_differ_are_compared(same: bool) -> None:
    """They may be packed in two ways, and say the same."""
    bodies = {S3_PATH: {"a": 1}, LOGS_PATH: {"a": 1 if same else 2}}
    outcome = of(audit_line("r1"), large(S3_PATH), large(LOGS_PATH), bodies=bodies)
    assert kinds(outcome) == ([] if same else ["content_mismatch"])


ENCRYPTED = {"ContentLength": 9, "ETag": '"a"', "ChecksumCRC64NVME": "x", "VersionId": "v1"}


# What differs in S3's metadata of the second object, and whether it still is the same unread.
METADATA: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"ContentLength": 8}, False),
    ({"ETag": '"b"', "VersionId": "v2"}, True),
    ({"ETag": '"b"', "ChecksumCRC64NVME": "y"}, False),
    ({"ETag": '"b"', "ChecksumCRC64NVME": None, "ChecksumSHA256": "x"}, False),
    ({"ETag": '"b"', "ChecksumCRC64NVME": None}, False),
    ({"ETag": '"b"', "ChecksumType": "COMPOSITE"}, False),
]


@pytest.mark.parametrize("is_second_in_s3", [True, False])
@pytest.mark.parametrize("side", ["input", "output"])
def test_only_a_checksum_or_an_etag_makes_two_objects_equal_unread(
    side: str, is_second_in_s3: bool
) -> None:
    """All in one join, which costs much more than what is in it."""
    stats: dict[str, ObjectStat] = {}
    copies: list[tuple[Destination, dict[str, Any]]] = []
    for number, (changes, _) in enumerate(METADATA):
        paths = [
            path.replace("r1_", f"r{number}_")
            for path in ((LOGS_PATH, S3_PATH) if is_second_in_s3 else (S3_PATH, LOGS_PATH))
        ]
        stats |= dict(zip(paths, map(ObjectStat.of, (ENCRYPTED, ENCRYPTED | changes)), strict=True))
        copies += [
            (where, {**record(f"r{number}"), side: {f"{side}BodyS3Path": path}})
            for where, path in zip(DESTINATIONS, paths, strict=True)
        ]
    lines = [(AT + 1.5, audit_line(f"r{number}")) for number in range(len(METADATA))]

    outcome = joined(lines, copies, bodies={path: path for path in stats}, stats=stats)

    assert {*kinds(outcome)} == {"content_mismatch"}
    assert {finding.request_id for finding in outcome.findings} == {
        f"r{number}" for number, (_, same) in enumerate(METADATA) if not same
    }


def test_an_object_that_is_not_there_is_missing_and_not_different_too() -> None:
    copies = (record("r1"), large(LOGS_PATH))
    outcome = of(audit_line("r1"), *copies, stored=lambda _: False)
    assert kinds(outcome) == ["body_missing"]


@pytest.mark.parametrize(
    ("lacks", "side", "empty"),
    [
        ([0], "input", None),
        ([1], "output", None),
        ([0, 1], "input", {}),
        ([0, 1], "output", []),
        ([1], "input", ""),
    ],
)
def test_a_body_that_a_copy_lacks_is_missing_and_not_different_too(
    lacks: list[int], side: str, empty: object
) -> None:
    copies = [record("r1"), record("r1")]
    for copy in lacks:
        copies[copy][side] = {f"{side}BodyJson": empty}
    assert kinds(of(audit_line("r1"), *copies)) == ["body_missing"]


def image(source: dict[str, Any], text: str = "look") -> dict[str, Any]:
    content = [{"image": {"format": "png", "source": source}}, {"text": text}]
    body = {"messages": [{"role": "user", "content": content}]}
    return {**record("r1"), "input": {"inputBodyJson": body}}


def test_where_an_image_lies_is_no_difference_but_words_that_resemble_it_are() -> None:
    small = {"s3Location": {"uri": "s3://b/data/r1_input_0.png"}}
    large = {"s3Location": {"uri": "s3://b/large-data/data/r1_input_0.png"}}
    for other in (large, {"bytes": "aGVsbG8="}):
        assert of(audit_line("r1"), image(small), image(other)).findings == []
    assert kinds(of(audit_line("r1"), image(small), image(large, "away"))) == ["content_mismatch"]
    quoted = ['"source":{"bytes":"1"}', '"source":{"bytes":"2"}']
    words = [image(small, item) for item in quoted]
    assert kinds(of(audit_line("r1"), *words)) == ["content_mismatch"]


# --- entries that were lost


@pytest.mark.parametrize(
    ("metadata", "access_log", "detail"),
    [
        (
            {"gateway_request_id": "g1"},
            {"g1": "API Gateway answered its request g1 with 200"},
            "API Gateway answered its request g1 with 200",
        ),
        ({}, {}, "the record names no request of the gateway"),
    ],
)
def test_a_record_of_the_gateways_own_role_is_of_an_entry_that_was_lost(
    metadata: dict[str, str], access_log: dict[str, str], detail: str
) -> None:
    result = {**record("r1"), "requestMetadata": metadata}

    outcome = of(None, result, None, access_log=access_log)

    (finding,) = outcome.findings
    assert (finding.kind, finding.who) == ("audit_entry_lost", ROLE)
    assert finding.detail == f"{detail}; no record in CloudWatch Logs"
    assert (outcome.counts.audit_entries_lost, outcome.counts.unmatched_records) == (1, 0)


def test_the_access_log_is_queried_once_and_only_where_an_entry_was_lost() -> None:
    result = [record(f"r{number}") for number in range(3)]
    copies = [(where, item) for item in result for where in DESTINATIONS]
    request: list[set[str]] = []

    class AccessLog(dict[str, str]):
        def get(self, key: str, _: str = "") -> str:  # type: ignore[override]
            request.append({key})
            return "seen"

    outcome = joined([(AT, audit_line("r0"))], copies, access_log=AccessLog(a="b"))

    assert outcome.counts.audit_entries_lost == 2
    assert sorted(map(min, request)) == ["gateway-r1", "gateway-r2"]


# --- allowed direct callers


def test_allowed_direct_calls_are_summed_by_caller_and_judged_by_nothing() -> None:
    principals = PRINCIPALS._replace(
        allowed_direct_callers=frozenset(
            {"arn:aws:iam::123456789012:role/teams/somebody", "arn:aws:iam::123456789012:user/u"}
        )
    )
    users = {"arn": "arn:aws:iam::123456789012:user/u"}
    fields: dict[str, Any] = {"requestMetadata": None, "inferenceRegion": "us-east-1", "input": {}}
    result = [
        {**record("r1"), **fields, "identity": {"arn": OTHER_ROLE}},
        {**record("r2"), **fields, "identity": {"arn": OTHER_ROLE.replace("laptop", "desk")}},
        {**record("r3"), **fields, "identity": users},
    ]
    copies = [(where, item) for item in result for where in DESTINATIONS]

    outcome = joined([], copies, principals=principals)

    assert outcome.findings == []
    assert outcome.direct_calls == {
        "arn:aws:iam::123456789012:role/somebody": 2,
        "arn:aws:iam::123456789012:user/u": 1,
    }
    assert (outcome.counts.allowed_direct_calls, outcome.counts.records) == (3, 3)


def test_an_allowed_direct_caller_is_not_the_gateway() -> None:
    principals = PRINCIPALS._replace(allowed_direct_callers=frozenset({OTHER_ROLE}))
    result = {**record("r1"), "identity": {"arn": OTHER_ROLE}}
    assert kinds(of(audit_line("r1"), result, result, principals=principals)) == [
        "identity_mismatch"
    ]


# --- what cannot be read


def test_a_record_that_cannot_be_read_is_not_called_missing() -> None:
    broken = {**record("r1"), "modelId": None}

    outcome = of(audit_line("r1"), record("r1"), broken)

    (finding,) = outcome.findings
    assert (finding.kind, finding.request_id) == ("unreadable_record", "r1")
    assert finding.detail == "the record in CloudWatch Logs cannot be read: modelId is missing"
    assert (outcome.counts.unknown, outcome.counts.unreadable) == (1, 1)


def test_a_record_that_is_missing_beside_one_that_cannot_be_read_is_named() -> None:
    outcome = of(audit_line("r1"), None, {**record("r1"), "modelId": None})
    assert sorted(kinds(outcome)) == ["missing_record", "unreadable_record"]
