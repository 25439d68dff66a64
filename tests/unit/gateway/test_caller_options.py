"""What a caller may set of Bedrock's own options: its own answer's, and no one else's bill."""

import json
from collections.abc import Mapping
from typing import Any

import botocore.session
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from claude_bedrock.catalog.model import SERVICE_TIERS
from gateway.settings import Guardrail, Settings, SettingsError, _service_tiers
from tests.unit.gateway.conftest import MODEL, Caller

REQUEST: Mapping[str, Any] = {"max_tokens": 1, "messages": []}
MESSAGES = "/v1/messages"
INVOKE = [f"/model/{MODEL}/invoke", f"/model/{MODEL}/invoke-with-response-stream"]
CONVERSE = [f"/model/{MODEL}/converse", f"/model/{MODEL}/converse-stream"]
PATHS = [MESSAGES, f"/anthropic{MESSAGES}", *INVOKE, *CONVERSE]
BEDROCK = "x-amzn-bedrock-"
TIER = f"{BEDROCK}service-tier"
CALLERS = {"accept", "performanceconfig-latency", "trace"}
DECIDED = {"guardrailidentifier", "guardrailversion", "service-tier", "request-metadata"}
"""What has a rule of its own."""
GUARDRAIL = "amazon-bedrock-guardrailConfig"
TWICE = '{"streamProcessingMode":"ASYNCHRONOUS","streamProcessingMode":"SYNCHRONOUS"}'


@pytest.fixture
def caller(settings: Settings) -> Caller:
    return Caller(settings)


@pytest.fixture
def flexible(settings: Settings) -> Caller:
    return Caller(settings._replace(service_tiers=("default", "flex")))


def send(
    caller: Caller, path: str, headers: Mapping[str, str] | None = None, **body: object
) -> int:
    """The status of a call; what it says names the option at fault, and Bedrock is not asked."""
    model = {"model": MODEL} if path.endswith(MESSAGES) else {}
    sent = len(caller.bedrock.sent)
    answer = caller.send({**model, **REQUEST, **body}, path=path, headers=headers)
    if answer.status == 400:
        assert len(caller.bedrock.sent) == sent
    return answer.status


