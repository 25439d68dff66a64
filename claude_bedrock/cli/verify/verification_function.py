"""Requests to the verification function of a stage."""

import json
from collections.abc import Mapping
from typing import Any

from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.verify.evidence_folder import EvidenceError


def invoke_verification(target: Deployment, event: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the stage's verification function answers.

    Raises EvidenceError where it fails or refuses, NoTargetError, and botocore's errors."""
    name = target.outputs("InvocationLogging")["VerificationFunctionName"]
    answer = target.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
    payload = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise EvidenceError(
            f"The function {name} failed ({payload.get('errorType', 'unknown error')}). See the "
            f"log group /claude-on-bedrock/{target.stage}/verification"
        )
    (only,) = payload
    if "error" in only:
        raise EvidenceError(str(only["error"]))
    return dict(only)
