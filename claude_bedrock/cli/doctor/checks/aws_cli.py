"""The check of the AWS CLI's version against what the pages do with it."""

import re
import shutil
import subprocess

from claude_bedrock.cli.doctor.check import Check, Topic

TOPIC = Topic("AWS CLI")
NEEDED = (2, 13, 23)
"""https://platform.claude.com/docs/en/build-with-claude/claude-on-amazon-bedrock-legacy"""

_INSTALL = (
    "install version 2: https://docs.aws.amazon.com/cli/latest/userguide/"
    "getting-started-install.html"
)


def check() -> list[Check]:
    path = shutil.which("aws")
    if path is None:
        return [judge(None)]
    try:
        process = subprocess.run(  # noqa: S603 - the user's own AWS CLI
            [path, "--version"], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return [TOPIC.unknown(f"{path} does not run: {error}", _INSTALL)]
    return [judge(process.stdout + process.stderr)]


def judge(output: str | None) -> Check:
    """Judge the version: `output` is what `aws --version` prints, None where there is no `aws`.

    Nothing of ours calls the AWS CLI, so an old one, or none, fails nothing."""
    if output is None:
        return TOPIC.warning("not on PATH; commands of the documentation need it", _INSTALL)
    match = re.search(r"aws-cli/(\d+)\.(\d+)\.(\d+)", output)
    if match is None:
        return TOPIC.warning("`aws --version` does not say a version", _INSTALL)
    version = tuple(int(part) for part in match.groups())
    shown = ".".join(match.groups())
    if version < NEEDED:
        needed = ".".join(map(str, NEEDED))
        return TOPIC.warning(f"{shown}, and commands of the docs need {needed}", _INSTALL)
    return TOPIC.ok(shown)
