"""Permissions of who places and releases legal holds on records and evidence."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from stacks.components.iam.permission import Permission
from stacks.components.iam.stage_names import StageNames
from stacks.components.iam.viewer_permissions import INVOKE_ACTIONS

ROLE = "legal-hold"
"""The purpose in the role's name."""
_HASH_LOG = "verification"
_LISTS = "evidence/hold-lists"


def legal_hold_permissions(
    names: StageNames, *, bucket_arn: str, key_arn: str, verification_function_arn: str
) -> list[Permission]:
    """Return what `claude-bedrock evidence hold`, `holds` and `release` do: read records to find
    those of a caller, hold versions, and have the verification function seal the order.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
    """
    return [
        Permission(
            "DescribeStacks",
            ("cloudformation:DescribeStacks",),
            names.stacks(),
            reason="the ARN of a stack ends in an id that CloudFormation chooses",
        ),
        Permission(
            "ListObjectVersions",
            ("s3:ListBucketVersions", "s3:GetBucketObjectLockConfiguration"),
            [bucket_arn],
        ),
        Permission(
            "ReadAndHoldObjectVersions",
            ("s3:GetObjectVersion", "s3:PutObjectLegalHold"),
            [f"{bucket_arn}/*"],
            reason="a hold may be on any record or file of evidence, and the bucket holds nothing "
            "else",
        ),
        Permission(
            "PutHoldLists",
            ("s3:PutObject",),
            [f"{bucket_arn}/{_LISTS}/*"],
            reason="a list is named for its hold; the bucket refuses to overwrite one",
        ),
        Permission(
            "DecryptRecordsAndEncryptHoldLists",
            ("kms:Decrypt", "kms:GenerateDataKey"),
            [key_arn],
            conditions={
                "StringEquals": {"kms:ViaService": f"s3.{names.stack.region}.amazonaws.com"}
            },
        ),
        *_seal_permissions(names, verification_function_arn),
        Permission("DenyInvokingModels", INVOKE_ACTIONS, ["*"], denied=True),
    ]


def _seal_permissions(names: StageNames, verification_function_arn: str) -> list[Permission]:
    return [
        Permission(
            "InvokeVerificationFunction", ("lambda:InvokeFunction",), [verification_function_arn]
        ),
        Permission(
            "ReadHashesOfEvidence",
            ("logs:FilterLogEvents",),
            names.logs([_HASH_LOG]),
            reason="streams of a log group are Lambda's to name",
        ),
    ]


def deny_other_legal_holds(bucket: s3.IBucket, role_arn: str) -> iam.PolicyStatement:
    """Return a statement of the bucket's policy that lets the role alone hold and release: no
    administrator does it in passing."""
    return iam.PolicyStatement(
        sid="DenyOtherLegalHolds",
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=["s3:PutObjectLegalHold"],
        resources=[bucket.arn_for_objects("*")],
        conditions={"ArnNotEquals": {"aws:PrincipalArn": role_arn}},
    )
