"""Permissions to view a stage, and Bedrock in its Region, that show no prompt."""

from __future__ import annotations

from collections.abc import Sequence

from claude_bedrock.catalog.inference_actions import DENIALS
from stacks.components.iam.permission import Permission
from stacks.components.iam.stage_names import StageNames

READ_LOGS = (
    *("logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents", "logs:GetLogRecord"),
    *("logs:StartQuery", "logs:GetQueryResults"),
)
INVOKE_ACTIONS = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream", *DENIALS)


def viewer_permissions(
    names: StageNames, *, profiles: Sequence[str], policies: Sequence[str], roles: Sequence[str]
) -> list[Permission]:
    """Return what auditor and operator may both view. `profiles`, `policies` and `roles` are ARNs
    of the stage's."""
    return [
        Permission(
            "ReadStacks",
            (
                *("cloudformation:DescribeStacks", "cloudformation:DescribeStackEvents"),
                *("cloudformation:DescribeStackResources", "cloudformation:ListStackResources"),
                "cloudformation:GetTemplate",
            ),
            names.stacks(),
            reason="the ARN of a stack ends in an id that CloudFormation chooses",
        ),
        Permission(
            "ReadPolicies",
            ("iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListEntitiesForPolicy"),
            policies,
        ),
        Permission(
            "ReadRoles",
            (
                *("iam:GetRole", "iam:GetRolePolicy", "iam:ListRolePolicies"),
                "iam:ListAttachedRolePolicies",
            ),
            roles,
        ),
        Permission("ReadDashboard", ("cloudwatch:GetDashboard",), [names.dashboard()]),
        Permission(
            "ReadAlarms",
            ("cloudwatch:DescribeAlarms", "cloudwatch:DescribeAlarmHistory"),
            [names.arn("cloudwatch", "alarm:*")],
            reason="a list of alarms is requested of all alarms",
        ),
        Permission(
            "ReadAlarmTopic",
            ("sns:ListSubscriptionsByTopic", "sns:GetTopicAttributes"),
            [names.alarm_topic()],
        ),
        _read_account_settings(),
        Permission(
            "DescribeInferenceProfiles",
            ("bedrock:GetInferenceProfile",),
            profiles,
        ),
        Permission("DenyInvokingModels", INVOKE_ACTIONS, ["*"], denied=True),
    ]


def _read_account_settings() -> Permission:
    return Permission(
        "ReadAccountSettings",
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
        reason="settings of an account and Region, and lists and metrics, have no ARN: https:"
        "//docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_"
        "actions-resources-contextkeys.html",
    )
