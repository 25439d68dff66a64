"""The functions of a stage in a VPC of its account, and the VPC endpoints that they need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import aws_cdk as cdk

from claude_bedrock.catalog import MODELS, deny_policy, invoke_policies
from stacks.components.network.endpoint_policies import endpoint_policies, services_of
from stacks.components.network.function_network import VpcConnection, connect, functions_in
from stacks.components.network.vpc_endpoints import VpcEndpoints
from stacks.components.packaging.custom_resource_function import CustomResourceFunction
from stacks.components.packaging.python_function import PythonFunction
from stacks.components.stack_outputs import add_outputs, read_output
from stacks.deny_policy_inputs import deny_policy_inputs
from stacks.invocation_logging import InvocationLogging
from stacks.stage import Stage
from stacks.stage.network import FunctionNetwork

GROUP_OUTPUT = "FunctionSecurityGroupId"
# AWS's pages leave open whether Lambda's daemon sends traces by the function's VPC: if it does,
# they would be lost without an error.
_WRITE_TRACES: Mapping[str, Any] = {
    "Effect": "Allow",
    "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
    "Resource": "*",
}


def connect_functions(
    network: FunctionNetwork, stage: Stage, record: InvocationLogging, stacks: Sequence[cdk.Stack]
) -> None:
    """Run every function of `stacks` in `network`.

    The endpoints are part of `record`, which is deployed first: its custom resources run in the
    VPC too, and the endpoints' policies name its bucket, table and keys.
    """
    functions = [function for stack in stacks for function in functions_in(stack)]
    if network.endpoints == "existing":
        _add_group_output(record, network.security_group or "")
        for function in functions:
            connect(function, VpcConnection(network.subnets, network.security_group or ""))
        return
    endpoints = _endpoints(network, stage, record, functions)
    _add_group_output(record, endpoints.security_group)
    for function in functions:
        is_in_record = cdk.Stack.of(function) is record
        group = endpoints.security_group if is_in_record else read_output(record, GROUP_OUTPUT)
        connect(function, VpcConnection(network.subnets, group))
        if is_in_record and isinstance(function, CustomResourceFunction):
            # CloudFormation invokes it while it makes the stack, and has its answer by S3.
            services = {*services_of(_statements(function)), "s3"}
            function.function.node.add_dependency(*endpoints.needed_for(sorted(services)))


def _add_group_output(record: InvocationLogging, group: str) -> None:
    add_outputs(record, {GROUP_OUTPUT: (group, "Security group of functions")})


def _endpoints(
    network: FunctionNetwork,
    stage: Stage,
    record: InvocationLogging,
    functions: Sequence[PythonFunction],
) -> VpcEndpoints:
    statements = [
        *_model_statements(stage, record),
        _signing_statement(record),
        *([_WRITE_TRACES] if stage.endpoint.tracing else ()),
        *(statement for function in functions for statement in _statements(function)),
    ]
    lists = network.prefix_lists.model_dump(exclude_none=True) if network.prefix_lists else {}
    return VpcEndpoints(
        record,
        "VpcEndpoints",
        stage_name=stage.name,
        vpc=network.vpc,
        subnets=network.subnets,
        route_tables=network.route_tables,
        prefix_lists=lists,
        policies=endpoint_policies(
            statements, account=record.account, answers=_custom_resource_answers(record)
        ),
    )


def _statements(function: PythonFunction) -> Iterator[Mapping[str, Any]]:
    for statement in function.statements:
        yield statement.to_statement_json()


def _model_statements(stage: Stage, record: InvocationLogging) -> list[Mapping[str, Any]]:
    """Return what the role that calls the stage's models may do."""
    inputs = deny_policy_inputs(stage, account=record.account, partition=record.partition)
    models = [model for model in MODELS if model.name in stage.models.allow]
    statements: list[Mapping[str, Any]] = [
        *invoke_policies.invoke_statements(models, inputs.scope),
        *deny_policy.team_guardrail_statements(inputs),
    ]
    if stage.callers.teams:
        # Bedrock chooses their ids; what they may copy is for the deny policy to say.
        profiles = inputs.scope.arn("application-inference-profile/*")
        statements.append(
            {"Effect": "Allow", "Action": invoke_policies.INVOKE, "Resource": profiles}
        )
    return statements


def _signing_statement(record: InvocationLogging) -> Mapping[str, Any]:
    """Return what the policy of the signing key allows to the verification's role."""
    return {
        "Effect": "Allow",
        "Action": ["kms:Sign", "kms:GetPublicKey"],
        "Resource": record.signing_key.key_arn,
    }


def _custom_resource_answers(record: InvocationLogging) -> str:
    """Return the objects by which custom resources answer CloudFormation:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-vpce-bucketnames.html"""
    region = record.region.replace("-", "")
    return f"arn:{record.partition}:s3:::cloudformation-custom-resource-response-{region}/*"
