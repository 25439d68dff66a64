"""API keys of callers, and usage plans with their limits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Protocol

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from constructs import Construct


class Throttle(Protocol):
    """Requests a second for each key, and how many more may come at once."""

    @property
    def rate_per_second(self) -> float: ...
    @property
    def burst(self) -> int: ...


class Quota(Protocol):
    """Requests for each key in a calendar period: DAY, WEEK or MONTH."""

    @property
    def requests(self) -> int: ...
    @property
    def period(self) -> str: ...


class ApiKeys(Construct):
    """A key for each name. API Gateway creates the values; the project stores none."""

    def __init__(
        self, scope: Construct, construct_id: str, *, names: Sequence[str], name_prefix: str
    ) -> None:
        super().__init__(scope, construct_id)
        self.by_name: Mapping[str, apigateway.ApiKey] = {
            name: apigateway.ApiKey(self, name, api_key_name=f"{name_prefix}-{name}")
            for name in names
        }

    def ids_by_name(self) -> dict[str, str]:
        """Return name -> key id, which is a token until deployment."""
        return {name: key.key_id for name, key in self.by_name.items()}

    def names_by_id(self) -> dict[str, str]:
        """Return key id -> name, by which the gateway names a caller."""
        return {key.key_id: name for name, key in self.by_name.items()}


class IssuerKeys(Construct):
    """A key for each token issuer, by which API Gateway counts the requests of its callers: an API
    whose authorizer names the key takes no request without one.

    The value needs no secret, since the authorizer refuses whoever sends it. It is made of the
    stack's id, so that no two stacks of a Region have the same.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-key-source.html
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, names: Sequence[str], api_name: str
    ) -> None:
        super().__init__(scope, construct_id)
        stack_id = cdk.Fn.select(2, cdk.Fn.split("/", cdk.Aws.STACK_ID))
        suffix = cdk.Fn.join("", cdk.Fn.split("-", stack_id))
        self.values: Mapping[str, str] = {
            name: f"cobt{hashlib.sha256(name.encode()).hexdigest()[:16]}{suffix}" for name in names
        }
        # No name that the stage's keys begin with: people neither list nor revoke these.
        self.by_name: Mapping[str, apigateway.ApiKey] = {
            name: apigateway.ApiKey(
                self,
                name,
                api_key_name=f"token-issuer-{name}-of-{api_name}",
                description=f"Counts the requests with tokens of {name}; nobody can call with it",
                value=value,
            )
            for name, value in self.values.items()
        }


class KeyPlan(Construct):
    """A usage plan, and the `keys` of the stack that are in it. Its limits hold for each key, and
    are AWS's best effort:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        stage: apigateway.Stage,
        throttle: Throttle,
        quota: Quota | None,
        keys: Sequence[apigateway.IApiKey] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        self.plan = apigateway.UsagePlan(
            self,
            "Plan",
            name=name,
            api_stages=[apigateway.UsagePlanPerApiStage(api=stage.rest_api, stage=stage)],
            throttle=apigateway.ThrottleSettings(
                rate_limit=throttle.rate_per_second, burst_limit=throttle.burst
            ),
            quota=_quota_settings(quota) if quota else None,
        )
        for key in keys:
            self.plan.add_api_key(key)


def _quota_settings(quota: Quota) -> apigateway.QuotaSettings:
    return apigateway.QuotaSettings(limit=quota.requests, period=apigateway.Period[quota.period])
