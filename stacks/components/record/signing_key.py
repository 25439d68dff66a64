"""The KMS key that signs evidence: only the verification function may sign with it."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.components.iam.key_grants import deny_grants
from stacks.components.removal_policy import removal_policy

WAITING_DAYS = 30
"""The longest that KMS can wait before it deletes a key."""


class SigningKey(Construct):
    """An asymmetric key of the curve P-256, which never leaves KMS.

    https://docs.aws.amazon.com/kms/latest/developerguide/symmetric-asymmetric.html
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, signer: iam.IRole, retain: bool
    ) -> None:
        super().__init__(scope, construct_id)
        self.key = kms.Key(
            self,
            "Key",
            description="Signs the evidence of verified hours",
            key_spec=kms.KeySpec.ECC_NIST_P256,
            key_usage=kms.KeyUsage.SIGN_VERIFY,
            pending_window=cdk.Duration.days(WAITING_DAYS),
            removal_policy=removal_policy(retain=retain),
        )
        for statement in (
            _allow_signing(signer),
            _deny_other_signers(signer),
            _deny_hasty_deletion(),
        ):
            self.key.add_to_resource_policy(statement)
        deny_grants(self.key)


def _allow_signing(signer: iam.IRole) -> iam.PolicyStatement:
    """The permission is in the key's policy alone: the role's own would have to name the key, whose
    policy names the role."""
    return iam.PolicyStatement(
        sid="AllowSigningOfEvidence",
        principals=[iam.ArnPrincipal(signer.role_arn)],
        actions=["kms:Sign", "kms:GetPublicKey"],
        resources=["*"],  # in a key's own policy, `*` is this key
    )


def _deny_other_signers(signer: iam.IRole) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid="DenyOtherSigners",
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=["kms:Sign"],
        resources=["*"],
        conditions={"ArnNotEquals": {"aws:PrincipalArn": signer.role_arn}},
    )


def _deny_hasty_deletion() -> iam.PolicyStatement:
    """https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html"""
    return iam.PolicyStatement(
        sid="DenyDeletionWithoutFullWait",
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=["kms:ScheduleKeyDeletion"],
        resources=["*"],
        conditions={
            "NumericLessThan": {"kms:ScheduleKeyDeletionPendingWindowInDays": str(WAITING_DAYS)}
        },
    )
