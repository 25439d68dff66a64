"""The group `models`: which models may be called, and where their calls may be answered."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from claude_bedrock.catalog import MODELS
from stacks.stage.group import Allowed, Group, Page

Geography = Literal["global", "us", "eu", "jp", "au", "apac"]
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ServiceTier.html
ServiceTier = Literal["default", "flex", "priority", "reserved"]
ModelName = Annotated[
    str,
    WithJsonSchema(
        {
            "type": "string",
            "enum": [
                *dict.fromkeys(model.family for model in MODELS),
                *(name for model in MODELS for name in (model.name, *model.aliases)),
            ],
        }
    ),
]
ModelNames = Annotated[tuple[ModelName, ...], Field(min_length=1, strict=False)]


class Guardrail(Group):
    """The guardrail without which nothing may be invoked."""

    id: Annotated[
        str,
        Allowed("a guardrail's id, as Bedrock shows it"),
        Field(
            pattern=r"^[a-z0-9]{1,64}$",
            description="The guardrail, of the stage's account and Region.",
        ),
    ]
    version: Annotated[
        str,
        Allowed('a number in quotes, or "DRAFT"'),
        Field(pattern=r"^([1-9][0-9]{0,7}|DRAFT)$", description="The guardrail's version."),
    ]


class Models(Group):
    """Which models may be called, and where their calls may be answered. A list of names stands
    for an object with `allow` alone."""

    allow: Annotated[
        ModelNames,
        Allowed("a list of model names, aliases and families of the catalog"),
        Page("models.md"),
        Field(
            description="What may be called; IAM and the gateway both hold to it. A family means "
            "its models that are neither retired nor legacy."
        ),
    ]
    geography: Annotated[
        Geography,
        Allowed("global, us, eu, jp, au or apac"),
        Page("models.md"),
        Field(
            description="The inference profiles that models are called by, and so where a call "
            "may be answered."
        ),
    ] = "global"
    fallback_geographies: Annotated[
        tuple[Geography, ...],
        Allowed("a list of global, us, eu, jp, au and apac"),
        Page("api.md"),
        Field(
            strict=False,
            description="Further geographies. The gateway tries them in this order when Bedrock "
            "throttles a call or has no capacity for it.",
        ),
    ] = ()
    residency: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)*(-[0-9])?$")], ...] | None,
        Allowed(
            "a list of Regions or of what their names begin with, like us or ap-northeast, or null"
        ),
        Field(
            min_length=1,
            strict=False,
            description="Where a call may be answered at all. A model with a profile that may "
            "leave it is refused. Not with the geography global.",
        ),
    ] = None
    data_retention: Annotated[
        Literal["none", "default", "aws_review"] | None,
        Allowed("none, default, aws_review, or null"),
        Page("security.md"),
        Field(
            description="The data-retention mode that the deployment sets for the account in this "
            "Region, unless a stricter one is set. null leaves it alone."
        ),
    ] = None
    guardrail: Annotated[
        Guardrail | None,
        Allowed("an object of id and version, or null"),
        Field(
            description="A guardrail without which IAM lets nobody of this stage invoke a model. "
            "The gateway puts it into every call."
        ),
    ] = None
    service_tiers: Annotated[
        tuple[ServiceTier, ...],
        Allowed("a list of default and any of flex, priority, reserved"),
        Page("api.md"),
        Field(
            strict=False,
            description="The service tiers that a call may name. The gateway answers 400 for any "
            "other, and IAM denies it.",
        ),
    ] = ("default",)

    @property
    def geographies(self) -> tuple[Geography, ...]:
        """The geographies that callers may use, in the order in which they are tried."""
        return (self.geography, *self.fallback_geographies)


def _expand(value: object) -> object:
    """Return the object that a list of names stands for; anything else as it is."""
    return {"allow": value} if isinstance(value, list | tuple) else value


ModelsOrNames = Annotated[
    Models, BeforeValidator(_expand, json_schema_input_type=ModelNames | Models)
]
