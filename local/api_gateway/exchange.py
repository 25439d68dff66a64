"""One request on its way through the API, and what API Gateway's `$context` says of it."""

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic, time
from typing import Any
from uuid import uuid4

from local.api_gateway.definition import Api
from local.api_gateway.routing import Match
from local.bedrock.caller import Caller

_ROOT = re.compile(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}(?![0-9a-f])")


@dataclass(slots=True)
class Exchange:
    """`path` is without the stage's name and, like `query`, percent-encoded as it came. Header
    names are in lower case; a header that came twice is there twice."""

    verb: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    source_ip: str
    host: str
    protocol: str
    scheme: str
    prefix: str = ""
    """What stood before `path`: `/STAGE`, or nothing at the API's own domain."""
    body: bytes = b""
    match: Match | None = None
    request_id: str = field(default_factory=lambda: str(uuid4()))
    extended_id: str = field(default_factory=lambda: base64.b64encode(os.urandom(10)).decode())
    trace_id: str = ""
    arrived: datetime = field(default_factory=lambda: datetime.now(UTC))
    started: float = field(default_factory=monotonic)
    api_key: str | None = None
    api_key_id: str | None = None
    authorizer: dict[str, str] = field(default_factory=dict)
    caller: Caller | None = None
    certificate: Mapping[str, Any] | None = None
    """The client's, as Python's ssl has it; empty or None where it presented none."""
    noted: dict[str, Any] = field(default_factory=dict)
    """More of `$context`, by dotted name, as the request proceeds."""

    def header(self, name: str) -> str | None:
        """Return the last value of the header, whose name is given in lower case."""
        # Of a header that came twice API Gateway hands on the last, in `headers`; all are in
        # `multiValueHeaders`.
        return next((value for key, value in reversed(self.headers) if key == name), None)

    def elapsed_ms(self) -> int:
        return int((monotonic() - self.started) * 1000)


def trace(header: str) -> str:
    """Return the trace of a request that came with `header` as its `X-Amzn-Trace-Id`: its root goes
    on.

    https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
    """
    root = _ROOT.search(header)
    return root[0] if root else f"Root=1-{int(time()):08x}-{os.urandom(12).hex()}"


def identity(exchange: Exchange) -> Mapping[str, str]:
    """Return the identity of the signer, if the request is signed.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
    """
    caller = exchange.caller
    if caller is None:
        return {}
    return {
        "accountId": caller.account,
        "caller": caller.user_id,
        "user": caller.user_id,
        "userArn": caller.arn,
    }


def client_certificate(exchange: Exchange) -> Mapping[str, str]:
    """Return what `$context.identity.clientCert` has of the certificate's subject and serial
    number.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
    """
    certificate = exchange.certificate
    if not certificate:
        return {}
    names = [pair for group in reversed(certificate["subject"]) for pair in group]
    short = {"commonName": "CN", "organizationName": "O", "organizationalUnitName": "OU"}
    return {
        "subjectDN": ",".join(f"{short.get(name, name)}={value}" for name, value in names),
        "serialNumber": certificate["serialNumber"],
    }


def context(exchange: Exchange, api: Api) -> Mapping[str, Any]:
    """`$context`, flat, by dotted name; what is not there has no value.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
    """
    method = exchange.match.method if exchange.match else None
    known = {
        "accountId": api.account,
        "apiId": api.id,
        "domainName": exchange.host,
        "extendedRequestId": exchange.extended_id,
        "httpMethod": exchange.verb,
        "identity.apiKey": exchange.api_key,
        "identity.apiKeyId": exchange.api_key_id,
        **{f"identity.{name}": value for name, value in identity(exchange).items()},
        **{f"identity.clientCert.{n}": value for n, value in client_certificate(exchange).items()},
        "identity.sourceIp": exchange.source_ip,
        "identity.userAgent": exchange.header("user-agent"),
        "path": f"{exchange.prefix}{exchange.path}",
        "protocol": exchange.protocol,
        "requestId": exchange.request_id,
        "requestTime": f"{exchange.arrived:%d/%b/%Y:%H:%M:%S +0000}",
        "requestTimeEpoch": int(exchange.arrived.timestamp() * 1000),
        "resourceId": method.resource_id if method else None,
        "resourcePath": method.resource if method else None,
        "stage": api.stage,
        "xrayTraceId": exchange.trace_id.removeprefix("Root=") if api.traced else None,
        **{f"authorizer.{name}": value for name, value in exchange.authorizer.items()},
        **exchange.noted,
    }
    return {name: value for name, value in known.items() if value is not None}
