"""The application inference profiles of a stage's teams, as callers name them.

A key of a team calls by its team's copy of a profile whatever name it asks for; it may also ask by
the ARN of that copy: https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-use.html
"""

from collections.abc import Iterator, Mapping

from gateway import errors

TeamProfiles = Mapping[str, Mapping[str, str]]
"""Team -> id of a profile that AWS defines -> ARN of the team's own copy of it."""

_KIND = ":application-inference-profile/"
_ACCOUNT = 4  # of an ARN's parts


def is_named(requested: str) -> bool:
    """Return whether a name is the ARN of an application inference profile, whoever's."""
    return _KIND in requested


def team_of(api_key_name: str, profiles: TeamProfiles) -> str:
    """Return the team of a key called TEAM.NAME, empty for any other key."""
    team, dot, _ = api_key_name.partition(".")
    return team if dot and team in profiles else ""


def profile_for_team(profile_id: str, team: str, profiles: TeamProfiles) -> str:
    """Return the id or ARN to call Bedrock with: the ARN of the team's own copy of the profile, or
    the profile's id.

    An ARN may stand where an id does:
    https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-use.html
    """
    return profiles[team].get(profile_id, profile_id) if team in profiles else profile_id


def copied_profile(
    requested: str, team: str, profiles: TeamProfiles, *, by_id: bool = False
) -> str:
    """Return the id of the profile whose copy a name means by its ARN, or also `by_id`; empty where
    it means none. Raises PermissionDenied, NotFound."""
    if is_named(requested) or (by_id and _is_own_id(requested, profiles)):
        return _copied_id(requested, team, profiles)
    return ""


def _is_own_id(requested: str, profiles: TeamProfiles) -> bool:
    return any(requested == id_of(arn) for copies in profiles.values() for arn in copies.values())


def _copied_id(requested: str, team: str, profiles: TeamProfiles) -> str:
    """Return the id of the profile whose copy `requested` names by its ARN, with or without the
    account, or by its id.

    Raises PermissionDenied for a copy of another team's, NotFound for no copy of this stage's.
    """
    name = requested[max(requested.find("arn:"), 0) :].strip()
    for owner, copies in profiles.items():
        for copied_id, arn in copies.items():
            if name in _names(arn):
                if owner != team:
                    raise errors.PermissionDenied(
                        "That application inference profile is not one of your key's team. A key "
                        "of a team calls by its team's own: ask for a model by its name."
                    )
                return copied_id
    raise errors.NotFound(
        "There is no such application inference profile in this stage. Ask for a model by its name."
    )


def public_arn(arn: str) -> str:
    """Return the ARN without the account, which nobody needs to call."""
    parts = arn.split(":")
    return ":".join([*parts[:_ACCOUNT], "", *parts[_ACCOUNT + 1 :]])


def id_of(arn: str) -> str:
    """Return the id at the ARN's end."""
    return arn.rpartition("/")[2]


def _names(arn: str) -> Iterator[str]:
    yield from (arn, public_arn(arn), id_of(arn))
