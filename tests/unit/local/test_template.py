"""References in a deployed template."""

from typing import Any

from local.api_gateway.template import StackTemplate

TEMPLATE = {
    "Resources": {
        "Log": {"Type": "AWS::Logs::LogGroup"},
        "Stage": {
            "Type": "AWS::ApiGateway::Stage",
            "Properties": {
                "Arn": {
                    "Fn::Join": [
                        "",
                        [
                            "arn:",
                            {"Ref": "AWS::Partition"},
                            ":logs:",
                            {"Ref": "AWS::Region"},
                            ":",
                            {"Ref": "AWS::AccountId"},
                            ":log-group:",
                            {"Ref": "Log"},
                        ],
                    ]
                },
                "Tags": [{"Key": "k", "Value": {"Fn::GetAtt": ["Log", "Arn"]}}],
            },
        },
    }
}


class CloudFormation:
    """Answers as the service does for one stack."""

    def get_template(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        return {"TemplateBody": TEMPLATE, "StackName": StackName}

    def describe_stack_resources(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803
        arn = f"arn:aws:cloudformation:eu-west-1:123456789012:stack/{StackName}/1"
        ids = {"Log": "/group", "Stage": "dev"}
        return {
            "StackResources": [
                {"LogicalResourceId": name, "PhysicalResourceId": value, "StackId": arn}
                for name, value in ids.items()
            ]
        }


def test_references_and_joins_are_filled_in_and_the_rest_is_left() -> None:
    [stage] = StackTemplate(CloudFormation(), "stack").of_type("AWS::ApiGateway::Stage")

    assert stage.id == "dev"
    assert stage.properties == {
        "Arn": "arn:aws:logs:eu-west-1:123456789012:log-group:/group",
        "Tags": [{"Key": "k", "Value": {"Fn::GetAtt": ["Log", "Arn"]}}],
    }
