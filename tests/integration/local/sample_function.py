"""A function zip of a few lines, run by our runtime loop, and the Lambda API that has it."""

import io
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from sys import version_info
from typing import Any
from zipfile import ZipFile, ZipInfo

from local.aws.role_sessions import Credentials

ARN = "arn:aws:lambda:us-east-1:123456789012:function:sample"
GATEWAY = Path(__file__).parents[3] / "lambda" / "gateway"
HANDLER = """
import json, os, sys, time

def initialize():
    if "FAIL_INIT" in os.environ:
        raise ValueError("secret-init")
    if "SLOW_INIT" in os.environ:
        time.sleep(60)
    if "SLOW_FIRST_INIT" in os.environ and not os.path.exists(os.environ["SLOW_FIRST_INIT"]):
        open(os.environ["SLOW_FIRST_INIT"], "w").close()
        time.sleep(60)

def handle(event, context, response):
    asked = json.loads(event["body"]) if isinstance(event.get("body"), str) else event
    print("told", asked.get("say", ""), flush=True)
    if asked.get("do") == "raise":
        raise KeyError("secret-text")
    if asked.get("do") == "exit":
        os._exit(3)
    if asked.get("do") == "sleep":
        time.sleep(60)
    if asked.get("do") == "head only":
        time.sleep(asked.get("seconds", 0))
    response.start(asked.get("status", 201), asked.get("headers", {"x-pid": str(os.getpid())}))
    for part in asked.get("parts", []):
        response.write(part.encode())
    if asked.get("do") == "raise late":
        raise KeyError("secret-text")
    if asked.get("do") == "exit late":
        os._exit(3)
    if asked.get("do") == "endless":
        while True:
            response.write(b"more ")
            time.sleep(0.02)
    if asked.get("do") == "wait":
        while not os.path.exists(asked["for"]):
            time.sleep(0.01)
    response.write(json.dumps({"pid": os.getpid(), "cwd": os.getcwd(),
        "environment": {k: os.environ.get(k) for k in asked.get("show", [])}}).encode())
"""
MALFORMED_LOOP = """
import http.client, os
def main():
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        api.request("GET", "/2018-06-01/runtime/invocation/next")
        answer = api.getresponse(); answer.read()
        here = f"/2018-06-01/runtime/invocation/{answer.headers['Lambda-Runtime-Aws-Request-Id']}"
        api.request("POST", f"{here}/response", b"this is no head")
        api.getresponse().read()
"""


def zipped(*, runtime_loop: str | None = None, more: Mapping[str, str] | None = None) -> bytes:
    """The zip, with our loop or another in its place."""
    loop = runtime_loop or (GATEWAY / "runtime.py").read_text()
    files = {
        "sample.py": HANDLER,
        "gateway/__init__.py": "",
        "gateway/runtime.py": loop,
        **{
            f"gateway/{name}": (GATEWAY / name).read_text()
            for name in ("lazy_import.py", "http1.py", "runtime_api.py")
        },
        **(more or {}),
    }
    packed = io.BytesIO()
    with ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        wrapper = ZipInfo("gateway/bootstrap")
        wrapper.external_attr = 0o755 << 16
        archive.writestr(wrapper, (GATEWAY / "bootstrap").read_text())
    return packed.getvalue()


@dataclass
class LambdaApi:
    """GetFunction of one function, whose zip lies in a file."""

    archive: Path
    timeout: int = 30
    runtime: str = f"python{version_info.major}.{version_info.minor}"
    variables: dict[str, str] = field(default_factory=dict)
    revision: str = "1"
    reserved: int | None = None

    def get_function(self, *, FunctionName: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        digest = sha256(self.archive.read_bytes()).digest()
        settings = {
            "FunctionName": "sample",
            "FunctionArn": FunctionName,
            "RevisionId": self.revision,
            "CodeSha256": b64encode(digest).decode(),
            "Runtime": self.runtime,
            "Handler": "sample.handle",
            "Role": "arn:aws:iam::123456789012:role/sample",
            "Timeout": self.timeout,
            "MemorySize": 128,
            "LoggingConfig": {"LogGroup": "/sample"},
            "Environment": {
                "Variables": {
                    "AWS_LAMBDA_EXEC_WRAPPER": "/var/task/gateway/bootstrap",
                    **self.variables,
                }
            },
        }
        response = {"Configuration": settings, "Code": {"Location": self.archive.as_uri()}}
        if self.reserved is not None:
            response["Concurrency"] = {"ReservedConcurrentExecutions": self.reserved}
        return response


class Sessions:
    """Gives every role the same credentials."""

    def assume(self, role_arn: str, session_name: str) -> Credentials:
        return Credentials(f"ASIA{session_name}", "secret", role_arn)


class Logs:
    """Keeps the lines that would go to CloudWatch Logs: group, stream, text."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str]] = []

    def write(self, group: str, stream: str, text: str) -> None:
        self.lines.append((group, stream, text))

    def texts(self) -> list[str]:
        return [text for _, _, text in self.lines]
