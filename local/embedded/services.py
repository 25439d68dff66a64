"""The services of MiniStack that are ours, in full or in part."""

from ministack import app  # type: ignore[import-untyped]
from ministack.core import router  # type: ignore[import-untyped]

from local.embedded import (
    api_gateway_account,
    assume_role,
    authorization,
    bedrock_control_plane,
    fault_injection,
    iam_propagation,
    logging_permissions,
    service_quotas,
    time_scale,
    web_identity,
)
from local.embedded.iam_propagation import Propagation
from local.embedded.reply import Call, MiniStackService, Reply, Service


def add(propagation: Propagation) -> None:
    """Put them in; before MiniStack starts."""
    services = {name: _from_ministack(handler) for name, handler in app.SERVICE_HANDLERS.items()}
    services["bedrock"] = bedrock_control_plane.beside(services["bedrock"])
    services["bedrock"] = logging_permissions.before(services["bedrock"])
    services["sts"] = assume_role.before(services["sts"])
    services["servicequotas"] = service_quotas.serve
    services["sts"] = web_identity.before_sts(services["sts"])
    services["iam"] = web_identity.before_iam(services["iam"])
    services["apigateway"] = api_gateway_account.beside(
        services["apigateway"], propagation, time_scale.clock
    )
    services = {
        name: iam_propagation.before(name, service, propagation)
        for name, service in services.items()
    }
    services = {name: fault_injection.before(name, service) for name, service in services.items()}
    services["local-answers"] = fault_injection.set_overrides
    services["local-authorization"] = authorization.serve
    for name, target in (
        ("local-answers", fault_injection.TARGET),
        ("local-authorization", authorization.TARGET),
    ):
        router.SERVICE_PATTERNS[name] = {"target_prefixes": [target]}
    app.SERVICE_HANDLERS.update(
        {name: _to_ministack(service) for name, service in services.items()}
    )


def _from_ministack(handler: MiniStackService) -> Service:
    async def service(call: Call) -> Reply:
        reply: Reply = await handler(*call)
        return reply

    return service


def _to_ministack(service: Service) -> MiniStackService:
    async def handler(*arguments: object) -> Reply:
        return await service(Call(*arguments))  # type: ignore[arg-type]

    return handler
