"""Permissions of an operator: manage the endpoint and its keys, read no prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.components.iam.permission import Permission, acknowledge_wildcards
from stacks.components.iam.stage_names import ALARM_LOGS, AUDIT_LOGS, RECORD, StageNames
from stacks.components.iam.stage_role import GITHUB
from stacks.components.iam.viewer_permissions import READ_LOGS

TAG = "claude-on-bedrock"
# A managed policy has at most 6,144 characters, and a plan takes some 350 of them:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
_PLANS_OF_A_POLICY: Final = 8


def operator_permissions(
    names: StageNames,
    *,
    qualifier: str,
    own_role: str,
    bucket_arn: str,
    key_arn: str,
    verification_function_arn: str,
    alarm_logs: Sequence[str] = ALARM_LOGS,
    function_vpc: str | None = None,
) -> list[Permission]:
    """Return what an operator may do beside `viewer_permissions`, which also deny to invoke, and
    beside what OperatorEndpointPolicy adds."""
    return [
        Permission(
            "ReadAuditAndAlarmLogs",
            READ_LOGS,
            names.logs([*AUDIT_LOGS, *alarm_logs]),
            reason="streams of a log group are CloudWatch's and Lambda's to name",
        ),
        Permission(
            "InvokeVerificationFunction", ("lambda:InvokeFunction",), [verification_function_arn]
        ),
        *readiness_permissions(names, own_role, qualifier),
        *(_vpc_permissions(names, function_vpc) if function_vpc else ()),
        *_record_denials(names, bucket_arn=bucket_arn, key_arn=key_arn),
    ]


def _vpc_permissions(names: StageNames, vpc: str) -> list[Permission]:
    """Allow what `claude-bedrock doctor` reads of the VPC of the functions:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html"""
    lists = (
        *("ec2:DescribeVpcEndpointServices", "ec2:DescribeVpcEndpoints"),
        *("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets"),
    )
    arn = f"arn:{names.stack.partition}:ec2:{names.stack.region}:*:vpc/{vpc}"
    shared = "a VPC that another account shares has that account in its ARN"
    return [
        Permission("ReadVpcEndpoints", lists, ["*"], "EC2's lists know no resources"),
        Permission("ReadVpcDns", ("ec2:DescribeVpcAttribute",), [arn], shared),
    ]


def readiness_permissions(names: StageNames, own_role: str, qualifier: str) -> list[Permission]:
    """Return what `claude-bedrock doctor` reads of the account beside `viewer_permissions`."""
    return [
        Permission(
            "ReadCdkBootstrap",
            ("cloudformation:DescribeStacks", "ssm:GetParameter"),
            [
                names.arn("cloudformation", "stack/CDKToolkit/*"),
                names.arn("ssm", f"parameter/cdk-bootstrap/{qualifier}/version"),
            ],
            reason="the ARN of a stack ends in an id that CloudFormation chooses",
        ),
        Permission(
            "ReadAccountReadiness",
            (
                *("bedrock:GetUseCaseForModelAccess", "servicequotas:ListServiceQuotas"),
                "lambda:GetAccountSettings",
            ),
            ["*"],
            reason="the account's form, quotas and settings have no ARN that is known beforehand",
        ),
        Permission(
            "ReadClaudeModels",
            ("bedrock:GetFoundationModel",),
            [names.model("anthropic.claude-*")],
            reason="which Claude models the Region has is asked of each of them",
        ),
        Permission(
            "ReadGitHubIdentityProvider",
            ("iam:GetOpenIDConnectProvider",),
            [names.iam(f"oidc-provider/{GITHUB}")],
        ),
        Permission(
            "ReadKeyOfAlarmTopic",
            ("kms:DescribeKey", "kms:GetKeyPolicy"),
            [names.arn("kms", "key/*")],
            reason="KMS chooses the ids of keys: the condition leaves those with the stage's tag",
            conditions={"StringEquals": {"aws:ResourceTag/claude-on-bedrock": names.stage}},
        ),
        Permission("SimulateOwnPermissions", ("iam:SimulatePrincipalPolicy",), [own_role]),
    ]


def existing_resource_permissions(
    *, key_arn: str | None, access_log_bucket_arn: str | None
) -> list[Permission]:
    """Return what `claude-bedrock doctor` reads of a key and a bucket that the stage uses and
    does not make."""
    key_actions = ("kms:DescribeKey", "kms:GetKeyPolicy")
    bucket_actions = (
        *("s3:GetBucketLocation", "s3:GetEncryptionConfiguration"),
        *("s3:GetBucketObjectLockConfiguration", "s3:GetBucketPolicy"),
    )
    return [
        Permission(sid, actions, [arn])
        for sid, actions, arn in (
            ("ReadKmsKeyPolicy", key_actions, key_arn),
            ("ReadAccessLogBucket", bucket_actions, access_log_bucket_arn),
        )
        if arn
    ]


def _record_denials(names: StageNames, *, bucket_arn: str, key_arn: str) -> list[Permission]:
    return [
        Permission("DenyReadingRecordsInLogGroup", READ_LOGS, names.logs([RECORD]), denied=True),
        Permission(
            "DenyReadingRecordObjects",
            ("s3:GetObject", "s3:GetObjectVersion"),
            [f"{bucket_arn}/*"],
            denied=True,
        ),
        Permission("DenyDecryptingRecords", ("kms:Decrypt",), [key_arn], denied=True),
    ]


class OperatorEndpointPolicy(Construct):
    """Permissions on resources that only the endpoint's own stack can name, for the operator's
    `role`. Without usage plans there are no keys."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        role: iam.IRole,
        names: StageNames,
        api_id: str,
        mutual_tls_name: str | None,
        web_acl_arn: str | None,
        plan_ids: Sequence[str],
        function_arns: Sequence[str],
    ) -> None:
        super().__init__(scope, construct_id)
        permissions = [
            Permission(
                "ReadFunctionConfiguration",
                ("lambda:GetFunctionConfiguration", "lambda:GetFunctionConcurrency"),
                function_arns,
            ),
            Permission(
                "ReadApi",
                ("apigateway:GET",),
                [names.api(f"/restapis/{api_id}"), names.api(f"/restapis/{api_id}/*")],
                reason="an operator sees every part of the stage's one API",
            ),
            *_entrance_permissions(names, api_id, mutual_tls_name, web_acl_arn),
            *(
                (
                    *_usage_plan_permissions(names, plan_ids[:_PLANS_OF_A_POLICY]),
                    *_key_permissions(names),
                )
                if plan_ids
                else ()
            ),
        ]
        self._add_policy("Policy", names, permissions, role)
        for start in range(_PLANS_OF_A_POLICY, len(plan_ids), _PLANS_OF_A_POLICY):
            more = plan_ids[start : start + _PLANS_OF_A_POLICY]
            number = start // _PLANS_OF_A_POLICY + 1
            self._add_policy(f"Policy{number}", names, _usage_plan_permissions(names, more), role)

    def _add_policy(
        self,
        construct_id: str,
        names: StageNames,
        permissions: Sequence[Permission],
        role: iam.IRole,
    ) -> None:
        iam.ManagedPolicy(
            self,
            construct_id,
            description=f"Looks after the endpoint of {names.stage} and hands out its keys",
            statements=[permission.statement() for permission in permissions],
            roles=[role],
        )
        acknowledge_wildcards(self, permissions)


