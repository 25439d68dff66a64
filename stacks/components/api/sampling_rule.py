"""The rule by which X-Ray traces requests of the endpoint."""

from __future__ import annotations

from aws_cdk import aws_xray as xray
from constructs import Construct

# The rule with the least number decides; X-Ray's own default has 10000.
PRIORITY = 1000


class SamplingRule(Construct):
    """Traces `requests_per_second`, and of the others a part of `fixed_rate` (0 to 1).

    API Gateway decides by it, and the functions behind it follow:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-configuring-xray-sampling-rules.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        api_name: str,
        stage_name: str,
        requests_per_second: int,
        fixed_rate: float,
    ) -> None:
        super().__init__(scope, construct_id)
        xray.CfnSamplingRule(
            self,
            "Rule",
            sampling_rule=xray.CfnSamplingRule.SamplingRuleProperty(
                rule_name=f"claude-{stage_name}",  # at most 32 characters
                version=1,
                priority=PRIORITY,
                reservoir_size=requests_per_second,
                fixed_rate=fixed_rate,
                service_name=f"{api_name}/{stage_name}",
                service_type="AWS::ApiGateway::Stage",
                host="*",
                http_method="*",
                url_path="*",
                resource_arn="*",
            ),
        )
