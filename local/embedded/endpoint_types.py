"""The endpoint type of a REST API, which API Gateway keeps while the access mode is STRICT.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies.html
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

TYPE: Final = "AWS::ApiGateway::RestApi"
_REFUSAL: Final = (
    "If the endpoint access mode of an API is STRICT, you can't change the endpoint type. To "
    "change the endpoint type, first change the endpoint access mode to BASIC."
)
"""The rule as AWS's page words it; the text of the refusal itself is not published."""

Properties = Mapping[str, Any]


def add() -> None:
    """Have such a change refused; before MiniStack starts."""
    handlers = provisioners._RESOURCE_HANDLERS[TYPE]
    handlers["update"] = _refuse_change(handlers["update"])


def _refuse_change(update: Callable[..., Any]) -> Callable[..., Any]:
    def handler(name: str, old: Properties, new: Properties, *more: Any, **named: Any) -> Any:  # noqa: ANN401 - MiniStack's own
        is_strict = old.get("EndpointAccessMode") == "STRICT"
        if is_strict and _types(old) != _types(new):
            raise ValueError(_REFUSAL)
        return update(name, old, new, *more, **named)

    return handler


def _types(properties: Properties) -> Any:  # noqa: ANN401 - a template's value
    return properties.get("EndpointConfiguration", {}).get("Types")
