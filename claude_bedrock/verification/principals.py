"""Whose calls a stage's records may be of: the gateway's, or those of callers the stage allows."""

from typing import NamedTuple


class Principals(NamedTuple):
    """`gateway_role` is the ARN of the role in which the gateway calls itself, as it does without
    caller sessions and did before there were any; `caller_role` is that of callers' sessions, which
    the gateway alone assumes. `allowed_direct_callers` are roles and users (ARNs) that may call
    Bedrock past the gateway. A stage without an endpoint has none of them, and `gateway_role` is
    empty: each of its records is of a direct call."""

    gateway_role: str
    allowed_direct_callers: frozenset[str] = frozenset()
    caller_role: str = ""

    @property
    def has_gateway(self) -> bool:
        return bool(self.gateway_role)

    def is_gateway(self, identity: str) -> bool:
        """Return whether `identity`, the ARN in a record, is a session of one of these roles."""
        roles = {principal(role) for role in (self.gateway_role, self.caller_role) if role}
        return bool(identity) and principal(identity) in roles

    def session_name(self, identity: str) -> str:
        """Return the name of the caller's session that `identity` is; empty for another's."""
        if not self.caller_role or principal(identity) != principal(self.caller_role):
            return ""
        return identity.rpartition("/")[2] if ":assumed-role/" in identity else ""

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
