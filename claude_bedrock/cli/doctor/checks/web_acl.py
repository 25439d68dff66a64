"""The check of the web ACL that the stage made: whether it stands before the endpoint.

https://docs.aws.amazon.com/waf/latest/APIReference/API_GetWebACLForResource.html
"""

from typing import Final

from claude_bedrock.cli.doctor.check import WITHHELD, Check, Topic
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.shared.deployment import NoTargetError

TOPIC = Topic("web ACL")
_ACTIONS: Final = "wafv2:GetWebACLForResource and wafv2:GetWebACL"
_FIX: Final = (
    "deploy the stage again; CloudTrail's AssociateWebACL and DisassociateWebACL name who changed "
    "it, and so may AWS Firewall Manager"
)


def check(account: Account) -> list[Check]:
    """Check which web ACL AWS WAF has for the API's stage."""
    try:
        outputs = account.deployment.outputs("Gateway")
    except NoTargetError:  # no endpoint, or none yet
        return [TOPIC.skipped("no gateway is deployed")]
    except WITHHELD as error:
        return [TOPIC.withheld(error, "cloudformation:DescribeStacks")]
    arn = outputs.get("WebAclArn")
    if arn is None:
        return [TOPIC.skipped("the stage makes none")]
    path = f"/restapis/{outputs['ApiId']}/stages/{outputs['ApiStage']}"
    resource = f"arn:aws:apigateway:{account.region}::{path}"

    def check_association() -> Check:
        answer = account.client("wafv2").get_web_acl_for_resource(ResourceArn=resource)
        return judge((answer.get("WebACL") or {}).get("ARN"), arn)

    return [TOPIC.run(_ACTIONS, check_association)]


def judge(associated: str | None, arn: str) -> Check:
    """Judge by the ARN of the web ACL before the API's stage, None for none."""
    if associated is None:
        return TOPIC.failed("AWS WAF stands before the endpoint no more", _FIX)
    if associated != arn:
        return TOPIC.failed("another web ACL than the stage's stands before the endpoint", _FIX)
    return TOPIC.ok("the stage's stands before the endpoint")
