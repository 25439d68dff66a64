"""The stage's API keys: owner, plan, and when each was last rotated."""

from datetime import datetime
from typing import Any, Final, NamedTuple

from claude_bedrock.cli.doctor.check import WITHHELD
from claude_bedrock.cli.keys.api_keys import Key, KeyRefusedError, Keys
from claude_bedrock.cli.retention.locations import withheld
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.stage_settings import Settings
from claude_bedrock.verification.hours import iso

_ACTION: Final = "apigateway:GET on /apikeys, which also lets them read values of keys"


class KeyOwner(NamedTuple):
    """A key in force or replaced. `owner` is the team in its name, empty where it has none.
    `created` is when its value was made, which is when it was last rotated (ISO 8601, UTC)."""

    name: str
    owner: str
    plan: str
    created: str
    state: str


class KeyOwners(NamedTuple):
    """`note` says why there is none, or that AWS did not answer."""

    keys: tuple[KeyOwner, ...] = ()
    note: str = ""

    def as_data(self) -> dict[str, Any]:
        return {"items": [key._asdict() for key in self.keys], "note": self.note}


def collect_key_owners(deployment: Deployment, settings: Settings, now: datetime) -> KeyOwners:
    """Return the keys, without their values, as API Gateway has them now. `deployment` does not
    record its answers."""
    if not settings.has_endpoint:
        return KeyOwners(note="The stage has no endpoint, and so no keys.")
    try:
        keys = Keys(deployment).all()
    except KeyRefusedError as none:
        return KeyOwners(note=str(none))
    except WITHHELD as error:
        return KeyOwners(note=f"Not assessed: {withheld(error, _ACTION)}.")
    return KeyOwners(tuple(_owner(key, now) for key in keys))


def _owner(key: Key, now: datetime) -> KeyOwner:
    team, dot, _ = key.name.partition(".")
    created = iso(key.created, "seconds")
    return KeyOwner(key.name, team if dot else "", key.plan, created, _state(key, now))


def _state(key: Key, now: datetime) -> str:
    if not key.enabled:
        return "off"
    if key.unreadable_end:
        return "replaced, still on: its end is no time"
    if key.ends is None:
        return "in force"
    return "replaced, ends soon" if key.valid(now) else "replaced, still on after its end"
