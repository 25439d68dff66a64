"""The account, Region and stage that are looked at, and who is asking."""

import threading
from typing import NamedTuple

from claude_bedrock.cli.shared.deployment import Client, Deployment


class Clients:
    """One client for each service, for all threads; boto3 must not make two at once."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._made: dict[str, Client] = {}
        self._one_at_a_time = threading.Lock()

    def __call__(self, service: str) -> Client:
        with self._one_at_a_time:
            if service not in self._made:
                self._made[service] = self._deployment.client(service)
            return self._made[service]


class Account(NamedTuple):
    """`caller` is the ARN of whoever runs doctor; `today` an ISO date."""

    deployment: Deployment
    client: Clients
    id: str
    caller: str
    today: str

    @property
    def region(self) -> str:
        return self.deployment.region
