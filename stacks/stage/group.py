"""The base class of a stage block's groups, the description of a key, and the texts that several
groups take."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field


class Group(BaseModel):
    """An object in cdk.json whose keys are all known."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Allowed(NamedTuple):
    """The values that a key takes. An error ends with it, and the table in docs/ has it as type."""

    text: str


class Page(NamedTuple):
    """The page of docs/ that says more about a key than its description."""

    name: str


TRUE_OR_FALSE = Allowed("true or false")

# https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
# API Gateway's guide takes the space and `@` too; the set in its API reference lacks them:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-supported-resources.html
TagText = Annotated[str, Field(pattern=r"^[A-Za-z0-9 _.:/=+@-]{1,128}$")]
# Users and roles; no `*`, no root, no session:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
PrincipalArn = Annotated[
    str, Field(pattern=r"^arn:aws:iam::[0-9]{12}:(role|user)/[A-Za-z0-9+=,.@_/-]{1,512}$")
]
