"""The group `callers`: who may call, with which credential, and how much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from stacks.stage.group import TRUE_OR_FALSE, Allowed, Group, Page, PrincipalArn, TagText
from stacks.stage.models import Guardrail
from stacks.stage.token_issuers import DEFAULT_PLAN, IssuerName, PlanName, TeamName, TokenIssuer

# A claim of a token may hold more than a team of this block.
BudgetTeam = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:@+=,/-]{1,128}$")]
BudgetCaller = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:@+=,/-]{1,256}$")]
KeyName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


class Throttle(Group):
    """Requests a second that a key's plan lets through, and how many at once above that."""

    rate_per_second: Annotated[
        float,
        Allowed("0.1 to 10000"),
        Field(ge=0.1, le=10_000, description="Requests a second that a key may send over time."),
    ]
    burst: Annotated[
        int,
        Allowed("a whole number, 1 to 5000"),
        Field(ge=1, le=5_000, description="Requests that may come at once."),
    ]


class Quota(Group):
    """Requests that a key's plan lets through in a calendar period."""

    requests: Annotated[
        int,
        # https://docs.aws.amazon.com/apigateway/latest/api/API_QuotaSettings.html: an Integer
        Allowed("a whole number, 1 to 2147483647"),
        Field(ge=1, le=2_147_483_647, description="How many requests a key has in the period."),
    ]
    period: Annotated[
        Literal["DAY", "WEEK", "MONTH"],
        Allowed("DAY, WEEK or MONTH"),
        Field(description="The calendar period."),
    ]


_THROTTLE = Allowed("an object of rate_per_second and burst")
_QUOTA = Allowed("an object of requests and period, or null")


class Plan(Group):
    """The limits of each key that is in the plan. `models` is None for all of the stage's."""

    throttle: Annotated[
        Throttle, _THROTTLE, Field(description="The rate of each key in the plan, best effort.")
    ]
    quota: Annotated[
        Quota | None,
        _QUOTA,
        Field(description="The requests of each key in the plan in a calendar period."),
    ] = None
    models: Annotated[
        tuple[str, ...] | None,
        Allowed("a list of names, aliases and families of the stage's models, or null"),
        Page("cli.md"),
        Field(
            min_length=1,
            strict=False,
            description="The only models that a key in the plan may call. null is all of the "
            "stage's. A key's value names its plan: make a key anew to move it.",
        ),
    ] = None
    tokens_per_minute: Annotated[
        int | None,
        Allowed("a whole number, 1 to 1000000000, or null"),
        Page("budgets.md"),
        Field(
            ge=1,
            le=1_000_000_000,
            description="Tokens a minute of each caller in the plan: input, writes to a cache and "
            "output. null is no limit.",
        ),
    ] = None


class Budget(Group):
    """How much may be spent in a calendar period: `usd` or `tokens`, one of them."""

    usd: Annotated[
        float | None,
        Allowed("US dollars, 0.01 to 100000000; or tokens instead"),
        Field(ge=0.01, le=100_000_000, description="US dollars, by the catalog's prices."),
    ] = None
    tokens: Annotated[
        int | None,
        Allowed("a whole number, 1 to 1000000000000; or usd instead"),
        Field(
            ge=1,
            le=1_000_000_000_000,
            description="Tokens: input, writes to a cache and output.",
        ),
    ] = None
    per: Annotated[
        Literal["day", "week", "month"],
        Allowed("day, week or month"),
        Field(description="The calendar period, in UTC; a week begins on Monday."),
    ]
    action: Annotated[
        Literal["block", "alert"],
        Allowed("block or alert"),
        Field(description="Whether a call that does not fit is refused, or only counted."),
    ] = "block"
    alert_at: Annotated[
        tuple[Annotated[int, Field(ge=1, le=100)], ...],
        Allowed("a list of different percentages, 1 to 100"),
        Field(
            strict=False,
            description="Percentages of the budget at which an alarm is raised.",
        ),
    ] = (80, 100)


_BUDGETS = Allowed("a list of at most 3 objects of usd or tokens, per, action and alert_at")
_BudgetList = Annotated[tuple[Budget, ...], Field(max_length=3, strict=False)]


class Budgets(Group):
    """How much may be spent: by all callers together, by each team, by each caller."""

    stage: Annotated[
        _BudgetList,
        _BUDGETS,
        Field(description="Budgets of all callers together."),
    ] = ()
    teams: Annotated[
        Mapping[BudgetTeam, _BudgetList],
        Allowed("an object of team names, or default, each a list of budgets"),
        Field(
            description="Budgets of each team: default for each that is not named. An empty list "
            "is none."
        ),
    ] = {}
    callers: Annotated[
        Mapping[BudgetCaller, _BudgetList],
        Allowed("an object of callers' names, or default, each a list of budgets"),
        Field(
            description="Budgets of each caller: default for each that is not named. A caller is "
            "the name of a key, ISSUER:NAME of a token, or role/session of a signed request."
        ),
    ] = {}


class Team(Group):
    """A team. An object of tags alone stands for an object with `tags`."""

    tags: Annotated[
        Mapping[TagText, TagText],
        Allowed("an object of tags, each a text"),
        Field(description="Cost-allocation tags on the team's inference profiles."),
    ] = {}
    guardrail: Annotated[
        Guardrail | None,
        Allowed("an object of id and version, or null"),
        Page("operations.md#a-teams-guardrail"),
        Field(
            description="A guardrail without which IAM lets no caller of the team invoke a model. "
            "The gateway puts it into the team's calls."
        ),
    ] = None


