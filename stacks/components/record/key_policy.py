"""The statements by which AWS's services use the key of records and logs."""

from __future__ import annotations

from typing import Any

Statement = dict[str, Any]


def key_statements(
    *, account: str, region: str, log_groups: str, partition: str = "aws"
) -> list[Statement]:
    """Return what Bedrock and CloudWatch Logs need in the policy of the key that encrypts records
    and the log groups that match `log_groups`.

    https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    groups = f"arn:{partition}:logs:{region}:{account}:log-group:{log_groups}"
    return [
        {
            "Sid": "AllowBedrockDeliveryEncryption",
            "Effect": "Allow",
            "Principal": {"Service": "bedrock.amazonaws.com"},
            "Action": "kms:GenerateDataKey",
            "Resource": "*",  # in a key's own policy, `*` is this key
            "Condition": {
                "StringEquals": {"aws:SourceAccount": account},
                "ArnLike": {"aws:SourceArn": f"arn:{partition}:bedrock:{region}:{account}:*"},
            },
        },
        {
            "Sid": "AllowLogGroupEncryption",
            "Effect": "Allow",
            "Principal": {"Service": f"logs.{region}.amazonaws.com"},
            "Action": [
                *("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
                *("kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"),
            ],
            "Resource": "*",
            "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        },
    ]


def trail_statements(trail_arn: str) -> list[Statement]:
    """Return what CloudTrail needs in the policy of the key that encrypts the files of a trail:
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
    """
    of_trail = {"aws:SourceArn": trail_arn}
    context = {"kms:EncryptionContext:aws:cloudtrail:arn": trail_arn}
    return [
        {
            "Sid": f"AllowCloudTrail{name}",
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": action,
            "Resource": "*",
            "Condition": {"StringEquals": conditions},
        }
        for name, action, conditions in (
            ("Encryption", "kms:GenerateDataKey", {**of_trail, **context}),
            ("DescribeKey", "kms:DescribeKey", of_trail),
        )
    ]
