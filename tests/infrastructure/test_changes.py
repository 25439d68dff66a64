"""CloudFormation accepts every change of a stage: each key from each of its values to each other,
and back."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.infrastructure.changes import Deployment
from tests.infrastructure.variants import (
    FULL,
    PLAIN,
    VALUES,
    Syntheses,
    tour,
    variant,
)
from tools.stage_blocks import Block

# Of these, what a small stage changes is not a part of what a large one changes.
IN_A_SMALL_STAGE = (
    *("models.geography", "models.allow", "logging.record_access_log"),
    *("logging.existing_logging", "callers.auth", "logging.keep_logs_on_destroy"),
)
# A stack goes with its endpoint, which a deployment of the others cannot do: tested by itself.
BY_HAND = "endpoint.enabled"
# What a deployed stage keeps: test_role_rules.py and test_kms_key.py have what becomes of a change.
LASTING = ("account.role_path", "account.role_prefix", "logging.kms_key")
# Of these, docs/networks.md has the step by hand that comes before.
AFTER_A_STEP = {"endpoint.network": "first change the endpoint access mode"}
CASES = [
    *(pytest.param(key, FULL, id=key) for key in VALUES if key not in (BY_HAND, *LASTING)),
    *(pytest.param(key, PLAIN, id=f"{key}, small stage") for key in IN_A_SMALL_STAGE),
]


@pytest.fixture(scope="module")
def syntheses(tmp_path_factory: pytest.TempPathFactory) -> Syntheses:
    return Syntheses(tmp_path_factory.mktemp("syntheses"))


def test_every_stage_key_has_values_here() -> None:
    missing = [key for key, values in VALUES.items() if len(values) < 2]

    assert not missing, f"add their values to tests/infrastructure/variants.py: {missing}"
    assert {"region", "models.allow", "logging.object_lock", "account.id"} <= {*VALUES}


def test_a_tour_has_every_pair_both_ways() -> None:
    variants = [variant(PLAIN, {"endpoint.ping_seconds": seconds}) for seconds in range(1, 6)]

    stops = list(tour(variants))

    assert {*itertools.pairwise(stop.label for stop in stops)} >= {
        *itertools.permutations([variant.label for variant in variants], 2)
    }


@pytest.mark.parametrize(("key", "base"), CASES)
def test_no_change_of_a_value_is_refused(key: str, base: Block, syntheses: Syntheses) -> None:
    deployment, refused, before = Deployment(), [], "nothing"
    for label, block in tour([variant(base, changes) for changes in VALUES[key]]):
        refusals = deployment.update(block, syntheses.of(block))
        refused += [
            f"{before} -> {label}: {refusal}"
            for refusal in refusals
            if key not in AFTER_A_STEP or AFTER_A_STEP[key] not in refusal
        ]
        before = label

    assert refused == []


def test_a_public_endpoint_becomes_private_after_a_step_by_hand(syntheses: Syntheses) -> None:
    public, *_, private = (variant(FULL, each).block for each in VALUES["endpoint.network"])
    deployment = Deployment()

    assert deployment.update(public, syntheses.of(public)) == []
    (refusal,) = deployment.update(private, syntheses.of(private))
    assert AFTER_A_STEP["endpoint.network"] in refusal
    assert deployment.update(public, syntheses.of(public)) == []


def test_an_endpoint_goes_with_its_stack_and_is_refused_while_that_is_there(
    syntheses: Syntheses,
) -> None:
    (_, with_endpoint), (_, without) = (variant(PLAIN, changes) for changes in VALUES[BY_HAND])
    deployment = Deployment()
    assert deployment.update(with_endpoint, syntheses.of(with_endpoint)) == []

    refusals = deployment.update(without, syntheses.of(without))
    deployment.destroy(without, "Observability", "Gateway")

    assert any("in use by Gateway" in refusal for refusal in refusals)
    assert deployment.update(without, syntheses.of(without)) == []
    assert deployment.update(with_endpoint, syntheses.of(with_endpoint)) == []


Change = Callable[[dict[str, Any]], None]


def _another_logical_id(templates: dict[str, Any]) -> None:
    resources = templates["Observability"]["Resources"]
    (name,) = [name for name, body in resources.items() if body["Type"] == "AWS::Athena::WorkGroup"]
    resources["Another"] = resources.pop(name)
    text = json.dumps(resources).replace(name, "Another")
    templates["Observability"]["Resources"] = json.loads(text)


def _described_again(templates: dict[str, Any]) -> None:
    guard = _only(templates["ModelAccess"], "GuardDenials", "AWS::IAM::ManagedPolicy")
    guard["Properties"]["Description"] = "another"


def _without_bucket_export(templates: dict[str, Any]) -> None:
    outputs = templates["InvocationLogging"]["Outputs"]
    del outputs[next(name for name in outputs if name.startswith("ExportsOutputRefBucket"))]


def _another_role_path(templates: dict[str, Any]) -> None:
    role = _only(templates["ModelAccess"], "OperatorRole", "AWS::IAM::Role")
    role["Properties"]["Path"] = "/other/"


def _without_access_log_output(templates: dict[str, Any]) -> None:
    del templates["InvocationLogging"]["Outputs"]["AccessLogBucketName"]


def _another_access_log(templates: dict[str, Any]) -> None:
    bucket = _only(templates["InvocationLogging"], "RecordAccessBucket", "AWS::S3::Bucket")
    bucket["Properties"]["BucketName"] = "another"


def _only(template: dict[str, Any], beginning: str, type_: str) -> dict[str, Any]:
    (body,) = (
        body
        for name, body in template["Resources"].items()
        if name.startswith(beginning) and body["Type"] == type_
    )
    resource: dict[str, Any] = body
    return resource


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (_described_again, "cannot be updated as it is in use by Gateway"),
        (_without_bucket_export, "cannot be deleted as it is in use by Observability"),
        (_another_role_path, "a custom-named resource requires replacing"),
        (_another_logical_id, "already exists"),
        (_without_access_log_output, "has no output AccessLogBucketName"),
        (_another_access_log, "keeps an old value, since its template does not differ"),
    ],
)
def test_a_change_that_aws_refuses_is_refused(
    change: Change, refusal: str, syntheses: Syntheses
) -> None:
    templates = syntheses.of(FULL)
    changed = copy.deepcopy({**templates})
    change(changed)
    deployment = Deployment()

    assert deployment.update(FULL, templates) == []
    assert any(refusal in line for line in deployment.update(FULL, changed))


def test_a_retained_log_group_cannot_be_created_again(syntheses: Syntheses) -> None:
    templates = syntheses.of(FULL)
    renamed: dict[str, Any] = copy.deepcopy({**templates})
    group = _only(renamed["Gateway"], "AuthorizerLogs", "AWS::Logs::LogGroup")
    group["Properties"]["LogGroupName"] = "/another"
    deployment = Deployment()

    deployment.update(FULL, templates)
    assert deployment.update(FULL, renamed) == []
    (refusal,) = deployment.update(FULL, templates)

    assert "already exists" in refusal
