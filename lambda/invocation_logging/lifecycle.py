"""What to do with the Region's logging configuration when the stack comes, changes and goes."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from .configuration import Configuration, InvalidProperties, desired, difference, same

Properties = Mapping[str, Any]


class Service(Protocol):
    """The Region's one configuration."""

    def get(self) -> dict[str, Any] | None: ...
    def put(self, configuration: dict[str, Any]) -> None: ...
    def delete(self) -> None: ...


class ForeignConfiguration(Exception):
    """The Region's logging configuration is somebody else's; str() says how it differs."""


class Change(NamedTuple):
    """What CloudFormation asks for, and the properties the resource had before."""

    request_type: str
    properties: Properties
    old_properties: Properties | None
    region: str


def apply(change: Change, service: Service) -> str:
    """Carries out the change and says in a sentence what was done.

    Raises ForeignConfiguration, InvalidProperties, and what the service raises.
    """
    if change.request_type == "Delete":
        return _remove(change, service)
    return _set(change, service)


def _set(change: Change, service: Service) -> str:
    wanted = desired(change.properties)
    found = service.get()
    if found is not None and not _is_ours(found, _configurations_of(change)):
        raise ForeignConfiguration(_refusal(found, wanted, change.region))
    service.put(wanted)
    return f"Model invocation logging is set in {change.region}."


def _remove(change: Change, service: Service) -> str:
    found = service.get()
    if found is None:
        return f"Model invocation logging was already off in {change.region}."
    if not _is_ours(found, _configurations_of(change)):
        return f"The logging configuration in {change.region} is not this stack's; it was left."
    service.delete()
    return f"Model invocation logging is off in {change.region}."


def _is_ours(found: Configuration, ours: Sequence[Configuration]) -> bool:
    return any(same(found, configuration) for configuration in ours)


def _configurations_of(change: Change) -> list[Configuration]:
    """What this resource has put or would put; properties that never made a configuration
    never set one."""
    return [
        configuration
        for properties in (change.properties, change.old_properties or {})
        for configuration in _desired_if_any(properties)
    ]


def _desired_if_any(properties: Properties) -> list[Configuration]:
    try:
        return [desired(properties)]
    except InvalidProperties:
        return []


def _refusal(found: Configuration, wanted: Configuration, region: str) -> str:
    return (
        f"{region} already has a model invocation logging configuration that this stack did not "
        "set. There is one per account and Region, so it was left as it is. It differs in "
        f"{'; '.join(difference(found, wanted))}. "
        "Agree with its owner, then remove it (aws bedrock "
        f"delete-model-invocation-logging-configuration --region {region}) and deploy again, or "
        "deploy to another Region."
    )
