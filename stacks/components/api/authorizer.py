"""The Lambda authorizer: which header of a request carries the caller's credential, and whom a
token names."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from stacks.components.observability.log_group import LogGroupSettings
from stacks.components.packaging.python_function import PythonFunction, function_architecture

# Each run takes milliseconds: a hundred at once answer more than the 10,000 requests a second that
# API Gateway lets an account send.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
MAX_CONCURRENCY = 100


class Authorizer(PythonFunction):
    """A function that reads the caller's key from either of two headers, and checks a token of
    one of the `token_issuers`, a JSON list.

    With issuers it ships the libraries that check signatures, which hold machine code; it may take
    the time of reading an issuer's keys, and its processor grows with its memory.

    Where the gateway reserves concurrency (`gateway_concurrency`), it reserves as much for itself,
    up to MAX_CONCURRENCY, so that a burst is not throttled before it reaches the gateway.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        gateway_concurrency: int | None,
        is_traced: bool,
        log_settings: LogGroupSettings,
        token_issuers: str = "",
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Reads the caller's API key from the header that carries it"
            + (", and checks tokens" if token_issuers else ""),
            packages=["authorizer", "token_issuers"] if token_issuers else ["authorizer"],
            handler="authorizer.handler.handle",
            log_name="authorizer",
            log_settings=log_settings,
            timeout=cdk.Duration.seconds(8 if token_issuers else 5),
            memory_mb=512 if token_issuers else 256,
            environment={"TOKEN_ISSUERS": token_issuers} if token_issuers else None,
            is_traced=is_traced,
            architecture=function_architecture(scope) if token_issuers else "arm64",
            reserved_concurrency=gateway_concurrency and min(gateway_concurrency, MAX_CONCURRENCY),
        )
