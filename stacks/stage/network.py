"""The key `endpoint.network`: an endpoint that only VPCs reach."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from stacks.stage.group import Allowed, Group

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html
VpcEndpointId = Annotated[str, Field(pattern=r"^vpce-[0-9a-f]{8,17}$")]


class PrivateNetwork(Group):
    """Through which VPC endpoints callers reach a private API."""

    api_endpoints: Annotated[
        tuple[VpcEndpointId, ...],
        Allowed("a list of 1 to 20 different ids of interface endpoints of execute-api"),
        Field(
            min_length=1,
            max_length=20,
            strict=False,
            description="The VPC endpoints of execute-api by which callers come. The endpoint's "
            "URL has the first in its host name.",
        ),
    ]
