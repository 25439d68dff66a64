"""Alone knows what opens Claude to an account, once: Marketplace, Anthropic's form, agreements."""

from __future__ import annotations

from stacks.components.iam.permission import Permission


def setting_up() -> list[Permission]:
    """https://docs.aws.amazon.com/bedrock/latest/userguide/model-access.html

    The first call of a model subscribes the account to it, in the caller's name; so whoever holds
    these also needs to invoke.
    """
    because = (
        "neither Marketplace's subscriptions nor Bedrock's form and agreements know resources: "
        "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html"
    )
    return [
        Permission(
            "SubscribesByBedrockOnly",
            ("aws-marketplace:Subscribe", "aws-marketplace:Unsubscribe"),
            ["*"],
            because,
            {"StringEquals": {"aws:CalledViaLast": "bedrock.amazonaws.com"}},
        ),
        Permission("SeesSubscriptions", ("aws-marketplace:ViewSubscriptions",), ["*"], because),
        Permission(
            "AnthropicsFormAndAgreements",
            (
                "bedrock:GetUseCaseForModelAccess",
                "bedrock:PutUseCaseForModelAccess",
                "bedrock:GetFoundationModelAvailability",
                "bedrock:ListFoundationModelAgreementOffers",
                "bedrock:CreateFoundationModelAgreement",
                "bedrock:DeleteFoundationModelAgreement",
            ),
            ["*"],
            because,
        ),
    ]
