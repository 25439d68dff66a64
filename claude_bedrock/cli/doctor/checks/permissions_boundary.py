"""The check of the account's permissions boundary, without which no role of the stage is made."""

from botocore.exceptions import ClientError

from claude_bedrock.cli.doctor.check import Check, Topic, code_of
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.shared.stage_settings import Settings

TOPIC = Topic("permissions boundary")


def check(account: Account, settings: Settings) -> list[Check]:
    """Check that the policy is there."""
    boundary = settings.permissions_boundary
    if boundary is None:
        return [TOPIC.skipped("the stage has none")]
    arn = (
        boundary if boundary.startswith("arn:") else f"arn:aws:iam::{account.id}:policy/{boundary}"
    )

    def check_policy() -> Check:
        try:
            account.client("iam").get_policy(PolicyArn=arn)
        except ClientError as error:
            if code_of(error) == "NoSuchEntity":
                return TOPIC.failed(
                    f"the account has no policy {boundary}",
                    "correct account.permissions_boundary, or have the policy made: a role cannot "
                    "be made with a boundary that does not exist",
                )
            raise
        return TOPIC.ok(f"{boundary} exists")

    return [TOPIC.run("iam:GetPolicy", check_policy)]
