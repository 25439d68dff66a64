"""The check of GitHub's OIDC provider in the account, where a role of the stage is for a
workflow."""

from botocore.exceptions import ClientError

from claude_bedrock.cli.doctor.check import Check, Topic, code_of
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.shared.stage_settings import Settings

TOPIC = Topic("GitHub OIDC provider")
HOST = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"


def check(account: Account, settings: Settings) -> list[Check]:
    if not settings.github:
        return [TOPIC.skipped("no role of the stage names GitHub")]

    def check_github() -> Check:
        arn = f"arn:aws:iam::{account.id}:oidc-provider/{HOST}"
        try:
            provider = account.client("iam").get_open_id_connect_provider(
                OpenIDConnectProviderArn=arn
            )
        except ClientError as error:
            if code_of(error) in {"NoSuchEntity", "NoSuchEntityException"}:
                return judge(None, account.id)
            raise
        return judge(provider["ClientIDList"], account.id)

    return [TOPIC.run("iam:GetOpenIDConnectProvider", check_github)]


def judge(audiences: list[str] | None, account_id: str) -> Check:
    """Judge GitHub's OIDC provider; `audiences` is None where there is none:
    https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws"""
    if audiences is None:
        return TOPIC.failed(
            "missing, so no workflow can take the stage's roles",
            "make it, once per account: `aws iam create-open-id-connect-provider "
            f"--url https://{HOST} --client-id-list {AUDIENCE}`",
        )
    if AUDIENCE not in audiences:
        return TOPIC.failed(
            f"there, but not for the audience {AUDIENCE}",
            "add it: `aws iam add-client-id-to-open-id-connect-provider "
            f"--open-id-connect-provider-arn arn:aws:iam::{account_id}:oidc-provider/{HOST} "
            f"--client-id {AUDIENCE}`",
        )
    return TOPIC.ok("there")
