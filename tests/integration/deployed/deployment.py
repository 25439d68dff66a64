"""What is up for the tests, and how they reach it beside the clients they test."""

import http.client
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import boto3

from claude_bedrock.cli.shared import deployment as command_line

MODEL = "claude-haiku-4-5"
Result = TypeVar("Result")


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.body)
        return content


class Deployment(NamedTuple):
    """`endpoint` is the content of endpoint.json, `state` the folder it lies in."""

    endpoint: dict[str, Any]
    state: Path

    @property
    def key(self) -> str:
        value: str = self.endpoint["api_keys"]["default"]
        return value

    def output(self, stack: str, name: str) -> str:
        value: str = self.endpoint["outputs"][self.stage().stack(stack)][name]
        return value

    def stage(self) -> command_line.Deployment:
        """The same, as a command of the CLI sees it."""
        where = (self.endpoint[name] for name in ("stage", "region", "aws_endpoint_url"))
        return command_line.Deployment(*where)

    def client(self, service: str, session: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
        """With the keys of the account's root, or with the `Credentials` of a session."""
        keys = session or {"AccessKeyId": "test", "SecretAccessKey": "test"}
        make: Any = boto3.Session(region_name=self.endpoint["region"]).client
        return make(
            service,
            endpoint_url=self.endpoint["aws_endpoint_url"],
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys.get("SessionToken"),
        )

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request over plain HTTP, with these headers and no others of ours."""
        url = urlsplit(self.endpoint["http_url"])
        connection = http.client.HTTPConnection(url.netloc, timeout=60)
        try:
            connection.request(method, url.path + path, body, dict(headers or {}))
            got = connection.getresponse()
            names = {name.lower(): value for name, value in got.getheaders()}
            return Answer(got.status, names, got.read())
        finally:
            connection.close()

    def ask(self, prompt: str, *, key: str | None = None, stream: bool = False) -> Answer:
        """POST /v1/messages with that one user message."""
        headers = {"content-type": "application/json", "x-api-key": key or self.key}
        body = {**message(prompt), "stream": stream}
        return self.call("POST", "/v1/messages", json.dumps(body).encode(), headers)

    def audit_line(self, **fields: str) -> dict[str, Any]:
        """The gateway's audit line with these fields, once it is there."""

        def read_log() -> dict[str, Any] | None:
            for line in (self.state / "gateway.log").read_text().splitlines():
                entry = json.loads(line).get("audit") if line.startswith("{") else None
                if entry and fields.items() <= entry.items():
                    return dict(entry)
            return None

        return eventually(read_log)


def message(prompt: str) -> dict[str, Any]:
    return {
        "model": MODEL,
        "max_tokens": 1000,
        "messages": [{"role": "user", "content": prompt}],
    }


def eventually(attempt: Callable[[], Result | None], seconds: float = 30.0) -> Result:
    """What `look` gives as soon as it is neither None nor False."""
    deadline = time.monotonic() + seconds
    while not (result := attempt()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)
    return result
