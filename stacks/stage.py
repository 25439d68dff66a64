"""Alone knows the shape of a stage block in cdk.json: its keys, their types, what each allows.

A field's `description` ends the line that tells of a mistake: "allowed: …".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

# What PutRetentionPolicy takes, from 30 days on:
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION_DAYS = (
    *(30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
DEFAULT_PLAN = "default"
CANARY_KEY = "canary"

Route = Literal["global", "us", "eu", "jp", "au", "apac"]
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ServiceTier.html
ServiceTier = Literal["default", "flex", "priority", "reserved"]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
# As a browser sends it: scheme, host in lower case, a port unless it is the scheme's own:
# https://fetch.spec.whatwg.org/#origin-header
Origin = Annotated[
    str,
    Field(
        pattern=r"^(https://[a-z0-9-]+(\.[a-z0-9-]+)*|http://(localhost|127\.0\.0\.1))(:[0-9]{1,5})?$"
    ),
]
# It becomes part of a profile's name: single separators, no more than there is room for.
TeamName = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([_-]?[A-Za-z0-9])*$", max_length=24)]
KeyName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
# Users and roles; no `*`, no root, no session:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
PrincipalArn = Annotated[
    str, Field(pattern=r"^arn:aws:iam::[0-9]{12}:(role|user)/[A-Za-z0-9+=,.@_/-]{1,512}$")
]
# A repository and one ref or environment of it, as GitHub writes them into a token's `sub`:
# https://docs.github.com/en/actions/reference/security/oidc#example-subject-claims
GitHubSubject = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9-]+/[A-Za-z0-9._-]+:(ref:refs/(heads|tags)/[^*?\s]+|environment:[^*?\s:]+)$"
    ),
]
# https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
TagText = Annotated[str, Field(pattern=r"^[A-Za-z0-9 _.:/=+@-]{1,128}$")]


class Block(BaseModel):
    """An object in cdk.json whose keys are all known."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Throttle(Block):
    """Requests a second that a key's plan lets through, and how many at once above that."""

    rate_per_second: Annotated[float, Field(gt=0, le=10_000, description="0.1 to 10000")]
    burst: Annotated[int, Field(ge=1, le=5_000, description="a whole number, 1 to 5000")]


class Quota(Block):
    """Requests that a key's plan lets through in a calendar period."""

    requests: Annotated[int, Field(ge=1, description="a whole number, 1 or more")]
    period: Annotated[Literal["DAY", "WEEK", "MONTH"], Field(description="DAY, WEEK or MONTH")]


class Plan(Block):
    """The limits of each key that is in the plan."""

    throttle: Annotated[Throttle, Field(description="an object of rate_per_second and burst")]
    quota: Annotated[
        Quota | None, Field(description="an object of requests and period, or null")
    ] = None


class Trust(Block):
    """Who may take a role; nobody named is whom the account's own IAM lets take it."""

    principals: Annotated[
        tuple[PrincipalArn, ...],
        Field(strict=False, description="a list of ARNs of IAM roles and users"),
    ] = ()
    github: Annotated[
        tuple[GitHubSubject, ...],
        Field(
            strict=False,
            description="a list of OWNER/REPOSITORY:ref:refs/heads/BRANCH or "
            "OWNER/REPOSITORY:environment:NAME, without patterns",
        ),
    ] = ()


_TRUST = "an object of principals and github"


class Roles(Block):
    """The roles of people and programs beside the gateway; `setup` is made only where named."""

    application: Annotated[Trust, Field(description=_TRUST)] = Trust()
    auditor: Annotated[Trust, Field(description=_TRUST)] = Trust()
    operator: Annotated[Trust, Field(description=_TRUST)] = Trust()
    setup: Annotated[Trust | None, Field(description=f"{_TRUST}, or null")] = None

    @property
    def name_github(self) -> bool:
        """Whether a workflow of GitHub Actions may take any of them."""
        return any(
            trust.github
            for trust in (self.application, self.auditor, self.operator, self.setup)
            if trust is not None
        )


