"""What is up locally answers this machine, and nobody who comes by another address of it."""

import socket
from urllib.parse import urlsplit

import pytest

from tests.integration.deployed.deployment import Deployment

# Loopback too, so that no network is needed: who listens on every address also listens here.
ANOTHER_ADDRESS = "127.0.0.2"


def test_everything_listens_on_one_address_only(deployment: Deployment) -> None:
    urls = [value for name, value in deployment.endpoint.items() if name.endswith("url")]
    ports = {urlsplit(url).port for url in urls}
    assert len(ports) >= 4
    for port in ports:
        socket.create_connection(("127.0.0.1", port), timeout=10).close()
        with pytest.raises(OSError, match=r".+"):
            socket.create_connection((ANOTHER_ADDRESS, port), timeout=10).close()