def audit(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (entry,) = [line["audit"] for line in lines if "audit" in line]
    return dict(entry)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("value", ["proj_1", "default", ""])
def test_the_project_is_never_the_callers(caller: Caller, path: str, value: str) -> None:
    assert send(caller, path, {"X-Amzn-Bedrock-ProjectIdentifier": value}) == 400


@pytest.mark.parametrize("name", ["projectIdentifier", "projectId", "ProjectArn", "project"])
@pytest.mark.parametrize("path", CONVERSE)
def test_nor_in_a_body_of_converse(caller: Caller, path: str, name: str) -> None:
    assert caller.send({**REQUEST, name: "proj_1"}, path=path).status == 400
    assert caller.bedrock.sent == []


@pytest.mark.parametrize("path", PATHS)
@given(
    name=st.from_regex(r"\A[a-z0-9-]{1,30}\Z").filter(lambda name: name not in CALLERS | DECIDED)
)
@examples(
    max_examples=examples().max_examples // 4,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_an_unknown_option_is_refused_by_its_name(caller: Caller, path: str, name: str) -> None:
    body = {"model": MODEL, **REQUEST} if path.endswith(MESSAGES) else REQUEST
    answer = caller.send(body, path=path, headers={f"X-Amzn-Bedrock-{name.title()}": "x"})
    assert answer.status == 400
    assert f"{BEDROCK}{name}" in answer.body.decode()
    assert caller.bedrock.sent == []


def test_every_header_of_the_installed_sdk_has_a_rule() -> None:
    model: Any = botocore.session.get_session().get_service_model("bedrock-runtime")
    bound = {
        str(member.serialization["name"]).lower()
        for name in ("InvokeModel", "InvokeModelWithResponseStream", "Converse", "ConverseStream")
        for member in model.operation_model(name).input_shape.members.values()
        if member.serialization.get("location") == "header"
    }
    known = {f"{BEDROCK}{name}" for name in CALLERS | DECIDED | {"projectidentifier"}}
    assert bound - known == {"accept", "content-type"}


@pytest.mark.parametrize("path", [MESSAGES, *INVOKE])
def test_what_touches_the_callers_own_answer_passes(caller: Caller, path: str) -> None:
    headers = {f"{BEDROCK}{name}": "x" for name in (*CALLERS, "guardrailidentifier")}
    send(caller, path, headers)
    assert headers.items() <= caller.bedrock.sent[0].headers.items()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("tier", ["priority", "flex", "reserved", "Default", "", "new"])
def test_a_stage_that_lists_no_tiers_takes_the_standard_one_only(
    caller: Caller, path: str, tier: str
) -> None:
    assert send(caller, path, {TIER: tier}) == 400
    if path in CONVERSE:
        assert send(caller, path, serviceTier={"type": tier}) == 400
        assert send(caller, path, serviceTier=tier) == 400
        assert send(caller, path, additionalModelRequestFields={"service_tier": tier}) == 400
    else:
        assert send(caller, path, service_tier=tier) == 400
    assert caller.bedrock.sent == []


@pytest.mark.parametrize("path", INVOKE)
@pytest.mark.parametrize(
    "name",
    [r"service\u005ftier", r"\u0073ervice_tier", r"amazon\u002dbedrock-x", "amazon-bedrock-x"],
)
def test_a_name_in_escapes_is_the_same_name(caller: Caller, path: str, name: str) -> None:
    assert caller.send(f'{{"messages": [], "{name}": "priority"}}', path=path).status == 400
    assert caller.bedrock.sent == []


@pytest.mark.parametrize("path", PATHS)
def test_a_tier_that_the_stage_lists_reaches_bedrock_in_each_spelling(
    flexible: Caller, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    send(flexible, path, {TIER: "flex"})
    assert flexible.bedrock.sent[-1].headers[TIER] == "flex"
    assert audit(capsys)["service_tier"] == "flex"
    if path in CONVERSE:
        send(flexible, path, serviceTier={"type": "flex"})
        assert flexible.bedrock.body["serviceTier"] == {"type": "flex"}
    else:
        send(flexible, path, service_tier="flex")
        assert flexible.bedrock.sent[-1].headers[TIER] == "flex"
    assert audit(capsys)["service_tier"] == "flex"
    assert ("service_tier" in flexible.bedrock.body) == (path in INVOKE)


@pytest.mark.parametrize(
    ("path", "written"),
    [
        (INVOKE[0], '"service_tier":"priority","service_tier":"default"'),
        (INVOKE[1], '"service_tier":"priority","service\\u005ftier":"default"'),
        (INVOKE[0], f'"{GUARDRAIL}":{TWICE}'),
        (MESSAGES, f'"{GUARDRAIL}":{TWICE}'),
        (CONVERSE[0], f'"guardrailConfig":{TWICE}'),
        (CONVERSE[1], '"serviceTier":{"type":"priority","type":"default"}'),
        (
            CONVERSE[0],
            '"additionalModelRequestFields":{"service_tier":"flex","service_tier":"default"}',
        ),
    ],
)
def test_an_option_that_is_given_twice_is_refused(caller: Caller, path: str, written: str) -> None:
    model = f'"model":"{MODEL}",' if path == MESSAGES else ""
    answer = caller.send(f'{{{model}"max_tokens":1,"messages":[],{written}}}', path=path)
    assert answer.status == 400
    assert b"twice" in answer.body
    assert caller.bedrock.sent == []


def test_a_name_given_twice_elsewhere_is_bedrocks_to_judge(caller: Caller) -> None:
    body = '{"max_tokens":1,"max_tokens":2,"messages":[{"role":"user","content":"service_tier"}]}'
    assert caller.send(body, path=INVOKE[0]).status == 200


@pytest.mark.parametrize("tier", ["auto", "standard_only", None])
def test_anthropics_own_tiers_are_left_out_as_before(caller: Caller, tier: str | None) -> None:
    answer = caller.send({"model": MODEL, **REQUEST, "service_tier": tier})
    assert answer.status == 200
    assert answer.headers["x-gateway-adapted"] == "field:service_tier"
    assert "service_tier" not in caller.bedrock.body
    assert TIER not in caller.bedrock.sent[0].headers


def test_a_listed_tier_in_a_body_is_no_change_of_the_request(flexible: Caller) -> None:
    strict = Caller(flexible.settings._replace(unsupported_fields="reject"))
    assert strict.send({"model": MODEL, **REQUEST, "service_tier": "flex"}).status == 200
    assert strict.bedrock.sent[0].headers[TIER] == "flex"


@pytest.mark.parametrize("path", PATHS)
def test_the_audit_entry_has_tier_and_project_of_every_call(
    caller: Caller, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    send(caller, path)
    line = audit(capsys)
    assert (line["service_tier"], line["project_id"]) == ("default", "default")


def test_the_audit_entry_has_the_tier_that_bedrock_answered_with(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    caller = Caller(settings._replace(service_tiers=("default", "reserved")))
    caller.bedrock.answers(b"{}", x_amzn_bedrock_service_tier="default")
    send(caller, INVOKE[0], {TIER: "reserved"})
    assert audit(capsys)["service_tier"] == "default"


def test_a_request_that_invokes_nothing_has_neither(
    caller: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    caller.send("", method="GET", path="/v1/models")
    assert not {"service_tier", "project_id"} & audit(capsys).keys()


@pytest.mark.parametrize("path", [MESSAGES, *INVOKE, *CONVERSE])
@pytest.mark.parametrize(
    ("enforced", "mode", "status"),
    [
        (True, "ASYNCHRONOUS", 400),
        (True, "async", 400),
        (True, "new", 400),
        (True, "SYNCHRONOUS", 200),
        (True, "sync", 200),
        (False, "async", 200),
    ],
)
def test_an_enforced_guardrail_sees_a_stream_before_its_caller(
    settings: Settings, path: str, enforced: bool, mode: str, status: int
) -> None:
    caller = Caller(settings._replace(guardrail=Guardrail("ours", "1") if enforced else None))
    name = "guardrailConfig" if path in CONVERSE else "amazon-bedrock-guardrailConfig"
    model = {"model": MODEL} if path == MESSAGES else {}
    answer = caller.send({**model, **REQUEST, name: {"streamProcessingMode": mode}}, path=path)
    assert len(caller.bedrock.sent) == (1 if status == 200 else 0)
    assert (answer.status == 400) == (status == 400)


@pytest.mark.parametrize("path", CONVERSE)
def test_an_enforced_guardrail_is_over_a_callers_headers_of_converse_too(
    settings: Settings, path: str
) -> None:
    caller = Caller(settings._replace(guardrail=Guardrail("ours", "1")))
    send(caller, path, {f"{BEDROCK}guardrailidentifier": "theirs"})
    assert f"{BEDROCK}guardrailidentifier" not in caller.bedrock.sent[0].headers


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (None, ("default",)),
        ("default,flex", ("default", "flex")),
        ("flex,default", ("flex", "default")),
    ],
)
def test_the_tiers_are_read_from_the_environment(text: str | None, read: tuple[str, ...]) -> None:
    environment = {} if text is None else {"SERVICE_TIERS": text}
    assert _service_tiers(environment, "SERVICE_TIERS") == read


@pytest.mark.parametrize("text", ["", "flex", "default,fast", "default,"])
def test_tiers_that_cannot_be_meant_stop_the_cold_start(text: str) -> None:
    with pytest.raises(SettingsError, match="SERVICE_TIERS must be default"):
        _service_tiers({"SERVICE_TIERS": text}, "SERVICE_TIERS")


def test_the_tiers_are_those_of_the_installed_sdk() -> None:
    model: Any = botocore.session.get_session().get_service_model("bedrock-runtime")
    assert sorted(model.shape_for("ServiceTierType").enum) == sorted(SERVICE_TIERS)
