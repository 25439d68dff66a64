"""Denial of grants on a KMS key, which no policy would show."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms


def deny_grants(key: kms.Key) -> None:
    """Deny grants for the use of `key`, except to AWS's services for what they store.

    A grant outlives a change of policies and is in none of them. The form is that of Control
    Tower's CT.KMS.PR.3: https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
    """
    statement = iam.PolicyStatement(
        sid="DenyGrantsExceptAwsServices",
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=["kms:CreateGrant"],
        resources=["*"],  # in a key's own policy, `*` is this key
        conditions={
            "BoolIfExists": {
                "kms:GrantIsForAWSResource": "false",
                "aws:PrincipalIsAWSService": "false",
            }
        },
    )
    key.add_to_resource_policy(statement)
