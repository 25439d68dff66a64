"""AWS::EC2::SecurityGroupIngress, a type that MiniStack's CloudFormation lacks; its service has the
groups.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroupingress.html
"""

from typing import Any, Final

from ministack.services import ec2  # type: ignore[import-untyped]
from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

TYPE: Final = "AWS::EC2::SecurityGroupIngress"

Properties = dict[str, Any]
Made = tuple[str, Properties]
"""What `Ref` gives, and what `Fn::GetAtt` does."""


def add() -> None:
    """Teach MiniStack the type."""
    provisioners._RESOURCE_HANDLERS[TYPE] = {"create": _create, "delete": _delete}


def _create(logical_id: str, properties: Properties, _stack_name: str) -> Made:
    group = ec2._security_groups.get(properties["GroupId"])
    if group is None:
        raise ValueError(f"There is no security group {properties['GroupId']}.")
    group["IpPermissions"] += provisioners._ec2_sg_permissions([properties])
    name = f"sgr-{logical_id}"
    return name, {"Id": name}


def _delete(_name: str, properties: Properties) -> None:
    group = ec2._security_groups.get(properties["GroupId"], {"IpPermissions": []})
    for rule in provisioners._ec2_sg_permissions([properties]):
        if rule in group["IpPermissions"]:
            group["IpPermissions"].remove(rule)
