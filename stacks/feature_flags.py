"""The feature flags of the CDK without which the stacks' templates would be others."""

from __future__ import annotations

import json
from collections.abc import Mapping

from constructs import Construct

FLAGS: Mapping[str, bool | str] = {
    "@aws-cdk/core:enablePartitionLiterals": True,
    "@aws-cdk/core:defaultCrossStackReferences": "strong",
    "@aws-cdk/aws-apigateway:authorizerChangeDeploymentLogicalId": True,
    "@aws-cdk/aws-apigateway:logGroupDestinationArnWithoutWildcard": True,
}
"""Flag -> value. Without these CDK synthesizes other templates, or none."""


class FeatureFlagError(Exception):
    """The CDK app lacks feature flags that the stacks need."""


def check_feature_flags(scope: Construct) -> None:
    """Raise FeatureFlagError, in one line, where `scope` does not have the flags of FLAGS."""
    missing = [
        f'"{flag}": {json.dumps(value)}'
        for flag, value in FLAGS.items()
        if scope.node.try_get_context(flag) != value
    ]
    if missing:
        raise FeatureFlagError(
            "The CDK app lacks feature flags that the stacks need. Add to `context` in its "
            f"cdk.json: {', '.join(missing)}"
        )
