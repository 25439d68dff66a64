"""A deployed REST API as plain frozen data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Throttle:
    """A token bucket: `rate` tokens a second, `burst` at most."""

    rate: float
    burst: int


@dataclass(frozen=True, slots=True)
class Quota:
    """`limit` requests in each `period` (DAY, WEEK or MONTH); `offset` fewer in the first."""

    limit: int
    period: str
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Authorizer:
    """A function that says who may call. `sources` are the identity sources that must be there."""

    function: str
    token_header: str | None
    sources: tuple[str, ...]
    id: str = ""


@dataclass(frozen=True, slots=True)
class Integration:
    """A Lambda function behind a method, and how its answer travels."""

    function: str
    streams: bool
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class Method:
    """One verb of one resource. `verb` may be ANY; `resource` is a path such as `/v1/{proxy+}`."""

    verb: str
    resource: str
    resource_id: str
    integration: Integration
    authorizer: Authorizer | None = None
    key_required: bool = False
    throttle: Throttle | None = None
    schemas: Mapping[str, Mapping[str, Any]] | None = None
    """Content type -> JSON schema of the body, None where bodies are not validated."""
    signed: bool = False
    """Whether IAM decides on the caller, by the request's signature."""


@dataclass(frozen=True, slots=True)
class GatewayResponse:
    """How a refusal looks; `status` None leaves API Gateway's own."""

    status: int | None
    parameters: Mapping[str, str]
    templates: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AccessLog:
    group: str
    format: str


@dataclass(frozen=True, slots=True)
class Api:
    """One stage of a REST API."""

    id: str
    stage: str
    account: str
    region: str
    methods: tuple[Method, ...]
    responses: Mapping[str, GatewayResponse]
    key_source: str
    access_log: AccessLog | None
    traced: bool
    binary_types: tuple[str, ...]
    variables: Mapping[str, str]
    policy: Mapping[str, Any] | None = None
    """The resource policy, if it has one."""
    domain: str = ""
    """Its own name, whose root stands for the stage."""
    vpc_endpoints: tuple[str, ...] = ()
    """Those that a private API answers through; none where the API is public."""
    has_execute_api: bool = True
    """Whether it answers under API Gateway's name too."""
    has_truststore: bool = False
    """Whether its own name demands a client certificate."""


@dataclass(frozen=True, slots=True)
class Key:
    id: str
    value: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A usage plan of the stage."""

    id: str
    throttle: Throttle | None
    quota: Quota | None


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Who has a key: by its value the key, by the key's id the plan it has on this stage."""

    keys: Mapping[str, Key]
    plans: Mapping[str, Plan]
