"""The group `endpoint`: what the API takes, and how it answers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from stacks.stage.group import TRUE_OR_FALSE, Allowed, Group, Page
from stacks.stage.network import EndpointNetwork, FunctionNetwork

# As a browser sends it: scheme, host in lower case, a port unless it is the scheme's own:
# https://fetch.spec.whatwg.org/#origin-header
Origin = Annotated[
    str,
    Field(
        pattern=r"^(https://[a-z0-9-]+(\.[a-z0-9-]+)*|http://(localhost|127\.0\.0\.1))(:[0-9]{1,5})?$"
    ),
]


# REST APIs listen on IPv4 unless they are dual-stack:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-ip-address-type.html
Network = Annotated[str, Field(pattern=r"^([0-9]{1,3}\.){3}[0-9]{1,3}/([0-9]|[12][0-9]|3[0-2])$")]


# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awswafv2.html
WebAclArn = Annotated[
    str,
    Field(
        pattern=r"^arn:aws:wafv2:[a-z0-9-]+:[0-9]{12}:regional/webacl/[A-Za-z0-9_-]{1,128}/[0-9a-f-]{36}$"
    ),
]


# Any other number is refused by AWS WAF:
# https://docs.aws.amazon.com/waf/latest/APIReference/API_RateBasedStatement.html
Rate = Annotated[int, Field(ge=10, le=2_000_000_000)]
_RATE = "a whole number, 10 to 2000000000"


class WebAclRules(Group):
    """The rules of a web ACL of AWS WAF that the stage makes."""

    rate_limit: Annotated[
        Rate,
        Allowed(_RATE),
        Field(
            description="How many requests of an address AWS WAF lets through in five minutes, "
            "about."
        ),
    ]
    rate_limit_without_credential: Annotated[
        Rate | None,
        Allowed(f"{_RATE}, below rate_limit, or null"),
        Field(
            description="The same for requests that have neither x-api-key nor Authorization. "
            "null: only rate_limit holds for them."
        ),
    ] = None
    body_limit_kb: Annotated[
        Literal[16, 32, 48, 64] | None,
        Allowed("16, 32, 48, 64 or null"),
        Field(
            description="The largest request body that AWS WAF lets through, of prompts that are "
            "that small. null: endpoint.max_body_bytes alone holds."
        ),
    ] = None


def _form(value: object) -> str:
    """Return the tag of the form in which a web ACL is given, with brackets that errors omit."""
    return "[rules]" if isinstance(value, dict | WebAclRules) else "[arn]"


WebAclForm = Annotated[
    Annotated[WebAclArn, Tag("[arn]")] | Annotated[WebAclRules, Tag("[rules]")],
    Discriminator(_form),
]


class Tracing(Group):
    """How many requests X-Ray traces:
    https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html"""

    requests_per_second: Annotated[
        int,
        Allowed("a whole number, 0 to 1000"),
        Field(ge=0, le=1000, description="So many requests are traced in each second."),
    ]
    fixed_rate: Annotated[
        float,
        Allowed("a number, 0 to 1"),
        Field(ge=0, le=1, description="This part of the other requests is traced."),
    ]


# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscertificatemanager.html
CertificateArn = Annotated[
    str, Field(pattern=r"^arn:aws:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9a-f-]{36}$")
]
_CERTIFICATE = Allowed("the ARN of a certificate of ACM in the stage's Region")


class Truststore(Group):
    """The certificate authorities that clients' certificates come from.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mutual-tls.html"""

    uri: Annotated[
        str,
        Allowed("the URI of an object in S3, like s3://bucket/authorities.pem"),
        Field(
            pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[A-Za-z0-9!_.*'()/-]{1,1024}$",
            description="A bundle of certificates of authorities, as PEM.",
        ),
    ]
    version: Annotated[
        str,
        Allowed("the object's version id, in a bucket with versioning"),
        Field(
            pattern=r"^[A-Za-z0-9._-]{1,1024}$",
            description="The version of that object: other authorities are trusted from a "
            "deployment on.",
        ),
    ]
    ownership_certificate: Annotated[
        CertificateArn | None,
        Allowed(f"{_CERTIFICATE.text}, or null"),
        Field(
            description="A certificate that ACM issued for the name, where that of the domain is "
            "imported or of a private authority. null: ACM issued that one."
        ),
    ] = None


class Domain(Group):
    """A name of your own for the endpoint."""

    name: Annotated[
        str,
        Allowed("a host name of your domain, in lower case"),
        Field(
            pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$",
            max_length=255,
            description="The endpoint's host name.",
        ),
    ]
    certificate: Annotated[
        CertificateArn, _CERTIFICATE, Field(description="The certificate of that name.")
    ]
    hosted_zone: Annotated[
        str | None,
        Allowed("the id of a public hosted zone of Route 53, or null"),
        Field(
            pattern=r"^Z[A-Z0-9]{1,31}$",
            description="The zone in which the deployment makes the name an alias. null: your DNS "
            "is elsewhere, and needs a CNAME to the output DomainTarget.",
        ),
    ] = None
    disable_execute_api: Annotated[
        bool,
        TRUE_OR_FALSE,
        Field(description="Whether the endpoint answers under its own name only."),
    ] = False
    truststore: Annotated[
        Truststore | None,
        Allowed("an object of uri, version and more, or null"),
        Page("networks.md#client-certificates"),
        Field(
            description="Mutual TLS: whose certificates clients have to present. null: clients "
            "need none."
        ),
    ] = None


class Endpoint(Group):
    """What the API takes, and how it answers."""

    enabled: Annotated[
        bool,
        TRUE_OR_FALSE,
        Page("accounts.md"),
        Field(
            description="Whether the stage has an endpoint. false: logging, drift detector, "
            "verification and IAM alone, for an account whose callers go to Bedrock directly."
        ),
    ] = True
    unsupported_fields: Annotated[
        Literal["drop", "reject"],
        Allowed("drop or reject"),
        Page("compatibility.md"),
        Field(
            description="A Messages body with fields that the model does not take: drop makes it "
            "fit and names each change in x-gateway-adapted, reject answers 400."
        ),
    ] = "drop"
    messages_upstream: Annotated[
        Literal["invoke", "messages"],
        Allowed("invoke or messages"),
        Page("api.md#bedrocks-messages-path"),
        Field(
            description="How messages reach Bedrock: by InvokeModel, or by its own Messages path, "
            "which has Anthropic's format."
        ),
    ] = "invoke"
    cors_origins: Annotated[
        tuple[Origin, ...],
        Allowed(
            "a list of at most 20 origins as browsers send them, like https://app.example.com, "
            "without a path, a slash at the end, or *"
        ),
        Page("api.md"),
        Field(
            max_length=20,
            strict=False,
            description="The web pages that may call the endpoint from a browser. With none, no "
            "browser can read an answer.",
        ),
    ] = ()
    allowed_ips: Annotated[
        tuple[Network, ...],
        Allowed("a list of at most 100 IPv4 networks, like 203.0.113.0/24"),
        Page("networks.md#allowed-networks"),
        Field(
            max_length=100,
            strict=False,
            description="The networks from which the endpoint takes requests. With none, from any.",
        ),
    ] = ()
    web_acl: Annotated[
        WebAclForm | None,
        Allowed(
            "the ARN of a regional web ACL of AWS WAF, an object of rate_limit and more, or null"
        ),
        Page("networks.md#web-acl"),
        Field(
            description="AWS WAF before the endpoint: a web ACL of yours, or one that the stage "
            "makes. null: none."
        ),
    ] = None
    domain: Annotated[
        Domain | None,
        Allowed("an object of name, certificate and more, or null"),
        Page("deploy.md#a-name-of-your-own"),
        Field(description="A name of your own for the endpoint. null: API Gateway's."),
    ] = None
    network: Annotated[
        EndpointNetwork | None,
        Allowed("an object of api_endpoints, functions or both, or null"),
        Page("networks.md#a-private-endpoint"),
        Field(
            description="What of the stage is in a VPC of yours: the API, the functions or both. "
            "null: neither."
        ),
    ] = None
    max_body_bytes: Annotated[
        int,
        Allowed("1000 to 6000000 (a Lambda request holds 6 MB with its wrapping)"),
        Page("api.md"),
        Field(
            ge=1_000,
            le=6_000_000,
            description="The largest request body. A larger one is answered with 413.",
        ),
    ] = 5_000_000
    ping_seconds: Annotated[
        int,
        Allowed("1 to 240 (API Gateway closes a stream that is silent for 300 seconds)"),
        Field(
            ge=1,
            le=240,
            description="How long Bedrock may be silent before a stream gets a ping event.",
        ),
    ] = 15
    memory_mb: Annotated[
        int,
        Allowed("128 to 10240"),
        Page("performance.md#memory"),
        Field(
            ge=128,
            le=10_240,
            description="The memory of the gateway function. Its processor grows with it, and so "
            "does its price.",
        ),
    ] = 256
    tracing: Annotated[
        Tracing | None,
        Allowed("an object of requests_per_second and fixed_rate, or null"),
        Page("operations.md#traces"),
        Field(
            description="Which requests X-Ray traces, by a sampling rule of the stage. null: none."
        ),
    ] = None
    reserved_concurrency: Annotated[
        int | None,
        Allowed("a whole number, 1 to 2147483647, or null (0 would answer nobody)"),
        Page("configuration.md#reserved-concurrency"),
        Field(
            ge=1,
            le=2_147_483_647,
            description="How many requests the gateway answers at once, at least the largest "
            "burst. null: it shares what the account has with other functions.",
        ),
    ] = None

    @property
    def api_endpoints(self) -> tuple[str, ...]:
        """The VPC endpoints of a private API; none where the API is public."""
        return (self.network.api_endpoints if self.network else None) or ()

    @property
    def function_network(self) -> FunctionNetwork | None:
        """The VPC that the functions run in; None where they run in Lambda's own network."""
        return self.network.functions if self.network else None
