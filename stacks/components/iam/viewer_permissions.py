"""Alone knows what may be looked at of a stage, and of Bedrock in its Region, without a prompt."""

from __future__ import annotations

from collections.abc import Sequence

from stacks.components.iam.permission import Permission
from stacks.components.iam.stage_names import StageNames

READS_LOGS = (
    *("logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents", "logs:GetLogRecord"),
    *("logs:StartQuery", "logs:GetQueryResults"),
)
INVOKES = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream", "bedrock-mantle:*")


def looking(
    names: StageNames, *, profiles: Sequence[str], policies: Sequence[str], roles: Sequence[str]
) -> list[Permission]:
    """What auditor and operator both see. `profiles`, `policies`, `roles`: ARNs of the stage's."""
    return [
        Permission(
            "TheStagesStacks",
            (
                *("cloudformation:DescribeStacks", "cloudformation:DescribeStackEvents"),
                *("cloudformation:DescribeStackResources", "cloudformation:ListStackResources"),
                "cloudformation:GetTemplate",
            ),
            names.stacks(),
            because="the ARN of a stack ends in an id that CloudFormation chooses",
        ),
        Permission(
            "TheStagesPolicies",
            ("iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListEntitiesForPolicy"),
            policies,
        ),
        Permission(
            "TheStagesRoles",
            (
                *("iam:GetRole", "iam:GetRolePolicy", "iam:ListRolePolicies"),
                "iam:ListAttachedRolePolicies",
            ),
            roles,
        ),
        Permission("TheDashboard", ("cloudwatch:GetDashboard",), [names.dashboard()]),
        Permission(
            "Alarms",
            ("cloudwatch:DescribeAlarms", "cloudwatch:DescribeAlarmHistory"),
            [names.arn("cloudwatch", "alarm:*")],
            because="a list of alarms is asked of all alarms",
        ),
        Permission(
            "ReadAlarmSubscriptions", ("sns:ListSubscriptionsByTopic",), [names.alarm_topic()]
        ),
        Permission(
            "WhatKnowsNoResources",
            (
                "bedrock:GetModelInvocationLoggingConfiguration",
                "bedrock:GetAccountDataRetention",
                "bedrock:ListEnforcedGuardrailsConfiguration",
                "bedrock:GetFoundationModelAvailability",
                "bedrock:ListFoundationModels",
                "bedrock:ListInferenceProfiles",
                "cloudwatch:GetMetricData",
                "cloudwatch:GetMetricStatistics",
                "cloudwatch:ListMetrics",
                "logs:DescribeLogGroups",
                "logs:StopQuery",
            ),
            ["*"],
            because="settings of an account and Region, and lists and metrics, have no ARN: https:"
            "//docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_"
            "actions-resources-contextkeys.html",
        ),
        Permission(
            "WhereProfilesLead",
            ("bedrock:GetInferenceProfile",),
            profiles,
        ),
        Permission("NeverInvokes", INVOKES, ["*"], denied=True),
    ]
