"""Alone knows what an operator may do: look after the endpoint, hand out keys, read no prompt."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.components.iam.permission import Permission, answer_patterns
from stacks.components.iam.stage_names import ALARM_LOGS, AUDIT_LOGS, RECORD, StageNames
from stacks.components.iam.stage_role import GITHUB
from stacks.components.iam.viewer_permissions import READS_LOGS

TAG = "claude-on-bedrock"


def operating(
    names: StageNames, *, own_role: str, bucket_arn: str, key_arn: str, verifier_arn: str
) -> list[Permission]:
    """Beside `looking`, which also denies to invoke, and beside what Operation adds."""
    return [
        Permission(
            "AuditLines",
            READS_LOGS,
            names.logs([*AUDIT_LOGS, *ALARM_LOGS]),
            because="streams of a log group are CloudWatch's and Lambda's to name",
        ),
        Permission("HasAWindowVerified", ("lambda:InvokeFunction",), [verifier_arn]),
        Permission(
            "TheBootstrap",
            ("cloudformation:DescribeStacks", "ssm:GetParameter"),
            [
                names.arn("cloudformation", "stack/CDKToolkit/*"),
                names.arn("ssm", "parameter/cdk-bootstrap/hnb659fds/version"),
            ],
            because="the ARN of a stack ends in an id that CloudFormation chooses",
        ),
        Permission(
            "WhetherTheAccountIsReady",
            (
                *("bedrock:GetUseCaseForModelAccess", "servicequotas:GetServiceQuota"),
                *("servicequotas:ListServiceQuotas", "lambda:GetAccountSettings"),
            ),
            ["*"],
            because="the account's form, quotas and settings have no ARN that could be told "
            "beforehand",
        ),
        Permission(
            "Models",
            ("bedrock:GetFoundationModel",),
            [names.model("anthropic.claude-*")],
            because="which Claude models the Region has is asked of each of them",
        ),
        Permission(
            "WhetherGitHubIsKnown",
            ("iam:GetOpenIDConnectProvider",),
            [names.iam(f"oidc-provider/{GITHUB}")],
        ),
        Permission("WhatItMayDoItself", ("iam:SimulatePrincipalPolicy",), [own_role]),
        Permission("NeverReadsRecordsInTheLog", READS_LOGS, names.logs([RECORD]), denied=True),
        Permission(
            "NeverReadsRecordsInTheBucket",
            ("s3:GetObject", "s3:GetObjectVersion"),
            [f"{bucket_arn}/*"],
            denied=True,
        ),
        Permission("NeverDecryptsRecords", ("kms:Decrypt",), [key_arn], denied=True),
    ]


class Operation(Construct):
    """What only the endpoint's own stack can name, added to the operator's `role`. Without plans
    there are no keys."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        role: iam.IRole,
        names: StageNames,
        api_id: str,
        plan_ids: Sequence[str],
        function_arns: Sequence[str],
    ) -> None:
        super().__init__(scope, construct_id)
        permissions = [
            Permission(
                "TheFunctions",
                ("lambda:GetFunctionConfiguration", "lambda:GetFunctionConcurrency"),
                function_arns,
            ),
            Permission(
                "TheApi",
                ("apigateway:GET",),
                [names.api(f"/restapis/{api_id}"), names.api(f"/restapis/{api_id}/*")],
                because="an operator sees every part of the stage's one API",
            ),
            *((*_plans(names, plan_ids), *_keys(names)) if plan_ids else ()),
        ]
        iam.ManagedPolicy(
            self,
            "Policy",
            description=f"Looks after the endpoint of {names.stage} and hands out its keys",
            statements=[each.statement() for each in permissions],
            roles=[role],
        )
        answer_patterns(self, permissions)


def _plans(names: StageNames, plan_ids: Sequence[str]) -> list[Permission]:
    plans = [names.api(f"/usageplans/{plan}") for plan in plan_ids]
    members = [f"{plan}/keys" for plan in plans]
    one = [f"{each}/*" for each in members]
    because = "ids of keys are API Gateway's to choose"
    return [
        Permission(
            "TheUsagePlans",
            ("apigateway:GET",),
            [*plans, *(f"{plan}/usage" for plan in plans), *members, *one],
            because=because,
        ),
        Permission("PutsKeysInPlans", ("apigateway:POST",), members),
        Permission("TakesKeysOutOfPlans", ("apigateway:DELETE",), one, because=because),
    ]


def _keys(names: StageNames) -> list[Permission]:
    """Keys of the stage carry its tag, and no others are touched. A new key's tags are asked about
    before the key is there, so an operator can also tag, and so take over, another team's key:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-iam-policy.html
    """
    keys, because = names.api("/apikeys"), "ids of keys are API Gateway's to choose"
    region = names.stack.region
    tags = names.api(f"/tags/arn%3Aaws%3Aapigateway%3A{region}%3A%3A%2Fapikeys%2F*")
    of_the_stage = {"StringEquals": {f"aws:ResourceTag/{TAG}": names.stage}}
    for_the_stage = {"StringEquals": {f"aws:RequestTag/{TAG}": names.stage}}
    return [
        Permission("ListsKeys", ("apigateway:GET",), [keys]),
        Permission("MakesKeys", ("apigateway:POST",), [keys], conditions=for_the_stage),
        Permission("TagsNewKeys", ("apigateway:PUT",), [tags], because, for_the_stage),
        Permission("TagsKeys", ("apigateway:PUT",), [tags], because, of_the_stage),
        Permission(
            "KeysOfTheStage",
            ("apigateway:GET", "apigateway:PATCH", "apigateway:DELETE"),
            [f"{keys}/*"],
            because,
            of_the_stage,
        ),
    ]
