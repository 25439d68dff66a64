"""The endpoint's REST API with a stage's settings: its name, its sampling rule, and the role by
which API Gateway writes its logs."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from stacks.components.api.account_log_role import AccountLogRole, LogRoleFunction
from stacks.components.api.domain_name import ClientAuthorities, EndpointDomain
from stacks.components.api.sampling_rule import SamplingRule
from stacks.components.api.streaming_api import StreamingApi
from stacks.components.api.web_acl import WebAcl
from stacks.components.observability.log_group import LogGroupSettings
from stacks.components.stack_outputs import add_outputs
from stacks.stage import Stage
from stacks.stage.account import LEAVE
from stacks.stage.endpoint import Domain


def add_endpoint_api(
    stack: cdk.Stack,
    stage: Stage,
    *,
    name: str,
    function: lambda_.IFunction,
    authorizer: lambda_.IFunction | None,
    own_web_acl: str | None,
    access_log: logs.ILogGroup,
    log_settings: LogGroupSettings,
) -> StreamingApi:
    """Create the API, and what a stage's settings put beside it. `own_web_acl` is the ARN of the
    web ACL that the stage makes; without one, that of its settings holds."""
    domain = stage.endpoint.domain
    given = stage.endpoint.web_acl
    api = StreamingApi(
        stack,
        "Api",
        name=name,
        stage_name=stage.name,
        function=function,
        authorizer_function=authorizer,
        throttle=None if authorizer else stage.callers.throttle,
        access_log=access_log,
        is_traced=stage.endpoint.tracing is not None,
        allowed_ips=stage.endpoint.allowed_ips,
        vpc_endpoints=stage.endpoint.api_endpoints,
        web_acl=given if isinstance(given, str) else own_web_acl,
        disable_execute_api=bool(domain and domain.disable_execute_api),
        has_client_certificates=bool(domain and domain.truststore),
        cors_origins=stage.endpoint.cors_origins,
        takes_tokens=bool(stage.callers.token_issuers),
    )
    if tracing := stage.endpoint.tracing:
        SamplingRule(
            stack,
            "SamplingRule",
            api_name=name,
            stage_name=stage.name,
            requests_per_second=tracing.requests_per_second,
            fixed_rate=tracing.fixed_rate,
        )
    _add_log_role(stack, stage, api, log_settings)
    return api


def add_web_acl(stack: cdk.Stack, stage: Stage) -> str | None:
    """Create a web ACL where the stage has rules for one, and return its ARN."""
    rules = stage.endpoint.web_acl
    if rules is None or isinstance(rules, str):
        return None
    acl = WebAcl(
        stack,
        "WebAcl",
        stage_name=stage.name,
        rate_limit=rules.rate_limit,
        rate_limit_without_credential=rules.rate_limit_without_credential,
        body_limit_kb=rules.body_limit_kb,
    )
    outputs = {"WebAclArn": (acl.arn, "Web ACL of AWS WAF that the stage makes")}
    if rules.body_limit_kb:
        outputs["BodyLimitKb"] = (str(rules.body_limit_kb), "Largest body of its rules")
    add_outputs(stack, outputs)
    return acl.arn


def endpoint_url(stack: cdk.Stack, stage: Stage, api: StreamingApi) -> str:
    """Return the endpoint's URL: that of a VPC endpoint where the API is private, that of the
    stage's domain name, which is created here, or that of API Gateway."""
    if endpoints := stage.endpoint.api_endpoints:
        return api.private_url(endpoints[0])
    if domain := stage.endpoint.domain:
        _add_domain(stack, domain, api)
        return f"https://{domain.name}/"
    return api.stage.url_for_path("/")


def _add_domain(stack: cdk.Stack, domain: Domain, api: StreamingApi) -> None:
    created = EndpointDomain(
        stack,
        "Domain",
        name=domain.name,
        certificate_arn=domain.certificate,
        hosted_zone_id=domain.hosted_zone,
        truststore=_client_authorities(domain),
        stage=api.stage,
    )
    outputs = {"DomainTarget": (created.target, "What a CNAME of the endpoint's name points to")}
    if domain.truststore:
        outputs["TruststoreVersion"] = (domain.truststore.version, "Version of the truststore")
    add_outputs(stack, outputs)


def _client_authorities(domain: Domain) -> ClientAuthorities | None:
    trusted = domain.truststore
    if trusted is None:
        return None
    return ClientAuthorities(trusted.uri, trusted.version, trusted.ownership_certificate)


def _add_log_role(
    stack: cdk.Stack, stage: Stage, api: StreamingApi, log_settings: LogGroupSettings
) -> None:
    """Have API Gateway given a role for its logs before the API's stage is made, unless the
    account looks after it."""
    role = stage.account.api_log_role
    if role == LEAVE:
        return
    setter = LogRoleFunction(stack, "LogRoleFunction", role_arn=role, log_settings=log_settings)
    log_role = AccountLogRole(stack, "LogRole", role_arn=role, function=setter.function)
    api.stage.node.add_dependency(log_role)
