"""The name of a signed request's caller, from its ARN."""


def name_of_arn(arn: str) -> str:
    """Return `role/session` of an assumed role, or a user's name without its path.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
    """
    kind, _, name = arn.rpartition(":")[2].partition("/")
    return name if kind == "assumed-role" else name.rpartition("/")[2] or kind
