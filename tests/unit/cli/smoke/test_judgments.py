"""What each check makes of what AWS and the endpoint may answer."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from claude_bedrock.cli.shared.deployment import NoTargetError
from claude_bedrock.cli.shared.endpoint import RefusedError
from claude_bedrock.cli.smoke import (
    function_memory,
    function_vpc,
    metric_names,
    permissions,
    records,
    refusals,
    runner,
    streaming,
    witnesses,
)
from claude_bedrock.cli.smoke.check import (
    Check,
    Finding,
    Result,
    exit_code,
    failed,
    not_assessed,
    passed,
)
from claude_bedrock.cli.smoke.deployed_stage import Subject
from claude_bedrock.cli.smoke.http_call import Response
from tests.unit.cli.smoke.fakes import ENTRY, RECORD, MadeUp, MadeUpRecords, refusal, response

PACED = tuple(float(n) / 2 for n in range(1, 10))


@pytest.mark.parametrize(
    ("events", "verdict"),
    [
        (PACED, "pass"),
        ((4.0, 4.0, 4.01), "fail"),
        ((3.0,), "fail"),
        ((0.2, 0.2), "not assessed"),
        ((), "fail"),
    ],
)
def test_a_stream_that_comes_all_at_once_was_buffered(
    events: tuple[float, ...], verdict: str
) -> None:
    finding = streaming.judge_pacing(MadeUp(stream=response(events=events)))
    assert finding.verdict == verdict


def test_a_header_that_api_gateway_renames_is_missed() -> None:
    as_sent = response(headers=(("x-amzn-remapped-date", "now"),))
    renamed = Response(200, (("x-amzn-remapped-request-id", "r"),), b"", as_sent.started_at)
    assert streaming.judge_headers(MadeUp(stream=as_sent)).verdict == "pass"
    finding = streaming.judge_headers(MadeUp(stream=renamed))
    assert finding.verdict == "fail"
    assert finding.measured["remapped"] == ["x-amzn-remapped-request-id"]


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (refusal(401, "authentication_error", "UnrecognizedClientException"), "pass"),
        (refusal(401, "authentication_error"), "pass"),
        (refusal(401, "authentication_error", "Unrecognized…", "UnauthorizedException"), "fail"),
        (refusal(403, "authentication_error"), "fail"),
        (refusal(401, "permission_error"), "fail"),
        (response(401, {"message": "Forbidden"}), "fail"),
        (Response(401, (), b"<html>", response().started_at), "fail"),
    ],
)
def test_a_refusal_has_its_status_its_shape_and_each_header_once(
    monkeypatch: pytest.MonkeyPatch, response: Response, verdict: str
) -> None:
    monkeypatch.setattr(refusals, "send", lambda *_: response)
    assert refusals.judge_no_credentials(MadeUp()).verdict == verdict
    assert refusals.judge_wrong_key(MadeUp()).verdict == verdict


def test_a_web_acl_refuses_in_the_callers_format(monkeypatch: pytest.MonkeyPatch) -> None:
    own = MadeUp(outputs={"WebAclArn": "arn:aws:wafv2:…"})
    for answer, verdict in (
        (refusal(403, "permission_error", "AccessDeniedException"), "pass"),
        (refusal(401, "authentication_error"), "fail"),  # it reached the authorizer
    ):
        monkeypatch.setattr(refusals, "send", lambda *_, answer=answer: answer)
        assert refusals.judge_web_acl(own).verdict == verdict
    assert refusals.judge_web_acl(MadeUp()).verdict == "not assessed"


def test_a_body_that_the_web_acl_refuses_is_not_sent() -> None:
    limited = MadeUp(outputs={"BodyLimitKb": "64"})
    limit = limited.body_limit_bytes
    larger = {check.name for check in runner.CHECKS if check.body_bytes > limit}
    assert larger == {"large body", "too large a body", "escaped body"}
    sending = [
        Check("sends", "", "", lambda _: passed("sent"), body_bytes=size)
        for size in (limit, limit + 1)
    ]
    assert [runner._judge(check, limited).verdict for check in sending] == ["pass", "not assessed"]


def test_where_callers_sign_there_is_no_wrong_key() -> None:
    assert refusals.judge_wrong_key(MadeUp(outputs={"Auth": "iam"})).verdict == "not assessed"


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (refusal(404, "not_found_error"), "pass"),
        (refusal(413, "request_too_large"), "pass"),
        (response(413, {"message": "Request Too Long"}), "fail"),
        (response(500, {"message": "Internal server error"}), "fail"),
    ],
)
def test_a_body_full_of_quotes_reaches_the_gateway_or_is_refused_as_too_large(
    monkeypatch: pytest.MonkeyPatch, response: Response, verdict: str
) -> None:
    sent: list[bytes] = []

    def send(_endpoint: object, _method: str, _path: str, body: bytes) -> Response:
        sent.append(body)
        return response

    monkeypatch.setattr(refusals, "send", send)
    assert refusals.judge_escaped_body(MadeUp()).verdict == verdict
    assert len(sent[0]) < 5_000_000
    assert len(json.dumps(sent[0].decode())) > 6_291_456


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (refusal(404, "not_found_error"), "pass"),
        (refusal(400, "invalid_request_error"), "fail"),
        (refusal(415, "invalid_request_error"), "fail"),
    ],
)
def test_a_compressed_body_that_is_not_decoded_is_detected(
    monkeypatch: pytest.MonkeyPatch, response: Response, verdict: str
) -> None:
    def send(_endpoint: object, _method: str, _path: str, body: bytes, **headers: str) -> Response:
        assert gzip.decompress(body).startswith(b"{")
        assert headers == {"content_encoding": "gzip"}
        return response

    monkeypatch.setattr(refusals, "send", send)
    assert refusals.judge_compressed_body(MadeUp()).verdict == verdict


@pytest.mark.parametrize(
    ("names", "verdict"),
    [
        (["ResourceNotFoundException"], "pass"),
        (["ResourceNotFoundException", "NotFoundException"], "fail"),
        ([], "fail"),
    ],
)
def test_an_exception_that_loses_its_name_is_detected(
    monkeypatch: pytest.MonkeyPatch, names: list[str], verdict: str
) -> None:
    result = refusal(404, "not_found_error", *names)
    monkeypatch.setattr(refusals, "send", lambda *_: result)
    assert refusals.judge_native_error(MadeUp()).verdict == verdict


class Plans:
    def __init__(self, *bursts: int) -> None:
        self._bursts = bursts

    def get_usage_plans(self, *, keyId: str) -> Any:  # noqa: ANN401, N803
        assert keyId == "k1"
        return {"items": [{"throttle": {"burstLimit": burst}} for burst in self._bursts]}


@pytest.mark.parametrize(
    ("bursts", "statuses", "verdict"),
    [
        ((20,), [200, 429], "pass"),
        ((20,), [200], "not assessed"),
        ((1000,), [], "not assessed"),
        ((), [], "not assessed"),
    ],
)
def test_a_throttled_request_is_optional(
    monkeypatch: pytest.MonkeyPatch, bursts: tuple[int, ...], statuses: list[int], verdict: str
) -> None:
    sent: list[int] = []

    def send_many(_endpoint: object, _path: str, count: int) -> list[Response]:
        sent.append(count)
        return [refusal(status, "rate_limit_error") for status in statuses]

    monkeypatch.setattr(refusals, "send_many", send_many)
    subject = MadeUp(entry=ENTRY, message=response(), clients={"apigateway": Plans(*bursts)})
    assert refusals.judge_throttle(subject).verdict == verdict
    assert sent == ([60] if statuses else [])


@pytest.mark.parametrize(
    ("entry", "verdict"),
    [(ENTRY, "pass"), ({**ENTRY, "api_key_id": ""}, "fail"), (None, "fail")],
)
def test_the_audit_entry_names_the_key(entry: Any, verdict: str) -> None:  # noqa: ANN401
    assert witnesses.judge_caller(MadeUp(message=response(), entry=entry)).verdict == verdict


class Lines:
    def __init__(self, *lines: dict[str, str]) -> None:
        self._lines = lines

    def get_paginator(self, _name: str) -> Lines:
        return self

    def paginate(self, **request: object) -> Any:  # noqa: ANN401
        assert request["filterPattern"] == '"gw-1"'
        return [{"events": [{"message": json.dumps(line)} for line in self._lines]}]


@pytest.mark.parametrize(
    ("lines", "verdict"),
    [([{"status": "200", "refusal": "-"}], "pass"), ([{"status": "502"}], "fail"), ([], "fail")],
)
def test_the_access_log_has_the_call(lines: list[dict[str, str]], verdict: str) -> None:
    subject = MadeUp(message=response(), entry=ENTRY, clients={"logs": Lines(*lines)})
    finding = witnesses.judge_access_log(subject)
    assert finding.verdict == verdict
    assert finding.measured.get("absent", []) == (["refusal"] if verdict == "pass" else [])


REPORT = "REPORT RequestId: {} Duration: 9.1 ms\tMemory Size: 256 MB\tMax Memory Used: {} MB\t{}"
INIT = "Init Duration: 181.22 ms\t"


@pytest.mark.parametrize(
    ("lines", "verdict", "text"),
    [
        ([REPORT.format("a", 44, INIT), REPORT.format("b", 61, "")], "pass", "used 61 of 256 MB"),
        ([REPORT.format("a", 44, ""), REPORT.format("b", 206, "")], "fail", "endpoint.memory_mb"),
        (["REPORT RequestId: a Duration: 9.1 ms"], "not assessed", "no REPORT line"),
        ([], "not assessed", "no REPORT line"),
    ],
)
def test_the_functions_memory_is_what_lambda_reports(
    lines: list[str], verdict: str, text: str
) -> None:
    class Reports:
        def get_paginator(self, _name: str) -> Reports:
            return self

        def paginate(self, **request: object) -> Any:  # noqa: ANN401
            assert str(request["logGroupName"]).endswith("gateway")
            return [{"events": [{"message": line} for line in lines]}]

    outputs = {"FunctionLogGroupName": "/claude-on-bedrock/dev/gateway"}
    subject = MadeUp(
        message=response(), large=response(), outputs=outputs, clients={"logs": Reports()}
    )
    finding = function_memory.judge_memory(subject)
    assert (finding.verdict, text in finding.text) == (verdict, True), finding
    if verdict == "pass":
        assert finding.measured["init_ms"] == [181.22]


@pytest.mark.parametrize(
    ("stage_group", "groups", "verdict", "text"),
    [
        ("", [], "pass", "Lambda's own network"),
        ("sg-1", ["sg-1"], "pass", "in the stage's VPC"),
        ("sg-1", [], "fail", "another network"),
        ("sg-1", ["sg-2"], "fail", "another network"),
        ("", ["sg-2"], "fail", "another network"),
    ],
)
def test_the_functions_run_in_the_vpc_of_the_stage(
    stage_group: str, groups: list[str], verdict: str, text: str
) -> None:
    class Functions:
        def get_function_configuration(self, **request: object) -> Any:  # noqa: ANN401
            vpc = {"VpcConfig": {"SecurityGroupIds": groups}} if groups else {}
            return {"State": "Active", "FunctionName": request["FunctionName"], **vpc}

    outputs = {"FunctionName": "gateway", "FunctionSecurityGroupId": stage_group}
    subject = MadeUp(outputs=outputs, clients={"lambda": Functions()})
    finding = function_vpc.judge_vpc(subject)
    assert (finding.verdict, text in finding.text) == (verdict, True), finding
    assert finding.measured["functions"] == 1


def on_record(record: Any, *objects: str, **calls: object) -> MadeUp:  # noqa: ANN401
    made: dict[str, Any] = {
        "message": response(),
        "large": response(),
        "disconnected": response(),
        **calls,
    }
    return MadeUp(records=MadeUpRecords(record, objects), **made)


@pytest.mark.parametrize(("record", "verdict"), [(RECORD, "pass"), (None, "fail")])
def test_a_record_that_does_not_come_is_missed(record: Any, verdict: str) -> None:  # noqa: ANN401
    assert records.judge_logs(on_record(record)).verdict == verdict


def test_a_record_without_a_field_that_is_read_fails_and_names_it() -> None:
    assert records.judge_fields(on_record(RECORD)).verdict == "pass"
    without = {name: value for name, value in RECORD.items() if name != "requestMetadata"}
    finding = records.judge_fields(on_record(without))
    assert (finding.verdict, finding.text) == ("fail", "The record lacks requestMetadata.")
    assert "input.inputBodyJson" in finding.measured["names"]


@pytest.mark.parametrize(
    ("model_id", "verdict", "form"),
    [
        (RECORD["modelId"], "pass", "inference profile id"),
        (f"arn:aws:bedrock:us-east-1:1:inference-profile/{RECORD['modelId']}", "pass", "ARN"),
        (RECORD["modelId"].partition(".")[2], "pass", "model id"),
        ("amazon.nova-pro-v1:0", "fail", "inference profile id"),
    ],
)
def test_the_form_of_the_model_id_is_reported(model_id: str, verdict: str, form: str) -> None:
    finding = records.judge_model_id(on_record({**RECORD, "modelId": model_id}))
    assert (finding.verdict, finding.measured["form"]) == (verdict, form)


PATH = "s3://bucket/data/1_input.json.gz"


@pytest.mark.parametrize(
    ("body", "objects", "verdict"),
    [
        ({"inputBodyS3Path": PATH}, (PATH,), "pass"),
        ({"inputBodyS3Path": PATH}, (), "fail"),
        ({}, (), "fail"),
    ],
)
def test_a_large_body_is_where_the_record_points(
    body: dict[str, str], objects: tuple[str, ...], verdict: str
) -> None:
    assert (
        records.judge_large_body(on_record({**RECORD, "input": body}, *objects)).verdict == verdict
    )


def test_a_call_that_the_client_left_has_to_be_on_record() -> None:
    assert records.judge_disconnect(on_record(RECORD)).verdict == "pass"
    assert records.judge_disconnect(on_record(None)).verdict == "fail"
    refused = on_record(RECORD, disconnected=refusal(429, "rate_limit_error"))
    assert records.judge_disconnect(refused).verdict == "fail"


class Aws:
    """Lambda, IAM and STS of the gateway's role."""

    def __init__(self, decisions: dict[str, str], error: str = "") -> None:
        self._decisions, self._error = decisions, error

    def get_function_configuration(self, **_request: str) -> Any:  # noqa: ANN401
        return {"Role": "arn:aws:iam::123456789012:role/gateway"}

    def simulate_principal_policy(self, **_request: object) -> Any:  # noqa: ANN401
        pairs = self._decisions.items()
        return {
            "EvaluationResults": [
                {"EvalActionName": action, "EvalDecision": decision} for action, decision in pairs
            ]
        }

    def assume_role(self, **_request: object) -> object:
        if self._error:
            raise ClientError({"Error": {"Code": self._error, "Message": "no"}}, "AssumeRole")
        return {}

    def subject(self) -> MadeUp:
        return MadeUp(clients=dict.fromkeys(("lambda", "iam", "sts"), self))


