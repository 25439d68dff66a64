"""AWS::WAFv2::WebACLAssociation, a type that MiniStack's CloudFormation lacks; its service has
associations, and no request is inspected.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-wafv2-webaclassociation.html
"""

from typing import Any, Final

from ministack.services import waf  # type: ignore[import-untyped]
from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

TYPE: Final = "AWS::WAFv2::WebACLAssociation"

Properties = dict[str, Any]


def add() -> None:
    """Teach MiniStack the type. Every change of an association replaces it."""
    provisioners._RESOURCE_HANDLERS[TYPE] = {"create": _create, "delete": _delete}


def _create(_logical_id: str, properties: Properties, _stack_name: str) -> tuple[str, Properties]:
    resource, acl = properties["ResourceArn"], properties["WebACLArn"]
    status, _, body = waf._associate_web_acl({"ResourceArn": resource, "WebACLArn": acl})
    if status >= 400:
        raise ValueError(f"AWS WAF refused the association: {body}")
    return f"{acl}|{resource}", {}


def _delete(physical_id: str, _properties: Properties) -> None:
    acl, resource = physical_id.split("|")
    # A replaced association is deleted after the new one is made.
    if waf._associations.get(resource) == acl:
        waf._disassociate_web_acl({"ResourceArn": resource})
