"""The check of the CDK's bootstrap stack in the account and Region, by its version."""

from botocore.exceptions import ClientError

from claude_bedrock.cli.doctor.check import Check, Topic, code_of
from claude_bedrock.cli.doctor.context import Account

TOPIC = Topic("CDK bootstrap")
DEFAULT_QUALIFIER = "hnb659fds"
NEEDED = 6
"""What the templates of the pinned CDK ask for, as their assembly says it:
https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html"""


def check(account: Account, qualifier: str | None) -> list[Check]:
    """Check the bootstrap of that qualifier; None is the CDK's own."""

    def check_bootstrap() -> Check:
        try:
            answer = account.client("ssm").get_parameter(
                Name=f"/cdk-bootstrap/{qualifier or DEFAULT_QUALIFIER}/version"
            )
        except ClientError as error:
            if code_of(error) == "ParameterNotFound":
                return judge(None, account, qualifier)
            raise
        return judge(answer["Parameter"]["Value"], account, qualifier)

    return [TOPIC.run("ssm:GetParameter", check_bootstrap)]


def judge(value: str | None, account: Account, qualifier: str | None = None) -> Check:
    """Judge the bootstrap stack's version; `value` is the parameter's, None where there is no such
    parameter."""
    option = f" --qualifier {qualifier}" if qualifier else ""
    command = f"run `cdk bootstrap aws://{account.id}/{account.region}{option}`"
    if value is None:
        return TOPIC.failed(f"not done in {account.region}", command)
    if not value.isdigit() or int(value) < NEEDED:
        return TOPIC.failed(f"version {value}, and {NEEDED} is needed", command)
    return TOPIC.ok(f"version {value}")
