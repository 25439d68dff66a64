"""Clients of the embedded AWS: its address, Region, account and test keys."""

import os
import threading
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import boto3
from botocore.config import Config

ACCESS_KEY_ID = "test"
SECRET_ACCESS_KEY = "test"  # noqa: S105 - the embedded AWS accepts anything; nothing is protected

_ONE_AT_A_TIME = threading.Lock()
"""A session must not make two clients at once."""

Client = Any
"""A boto3 client: boto3 makes its classes at run time."""


class Aws(NamedTuple):
    """An AWS that listens on this machine. `url` has the name localhost, which S3 needs."""

    url: str
    region: str
    account: str

    def client(self, service: str, session: Mapping[str, Any] | None = None) -> Client:
        """Return a client with the root test keys, or with the `Credentials` that STS gave for a
        role."""
        keys = session or {"AccessKeyId": ACCESS_KEY_ID, "SecretAccessKey": SECRET_ACCESS_KEY}
        with _ONE_AT_A_TIME:
            return self._client(service, keys)

    def _client(self, service: str, keys: Mapping[str, Any]) -> Client:
        make: Any = _session().client
        return make(
            service,
            region_name=self.region,
            endpoint_url=self.url,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys.get("SessionToken"),
            config=Config(max_pool_connections=64, retries={"total_max_attempts": 1}),
        )

    def environment(self) -> dict[str, str]:
        """Return what leads a program's AWS SDK here, and away from any real account."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@cache
def _session() -> boto3.Session:
    """Return one for all clients: it keeps the service models, which are slow to read."""
    return boto3.Session()


def without_aws(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return `environment` without the caller's own AWS settings, and with loopback kept off
    proxies beside the hosts that the caller keeps off them."""
    other_variables = {
        name: value for name, value in environment.items() if not name.startswith("AWS_")
    }
    direct = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    if direct != "*":
        direct = ",".join(filter(None, (direct, "localhost", "127.0.0.1")))
    return {**other_variables, "NO_PROXY": direct, "no_proxy": direct}
