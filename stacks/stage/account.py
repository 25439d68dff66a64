"""The group `account`: what the stage has in its AWS account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from stacks.stage.group import Allowed, Group, Page, PrincipalArn, TagText

# A repository and one ref or environment of it, as GitHub writes them into a token's `sub`:
# https://docs.github.com/en/actions/reference/security/oidc#example-subject-claims
# A repository made or renamed since 2026-07-15 has ids in it, `octo-org@123/search@456`:
# https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens/
GitHubSubject = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9-]+(@[0-9]+)?/[A-Za-z0-9._-]+(@[0-9]+)?:"
        r"(ref:refs/(heads|tags)/[^*?\s]+|environment:[^*?\s:]+)$"
    ),
]


LEAVE = "leave"
"""A setting of the account that the stage does not touch."""


class Trust(Group):
    """Who may take a role; nobody named is whom the account's own IAM lets take it."""

    principals: Annotated[
        tuple[PrincipalArn, ...],
        Allowed("a list of ARNs of IAM roles and users"),
        Field(strict=False, description="The roles and users that may take it."),
    ] = ()
    github: Annotated[
        tuple[GitHubSubject, ...],
        Allowed(
            "a list of OWNER/REPOSITORY:ref:refs/heads/BRANCH or "
            "OWNER/REPOSITORY:environment:NAME, without patterns"
        ),
        Field(
            strict=False,
            description="The GitHub Actions workflows that may take it, by OIDC. The account "
            "needs GitHub's provider.",
        ),
    ] = ()


_TRUST = "an object of principals and github"


class Roles(Group):
    """The roles of people and programs beside the gateway; `setup`, `legal_hold` and `deploy` are
    made only where named."""

    application: Annotated[
        Trust, Allowed(_TRUST), Field(description="May invoke the stage's models.")
    ] = Trust()
    auditor: Annotated[
        Trust, Allowed(_TRUST), Field(description="May read logs and evidence, never invoke.")
    ] = Trust()
    operator: Annotated[
        Trust,
        Allowed(_TRUST),
        Field(
            description="May read the stage's state and hand out keys, never invoke, never read a "
            "record."
        ),
    ] = Trust()
    setup: Annotated[
        Trust | None,
        Allowed(f"{_TRUST}, or null"),
        Page("deploy.md"),
        Field(
            description="May subscribe the account to the models, once. It is made only where it "
            "is named."
        ),
    ] = None
    legal_hold: Annotated[
        Trust | None,
        Allowed(f"{_TRUST}, or null"),
        Page("compliance.md"),
        Field(
            description="May put legal holds on records and evidence, and release them; nobody "
            "else may then. It is made only where it is named, and needs logging.object_lock."
        ),
    ] = None
    deploy: Annotated[
        Trust | None,
        Allowed(f"{_TRUST} that names somebody, or null"),
        Page("pipeline.md"),
        Field(
            description="May deploy the stage, as a pipeline does: it assumes the bootstrap roles. "
            "It is made only where it is named."
        ),
    ] = None

    @property
    def name_github(self) -> bool:
        """Whether a workflow of GitHub Actions may take any of them."""
        return any(
            trust.github
            for trust in (
                *(self.application, self.auditor, self.operator),
                *(self.setup, self.legal_hold, self.deploy),
            )
            if trust is not None
        )


class Account(Group):
    """What the stage has in its AWS account: roles, tags, and who is alerted."""

    id: Annotated[
        str | None,
        Allowed("an AWS account id of 12 digits in quotes, or null for the caller's own"),
        Field(
            pattern=r"^[0-9]{12}$",
            description="The account to deploy to. null: that of the credentials in use.",
        ),
    ] = None
    tags: Annotated[
        Mapping[TagText, TagText],
        Allowed("an object of at most 40 tags, each a text"),
        Field(
            max_length=40,
            description="Tags on every resource of the stage. A team's tag of the same name wins "
            "on the team's profiles.",
        ),
    ] = {}
    alarm_email: Annotated[
        str | None,
        Allowed("an e-mail address, or null"),
        Page("operations.md"),
        Field(
            pattern=r"^[^@\s]+@[^@\s]+$",
            description="Subscribed to the alarm topic. AWS sends a mail that has to be "
            "confirmed. Needed where logs are kept, or else the next key.",
        ),
    ] = None
    no_alarm_email_reason: Annotated[
        str | None,
        Allowed("text that says who hears of alarms instead, up to 300 characters, or null"),
        Field(
            pattern=r"\S",
            max_length=300,
            description="Why a stage that keeps its logs names no address: who hears of alarms "
            "instead. It changes nothing in AWS.",
        ),
    ] = None
    api_log_role: Annotated[
        str | None,
        Allowed("the ARN of an IAM role, leave, or null"),
        Page("deploy.md#api-gateways-log-role"),
        Field(
            pattern=r"^(leave|arn:aws:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,512})$",
            description="API Gateway's one role for logs in the account. Where it has none, null "
            "makes one and an ARN sets that one. leave: it has one.",
        ),
    ] = None
    permissions_boundary: Annotated[
        str | None,
        Allowed("the ARN or the name of an IAM policy, or null"),
        Page("security.md#rules-of-the-account-for-roles"),
        Field(
            pattern=r"^(arn:aws:iam::(aws|[0-9]{12}):policy/[A-Za-z0-9+=,.@_/-]{1,512}"
            r"|[A-Za-z0-9+=,.@_-]{1,128})$",
            description="The permissions boundary of every role of the stage. A name is of a "
            "policy in the stage's account.",
        ),
    ] = None
    role_path: Annotated[
        str | None,
        Allowed("a path of IAM, like /platform/, or null for /"),
        Page("security.md#rules-of-the-account-for-roles"),
        Field(
            # https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
            pattern=r"^/([A-Za-z0-9+=,.@_-]{1,128}/){0,4}$",
            max_length=512,
            description="The path of every role of the stage. Choose it before the first "
            "deployment.",
        ),
    ] = None
    role_prefix: Annotated[
        str | None,
        Allowed("1 to 20 letters, digits and +=,.@_-, or null"),
        Page("security.md#rules-of-the-account-for-roles"),
        Field(
            pattern=r"^[A-Za-z0-9+=,.@_-]{1,20}$",
            description="What the name of every role of the stage begins with. Choose it before "
            "the first deployment.",
        ),
    ] = None
    qualifier: Annotated[
        str | None,
        Allowed("1 to 10 lower-case letters and digits, or null for hnb659fds"),
        Page("deploy-permissions.md"),
        Field(
            # https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-customizing.html
            pattern=r"^[a-z0-9]{1,10}$",
            description="The qualifier that the account and Region were bootstrapped with.",
        ),
    ] = None
    roles: Annotated[
        Roles,
        Allowed("an object of application, auditor, operator, setup, legal_hold and deploy"),
        Page("security.md"),
        Field(
            description="Who may take which role. If you name nobody for a role, the account's "
            "own IAM policies decide."
        ),
    ] = Roles()
