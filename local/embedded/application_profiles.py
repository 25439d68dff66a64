"""AWS::Bedrock::ApplicationInferenceProfile, a type that MiniStack's CloudFormation lacks.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-bedrock-applicationinferenceprofile.html
"""

import datetime as dt
import json
from typing import Any, Final

from ministack.core.responses import (  # type: ignore[import-untyped]
    get_account_id,
    get_region,
)
from ministack.services import bedrock  # type: ignore[import-untyped]
from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

from local.embedded.claude_in_region import AccountRegion, find_profile

TYPE: Final = "AWS::Bedrock::ApplicationInferenceProfile"

Properties = dict[str, Any]
Made = tuple[str, Properties]
"""What `Ref` gives, and what `Fn::GetAtt` does."""


def add() -> None:
    """Teach MiniStack the type; its handlers run on MiniStack's event loop."""
    provisioners._RESOURCE_HANDLERS[TYPE] = {
        "create": _create,
        "update": _update,
        "delete": _delete,
    }
    provisioners._REPLACING_PROPERTIES[TYPE] = (
        *("InferenceProfileName", "Description", "ModelSource"),
    )
    provisioners._CUSTOM_NAME_REPLACEMENT[TYPE] = {"name": "InferenceProfileName"}


def _create(_logical_id: str, properties: Properties, _stack_name: str) -> Made:
    copied = properties["ModelSource"]["CopyFrom"]
    today = dt.datetime.now(dt.UTC).date().isoformat()
    if find_profile(copied, AccountRegion(get_region(), get_account_id(), today)) is None:
        raise ValueError(f"There is no inference profile {copied} to copy in this Region.")
    request = {
        "inferenceProfileName": properties["InferenceProfileName"],
        "modelSource": {"copyFrom": copied},
        "tags": [{"key": tag["Key"], "value": tag["Value"]} for tag in properties.get("Tags", [])],
    }
    status, _, body = bedrock._create_inference_profile(json.dumps(request).encode())
    answer = json.loads(body)
    if status >= 400:
        raise ValueError(f"Bedrock refused the inference profile: {answer['message']}")
    return _made(answer["inferenceProfileArn"])


def _update(arn: str, old: Properties, new: Properties, _stack_name: str) -> Made:
    """Nothing but the tags can change in place."""
    del old
    bedrock._tags[arn] = {tag["Key"]: tag["Value"] for tag in new.get("Tags", [])}
    return _made(arn)


def _delete(arn: str, _properties: Properties) -> None:
    bedrock._delete_inference_profile(_id_in(arn))
    bedrock._tags.pop(arn, None)


def _made(arn: str) -> Made:
    return arn, {
        "InferenceProfileArn": arn,
        "InferenceProfileId": _id_in(arn),
        "InferenceProfileIdentifier": arn,
    }


def _id_in(arn: str) -> str:
    return arn.rpartition("/")[2]
