"""Names of a stage's roles, as the account's rules want them: a prefix and a path."""

from typing import Final, NamedTuple

MOST_CHARACTERS: Final = 64
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

LONGEST_PURPOSE: Final = 14
"""The characters of `data-retention`, which no role's purpose exceeds."""


class RoleNames(NamedTuple):
    """How the roles of the stage called `stage` are named. IAM counts the path as part of a role's
    ARN, and two roles of one name conflict even on two paths:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"""

    stage: str
    region: str
    prefix: str = ""
    path: str = "/"

    def name(self, purpose: str) -> str:
        """Return the name of the role for `purpose`: at most the 64 characters that IAM takes."""
        return f"{self.prefix}claude-on-bedrock-{self.stage}-{self.region}-{purpose}"

    def resource(self, purpose: str) -> str:
        """Return what the role's ARN ends in: `role`, path and name."""
        return f"role{self.path}{self.name(purpose)}"

    @property
    def prefix_characters(self) -> int:
        """How long a prefix may be for the longest name to fit."""
        return MOST_CHARACTERS - len(self._replace(prefix="").name("x" * LONGEST_PURPOSE))
