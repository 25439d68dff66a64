"""How IAM of the embedded AWS is asked, and for how long a decision holds."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from local.aws.authorization import CACHE_SECONDS, Authorization, AuthorizationError, Request
from local.aws.client import Aws
from local.bedrock.caller import Caller

CALLER = Caller("arn:aws:sts::1:assumed-role/r/s", "secret", access_key_id="ASIA1")
INVOKE = Request("bedrock:InvokeModel", "arn:m", (("k", "v"),), "us-east-1")


class Iam(HTTPServer):
    """Answers `answer` to all, and keeps what it is asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.answer: dict[str, Any] = {"denied": None}
        self.requests: list[tuple[str, dict[str, Any]]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Iam

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.requests.append((self.headers["x-amz-target"], body))
        content = json.dumps(self.server.answer).encode()
        self.send_response(self.server.status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def iam() -> Iterator[Iam]:
    with Iam() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def now() -> list[float]:
    return [100.0]


@pytest.fixture
def authorization(iam: Iam, now: list[float]) -> Authorization:
    aws = Aws(f"http://127.0.0.1:{iam.server_port}", "us-east-1", "1")
    return Authorization(aws, lambda: now[0])


def test_a_caller_is_named_by_its_access_key(iam: Iam, authorization: Authorization) -> None:
    authorization.check_caller(CALLER, [INVOKE])

    request = {**INVOKE._asdict(), "context": {"k": "v"}}
    content = {"caller": {"accessKeyId": "ASIA1"}, "requests": [request]}
    assert iam.requests == [("LocalAuthorization.Authorize", content)]


def test_a_refusal_has_the_words_of_aws(iam: Iam, authorization: Authorization) -> None:
    iam.answer = {"denied": {"code": "AccessDeniedException", "message": "User: x is not"}}

    with pytest.raises(AuthorizationError, match="User: x is not") as refused:
        authorization.check_service("bedrock.amazonaws.com", [INVOKE])

    assert refused.value.code == "AccessDeniedException"
    assert not authorization.allow(CALLER, "execute-api:Invoke", "arn:m")


def test_a_decision_holds_for_a_moment(
    iam: Iam, authorization: Authorization, now: list[float]
) -> None:
    authorization.check_caller(CALLER, [INVOKE])
    iam.answer = {"denied": {"code": "AccessDeniedException", "message": "no"}}
    authorization.check_caller(CALLER, [INVOKE])
    now[0] += CACHE_SECONDS * 2

    with pytest.raises(AuthorizationError):
        authorization.check_caller(CALLER, [INVOKE])

    assert len(iam.requests) == 2


def test_iam_is_not_called_about_another_account(iam: Iam, authorization: Authorization) -> None:
    other_account = CALLER._replace(arn="arn:aws:sts::2:assumed-role/r/s")

    assert not authorization.allow(other_account, "execute-api:Invoke", "arn:m")
    assert iam.requests == []


def test_a_role_that_does_not_trust_the_service_is_refused(
    iam: Iam, authorization: Authorization
) -> None:
    iam.status, iam.answer = 403, {"__type": "AccessDenied", "message": "not trusted"}

    with pytest.raises(AuthorizationError, match="not trusted"):
        authorization.assume_role("lambda.amazonaws.com", "arn:r", "s")
