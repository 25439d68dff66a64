"""The report says whether the evidence of the window is signed, and by which key."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from claude_bedrock.cli.audit.completeness import judge_signatures
from claude_bedrock.cli.audit.statement import Judgment
from claude_bedrock.cli.evidence.signature_check import PublicKey
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.verify.deployed_chain import ChainReport
from claude_bedrock.verification.coverage import cover
from claude_bedrock.verification.evidence_bucket import EvidenceBucket
from claude_bedrock.verification.hours import HOUR, Span
from tests.verification.buckets import BUCKET, MONTH, MemoryS3
from tests.verification.cli.test_offline_evidence import HOURS, SIGNER, sealed_bucket
from tests.verification.local_signer import LocalSigner
from verification import sealing


class Stage(Deployment):
    """A deployed stage whose bucket is in memory."""

    s3: MemoryS3
    has_key: bool = True

    def client(self, service: str) -> Any:  # noqa: ANN401
        return self.s3 if service == "s3" else self

    def outputs(self, _stack: str) -> Mapping[str, str]:
        key = {"SigningKeyArn": "arn:aws:kms:eu-central-1:1:key/k"} if self.has_key else {}
        return {"EvidenceBucketName": BUCKET, **key}

    def get_public_key(self, **_: object) -> dict[str, bytes]:
        key = serialization.load_pem_public_key(SIGNER.public_key())
        encoding, form = (
            serialization.Encoding.DER,
            serialization.PublicFormat.SubjectPublicKeyInfo,
        )
        return {"PublicKey": key.public_bytes(encoding, form)}


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(sealing, "log_hash", lambda _: None)
    made = Stage("dev", "eu-central-1", None)
    made.s3 = MemoryS3()
    made.s3.objects = sealed_bucket()
    return made


def judgment(stage: Stage, *, first: int = 0) -> Judgment:
    """Return that of the window from the hour `first` on, as far as its files hold."""
    span = Span(MONTH + first * HOUR, MONTH + HOURS * HOUR)
    evidence = EvidenceBucket(stage.s3, BUCKET)
    coverage = cover(evidence, span, files_of=span, now=span.until, logged=None)
    return judge_signatures(stage, stage, [ChainReport(coverage, unasked="", expired=0)])


def _remove_newest(stage: Stage) -> None:
    for name in [name for name in stage.s3.objects if "signatures/hours/2026/10/01/04" in name]:
        del stage.s3.objects[name]


def _sign_with_another_key(stage: Stage) -> None:
    for name, body in sealed_bucket(LocalSigner()).items():
        if "/signatures/" in name:
            stage.s3.objects[name] = body


@pytest.mark.parametrize(
    ("change", "verdict", "words"),
    [
        (lambda _: None, "pass", f"Signatures cover {HOURS} of {HOURS} files"),
        (_remove_newest, "not assessed", "Not signed: evidence/hours/2026/10/01/040000Z.jsonl"),
        (_sign_with_another_key, "fail", "was not made with the key"),
    ],
)
def test_the_verdict_is_that_of_the_signatures(
    stage: Stage, change: Callable[[Stage], None], verdict: str, words: str
) -> None:
    change(stage)

    result = judgment(stage)

    assert result.verdict == verdict
    assert words in result.words
    assert PublicKey.from_pem(SIGNER.public_key()).fingerprint in result.words


def test_signatures_of_hours_outside_the_window_are_not_missed(stage: Stage) -> None:
    assert judgment(stage, first=2).verdict == "pass"


def test_a_stage_without_a_key_or_evidence_is_not_assessed(stage: Stage) -> None:
    assert judge_signatures(stage, stage, []).verdict == "not assessed"
    stage.has_key = False
    assert judgment(stage).verdict == "not assessed"
