"""Commands that doctor tells, made whole: they are about the stage and Region that it looked at."""

import re
from typing import Final

from claude_bedrock.cli.doctor.check import Check
from claude_bedrock.cli.shared.deployment import Deployment

_COMMAND: Final = re.compile(r"`(claude-bedrock|aws) ([^`]+)`")
_REGIONAL: Final = ("aws cloudformation", "aws bedrock", "aws service-quotas", "aws lambda")
_OF_A_STAGE: Final = ("claude-bedrock doctor", "claude-bedrock access submit")
_OF_A_REGION: Final = (*_REGIONAL, "claude-bedrock models sync")


def complete(check: Check, deployment: Deployment) -> Check:
    """Return the check, each command of its fix with the options without which it is about another
    stage or Region. The embedded AWS of local mode needs none for ours."""
    return check._replace(fix=_COMMAND.sub(lambda match: _completed(match, deployment), check.fix))


def _completed(match: re.Match[str], deployment: Deployment) -> str:
    command = match[0].strip("`")
    if command.startswith(_OF_A_STAGE) and "--stage" not in command:
        command += deployment.options
    elif command.startswith(_OF_A_REGION) and "--region" not in command:
        is_ours_and_local = match[1] == "claude-bedrock" and not deployment.options
        command += "" if is_ours_and_local else f" --region {deployment.region}"
    return f"`{command}`"