def _with_tags(value: object) -> object:
    """Return the object that a team's tags stand for; anything else as it is. A tag may have the
    name of a key, and is a text."""
    if not isinstance(value, Mapping):
        return value
    names_keys = any(
        name in value and not isinstance(value[name], str) for name in Team.model_fields
    )
    return value if names_keys else {"tags": value}


TeamOrTags = Annotated[
    Team,
    BeforeValidator(_with_tags, json_schema_input_type=Mapping[TagText, TagText] | Team),
]


class Callers(Group):
    """Who may call, with which credential, and how much."""

    auth: Annotated[
        Literal["key", "iam"],
        Allowed("key or iam"),
        Page("api.md"),
        Field(
            description="The credential that the endpoint takes: one of the stage's keys, or a "
            "signature of IAM credentials (SigV4). With iam there are no keys and no plans."
        ),
    ] = "key"
    api_keys: Annotated[
        tuple[KeyName, ...],
        Allowed(
            "a list of 1 to 50 different names of letters, digits, _ . and -, or of none with "
            "token_issuers"
        ),
        Field(
            max_length=50,
            strict=False,
            description="The keys that a deployment makes. A key's name is in every audit log "
            "entry and in Bedrock's record.",
        ),
    ] = ("default",)
    token_issuers: Annotated[
        Mapping[IssuerName, TokenIssuer],
        Allowed(
            "an object of names (letters, digits, _ and -), each an object of issuer, audience, "
            "caller_claim, team, require and plan"
        ),
        Page("sign-in.md"),
        Field(
            description="OpenID Connect issuers whose tokens are a credential as keys are: your "
            "identity provider, AWS, GitHub Actions."
        ),
    ] = {}
    throttle: Annotated[
        Throttle,
        _THROTTLE,
        Field(
            description="The rate of each key in the plan default, best effort. With auth iam, of "
            "each method for all callers together."
        ),
    ] = Throttle(rate_per_second=10, burst=20)
    quota: Annotated[
        Quota | None,
        _QUOTA,
        Field(
            description="The requests of each key in the plan default in a calendar period, best "
            "effort. null is no quota."
        ),
    ] = None
    plans: Annotated[
        Mapping[PlanName, Plan],
        Allowed(
            "an object of plan names (letters, digits, _ and -), each an object of throttle, "
            "quota, models and tokens_per_minute"
        ),
        Page("cli.md"),
        Field(
            description="Further usage plans, for keys that claude-bedrock keys makes. throttle "
            "and quota of this group are the plan default."
        ),
    ] = {}
    budgets: Annotated[
        Budgets | None,
        Allowed("an object of stage, teams and callers, or null"),
        Page("budgets.md"),
        Field(
            description="How much may be spent by the day, week or month. null is no budget, and "
            "no table."
        ),
    ] = None
    budgets_fail: Annotated[
        Literal["closed", "open"],
        Allowed("closed or open"),
        Page("budgets.md"),
        Field(
            description="Whether calls are refused (closed) or go on (open) while the table of "
            "budgets does not answer."
        ),
    ] = "closed"
    teams: Annotated[
        Mapping[TeamName, TeamOrTags],
        Allowed(
            "an object of team names (1 to 24 letters and digits, single _ and - between them), "
            "each an object of cost-allocation tags, or of tags and guardrail"
        ),
        Page("operations.md"),
        Field(
            description="An application inference profile for each team, model and geography, "
            "with the team's tags. The key search.web is of the team search."
        ),
    ] = {}
    team_profiles_available: Annotated[
        bool,
        TRUE_OR_FALSE,
        Page("deploy.md"),
        Field(
            description="Lets teams be used in a Region that is not listed as having application "
            "inference profiles, where AWS has added them since."
        ),
    ] = False
    caller_sessions: Annotated[
        bool,
        TRUE_OR_FALSE,
        Page("callers.md"),
        Field(
            description="Whether the gateway calls Bedrock in a session of the caller's own, so "
            "that AWS itself names the caller in its record, in CloudTrail and on the bill."
        ),
    ] = True
    allowed_direct_callers: Annotated[
        tuple[PrincipalArn, ...],
        Allowed("a list of ARNs of IAM roles and users"),
        Field(
            strict=False,
            description="Who may call Bedrock past the gateway without an alarm. Verification "
            "counts their calls and reports no finding.",
        ),
    ] = ()
    short_term_bearer_tokens: Annotated[
        bool,
        TRUE_OR_FALSE,
        Page("security.md"),
        Field(
            description="Whether the deny policy lets Bedrock's short-term API keys be used. "
            "Long-term ones never are."
        ),
    ] = False

    @property
    def all_plans(self) -> dict[str, Plan]:
        """The stage's usage plans by name; `default` is the one of `throttle` and `quota`."""
        return {DEFAULT_PLAN: Plan(throttle=self.throttle, quota=self.quota), **self.plans}

    @property
    def team_guardrails(self) -> dict[str, tuple[str, str]]:
        """The guardrail of each team that has one: id and version."""
        return {
            name: (team.guardrail.id, team.guardrail.version)
            for name, team in self.teams.items()
            if team.guardrail is not None
        }

    @property
    def counts_spending(self) -> bool:
        """Whether calls are counted in a table: for budgets, or for tokens a minute."""
        rates = (plan.tokens_per_minute for plan in self.plans.values())
        return self.budgets is not None or any(rate is not None for rate in rates)
