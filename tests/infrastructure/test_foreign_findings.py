"""What rules of others find in the stages is answered, rule by rule; the page lists it."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs

from tools.docs.findings import packs
from tools.docs.findings.__main__ import PAGE
from tools.docs.findings.packs import Judged, findings
from tools.docs.findings.page import PACKS, page, unanswered
from tools.docs.findings.rule_responses import ANSWERS, MENDED
from tools.synthesis import STAGES, Synthesis


@pytest.fixture(scope="module")
def judged() -> Judged:
    """All stages, in a process of its own: the CDK lets go of no tree, and thousands of rules are
    slow beside all those that other tests have made."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        return apart.submit(packs.judged, STAGES).result()


def test_every_finding_has_an_answer_and_every_answer_a_finding(judged: Judged) -> None:
    assert unanswered(judged.found) == set()
    answered = {rule for answer in ANSWERS for rule in answer.rules}
    assert answered - {finding.rule for finding in judged.found} == set()
    assert {finding.pack for finding in judged.found} == set(PACKS)


def test_what_was_mended_is_checked_and_no_longer_reported(judged: Judged) -> None:
    assert set(MENDED) <= {control.id for control in judged.asked}
    assert set(MENDED) & {finding.rule for finding in judged.found} == set()


def test_the_page_lists_the_findings(judged: Judged) -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written.splitlines() == page(judged.found, sorted(judged.asked)).splitlines(), (
        "make docs"
    )


def test_a_finding_without_an_answer_is_detected(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path))
    stack = cdk.Stack(app, "Stack")
    sqs.Queue(stack, "Queue")
    kms.Key(stack, "Key")
    app.synth()
    reported = findings(Synthesis("new", tmp_path, app))
    assert {(finding.rule, finding.location) for finding in reported} >= {
        ("CT.KMS.PR.1", "Stack/Key"),
        ("CT.KMS.PR.3", "Stack/Key"),
        ("KMSBackingKeyRotationEnabled", "Stack/Key"),
        ("CT.SQS.PR.1", "Stack/Queue"),
    }
    assert unanswered(reported) >= {"CT.KMS.PR.3", "KMSBackingKeyRotationEnabled", "CT.SQS.PR.1"}
