"""Application inference profiles of teams."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_bedrock as bedrock
from constructs import Construct

_ABOVE_STAGE_TAGS = 200


class ApplicationInferenceProfile(Construct):
    """A copy, with tags of its own, of an inference profile that AWS defines: its cost is
    separate in the bill.

    Other stacks refer to it weakly: CloudFormation refuses to take away what another stack imports,
    and so would never let a team go.
    https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-create.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        copied_arn: str,
        tags: Mapping[str, str],
    ) -> None:
        super().__init__(scope, construct_id)
        profile = bedrock.CfnApplicationInferenceProfile(
            self,
            "Profile",
            inference_profile_name=name,
            model_source=bedrock.CfnApplicationInferenceProfile.InferenceProfileModelSourceProperty(
                copy_from=copied_arn
            ),
        )
        for tag, value in tags.items():
            # Over a tag of the same name that the whole stage has.
            cdk.Tags.of(profile).add(tag, value, priority=_ABOVE_STAGE_TAGS)
        cdk.CrossStackReferences.of(profile).produce(cdk.ReferenceStrength.WEAK)
        self.id = profile.attr_inference_profile_id
        self.arn = profile.attr_inference_profile_arn
