"""A check of the VPC that the functions of the request path run in."""

from typing import Final

from claude_bedrock.cli.smoke.check import Check, Finding, failed, passed
from claude_bedrock.cli.smoke.deployed_stage import Subject

_NAMES: Final = ("FunctionName", "AuthorizerName")
"""Outputs of the Gateway stack. A stage whose callers sign has no authorizer."""


def judge_vpc(subject: Subject) -> Finding:
    """Compare the functions' security group with the stage's. That they answer this run's calls
    shows that they reach what they need."""
    group = subject.output("InvocationLogging", "FunctionSecurityGroupId")
    names = [name for output in _NAMES if (name := subject.output("Gateway", output))]
    configurations = [
        subject.client("lambda").get_function_configuration(FunctionName=name) for name in names
    ]
    groups = [
        configuration.get("VpcConfig", {}).get("SecurityGroupIds", [])
        for configuration in configurations
    ]
    states = sorted({configuration["State"] for configuration in configurations})
    measured = {"in_vpc": sum(map(bool, groups)), "functions": len(names), "states": states}
    if any(found != ([group] if group else []) for found in groups):
        return failed(
            "The functions run in another network than the stage names: see "
            "docs/deploy.md#restore-what-was-changed-by-hand.",
            **measured,
        )
    if not group:
        return passed("The functions run in Lambda's own network.", **measured)
    return passed("The functions run in the stage's VPC, and answer.", **measured)


CHECKS: Final = (
    Check(
        "vpc",
        "The functions of the request path run in the VPC that the stage names, if it does.",
        "https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html",
        judge_vpc,
        is_local=False,
    ),
)
