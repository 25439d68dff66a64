"""Whose calls a stage's records may be of: the gateway's, or those of callers the stage allows."""

from typing import NamedTuple


class Principals(NamedTuple):
    """`gateway_role` is the ARN of the gateway function's role. `allowed_direct_callers` are roles
    and users (ARNs) that may call Bedrock past the gateway."""

    gateway_role: str
    allowed_direct_callers: frozenset[str] = frozenset()

    def is_gateway(self, identity: str) -> bool:
        """Return whether `identity`, the ARN in a record, is a session of the gateway's role."""
        return bool(identity) and principal(identity) == principal(self.gateway_role)

    def may_call_directly(self, identity: str) -> bool:
        """Return whether `identity` is one of the allowed direct callers, or a session of one."""
        caller_principal = principal(identity)
        return any(caller_principal == principal(caller) for caller in self.allowed_direct_callers)


def principal(arn: str) -> str:
    """Return one form for a role and its sessions, whose ARNs do not have the role's path.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
    """
    head, _, resource = arn.replace(":sts:", ":iam:", 1).rpartition(":")
    kind, _, rest = resource.partition("/")
    if kind == "assumed-role":
        return f"{head}:role/{rest.partition('/')[0]}"
    return f"{head}:{kind}/{rest.rpartition('/')[2]}"
