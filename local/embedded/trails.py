"""AWS::CloudTrail::Trail, a type that MiniStack's CloudFormation lacks; its service has trails.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudtrail-trail.html
"""

import json
from typing import Any, Final

from ministack.services import cloudtrail  # type: ignore[import-untyped]
from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

TYPE: Final = "AWS::CloudTrail::Trail"

Properties = dict[str, Any]
Made = tuple[str, Properties]
"""What `Ref` gives, and what `Fn::GetAtt` does."""


def add() -> None:
    """Teach MiniStack the type. A change that replaces a trail gives it another logical id."""
    provisioners._RESOURCE_HANDLERS[TYPE] = {"create": _create, "delete": _delete}


def _create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    name = properties.get("TrailName", f"{stack_name}-{logical_id}")
    request = {
        "Name": name,
        "S3BucketName": properties["S3BucketName"],
        "S3KeyPrefix": properties.get("S3KeyPrefix", ""),
        "KmsKeyId": properties.get("KMSKeyId", ""),
        "EnableLogFileValidation": properties.get("EnableLogFileValidation", False),
        "IncludeGlobalServiceEvents": properties.get("IncludeGlobalServiceEvents", True),
        "IsMultiRegionTrail": properties.get("IsMultiRegionTrail", False),
    }
    arn = _content(cloudtrail._create_trail(request))["TrailARN"]
    selectors = {"TrailName": name, "EventSelectors": properties.get("EventSelectors", [])}
    _content(cloudtrail._put_event_selectors(selectors))
    if properties.get("IsLogging"):
        _content(cloudtrail._start_logging({"Name": name}))
    return name, {"Arn": arn}


def _delete(name: str, _properties: Properties) -> None:
    cloudtrail._delete_trail({"Name": name})


def _content(reply: tuple[int, Any, bytes | str]) -> dict[str, Any]:
    status, _, body = reply
    answer: dict[str, Any] = json.loads(body or b"{}")
    if status >= 400:
        raise ValueError(f"CloudTrail refused the trail: {answer}")
    return answer
