"""The tables of Regions are those of the sources that they name."""

from __future__ import annotations

from botocore.session import get_session

from claude_bedrock.catalog import MODELS, reach
from claude_bedrock.catalog.aws_regions import APPLICATION_PROFILE_REGIONS, COMMERCIAL_REGIONS

# Of a Region that it no longer describes, cfn-lint says nothing.
NOT_IN_CFN_LINT = {"me-south-1"}
TYPE = "AWS::Bedrock::ApplicationInferenceProfile"


def test_the_commercial_regions_are_those_of_the_aws_sdk() -> None:
    data = get_session().get_component("data_loader").load_data("partitions")
    (commercial,) = [partition for partition in data["partitions"] if partition["id"] == "aws"]

    known = {*commercial["regions"]} - {"aws-global"}

    assert {*COMMERCIAL_REGIONS} == known, f"in one alone: {known ^ {*COMMERCIAL_REGIONS}}"


def test_application_profiles_are_where_cloudformation_has_them() -> None:
    from cfnlint.schema.manager import (  # type: ignore[import-untyped]  # noqa: PLC0415 - slow
        PROVIDER_SCHEMA_MANAGER,
    )

    described = {*COMMERCIAL_REGIONS} - NOT_IN_CFN_LINT

    assert {*APPLICATION_PROFILE_REGIONS} == {
        region for region in described if TYPE in PROVIDER_SCHEMA_MANAGER.get_resource_types(region)
    }


def test_no_profile_of_the_catalog_is_called_from_a_region_that_is_not_known() -> None:
    routes = ("us", "eu", "jp", "au", "apac")

    assert [
        model.name
        for model in MODELS
        for route in routes
        if reach(model, route, "xx-nowhere-9") is not None
    ] == []
