"""The changes of the Region's logging configuration when the stack is created, updated and
deleted."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, Protocol

from claude_bedrock.logging_config.configuration import (
    Configuration,
    InvalidProperties,
    delivery_role,
    desired,
    difference,
    extended,
    lacking,
    same,
    same_destinations,
    stage_of,
)

Properties = Mapping[str, Any]
Mode = Literal["fail", "adopt", "extend", "replace"]
"""What a stage does with a configuration that is there and not its own."""

_DEFAULT_MODE: Final = "fail"


class Service(Protocol):
    """The Region's one configuration; `put_back` is False where it can no longer be used."""

    def get(self) -> dict[str, Any] | None: ...
    def put(self, configuration: dict[str, Any]) -> None: ...
    def put_back(self, configuration: dict[str, Any]) -> bool: ...
    def delete(self) -> None: ...


class Saved(Protocol):
    """The other's configuration that the stage has put its own in place of, and where it lies."""

    @property
    def name(self) -> str: ...
    def get(self) -> dict[str, Any] | None: ...
    def put(self, configuration: dict[str, Any]) -> None: ...
    def delete(self) -> None: ...


class RetentionJudge(Protocol):
    """Judges another's destinations before the stage lives by them."""

    def shortfalls(self, configuration: Configuration, days: int) -> Sequence[str]: ...


class ForeignConfiguration(Exception):
    """The Region's logging configuration is somebody else's and stays; str() says why."""


class Change(NamedTuple):
    """What CloudFormation asks for, and the properties the resource had before."""

    request_type: str
    properties: Properties
    old_properties: Properties | None
    region: str

    @property
    def mode(self) -> Mode:
        mode: Mode = self.properties.get("ExistingLogging", _DEFAULT_MODE)
        return mode

    @property
    def days_to_judge_by(self) -> int:
        """How long another's destinations have to keep what they are given, 0 where that is judged
        already: what they keep less since then the drift detector reports; it must not stop an
        update, nor the way back from one."""
        old, days = self.old_properties or {}, _days(self.properties)
        days_before = _days(old) if old.get("ExistingLogging") == self.mode else 0
        return days if self.mode in ("adopt", "extend") and days > days_before else 0


class Done(NamedTuple):
    """What was done, in a sentence, and what Bedrock now holds to; None once the stack is gone."""

    sentence: str
    configuration: Configuration | None = None


def apply(change: Change, service: Service, saved: Saved, retention: RetentionJudge) -> Done:
    """Carry out the change. What is saved is always what was there when this stage last set its
    own in place of something else, and is saved before that is touched; each move is one Put.

    Raises ForeignConfiguration, InvalidProperties, and what the other three raise.
    """
    if change.request_type == "Delete":
        return _remove(change, service, saved)
    target = desired(change.properties)
    current, before = service.get(), saved.get()
    if current is None:
        if before is not None:  # somebody has ended logging since: that is what was there now
            saved.delete()
        service.put(target)
        return Done(f"Model invocation logging is set in {change.region}.", target)
    if _is_ours(current, before, change):
        return _update_own(current, before, change, service, saved, retention=retention)
    return _meet(current, before, change, service, saved, retention=retention)


def restore(change: Change, service: Service, saved: Saved, retention: RetentionJudge) -> Done:
    """Set the stage's own again: where there is none, where its own no longer delivers every data
    type, and with `replace` where another is. What is saved stays so: a deletion is undone here,
    and not taken for its owner's wish. Raises as `apply` does."""
    if change.mode in ("adopt", "extend"):
        raise ForeignConfiguration(
            f"The stage lives by another's logging configuration in {change.region}, and does not "
            "set it by itself. Agree with its owner, then deploy."
        )
    target, current = desired(change.properties), service.get()
    if current is None or (same_destinations(current, target) and not same(current, target)):
        service.put(target)
        return Done(f"The stage's logging configuration is set again in {change.region}.", target)
    return apply(change, service, saved, retention)


def _meet(
    current: dict[str, Any],
    before: Configuration | None,
    change: Change,
    service: Service,
    saved: Saved,
    *,
    retention: RetentionJudge,
) -> Done:
    """Another's configuration is there."""
    own = desired(change.properties)
    if change.mode == "fail":
        raise ForeignConfiguration(_refusal(current, own, change.region))
    target = own if change.mode == "replace" else extended(current, own)
    if refusal := _why_not_lived_by(current, change, retention):
        raise ForeignConfiguration(refusal)
    if change.mode == "adopt" or same(current, target):
        if before is not None and same(current, before):
            saved.delete()
        return _adopted(current, change.region)
    _must_be_returnable(current, change)
    saved.put(current)
    service.put(target)
    return Done(_moved(change, saved), target)


def _update_own(
    current: Configuration,
    before: dict[str, Any] | None,
    change: Change,
    service: Service,
    saved: Saved,
    *,
    retention: RetentionJudge,
) -> Done:
    """What is there is this stage's, set in place of `before`."""
    target = desired(change.properties)
    if before is None:
        service.put(target)
        return Done(f"Model invocation logging is set in {change.region}.", target)
    _must_be_returnable(before, change)
    refusal = _refusal_of_current(current, change) or _why_not_lived_by(before, change, retention)
    lent = extended(before, target)
    enough = change.mode == "extend" and same(lent, before)
    if refusal or enough or change.mode == "adopt":
        service.put(before)
        saved.delete()
        if refusal:
            raise ForeignConfiguration(refusal)
        return _adopted(before, change.region)
    moved = lent if change.mode == "extend" else target
    service.put(moved)
    return Done(_moved(change, saved), moved)


