"""The decision on a request: identity policies, boundaries, resource policies, keys and their
state, as MiniStack's evaluator has them, and what it lacks.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ministack.core import iam_evaluator  # type: ignore[import-untyped]
from ministack.core.responses import get_account_id  # type: ignore[import-untyped]
from ministack.services import kms, sts  # type: ignore[import-untyped]


class Denial(NamedTuple):
    """Why a request is refused, in AWS's words."""

    code: str
    message: str


class Request(NamedTuple):
    """One action on one resource, from `region`; `context` is by condition key."""

    action: str
    resource: str
    region: str
    context: Mapping[str, Any]


_IDENTITY: Final = "identity-based"
_RESOURCE: Final = "resource-based"
_BOUNDARY: Final = "permissions boundary"
_SESSION: Final = "session"


def decide_for_key(access_key_id: str, request: Request) -> Denial | None:
    """Return the denial of a request of an access key's owner, None if it is allowed."""
    principal = iam_evaluator.resolve_principal(access_key_id, get_account_id())
    if isinstance(principal, iam_evaluator.AuthError):
        return Denial(principal.code, principal.message)
    if principal.policies is None:
        return None
    evaluation_request = evaluation(request, principal.arn, principal.type, principal.keys)
    result = iam_evaluator.evaluate(evaluation_request, principal.policies, *principal.limits)
    if result.decision != "Allow":
        has_session_policy = bool((sts._sessions.get(access_key_id) or {}).get("SessionPolicies"))
        kind = _denying_kind(evaluation_request, principal, result.decision, has_session_policy)
        return _denial(principal.arn, request, kind, explicit=result.decision == "Deny")
    return None


def decide_for_service(service: str, request: Request) -> Denial | None:
    """Return the denial of a service such as `bedrock.amazonaws.com` by the resource's policy, None
    if that allows it."""
    namespace = request.action.partition(":")[0]
    policy_entry = iam_evaluator._resource_policy(namespace, request.resource)
    keys = {"aws:principalisawsservice": "true", "aws:principalservicename": service}
    evaluation_request = evaluation(request, service, "AWSService", keys)
    policy = policy_entry[0] if policy_entry else None
    result = iam_evaluator.evaluate_resource_policy(policy, evaluation_request, service=service)
    if result.decision != "Allow":
        return _denial(service, request, _RESOURCE, explicit=result.decision == "Deny")
    return decide_for_state(request.resource) if namespace == "kms" else None


def decide_for_state(key: str) -> Denial | None:
    """Return the denial of a KMS key whose state permits no use, None for any other:
    https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"""
    record = kms._resolve_key(key)
    if record is None:
        return Denial("KMS.NotFoundException", f"Key '{key}' does not exist")
    if record["KeyState"] == "Disabled":
        return Denial("KMS.DisabledException", f"{record['Arn']} is disabled.")
    if record["KeyState"] != "Enabled":
        state = "pending deletion" if record["KeyState"] == "PendingDeletion" else "not usable"
        return Denial("KMS.KMSInvalidStateException", f"{record['Arn']} is {state}.")
    return None


def evaluation(request: Request, arn: str, kind: str, keys: Mapping[str, Any]) -> Any:  # noqa: ANN401 - MiniStack's own
    """Return the request as MiniStack's evaluator takes it, over TLS."""
    context = {name.lower(): value for name, value in request.context.items()}
    return iam_evaluator.EvalContext(
        principal_arn=arn,
        principal_type=kind,
        principal_account=get_account_id(),
        action=request.action,
        resource_arn=request.resource,
        region=request.region,
        source_ip="127.0.0.1",
        secure_transport=True,
        service_context={"aws:tagkeys": None, "s3:tlsversion": "1.3", **context},
        principal_keys=dict(keys),
    )


def _denying_kind(
    evaluation_request: Any,  # noqa: ANN401 - MiniStack's own
    principal: Any,  # noqa: ANN401
    decision: str,
    has_session_policy: bool,
) -> str:
    """Return which kind of policy denies where the role's own allow: the session's, which is the
    last limit, or the boundary; an explicit denial of either counts too."""

    def decide(*limits: Any) -> str:  # noqa: ANN401
        decided = iam_evaluator.evaluate(evaluation_request, principal.policies, *limits).decision
        return str(decided)

    limits = list(principal.limits)
    if has_session_policy and decide(*limits[:-1]) == "Allow":
        return _SESSION
    return _BOUNDARY if limits and decide() == "Allow" != decision else _IDENTITY


def _denial(caller: str, request: Request, kind: str, *, explicit: bool) -> Denial:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"""
    policy = kind if kind == _BOUNDARY else f"{kind} policy"
    article = "an" if policy[0] in "aeiou" else "a"
    reason = (
        f"with an explicit deny in {article} {policy}"
        if explicit
        else f"because no {policy} allows the {request.action} action"
    )
    return Denial(
        "AccessDeniedException",
        f"User: {caller} is not authorized to perform: {request.action} on resource: "
        f"{request.resource} {reason}",
    )
