"""The embedded AWS takes another port where somebody was faster."""

import asyncio
import socket
from pathlib import Path

import pytest

from local.aws import server as module
from local.aws.server import EmbeddedAwsError, embedded_aws, free_port, is_up


async def url_of(folder: Path, port: int) -> str:
    async with embedded_aws(region="us-east-1", port=port, folder=folder) as aws:
        assert is_up(aws.url)
        return aws.url


def test_a_port_that_another_took_concurrently_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as another:
        taken, free = another.getsockname()[1], free_port()
        chosen = iter([taken, free])
        monkeypatch.setattr(module, "free_port", lambda: next(chosen))

        assert asyncio.run(url_of(tmp_path, 0)) == f"http://localhost:{free}"
        with pytest.raises(EmbeddedAwsError, match="is already in use"):
            asyncio.run(url_of(tmp_path, taken))
