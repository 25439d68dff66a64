"""Alone knows that no key of ours is handed on by grants, which no policy shows."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms


def refuse_grants(key: kms.Key) -> None:
    """Nobody may give another the use of `key` by a grant; AWS's services may, for what they keep.

    A grant outlives a change of policies and is in none of them. The form is that of Control
    Tower's CT.KMS.PR.3: https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
    """
    statement = iam.PolicyStatement(
        sid="NoGrantsButForAwsItself",
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
