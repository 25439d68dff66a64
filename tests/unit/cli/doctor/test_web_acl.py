"""The stage's web ACL stands before the endpoint, or the check says what does."""

import pytest

from claude_bedrock.cli.doctor.check import Outcome
from claude_bedrock.cli.doctor.checks import web_acl

OWN = "arn:aws:wafv2:us-east-1:111111111111:regional/webacl/own/1"


@pytest.mark.parametrize(
    ("associated", "outcome"), [(OWN, "ok"), (f"{OWN}1", "failed"), (None, "failed")]
)
def test_each_association_has_its_outcome(associated: str | None, outcome: Outcome) -> None:
    check = web_acl.judge(associated, OWN)

    assert (check.outcome, bool(check.fix)) == (outcome, outcome != "ok")
    assert "arn:" not in check.found + check.fix