class Guardrail(Block):
    """The guardrail without which nothing may be invoked."""

    id: Annotated[
        str,
        Field(pattern=r"^[a-z0-9]{1,64}$", description="a guardrail's id, as Bedrock shows it"),
    ]
    version: Annotated[
        str, Field(pattern=r"^([1-9][0-9]{0,7}|DRAFT)$", description="its version in quotes")
    ]


class Stage(Block):
    """One stage block: every value a deployment of ours can differ in."""

    name: Annotated[
        str,
        Field(
            pattern=r"^[a-z][a-z0-9]{0,15}$",
            description="1 to 16 lower-case letters and digits, a letter first",
        ),
    ]
    region: Annotated[
        str,
        Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$", description="an AWS Region, like us-east-1"),
    ]
    route: Annotated[Route, Field(description="global, us, eu, jp, au or apac")]
    fallback_routes: Annotated[
        tuple[Route, ...],
        Field(strict=False, description="a list of global, us, eu, jp, au and apac"),
    ] = ()
    residency: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)*(-[0-9])?$")], ...] | None,
        Field(
            min_length=1,
            strict=False,
            description="a list of Regions or of what their names begin with, like us or "
            "ap-northeast, or null",
        ),
    ] = None
    models: Annotated[
        tuple[str, ...],
        Field(
            min_length=1,
            strict=False,
            description="a list of model names, aliases and families of the catalog",
        ),
    ]
    data_retention: Annotated[
        Literal["none", "default", "aws_review"] | None,
        Field(description="none, default, aws_review, or null"),
    ] = None
    guardrail: Annotated[
        Guardrail | None, Field(description="an object of id and version, or null")
    ] = None
    service_tiers: Annotated[
        tuple[ServiceTier, ...],
        Field(strict=False, description="a list of default and any of flex, priority, reserved"),
    ] = ("default",)
    short_term_bearer_tokens: Annotated[bool, Field(description="true or false")] = False
    roles: Annotated[
        Roles, Field(description="an object of application, auditor, operator and setup")
    ] = Roles()
    teams: Annotated[
        Mapping[TeamName, Mapping[TagText, TagText]],
        Field(
            description="an object of team names (1 to 24 letters and digits, single _ and - "
            "between them), each an object of cost-allocation tags"
        ),
    ] = {}
    team_profiles_available: Annotated[bool, Field(description="true or false")] = False
    retention_days: Annotated[
        int, Field(description="one of " + ", ".join(map(str, RETENTION_DAYS)))
    ] = 30
    object_lock: Annotated[
        Literal["governance", "compliance"] | None,
        Field(description="governance, compliance, or null"),
    ] = None
    record_access_log: Annotated[
        Literal["data_events", "server_access_log"] | None,
        Field(description="data_events, server_access_log, or null"),
    ] = None
    existing_logging: Annotated[
        Literal["fail", "adopt", "extend", "replace"],
        Field(description="fail, adopt, extend or replace"),
    ] = "fail"
    existing_logging_role: Annotated[
        str | None,
        Field(
            pattern=r"^arn:aws:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,512}$",
            description="the ARN of an IAM role, or null",
        ),
    ] = None
    restore_logging: Annotated[bool, Field(description="true or false")] = False
    athena_scan_limit_mb: Annotated[
        int,
        Field(ge=10, le=7_000_000, description="10 to 7000000 (what one query may read, in MB)"),
    ] = 10_000
    verify_hourly: Annotated[bool, Field(description="true or false")] = True
    canary: Annotated[str | None, Field(description="one of the stage's models, or null")] = None
    other_callers: Annotated[
        tuple[PrincipalArn, ...],
        Field(strict=False, description="a list of ARNs of IAM roles and users"),
    ] = ()
    auth: Annotated[Literal["key", "iam"], Field(description="key or iam")] = "key"
    cors_origins: Annotated[
        tuple[Origin, ...],
        Field(
            max_length=20,
            strict=False,
            description="a list of at most 20 origins as browsers send them, like "
            "https://app.example.com, without a path, a slash at the end, or *",
        ),
    ] = ()
    api_keys: Annotated[
        tuple[KeyName, ...],
        Field(
            min_length=1,
            max_length=50,
            strict=False,
            description="a list of 1 to 50 different names of letters, digits, _ . and -",
        ),
    ] = ("default",)
    throttle: Annotated[Throttle, Field(description="an object of rate_per_second and burst")] = (
        Throttle(rate_per_second=10, burst=20)
    )
    quota: Annotated[
        Quota | None, Field(description="an object of requests and period, or null")
    ] = None
    plans: Annotated[
        Mapping[Name, Plan],
        Field(
            description="an object of plan names (letters, digits, _ and -), each an object of "
            "throttle and quota"
        ),
    ] = {}
    reserved_concurrency: Annotated[
        int | None,
        Field(ge=1, description="a whole number, 1 or more, or null (0 would answer nobody)"),
    ] = None
    max_body_bytes: Annotated[
        int,
        Field(
            ge=1_000,
            le=6_000_000,
            description="1000 to 6000000 (a Lambda request holds 6 MB with its wrapping)",
        ),
    ] = 5_000_000
    ping_seconds: Annotated[
        int,
        Field(
            ge=1,
            le=240,
            description="1 to 240 (API Gateway closes a stream that is silent for 300 seconds)",
        ),
    ] = 15
    alarm_email: Annotated[
        str | None,
        Field(pattern=r"^[^@\s]+@[^@\s]+$", description="an e-mail address, or null"),
    ] = None
    no_alarm_email_reason: Annotated[
        str | None,
        Field(
            pattern=r"\S",
            max_length=300,
            description="text that says who hears of alarms instead, up to 300 characters, or null",
        ),
    ] = None
    keep_logs_on_destroy: Annotated[bool, Field(description="true or false")] = True
    account: Annotated[
        str | None,
        Field(
            pattern=r"^[0-9]{12}$",
            description="an AWS account id of 12 digits in quotes, or null for the caller's own",
        ),
    ] = None
    tags: Annotated[
        Mapping[TagText, TagText],
        Field(max_length=40, description="an object of at most 40 tags, each a text"),
    ] = {}
    adapt: Annotated[
        Literal["lenient", "strict"],
        Field(description="lenient or strict"),
    ] = "lenient"

    @property
    def routes(self) -> tuple[Route, ...]:
        """The routes that callers may take, in the order in which they are tried."""
        return (self.route, *self.fallback_routes)

    @property
    def all_plans(self) -> dict[str, Plan]:
        """The stage's usage plans by name; `default` is the one of `throttle` and `quota`."""
        return {DEFAULT_PLAN: Plan(throttle=self.throttle, quota=self.quota), **self.plans}

    @property
    def key_names(self) -> tuple[str, ...]:
        """The keys that a deployment makes: those of `api_keys`, and the canary's."""
        if self.auth == "iam":
            return ()
        return (*self.api_keys, CANARY_KEY) if self.canary else self.api_keys

    @property
    def keeps_own_record(self) -> bool:
        """Whether Bedrock writes to the stage's own places, and not to another's."""
        return self.existing_logging in {"fail", "replace"}

    @property
    def bounds(self) -> dict[str, object]:
        """What decides in which Regions the stage's calls may be answered, as JSON holds it."""
        return {
            "region": self.region,
            "residency": self.residency,
            "routes": self.routes,
            "models": self.models,
        }

    def told(self) -> dict[str, object]:
        """What the command line has to know of a deployed stage, as JSON holds it."""
        return {
            **self.bounds,
            "data_retention": self.data_retention,
            "retention_days": self.retention_days,
            "github": self.roles.name_github,
            "other_callers": self.other_callers,
            "verify_hourly": self.verify_hourly,
        }
