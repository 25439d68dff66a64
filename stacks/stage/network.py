"""The key `endpoint.network`: an endpoint that only VPCs reach, and functions that run in one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stacks.stage.group import Allowed, Group, Page

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html
VpcEndpointId = Annotated[str, Field(pattern=r"^vpce-[0-9a-f]{8,17}$")]
VpcEndpointIds = Annotated[
    tuple[VpcEndpointId, ...], Field(min_length=1, max_length=20, strict=False)
]
SubnetId = Annotated[str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$")]
RouteTableId = Annotated[str, Field(pattern=r"^rtb-[0-9a-f]{8,17}$")]
PrefixListId = Annotated[str, Field(pattern=r"^pl-[0-9a-f]{8,17}$")]


class PrefixLists(Group):
    """AWS's lists of the addresses of a service in a Region:
    https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html"""

    s3: Annotated[
        PrefixListId,
        Allowed("the id of AWS's prefix list of S3 in the stage's Region"),
        Field(description="AWS's prefix list of S3."),
    ]
    dynamodb: Annotated[
        PrefixListId | None,
        Allowed("the id of AWS's prefix list of DynamoDB in the stage's Region, or null"),
        Field(description="AWS's prefix list of DynamoDB, for a stage with budgets."),
    ] = None


class FunctionNetwork(Group):
    """The VPC that the stage's functions run in, and the endpoints by which they reach AWS."""

    vpc: Annotated[
        str,
        Allowed("the id of a VPC, like vpc-0123456789abcdef0"),
        Field(pattern=r"^vpc-[0-9a-f]{8,17}$", description="The VPC."),
    ]
    subnets: Annotated[
        tuple[SubnetId, ...],
        Allowed("a list of 1 to 16 different ids of subnets, one for each Availability Zone"),
        Field(
            min_length=1,
            max_length=16,
            strict=False,
            description="The functions run in these subnets, and the stage's interface endpoints "
            "have an address in each.",
        ),
    ]
    endpoints: Annotated[
        Literal["create", "existing"],
        Allowed("create or existing"),
        Field(
            description="Whether the stage creates the VPC endpoints, with a policy each, or the "
            "VPC has them."
        ),
    ]
    route_tables: Annotated[
        tuple[RouteTableId, ...],
        Allowed("a list of at most 16 different ids of route tables"),
        Field(
            max_length=16,
            strict=False,
            description="With create: the route tables of the subnets, which get the routes to S3 "
            "and DynamoDB.",
        ),
    ] = ()
    prefix_lists: Annotated[
        PrefixLists | None,
        Allowed("an object of s3 and dynamodb, or null"),
        Field(description="With create: where the functions may connect to beside the endpoints."),
    ] = None
    security_group: Annotated[
        str | None,
        Allowed("the id of a security group, or null"),
        Field(
            pattern=r"^sg-[0-9a-f]{8,17}$",
            description="With existing: the functions' security group. With create, the stage "
            "makes one.",
        ),
    ] = None


class EndpointNetwork(Group):
    """Through which VPC endpoints callers reach a private API, and where the functions run."""

    api_endpoints: Annotated[
        VpcEndpointIds | None,
        Allowed("a list of 1 to 20 different ids of interface endpoints of execute-api, or null"),
        Field(
            description="Makes the API private: it answers through these VPC endpoints of "
            "execute-api only. The endpoint's URL has the first in its host name. null: the API is "
            "public.",
        ),
    ] = None
    functions: Annotated[
        FunctionNetwork | None,
        Allowed("an object of vpc, subnets, endpoints and more, or null"),
        Page("networks.md#functions-in-your-vpc"),
        Field(
            description="Runs the stage's functions in a VPC of yours, without a route to the "
            "internet. null: they run in Lambda's own network."
        ),
    ] = None