DENIED = dict.fromkeys(permissions.FORBIDDEN, "explicitDeny")


@pytest.mark.parametrize(
    ("decisions", "verdict"),
    [
        (DENIED, "pass"),
        ({**DENIED, "iam:PassRole": "implicitDeny"}, "pass"),
        ({**DENIED, "iam:PassRole": "allowed"}, "fail"),
        ({}, "fail"),
    ],
)
def test_an_action_that_iam_allows_or_does_not_judge_fails(
    decisions: dict[str, str], verdict: str
) -> None:
    assert permissions.judge_simulated(Aws(decisions).subject()).verdict == verdict


def test_a_role_that_you_can_assume_fails() -> None:
    assert permissions.judge_tried(Aws({}, "AccessDenied").subject()).verdict == "pass"
    assert permissions.judge_tried(Aws({}).subject()).verdict == "fail"


class Metrics:
    """CloudFormation and CloudWatch: one alarm on a metric without dimensions."""

    def __init__(self, *published: list[dict[str, str]]) -> None:
        self._published = published

    def get_paginator(self, name: str) -> Metrics:
        self._operation = name
        return self

    def paginate(self, **_request: str) -> Any:  # noqa: ANN401
        if self._operation == "list_metrics":
            return [{"Metrics": [{"Dimensions": dimensions} for dimensions in self._published]}]
        resource = {"PhysicalResourceId": "a", "ResourceType": "AWS::CloudWatch::Alarm"}
        return [{"StackResourceSummaries": [resource]}]

    def describe_alarms(self, **_request: object) -> Any:  # noqa: ANN401
        return {"MetricAlarms": [{"Namespace": "AWS/Bedrock", "MetricName": "Failure"}]}


