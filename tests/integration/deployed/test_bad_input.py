"""What only a front sees, as real requests: lengths, floods of headers, paths, odd bytes."""

import http.client
from collections.abc import Iterable
from urllib.parse import urlsplit

import pytest

from tests.integration.deployed.deployment import MODEL, Answer, Deployment
from tests.integration.deployed.test_keys import BODY, refused

JSON = "application/json"
BEDROCK = (f"/model/{MODEL}/invoke", f"/model/{MODEL}/converse-stream", "/model/..%2f/invoke")


def send(
    deployment: Deployment,
    path: str,
    headers: Iterable[tuple[str, str]],
    *parts: bytes,
    method: str = "POST",
) -> Answer:
    """One request with the key and just these headers; `parts` go out as they are."""
    url = urlsplit(deployment.endpoint["http_url"])
    connection = http.client.HTTPConnection(url.netloc, timeout=60)
    try:
        connection.putrequest(method, url.path + path, skip_accept_encoding=True)
        for name, value in [("x-api-key", deployment.key), *headers]:
            connection.putheader(name, value)
        connection.endheaders()
        for part in parts:
            connection.send(part)
        got = connection.getresponse()
        names = {name.lower(): value for name, value in got.getheaders()}
        return Answer(got.status, names, got.read())
    finally:
        connection.close()


def sized(body: bytes, kind: str = JSON) -> list[tuple[str, str]]:
    return [("content-type", kind), ("content-length", str(len(body)))]


def refused_as_bedrock_does(answer: Answer) -> None:
    assert 400 <= answer.status < 500
    assert answer.headers["content-type"] == JSON
    assert answer.headers["x-amzn-errortype"].endswith("Exception")
    assert answer.json()["message"]
    assert answer.headers["request-id"]


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens", *BEDROCK])
def test_a_request_without_a_length_has_no_body(deployment: Deployment, path: str) -> None:
    answer = send(deployment, path, [("content-type", JSON)])

    if path in BEDROCK:
        refused_as_bedrock_does(answer)
    else:
        refused(answer, 400, "invalid_request_error")


def test_a_body_in_chunks_is_a_body(deployment: Deployment) -> None:
    headers = [("content-type", JSON), ("transfer-encoding", "chunked")]
    chunks = [b"%x\r\n%b\r\n" % (len(part), part) for part in (BODY[:1], BODY[1:])]

    assert send(deployment, "/v1/messages", headers, *chunks, b"0\r\n\r\n").status == 200


@pytest.mark.parametrize(
    "flood", [[("x-one", "a" * 21_000)], [(f"x-{n}", "a") for n in range(4_000)]]
)
def test_a_flood_of_headers_is_refused(
    deployment: Deployment, flood: list[tuple[str, str]]
) -> None:
    answer = send(deployment, "/v1/messages", [*flood, *sized(BODY)], BODY)

    refused(answer, 431, "invalid_request_error")


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        BODY.replace(b'"Hi"', b"[" * 50_000 + b"]" * 50_000),
        BODY.decode().encode("utf-16"),
        BODY.replace(b"1000", b"NaN"),
        BODY.replace(b"1000", b"9" * 5_000),
        BODY.replace(b"1000", b"1e400"),
        BODY.replace(b"Hi", b"\\ud800"),
        BODY[:-1] + b',"max_tokens":"no"}',
        b"\xff\xfe",
    ],
)
@pytest.mark.parametrize("kind", [JSON, "text/plain", "application/x-www-form-urlencoded", "\xfc"])
def test_odd_json_under_any_content_type_is_refused(
    deployment: Deployment, body: bytes, kind: str
) -> None:
    refused(send(deployment, "/v1/messages", sized(body, kind), body), 400, "invalid_request_error")
    path = f"/model/{MODEL}/converse"
    refused_as_bedrock_does(send(deployment, path, sized(body, kind), body))


@pytest.mark.parametrize("model", ["..", "..%2f..", "%2e%2e", "%252e%252e", f"{MODEL};v=1", "%00",
                                   "%ff", "%", "a/b", "", "%0d%0ax:%20y"])  # fmt: skip
def test_a_path_in_a_models_id_is_nobodys_name(deployment: Deployment, model: str) -> None:
    for operation in ("invoke", "converse-stream", "count-tokens"):
        path = f"/model/{model}/{operation}"
        answer = send(deployment, path, sized(BODY), BODY)
        refused_as_bedrock_does(answer)
        assert answer.status == 404


@pytest.mark.parametrize(
    "path",
    ["/v1/../v1/messages", "/%2e%2e/v1/messages", "/v1/messages;a=b", "/v1%2fmessages",
     "/v1/messages/", "/v1//messages", "//"],
)  # fmt: skip
def test_a_path_that_resembles_a_route_is_none(deployment: Deployment, path: str) -> None:
    refused(send(deployment, path, sized(BODY), BODY), 404, "not_found_error")
