"""Whether IAM lets somebody do something, as far as the embedded AWS can tell: by the policies of
their role, without boundaries, session policies and conditions on what only AWS knows."""

from local.aws import Aws
from local.bedrock.caller import Caller


class Permissions:
    """Asks IAM of the embedded AWS."""

    def __init__(self, aws: Aws) -> None:
        self._iam = aws.client("iam")
        self._account = aws.account

    def allow(self, caller: Caller, action: str, resource: str) -> bool:
        """Blocks. The account's root may do anything, another account nothing: that would take a
        policy of the resource."""
        if caller.account != self._account:
            return False
        if caller.arn.endswith(":root"):
            return True
        role = caller.arn.split("/")[1]  # arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
        answer = self._iam.simulate_principal_policy(
            PolicySourceArn=f"arn:aws:iam::{self._account}:role/{role}",
            ActionNames=[action],
            ResourceArns=[resource],
        )
        (result,) = answer["EvaluationResults"]
        return bool(result["EvalDecision"] == "allowed")
