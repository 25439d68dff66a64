"""The project's own rules for templates, written in CloudFormation Guard."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import aws_cdk as cdk

ALWAYS = ("prompts", "streaming", "claude_only", "tls")
RETENTION_ONLY = ("kept_record",)


@cache
def own_rules(*, retain_logs: bool) -> cdk.CloudFormationValidatePlugin:
    """The CDK's own template checks, and ours beside them: a violation makes the synthesis fail.

    A rule cannot tell from a template whether the stage keeps its logs, so the rules that hold only
    there are chosen by `keep_logs`. One engine serves all syntheses of a process, since Node never
    gives back the 200 MB that each takes. The language:
    https://docs.aws.amazon.com/cfn-guard/latest/ug/writing-rules.html
    """
    names = (*ALWAYS, *RETENTION_ONLY) if retain_logs else ALWAYS
    return cdk.CloudFormationValidatePlugin(
        guard_rules=[cdk.ValidationRuleSource(name=name, content=_text(name)) for name in names]
    )


def _text(name: str) -> str:
    return (Path(__file__).parent / f"{name}.guard").read_text()
