"""The group `evidence`: what shows that every call is recorded."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, WithJsonSchema

from claude_bedrock.catalog import MODELS
from stacks.stage.cloudtrail import CloudTrail
from stacks.stage.group import TRUE_OR_FALSE, Allowed, Group, Page

CatalogName = Annotated[
    str, WithJsonSchema({"type": "string", "enum": [model.name for model in MODELS]})
]


class Evidence(Group):
    """What shows that every call is recorded."""

    verify_hourly: Annotated[
        bool,
        TRUE_OR_FALSE,
        Page("operations.md"),
        Field(
            description="Whether a function verifies each hour's records, an hour later, and "
            "leaves evidence in the bucket."
        ),
    ] = True
    canary: Annotated[
        CatalogName | None,
        Allowed("one of the stage's models, or null"),
        Page("operations.md"),
        Field(
            description="The model of the hourly test call, which checks that calls of the "
            "endpoint are recorded. It costs tokens."
        ),
    ] = None
    cloudtrail: Annotated[
        CloudTrail | None,
        Allowed("an object with create true, or with the bucket of a trail; or null"),
        Page("operations.md"),
        Field(
            description="The trail whose events of InvokeModel and Converse the verification "
            "compares with entries and records."
        ),
    ] = None
    audit_entry_table: Annotated[
        bool,
        TRUE_OR_FALSE,
        Page("operations.md"),
        Field(
            description="Whether audit log entries are delivered into the log bucket too, as a "
            "table of Athena beside that of the records."
        ),
    ] = False
