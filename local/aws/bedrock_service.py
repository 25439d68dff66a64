"""Amazon Bedrock as a service principal in the embedded AWS: it takes the delivery role, and writes
records into buckets.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from local.aws.authorization import Authorization, Request
from local.aws.client import Aws
from local.bedrock.delivery import Clients
from local.bedrock.log_destinations import SERVICE, SESSION, source


def connect(aws: Aws, authorization: Authorization) -> Clients:
    """Clients for the delivery of records."""
    context = source(aws.account, aws.region)

    def assume_role(arn: str) -> Mapping[str, Any]:
        return authorization.assume_role(SERVICE, arn, SESSION, context)

    def check_write(bucket: str, key: str) -> None:
        resource = f"arn:aws:s3:::{bucket}/{key}"
        request = Request("s3:PutObject", resource, tuple(context.items()), aws.region)
        authorization.check_service(SERVICE, [request])

    return Clients(
        bedrock=aws.client("bedrock"),
        cloudwatch=aws.client("cloudwatch"),
        s3=aws.client("s3"),
        assume_role=assume_role,
        logs=partial(aws.client, "logs"),
        check_write=check_write,
    )
