"""The commercial AWS Regions, and those that have Bedrock's application inference profiles."""

from typing import Final

COMMERCIAL_REGIONS: Final = (
    *("af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2"),
    *("ap-northeast-3", "ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2"),
    *("ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7"),
    *("ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1"),
    *("eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1"),
    *("me-south-1", "mx-central-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1"),
    "us-west-2",
)
"""The partition `aws` in the data of botocore 1.43.106, November 2026:
https://github.com/boto/botocore/blob/develop/botocore/data/partitions.json"""

APPLICATION_PROFILE_REGIONS: Final = (
    *("ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1"),
    *("ap-southeast-2", "ap-southeast-3", "ca-central-1", "eu-central-1", "eu-central-2"),
    *("eu-south-1", "eu-west-1", "eu-west-2", "eu-west-3", "me-central-1", "sa-east-1"),
    *("us-east-1", "us-east-2", "us-west-2"),
)
"""Where CloudFormation has the type AWS::Bedrock::ApplicationInferenceProfile, by the resource
schemas that cfn-lint 1.58.0 brings, November 2026: https://github.com/aws-cloudformation/cfn-lint"""
