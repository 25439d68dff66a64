"""Who may call Bedrock past the gateway without waking anybody: the stage's `other_callers`."""

from collections.abc import Collection, Sequence

from reconciliation.join import Finding


def unexpected(findings: Sequence[Finding], other_callers: Collection[str]) -> list[Finding]:
    """The findings but those of calls past the gateway by one of these roles and users (ARNs)."""
    known = {_principal(arn) for arn in other_callers}
    return [
        each
        for each in findings
        if each.kind != "logged, not called" or _principal(each.who) not in known
    ]


def _principal(arn: str) -> str:
    """One form for a role and its sessions, whose ARNs do not have the role's path.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
    """
    head, _, resource = arn.replace(":sts:", ":iam:", 1).rpartition(":")
    kind, _, rest = resource.partition("/")
    if kind == "assumed-role":
        return f"{head}:role/{rest.partition('/')[0]}"
    return f"{head}:{kind}/{rest.rpartition('/')[2]}"