def _refusal_of_current(current: Configuration, change: Change) -> str:
    """Return why the stage may not keep the configuration as it is, in a sentence; empty if it
    may."""
    if change.mode == "fail" and not any(same(current, own) for own in _own(change)):
        return (
            f"This stage had extended another's logging configuration in {change.region}. It was "
            "put back as it was, and existing_logging fail stops at it: keep extend, or choose "
            "adopt or replace."
        )
    return ""


def _why_not_lived_by(foreign: Configuration, change: Change, retention: RetentionJudge) -> str:
    """Return why the stage cannot rely on another's destinations, in a sentence or two; empty if it
    can."""
    if change.mode == "adopt" and (missing := lacking(foreign)):
        return _incomplete(missing, change.region)
    days = change.days_to_judge_by
    short = retention.shortfalls(foreign, days) if days else []
    return _not_long_enough(short, days, change.region) if short else ""


def _remove(change: Change, service: Service, saved: Saved) -> Done:
    current, before = service.get(), saved.get()
    where = change.region
    if current is None:
        return Done(f"Model invocation logging was already off in {where}.{_still(before, saved)}")
    if not _is_ours(current, before, change):
        if before is not None and same(current, before):
            saved.delete()
            before = None
        left = f"The logging configuration in {where} is not this stack's; it was left."
        return Done(left + _still(before, saved))
    if before is None:
        service.delete()
        return Done(f"Model invocation logging is off in {where}.")
    if not service.put_back(before):
        service.delete()
        off = f"Model invocation logging is off in {where}: Bedrock refused what was there before."
        return Done(off + _still(before, saved))
    saved.delete()
    return Done(f"The logging configuration that was there before is set again in {where}.")


def _is_ours(current: Configuration, before: Configuration | None, change: Change) -> bool:
    """Return whether this resource has put what was found. There is no mark in it, so it is known
    by what it says; what was saved is another's even where ours would say the same."""
    if before is not None and same(current, before):
        return False
    own = _own(change)
    if before is not None:
        own += [extended(before, configuration) for configuration in own]
    return any(same(current, configuration) for configuration in own)


def _own(change: Change) -> list[Configuration]:
    """Return what the properties, new and old, come to; those that never made a configuration
    never set one."""
    both = (change.properties, change.old_properties or {})
    return [configuration for properties in both for configuration in _desired_if_any(properties)]


def _desired_if_any(properties: Properties) -> Iterator[Configuration]:
    try:
        yield desired(properties)
    except InvalidProperties:
        return


def _days(properties: Properties) -> int:
    return int(properties.get("RetentionDays", 0))


def _incomplete(missing: Sequence[str], region: str) -> str:
    return (
        f"The logging configuration in {region} is another's, and does not record enough to be "
        f"adopted: {'; '.join(missing)}. It is as its owner set it. Have its owner add that, or "
        "set existing_logging to extend or replace."
    )


def _not_long_enough(short: Sequence[str], days: int, region: str) -> str:
    return (
        f"The logging configuration in {region} is another's, and its destinations keep less than "
        f"the stage's {days} days: {'; '.join(short)}. It is as its owner set it. Have its owner "
        "keep it longer, or set existing_logging to replace."
    )


def _must_be_returnable(foreign: Configuration, change: Change) -> None:
    """Bedrock takes a role only from whoever may pass it, and this function may pass the roles that
    the stage names. It asks before it changes what it could not put back."""
    role = delivery_role(foreign)
    if role is not None and role != change.properties.get("ExistingRoleArn"):
        raise ForeignConfiguration(
            f"The logging configuration of another in {change.region} delivers by the role {role}. "
            "Nothing was changed, since it could not be put back: set existing_logging_role to "
            "that ARN, and leave it there as long as the stage is."
        )


def _adopted(foreign: Configuration, region: str) -> Done:
    return Done(f"The logging configuration in {region} is another's and was adopted.", foreign)


def _moved(change: Change, saved: Saved) -> str:
    return (
        f"Model invocation logging is set in {change.region}; what was there before is saved in "
        f"the parameter {saved.name}."
    )


def _still(before: Configuration | None, saved: Saved) -> str:
    if before is None:
        return ""
    return f" What this stage once found there is still in the parameter {saved.name}."


def _refusal(current: Configuration, target: Configuration, region: str) -> str:
    stage = stage_of(current)
    owner = f" It is that of the stage {stage!r} of this project." if stage else ""
    return (
        f"{region} already has a model invocation logging configuration that this stack did not "
        f"set.{owner} There is one per account and Region, so it was left as it is. It differs in "
        f"{'; '.join(difference(current, target))}. "
        "Agree with its owner; then set existing_logging to adopt, extend or replace, or remove it "
        f"(aws bedrock delete-model-invocation-logging-configuration --region {region}) and deploy "
        "again. Or deploy to another Region."
    )
