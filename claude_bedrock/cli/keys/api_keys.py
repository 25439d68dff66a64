"""A stage's keys as API Gateway holds them, which is the only place that does: made, listed,
replaced, taken away, and how much they were used."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from claude_bedrock.cli.doctor.check import DENIED, code_of
from claude_bedrock.cli.keys import key_format
from claude_bedrock.cli.keys.key_format import DEFAULT_PLAN
from claude_bedrock.cli.shared.deployment import Client, Deployment
from claude_bedrock.cli.shared.errors import CliError

STAGE_TAG = "claude-on-bedrock"
PLAN_TAG = "claude-on-bedrock:plan"
EXPIRES_TAG = "claude-on-bedrock:expires"  # lambda/api_key_expiry switches the key off then
_OFF = {"op": "replace", "path": "/enabled", "value": "false"}


class KeyRefusedError(CliError):
    """That cannot be done to that key; the text says why, and what can."""


class Key(NamedTuple):
    """What API Gateway knows of a key, but for its value. `ends`: when it is switched off, None for
    a key that nobody has replaced. `of_stack`: made by the deployment, from `api_keys`.
    `unreadable_end`: the tag of a replaced key, where somebody has written into it what is no time
    with a zone. Such a key stays on."""

    id: str
    name: str
    plan: str
    enabled: bool
    created: datetime
    ends: datetime | None
    of_stack: bool
    unreadable_end: str = ""

    @property
    def is_replaced(self) -> bool:
        return self.ends is not None or bool(self.unreadable_end)

    def valid(self, now: datetime) -> bool:
        return self.enabled and (self.ends is None or self.ends > now)


class Day(NamedTuple):
    """Requests that a key made on a day (UTC), and those its quota had left at the end of it; None
    where there is no quota."""

    day: date
    requests: int
    remaining: int | None


class Keys:
    """The keys of a deployed stage. Any call may raise botocore's errors."""

    def __init__(self, deployment: Deployment) -> None:
        """Raises NoTargetError, and KeyRefusedError for a stage that has no keys."""
        outputs = deployment.outputs("Gateway")
        if "UsagePlanIds" not in outputs:
            raise KeyRefusedError(f"Stage {deployment.stage} has no keys: its auth is iam.")
        self._plans: Mapping[str, str] = json.loads(outputs["UsagePlanIds"])
        self._ids_of_stack = set(json.loads(outputs["ApiKeyIds"]).values())
        self._stage, self._region = deployment.stage, deployment.region
        self._options = deployment.options
        self._prefix = deployment.stack("")  # that of the keys that the stack makes, too
        self._client: Client = deployment.client("apigateway")

    def all(self) -> list[Key]:
        """Return every key of the stage, by name, the newest of a name first."""
        pages = self._client.get_paginator("get_api_keys").paginate(
            nameQuery=self._prefix, includeValues=False
        )
        keys = [self._key(raw) for page in pages for raw in page["items"]]
        return sorted(keys, key=lambda key: (key.name, -key.created.timestamp()))

    def named(self, name: str) -> list[Key]:
        """Return the keys of that name, the newest first. Raises KeyRefusedError where there is
        none."""
        keys = [key for key in self.all() if key.name == name]
        if not keys:
            raise KeyRefusedError(
                f"Stage {self._stage} has no key {name}. "
                f"`claude-bedrock keys list{self._options}` lists them."
            )
        return keys

    def add(self, name: str, plan: str) -> str:
        """Make a key and return its value, which is shown this once. Raises KeyRefusedError,
        UnfitNameError."""
        if any(key.name == name for key in self.all()):
            raise KeyRefusedError(f"Key {name} exists. Rotate or revoke it, or use another name.")
        return self._make(name, plan)[1]

    def rotate(self, name: str, overlap: timedelta, now: datetime) -> str:
        """Make a key in place of the one with this name, which ends after `overlap`, and return its
        value. Raises KeyRefusedError."""
        current, replaced = self._generations(name)
        if any(key.valid(now) for key in replaced):
            raise KeyRefusedError(
                f"The last rotation of {name} has not ended. To end it now, run "
                f"`claude-bedrock keys revoke {name} --replaced-only{self._options}`."
            )
        for key in replaced:
            self._delete(key)
        new_id, value = self._make(name, current.plan)
        try:
            self._end(current, now + overlap, now)
        except ClientError:
            self._client.delete_api_key(apiKey=new_id)
            raise
        return value

    def revoke(self, name: str, *, replaced_only: bool) -> list[Key]:
        """Revoke the keys of that name, or with `replaced_only` those that a rotation replaced, and
        return them. A key of the stack is switched off, for the stack to delete.

        Raises KeyRefusedError where there is nothing to revoke.
        """
        keys = [key for key in self.named(name) if key.is_replaced or not replaced_only]
        if not keys:
            raise KeyRefusedError(f"Key {name} has no replaced value to revoke.")
        for key in keys:
            if key.of_stack:
                self._client.update_api_key(apiKey=key.id, patchOperations=[_OFF])
            else:
                self._delete(key)
        return keys

    def usage(self, key: Key, days: int, today: date) -> list[Day]:
        """Return the key's last `days`, today included; API Gateway may be half an hour behind.

        https://docs.aws.amazon.com/apigateway/latest/api/API_GetUsage.html
        """
        plan_id, start = self._plan_id(key.plan), today - timedelta(days - 1)
        has_quota = bool(self._client.get_usage_plan(usagePlanId=plan_id).get("quota"))
        pages = self._client.get_paginator("get_usage").paginate(
            usagePlanId=plan_id, keyId=key.id, startDate=str(start), endDate=str(today)
        )
        entries = [
            entry for page in pages for of_key in page.get("items", {}).values() for entry in of_key
        ]
        if entries and len(entries) != days:
            raise KeyRefusedError(
                f"API Gateway returned usage for {len(entries)} of the {days} days requested."
            )
        every_day = [start + timedelta(n) for n in range(days)]
        return [
            Day(day, *_counts(entry, has_quota=has_quota))
            for day, entry in zip(every_day, entries or [[]] * days, strict=True)
        ]

    def _generations(self, name: str) -> tuple[Key, list[Key]]:
        """Return the key in force and those that it replaced. Raises KeyRefusedError."""
        keys = self.named(name)
        if any(key.of_stack for key in keys):
            raise KeyRefusedError(
                f"Key {name} is managed by the deployment (api_keys or canary in cdk.json). To "
                f"rotate one of api_keys, add a second name, deploy, move its callers, remove "
                f"{name}, and deploy again."
            )
        current = [key for key in keys if not key.is_replaced]
        if len(current) != 1 or not current[0].enabled:
            raise KeyRefusedError(
                f"Key {name} has no value that works. Revoke it and add it again."
            )
        return current[0], [key for key in keys if key.is_replaced]

    def _make(self, name: str, plan: str) -> tuple[str, str]:
        """Return the id and the value of a new key in that plan."""
        plan_id, value = self._plan_id(plan), key_format.make(name, plan)
        made = self._client.create_api_key(
            name=f"{self._prefix}{name}",
            description="Made by claude-bedrock keys",
            enabled=True,
            value=value,
            tags={STAGE_TAG: self._stage, PLAN_TAG: plan},
        )
        try:
            self._client.create_usage_plan_key(
                usagePlanId=plan_id, keyId=made["id"], keyType="API_KEY"
            )
        except ClientError as error:
            self._client.delete_api_key(apiKey=made["id"])
            if error.response["Error"]["Code"] == "NotFoundException":
                raise KeyRefusedError(self._without_plan(plan)) from error
            raise
        return made["id"], value

    def _without_plan(self, plan: str) -> str:
        return (
            f"API Gateway lacks the usage plan {plan} of stage {self._stage}: it was deleted by "
            f"hand. Run `cdk deploy claude-on-bedrock-{self._stage}-Gateway --revert-drift "
            f"-c stage={self._stage}`, which also enables keys of api_keys that you revoked."
        )

    def _end(self, key: Key, at: datetime, now: datetime) -> None:
        if at <= now:
            self._delete(key)
            return
        self._client.tag_resource(
            resourceArn=f"arn:aws:apigateway:{self._region}::/apikeys/{key.id}",
            tags={EXPIRES_TAG: f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"},
        )

    def _delete(self, key: Key) -> None:
        self._client.delete_api_key(apiKey=key.id)

    def _plan_id(self, plan: str) -> str:
        if plan not in self._plans:
            raise KeyRefusedError(
                f"Stage {self._stage} has no plan {plan}. It has: {', '.join(self._plans)}."
            )
        return self._plans[plan]

    def _key(self, raw: Mapping[str, Any]) -> Key:
        tags = raw.get("tags", {})
        ends = _time(tags.get(EXPIRES_TAG, ""))
        return Key(
            id=raw["id"],
            name=raw["name"].removeprefix(self._prefix),
            plan=tags.get(PLAN_TAG, DEFAULT_PLAN),
            enabled=raw["enabled"],
            created=raw["createdDate"],
            ends=ends,
            of_stack=raw["id"] in self._ids_of_stack,
            unreadable_end=repr(tags[EXPIRES_TAG]) if EXPIRES_TAG in tags and not ends else "",
        )


def _time(text: str) -> datetime | None:
    """Return the time that a tag names, as lambda/api_key_expiry reads it; None where it names
    none, or one without a zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def team_warning(deployment: Deployment, name: str) -> str:
    """Return a warning about the team in `TEAM.NAME`, by the stage's `teams`; empty where there is
    none. Raises NoTargetError, and botocore's errors but for a denial, which is the warning
    instead.

    Raises NoTargetError, and botocore's errors but for a denial, which is said instead."""
    team, dot, _ = name.partition(".")
    if not dot:
        return ""
    try:
        outputs = deployment.outputs("ModelAccess")
    except ClientError as error:
        if code_of(error) not in DENIED:
            raise
        return f"AWS denies the stack that says whether the stage has a team {team}"
    teams: Mapping[str, Any] = json.loads(outputs.get("TeamProfileArns", "{}"))
    if not teams or team in teams:
        return ""
    close = get_close_matches(team, teams, n=1)
    meant = f" (is {close[0]} meant?)" if close else ""
    return (
        f"the stage has no team {team}{meant}; there are {', '.join(sorted(teams))}. Its calls are "
        f"in no team's profile; `claude-bedrock keys revoke {name}{deployment.options}` undoes it"
    )


def _counts(entry: Sequence[int], *, has_quota: bool) -> tuple[int, int | None]:
    """Return what was used, and what was left of a quota. API Gateway writes two numbers for a
    day, and neither where nothing was called."""
    used = entry[0] if entry else 0
    return used, entry[1] if has_quota and len(entry) > 1 else None


def as_data(keys: list[Key], now: datetime) -> Iterator[dict[str, Any]]:
    """Yield each key for programs, with times as ISO 8601 in UTC."""
    for key in keys:
        times = {"created": key.created, "ends": key.ends}
        iso_times = {name: at and at.astimezone(UTC).isoformat() for name, at in times.items()}
        yield {**key._asdict(), **iso_times, "valid": key.valid(now)}
