"""The name of a signed request's caller, from its ARN."""

ROOT = "account:root"
"""The root user of an account, whose ARN has no name."""


def name_of_arn(arn: str) -> str:
    """Return `role/session` of an assumed role, else `user:NAME` without the user's path,
    `federated-user:NAME` or ROOT; empty for an empty ARN.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
    """
    kind, _, name = arn.rpartition(":")[2].partition("/")
    if kind == "assumed-role":
        return name
    if kind == "root":
        return ROOT
    return f"{kind}:{name.rpartition('/')[2]}" if kind else ""
