"""Whatever text a caller sends, in body, header, query or path: an error in the caller's format or
a call, never a failure of ours; and what Bedrock is sent is what the caller wrote."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from gateway import handler, request
from gateway.request_context import RequestContext
from gateway.retries import RetryBudget
from gateway.settings import Guardrail, Settings, load
from tests.unit.gateway.conftest import MODEL, Caller
from tests.unit.gateway.fakes import FakeBedrock, ScriptedReply, Sent, SentResponse

ANTHROPIC = ("/v1/messages", "/v1/messages/count_tokens")
UNTOUCHED = (f"/model/{MODEL}/invoke", f"/model/{MODEL}/invoke-with-response-stream")
CONVERSE = (f"/model/{MODEL}/converse", f"/model/{MODEL}/converse-stream")
COUNTING = f"/model/{MODEL}/count-tokens"
SETTINGS = load(
    {
        "AWS_REGION": "us-east-1",
        "STAGE": "test",
        "GEOGRAPHIES": "global",
        "ALLOWED_MODELS": MODEL,
        "MAX_BODY_BYTES": "1000000",
        "PING_SECONDS": "15",
        "UNSUPPORTED_FIELDS": "drop",
        "API_KEY_NAMES": "{}",
    }
)
DEEP, LONGEST = 100_000, "9" * 4300  # the longest number that Python reads, or writes
SCALARS = st.sampled_from(
    ["null", "true", "1", "-0", "1E400", "-1e-400", "1.10", "NaN", "-Infinity", "01", "+1", ".5",
     LONGEST, f"{LONGEST}9", '""', '"\\ud800"', '"\\udc00\\ud800"', '"\\ud83e\\udd8a"', '"\ud800"',
     '"\\u0000"', '"\x01"', '"\\x"', '"\x7f\u2028\ufeff"', '"ü\U0001f98a"', "'a'", "undefined"]
) | st.text(max_size=5).map(json.dumps)  # fmt: skip
NAMES = st.sampled_from(["a", "a", "b", "\\u0061", "", "\\ud800", "constructor", "__proto__", "ü"])


def objects(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Names may come twice."""
    pairs = st.lists(st.tuples(NAMES, inner), max_size=4)
    return pairs.map(
        lambda member_pairs: (
            "{" + ",".join(f'"{name}" :{text}' for name, text in member_pairs) + "}"
        )
    )


