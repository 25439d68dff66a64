"""The check of Anthropic's use-case form in the account.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-access.html
"""

from botocore.exceptions import ClientError

from claude_bedrock.cli.doctor.check import Check, Topic, code_of
from claude_bedrock.cli.doctor.context import Account

TOPIC = Topic("use-case form")


def check(account: Account) -> list[Check]:
    def check_form() -> Check:
        try:
            account.client("bedrock").get_use_case_for_model_access()
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return judge(submitted=False)
            raise
        return judge(submitted=True)

    return [TOPIC.run("bedrock:GetUseCaseForModelAccess", check_form)]


def judge(*, submitted: bool) -> Check:
    if submitted:
        return TOPIC.ok("submitted")
    return TOPIC.failed(
        "none was submitted by this account",
        "`claude-bedrock access form > form.json`, have it filled in by a person who may speak "
        "for the company, then `claude-bedrock access submit --form form.json`; or submit it in "
        "the management account of the AWS organization",
    )
