"""The object `evidence.cloudtrail`: the trail that is a third witness of calls."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from stacks.stage.group import TRUE_OR_FALSE, Allowed, Group

AccountId = Annotated[str, Field(pattern=r"^[0-9]{12}$")]
RegionName = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")]


class CloudTrail(Group):
    """A trail that exists, or one that the stage makes."""

    create: Annotated[
        bool,
        TRUE_OR_FALSE,
        Field(
            description="Whether the stage makes a trail of management events in all Regions, with "
            "a bucket of its own, kept as long as records."
        ),
    ] = False
    bucket: Annotated[
        str | None,
        Allowed("the name of an S3 bucket, or null"),
        Field(
            pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
            description="The bucket of a trail that logs management events in all Regions. Its "
            "owner has to let the verification function read it.",
        ),
    ] = None
    prefix: Annotated[
        str,
        Allowed("the trail's prefix, without a slash at its ends, or empty"),
        Field(
            pattern=r"^([A-Za-z0-9!_.()-][A-Za-z0-9!_.()/-]*)?$",
            max_length=200,
            description="What the trail puts before AWSLogs/ in its keys.",
        ),
    ] = ""
    organization: Annotated[
        str | None,
        Allowed("the id of an organization, like o-abcdefghij, or null"),
        Field(
            pattern=r"^o-[a-z0-9]{10,32}$",
            description="The organization of an organization trail.",
        ),
    ] = None
    kms_key: Annotated[
        str | None,
        Allowed("the ARN of a KMS key, or null"),
        Field(
            pattern=r"^arn:aws:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]{1,64}$",
            description="The key of the trail's files, where its owner chose one. The key's "
            "policy has to let the verification function decrypt.",
        ),
    ] = None
    accounts: Annotated[
        tuple[AccountId, ...],
        Allowed("a list of AWS account ids of 12 digits in quotes"),
        Field(
            strict=False,
            max_length=20,
            description="Other accounts of the organization, without a stage: each call in one is "
            "a finding.",
        ),
    ] = ()
    stage_regions: Annotated[
        tuple[RegionName, ...],
        Allowed("a list of AWS Regions"),
        Field(
            strict=False,
            description="Other Regions of the account that have a stage of their own, which "
            "verifies the calls there.",
        ),
    ] = ()