def _entrance_permissions(
    names: StageNames, api_id: str, mutual_tls_name: str | None, web_acl_arn: str | None
) -> list[Permission]:
    """Allow what `claude-bedrock doctor` reads of what stands before the endpoint:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awswafv2.html"""
    permissions = []
    if mutual_tls_name:
        domain = names.api(f"/domainnames/{mutual_tls_name}")
        permissions.append(Permission("ReadTruststoreWarnings", ("apigateway:GET",), [domain]))
    if web_acl_arn:
        api_stage = names.api(f"/restapis/{api_id}/stages/{names.stage}")
        actions = ("wafv2:GetWebACLForResource", "wafv2:GetWebACL")
        permissions.append(Permission("ReadWebAcl", actions, [web_acl_arn, api_stage]))
    return permissions


def _usage_plan_permissions(names: StageNames, plan_ids: Sequence[str]) -> list[Permission]:
    plans = [names.api(f"/usageplans/{plan}") for plan in plan_ids]
    memberships = [f"{plan}/keys" for plan in plans]
    members = [f"{path}/*" for path in memberships]
    reason = "ids of keys are API Gateway's to choose"
    return [
        Permission(
            "ReadUsagePlans",
            ("apigateway:GET",),
            [*plans, *(f"{plan}/usage" for plan in plans), *memberships, *members],
            reason=reason,
        ),
        Permission("AddApiKeysToUsagePlans", ("apigateway:POST",), memberships),
        Permission("RemoveApiKeysFromUsagePlans", ("apigateway:DELETE",), members, reason=reason),
    ]


def _key_permissions(names: StageNames) -> list[Permission]:
    """Return permissions on keys that carry the stage's tag. IAM evaluates a new key's tags before
    the key is there, so an operator can also tag, and so take over, a key that carries no stage's
    tag; a key of another stage stays that stage's, and one of this stage stays this stage's:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-iam-policy.html
    """
    keys, reason = names.api("/apikeys"), "ids of keys are API Gateway's to choose"
    region = names.stack.region
    tags = names.api(f"/tags/arn%3Aaws%3Aapigateway%3A{region}%3A%3A%2Fapikeys%2F*")
    of_the_stage = {"StringEquals": {f"aws:ResourceTag/{TAG}": names.stage}}
    for_the_stage = {"StringEquals": {f"aws:RequestTag/{TAG}": names.stage}}
    # A new key has no tag yet, and a change of other tags names no stage: IfExists passes these.
    not_of_another = {"StringEqualsIfExists": {f"aws:ResourceTag/{TAG}": names.stage}}
    not_for_another = {"StringEqualsIfExists": {f"aws:RequestTag/{TAG}": names.stage}}
    return [
        Permission("ListApiKeys", ("apigateway:GET",), [keys]),
        Permission("CreateApiKeys", ("apigateway:POST",), [keys], conditions=for_the_stage),
        Permission(
            "TagNewApiKeys", ("apigateway:PUT",), [tags], reason, for_the_stage | not_of_another
        ),
        Permission(
            "TagApiKeys", ("apigateway:PUT",), [tags], reason, of_the_stage | not_for_another
        ),
        Permission(
            "ManageApiKeysOfStage",
            ("apigateway:GET", "apigateway:PATCH", "apigateway:DELETE"),
            [f"{keys}/*"],
            reason,
            of_the_stage,
        ),
    ]
