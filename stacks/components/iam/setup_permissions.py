"""Permissions to enable Claude for an account once: Marketplace, use case form, agreements."""

from __future__ import annotations

from stacks.components.iam.permission import Permission


def setup_permissions() -> list[Permission]:
    """Return what it takes to enable model access:
    https://docs.aws.amazon.com/bedrock/latest/userguide/model-access.html

    The first call of a model subscribes the account to it, in the caller's name, so the
    holder of these also needs to invoke.
    """
    reason = (
        "neither Marketplace's subscriptions nor Bedrock's form and agreements know resources: "
        "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html"
    )
    return [
        Permission(
            "SubscribeThroughBedrock",
            ("aws-marketplace:Subscribe", "aws-marketplace:Unsubscribe"),
            ["*"],
            reason,
            {"StringEquals": {"aws:CalledViaLast": "bedrock.amazonaws.com"}},
        ),
        Permission("ViewSubscriptions", ("aws-marketplace:ViewSubscriptions",), ["*"], reason),
        Permission(
            "ManageModelAccess",
            (
                "bedrock:GetUseCaseForModelAccess",
                "bedrock:PutUseCaseForModelAccess",
                "bedrock:GetFoundationModelAvailability",
                "bedrock:ListFoundationModelAgreementOffers",
                "bedrock:CreateFoundationModelAgreement",
                "bedrock:DeleteFoundationModelAgreement",
            ),
            ["*"],
            reason,
        ),
    ]