def arrays(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(inner, max_size=3).map(lambda items: "[" + " ,".join(items) + "]")


VALUES = st.recursive(SCALARS, lambda inner: objects(inner) | arrays(inner), max_leaves=6)
PATHS = st.sampled_from([*ANTHROPIC, *UNTOUCHED, *CONVERSE, COUNTING])
PIECES = st.sampled_from(
    ["..", ".", "%2e%2e", "%252e%252e", "%2f", "%252f", "/", "//", ";", ";a=b", "%00", "%ff", "%",
     "%zz", "\\", "?", "#", "*", " ", "%0d%0a", "\r\n", "\ud800", "ü", "model", "invoke", "v1",
     "messages", MODEL, "arn:aws:bedrock:us-east-1::foundation-model", "anthropic.claude"]
)  # fmt: skip


def request_text(value: str, more: str = "") -> str:
    """A body that all of the formats take, with `value` where a client's content is."""
    messages = f'[{{"role":"user","content":{value}}}]'
    return f'{{"model":"{MODEL}","max_tokens":5,"messages":{messages}{more}}}'


def send(
    path: str,
    body: str,
    *,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    guardrail: Guardrail | None = None,
) -> tuple[SentResponse, list[Sent]]:
    """What came of it before a Bedrock that refuses everything, so that a 5xx is the gateway's."""
    event = {
        "httpMethod": method,
        "path": path,
        "headers": headers or {},
        "queryStringParameters": query,
        "requestContext": {"requestId": "gw-1"},
        "body": body,
    }
    bedrock, response = FakeBedrock(), SentResponse()
    named = {"x-amzn-errortype": "ValidationException"}
    bedrock.reply = ScriptedReply(400, named, [b'{"message":"no"}'])
    settings: Settings = SETTINGS._replace(guardrail=guardrail)
    incoming, budget = request.from_event(event), RetryBudget()
    handler.serve(RequestContext(incoming, response, settings, bedrock, budget, remaining=900.0))
    check(response, path)
    return response, bedrock.sent


def check(response: SentResponse, path: str) -> None:
    error = response.json() if response.body else {}
    if response.status == 200:
        return
    assert 400 <= response.status < 500 or response.status == 501, error
    assert response.headers["content-type"] == "application/json"
    assert response.headers["request-id"] in ("gw-1", "bedrock-1")
    if path.startswith(("/model/", "/foundation-models", "/inference-profiles")):
        assert response.headers["x-amzn-errortype"].endswith("Exception")
        assert set(error) == {"message"}
    else:
        assert (error["type"], error["request_id"]) == ("error", response.headers["request-id"])
        assert set(error["error"]) >= {"type", "message"}


def as_written(text: str | bytes) -> Any:  # noqa: ANN401 - JSON
    """JSON with nothing lost: numbers as text, names that come twice twice."""
    return json.loads(
        text, parse_int=str, parse_float=str, parse_constant=refuse, object_pairs_hook=list
    )


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def member(text: str | bytes, name: str) -> Any:  # noqa: ANN401 - JSON
    return dict(as_written(text))[name]


EXAMPLES = profile().max_examples  # of this run: make test-unit has a fifth
MANY = profile(max_examples=3 * EXAMPLES, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(autouse=True)
def captured_output(capsys: pytest.CaptureFixture[str]) -> None:
    """Thousands of audit lines, and none of them about this."""
    capsys.readouterr()


@given(PATHS, VALUES)
@example("/v1/messages", '"\\ud800"')
@example("/v1/messages", "1E400")
@example(UNTOUCHED[0], "NaN")
@example(CONVERSE[0], '{"a":1,"a":2}')
@MANY
def test_what_bedrock_is_sent_is_what_the_caller_wrote(path: str, value: str) -> None:
    body = request_text(value)

    _, sent = send(path, body)

    for response in sent:
        response.body.decode()
        if path in (*UNTOUCHED, COUNTING):
            assert response.body.decode() == body
        elif path in CONVERSE or path == "/v1/messages":
            assert member(response.body, "messages") == member(body, "messages")


@given(
    PATHS,
    st.sampled_from(["", "\ufeff", "\x00", " \n", "//\n"]),
    VALUES | VALUES.map(request_text),
    st.sampled_from(["", "\x00", "}", " x", ",", "\ufeff"]),
)
@example("/v1/messages", "", "[" * DEEP, "")
@example("/v1/messages", "", request_text("[" * DEEP + "]" * DEEP), "")
@example(CONVERSE[0], "", request_text('{"a":' * DEEP + "1" + "}" * DEEP), "")
@example(COUNTING, "", "", "")
@MANY
def test_any_text_is_answered_or_refused(path: str, before: str, text: str, after: str) -> None:
    send(path, before + text + after)


@pytest.mark.parametrize("name", ["thinking", "metadata", "system", "tools", "output_config"])
@given(VALUES, st.sampled_from(["type", "budget_tokens", "user_id", "effort", "cache_control"]))
@example(LONGEST, "budget_tokens")
@profile(max_examples=3 * EXAMPLES // 5)
def test_any_value_where_the_gateway_reads(name: str, value: str, inner: str) -> None:
    for text in (value, f'{{"{inner}":{value}}}', f'[{{"{inner}":{value}}}]'):
        for path in ANTHROPIC:
            send(path, request_text('"hi"', f',"{name}":{text}'))


@pytest.mark.parametrize(
    "name",
    ["x-amzn-bedrock-request-metadata", "anthropic-beta", "content-type", "accept",
     "x-amzn-bedrock-trace"],
)  # fmt: skip
@given(VALUES | st.text(max_size=20))
@example("[" * 20_000)
@example('{"a":' * 4_000)
@example('{"a":"x\\r\\nb: c"}')
@profile(max_examples=3 * EXAMPLES // 5)
def test_any_header_is_taken_or_refused(name: str, value: str) -> None:
    for path in ("/v1/messages", UNTOUCHED[0], CONVERSE[0]):
        _, sent = send(path, request_text('"hi"'), headers={name: value})
        for response in sent:
            assert all(text.isascii() and text.isprintable() for text in response.headers.values())


@given(st.text(max_size=10) | st.from_regex(r"\A0{0,9}1?[0-9]{0,9}\Z"))
@example("1" + "0" * 5_000)
@example("0" * 10 + "20")
@example("-1")
@example("\u0661")
def test_a_limit_is_a_number_that_may_be(limit: str) -> None:
    response, _ = send("/v1/models", "", method="GET", query={"limit": limit})

    digits = limit.isascii() and limit.isdigit()
    assert (response.status == 200) == (digits and 1 <= int(limit[:4_000]) <= 1000)


@given(st.sampled_from(["POST", "GET", "HEAD", "PUT", "get"]), st.lists(PIECES, max_size=6))
@MANY
def test_no_path_leads_anywhere_but_to_a_route_of_this_stage(
    method: str, pieces: list[str]
) -> None:
    for start in ("/", "/model/", "/v1/models/", "/inference-profiles/", "/anthropic/"):
        for end in ("", "/invoke", "/converse"):
            _, sent = send(start + "".join(pieces) + end, request_text('"hi"'), method=method)
            for response in sent:
                model_id, operation = response.path.removeprefix("/model/").split("/")
                assert model_id.startswith("global.anthropic.claude-sonnet-4-5")
                assert operation in ("invoke", "converse")


def test_a_stages_guardrail_leaves_the_rest_of_the_callers_own_as_it_was_written() -> None:
    client_config = '{"trace":"enabled","of_theirs":1E400,"guardrailIdentifier":"theirs"}'

    _, [sent] = send(
        CONVERSE[0],
        request_text("[]", f',"guardrailConfig":{client_config}'),
        guardrail=Guardrail("ours", "1"),
    )

    assert dict(member(sent.body, "guardrailConfig")) == {
        "trace": "enabled",
        "of_theirs": "1E400",
        "guardrailIdentifier": "ours",
        "guardrailVersion": "1",
    }


@pytest.mark.parametrize("written", ["100.0", "1e2", "1.0E+2"])
def test_an_integer_may_be_written_with_a_point_or_an_exponent(
    caller: Caller, written: str
) -> None:
    thinking = f'{{"type":"enabled","budget_tokens": {written}}}'
    edits = f'{{"edits":[{{"trigger":{{"value":{written}}},"x":{{"max":{written}}}}}]}}'
    answer = caller.send(
        f'{{"model":"{MODEL}","max_tokens":{written},"messages":[],"top_k":{written},'
        f'"thinking":{thinking},"context_management":{edits},"temperature":1.0}}'
    )
    assert answer.status == 200
    assert "x-gateway-adapted" not in answer.headers
    sent = caller.bedrock.sent[-1].body.decode()
    assert '"max_tokens":100,' in sent
    assert '"top_k":100,' in sent
    assert '"budget_tokens": 100}' in sent
    assert f'"trigger":{{"value":100}},"x":{{"max":{written}}}' in sent
    assert '"temperature":1.0' in sent


@pytest.mark.parametrize("written", ["100.5", "1e-1", "1e999", '"100"', "true"])
def test_what_is_no_integer_is_refused_by_name(caller: Caller, written: str) -> None:
    answer = caller.send(f'{{"model":"{MODEL}","max_tokens":{written},"messages":[]}}')
    assert (answer.status, caller.bedrock.sent) == (400, [])
    assert answer.json()["error"]["message"] == "max_tokens: Input should be a valid integer"