BY_MODEL = [{"Name": "ModelId", "Value": "m"}]


@pytest.mark.parametrize(
    ("published", "verdict"),
    [(([],), "pass"), (([], BY_MODEL), "pass"), ((BY_MODEL,), "fail"), ((), "not assessed")],
)
def test_an_alarm_by_dimensions_that_aws_does_not_publish_fails(
    published: tuple[list[dict[str, str]], ...], verdict: str
) -> None:
    aws = Metrics(*published)
    subject = MadeUp(clients={"cloudformation": aws, "cloudwatch": aws})
    assert metric_names.judge_metrics(subject).verdict == verdict


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "arn:aws:iam::1:role/r"}}, "ListMetrics")


@pytest.mark.parametrize(
    ("error", "verdict", "text"),
    [
        (client_error("AccessDenied"), "not assessed", "AWS denies you ListMetrics."),
        (client_error("Throttling"), "not assessed", "AWS answers ListMetrics with Throttling."),
        *(
            (
                client_error(code),
                "fail",
                f"AWS answers ListMetrics with {code}. `claude-bedrock doctor` names what changed.",
            )
            for code in ("ResourceNotFoundException", "NoSuchBucket", "KMS.DisabledException")
        ),
        (
            EndpointConnectionError(endpoint_url="https://x"),
            "not assessed",
            "AWS does not answer: EndpointConnectionError.",
        ),
        (NoTargetError("nothing is deployed"), "not assessed", "nothing is deployed."),
        (RefusedError("the endpoint does not answer"), "fail", "the endpoint does not answer."),
    ],
)
def test_what_is_not_answered_is_not_assessed(
    monkeypatch: pytest.MonkeyPatch, error: Exception, verdict: str, text: str
) -> None:
    def judge(_subject: Subject) -> Finding:
        raise error

    monkeypatch.setattr(runner, "CHECKS", (Check("one", "fact", "source", judge),))
    (result,) = runner.run(MadeUp())
    assert (result.finding.verdict, result.finding.text) == (verdict, text)


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        ([passed("")], 0),
        ([passed(""), not_assessed("")], 2),
        ([not_assessed(""), failed("")], 1),
    ],
)
def test_the_exit_code_is_of_the_worst_verdict(findings: list[Finding], code: int) -> None:
    results = [Result(runner.CHECKS[0], finding) for finding in findings]
    assert exit_code(results) == code
