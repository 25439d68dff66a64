"""What API Gateway read of the truststore is judged beside what was deployed."""

from typing import Any

import pytest

from claude_bedrock.cli.doctor.check import Outcome
from claude_bedrock.cli.doctor.checks import truststore

DEPLOYED = {"truststoreUri": "s3://pki/authorities.pem", "truststoreVersion": "a1"}
WARNING = "Certificate 2 has expired"


@pytest.mark.parametrize(
    ("mutual_tls", "outcome", "words"),
    [
        (DEPLOYED, "ok", "s3://pki/authorities.pem, version a1, has no warnings"),
        ({**DEPLOYED, "truststoreWarnings": [WARNING]}, "warning", WARNING),
        ({**DEPLOYED, "truststoreVersion": "a2"}, "failed", "another version"),
        ({}, "failed", "demands no client certificate"),
    ],
)
def test_each_state_of_the_name_has_its_outcome(
    mutual_tls: dict[str, Any], outcome: Outcome, words: str
) -> None:
    check = truststore.judge(mutual_tls, "a1")

    assert (check.outcome, words in check.found) == (outcome, True)
    assert bool(check.fix) is (outcome != "ok")
