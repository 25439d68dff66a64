"""What `claude gateway` needs beside itself, for one run: Postgres, an OpenID provider, and a
person who has signed in by the device grant, as Claude Code does.

https://code.claude.com/docs/en/claude-apps-gateway-config
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

from benchmarks import openid_issuer, postgres
from benchmarks.fixtures import MODEL, PROFILE, ROLE
from benchmarks.http_peer import free_port, wait_until_ready
from benchmarks.processes import Measured, ProcessFailed

_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_SESSION_HOURS = 12


class ClaudeSignIn(NamedTuple):
    """`settings` are those of the gateway's file without an upstream; `token` is the session of the
    person, which holds at `port` only, whose address it names."""

    program: Path
    port: int
    settings: Mapping[str, Any]
    token: str

    def start(self, scratch: Path, endpoint: str) -> Measured:
        """Start the gateway before the upstream at `endpoint`."""
        folder = Path(mkdtemp(dir=scratch))
        credentials = {
            "aws_access_key_id": ROLE["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": ROLE["AWS_SECRET_ACCESS_KEY"],
            "aws_session_token": ROLE["AWS_SESSION_TOKEN"],
        }
        region = ROLE["AWS_REGION"]
        upstream = {"provider": "bedrock", "region": region, "base_url": endpoint}
        content = {**self.settings, "upstreams": [{**upstream, "auth": credentials}]}
        file = folder / "gateway.yaml"
        file.write_text(json.dumps(content))  # JSON is YAML
        variables = {
            "HOME": str(folder),
            "CLAUDE_GATEWAY_ALLOW_LOOPBACK": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        }
        return Measured([str(self.program), "gateway", "--config", str(file)], variables)


@contextmanager
def signed_in(program: Path, postgres_folder: Path, scratch: Path) -> Iterator[ClaudeSignIn]:
    """Start both services, and sign the person in at a gateway that is then closed."""
    with ExitStack() as stack:
        port = free_port()
        settings = {
            "listen": {"host": "127.0.0.1", "port": port},
            "oidc": {
                "issuer": stack.enter_context(openid_issuer.running()),
                "client_id": openid_issuer.CLIENT_ID,
                "client_secret": "benchmark",
            },
            "session": {"jwt_secret": "0" * 32, "ttl_hours": _SESSION_HOURS},
            "store": {"postgres_url": stack.enter_context(postgres.running(postgres_folder))},
            "auto_include_builtin_models": False,
            "models": [{"id": MODEL, "upstream_model": {"bedrock": PROFILE}}],
        }
        before = ClaudeSignIn(program, port, settings, token="")
        process = before.start(scratch, "http://127.0.0.1:9")
        with closing(process), process.explained():
            wait_until_ready(process, port, "claude gateway")
            token = _token(f"http://127.0.0.1:{port}")
        yield before._replace(token=token)


def _token(address: str) -> str:
    """Return the session's token, by the device grant (RFC 8628). Raise OSError, ProcessFailed."""
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    grant = _posted(browser, f"{address}/oauth/device_authorization", client_id="claude-code")
    code = urlencode({"user_code": grant["user_code"]}).encode()
    confirming = Request(f"{address}/device", code, {"origin": address})  # noqa: S310 - on loopback
    browser.open(confirming).close()  # it leads to the provider, and from there back
    polling = {"grant_type": _DEVICE_GRANT, "device_code": grant["device_code"]}
    token = _posted(browser, f"{address}/oauth/token", **polling).get("access_token")
    if not isinstance(token, str):
        raise ProcessFailed("claude gateway gave no session")
    return token


def _posted(browser: OpenerDirector, url: str, **form: str) -> Mapping[str, Any]:
    with browser.open(Request(url, urlencode(form).encode())) as response:  # noqa: S310 - on loopback
        content: Mapping[str, Any] = json.load(response)
    return content
