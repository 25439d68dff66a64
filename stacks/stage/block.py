"""A stage block as a whole: its groups, and what follows from several of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, WithJsonSchema

from claude_bedrock.catalog.aws_regions import COMMERCIAL_REGIONS
from claude_bedrock.catalog.role_names import RoleNames
from stacks.stage.account import Account
from stacks.stage.callers import Callers
from stacks.stage.endpoint import Endpoint
from stacks.stage.evidence import Evidence
from stacks.stage.group import Allowed, Group, Page
from stacks.stage.logs import Logging
from stacks.stage.models import ModelsOrNames

CANARY_KEY = "canary"
STAGE_NAME = r"^[a-z][a-z0-9]{0,15}$"

RegionName = Annotated[
    str,
    Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$"),
    WithJsonSchema({"type": "string", "enum": sorted(COMMERCIAL_REGIONS)}),
]


class Stage(Group):
    """One stage block: every value in which deployments differ."""

    name: Annotated[
        str,
        Allowed("1 to 16 lower-case letters and digits, a letter first"),
        Field(pattern=STAGE_NAME, description="The stage's name in the map of stages."),
    ]
    region: Annotated[
        RegionName,
        Allowed("an AWS Region, like us-east-1"),
        Page("deploy.md"),
        Field(
            description="Where everything is deployed, and from where Bedrock is called. One "
            "stage per account and Region."
        ),
    ]
    models: Annotated[
        ModelsOrNames,
        Allowed(
            "a list of model names, aliases and families of the catalog, or an object with the key "
            "allow"
        ),
        Field(description="Which models may be called, and where a call may be answered."),
    ]
    endpoint: Annotated[
        Endpoint,
        Allowed('an object; {"enabled": false} for a stage without an endpoint'),
        Field(description="What the API takes, and how it answers."),
    ] = Endpoint()
    callers: Annotated[
        Callers,
        Allowed("an object"),
        Field(description="Who may call, with which credential, and how much."),
    ] = Callers()
    logging: Annotated[
        Logging,
        Allowed("an object"),
        Field(description="Bedrock's invocation logging, and how long its records are kept."),
    ] = Logging()
    evidence: Annotated[
        Evidence,
        Allowed("an object"),
        Field(description="What shows that every call is recorded."),
    ] = Evidence()
    account: Annotated[
        Account,
        Allowed("an object"),
        Field(description="What the stage has in its account: roles, tags, who is alerted."),
    ] = Account()

    @property
    def key_names(self) -> tuple[str, ...]:
        """The keys that a deployment makes: those of `api_keys`, and the canary's."""
        if self.callers.auth == "iam" or not self.endpoint.enabled:
            return ()
        keys = self.callers.api_keys
        return (*keys, CANARY_KEY) if self.evidence.canary else keys

    @property
    def role_names(self) -> RoleNames:
        """How the stage's roles are named."""
        account = self.account
        return RoleNames(
            self.name, self.region, account.role_prefix or "", account.role_path or "/"
        )

    @property
    def bounds(self) -> dict[str, object]:
        """What decides in which Regions the stage's calls may be answered, as JSON holds it."""
        return {
            "region": self.region,
            "residency": self.models.residency,
            "geographies": self.models.geographies,
            "models": self.models.allow,
        }

    def to_output(self) -> dict[str, object]:
        """Return what the command line has to know of a deployed stage, as JSON values."""
        return {
            "region": self.region,
            "residency": self.models.residency,
            "geographies": self.models.geographies,
            "models": self.models.allow,
            "data_retention": self.models.data_retention,
            "retention_days": self.logging.retention_days,
            "github": self.account.roles.name_github,
            "allowed_direct_callers": self.callers.allowed_direct_callers,
            "token_issuers": {
                name: {"issuer": issuer.issuer, "audience": issuer.audience}
                for name, issuer in self.callers.token_issuers.items()
            },
            "verify_hourly": self.evidence.verify_hourly,
            **({} if self.endpoint.enabled else {"endpoint": False}),
            **({"kms_key": self.logging.kms_key} if self.logging.kms_key else {}),
            **(
                {"log_bucket_access_log": self.logging.log_bucket_access_log.model_dump()}
                if self.logging.log_bucket_access_log
                else {}
            ),
            **({"archive": self.logging.archive.bucket} if self.logging.archive else {}),
            **{
                key: value
                for key in ("qualifier", "permissions_boundary")
                if (value := getattr(self.account, key))
            },
        }
