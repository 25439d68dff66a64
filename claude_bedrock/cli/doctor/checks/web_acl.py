"""The check of the web ACL that the stage made: whether it stands before the endpoint.

https://docs.aws.amazon.com/waf/latest/APIReference/API_GetWebACLForResource.html
"""

from collections.abc import Mapping
from typing import Final

from claude_bedrock.cli.doctor.check import Check, Topic
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.doctor.gateway_outputs import check_output

TOPIC = Topic("web ACL")
_ARN: Final = "WebAclArn"
_ACTIONS: Final = "wafv2:GetWebACLForResource and wafv2:GetWebACL"
_FIX: Final = (
    "follow docs/deploy.md#restore-what-was-changed-by-hand; CloudTrail's AssociateWebACL and "
    "DisassociateWebACL name who changed it, and so may AWS Firewall Manager"
)


def check(account: Account) -> list[Check]:
    """Check which web ACL AWS WAF has for the API's stage."""

    def check_association(outputs: Mapping[str, str]) -> Check:
        path = f"/restapis/{outputs['ApiId']}/stages/{outputs['ApiStage']}"
        resource = f"arn:aws:apigateway:{account.region}::{path}"
        answer = account.client("wafv2").get_web_acl_for_resource(ResourceArn=resource)
        return judge((answer.get("WebACL") or {}).get("ARN"), outputs[_ARN])

    return check_output(
        account, TOPIC, _ARN, check_association, absent="the stage makes none", actions=_ACTIONS
    )


def judge(associated: str | None, arn: str) -> Check:
    """Judge by the ARN of the web ACL before the API's stage, None for none."""
    if associated is None:
        return TOPIC.failed("AWS WAF stands before the endpoint no more", _FIX)
    if associated != arn:
        return TOPIC.failed("another web ACL than the stage's stands before the endpoint", _FIX)
    return TOPIC.ok("the stage's stands before the endpoint")
