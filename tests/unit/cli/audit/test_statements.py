"""What is shown, what is not, and when neither can be said."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from botocore.exceptions import ClientError

from claude_bedrock.cli.audit import (
    access,
    alarms,
    completeness,
    configuration_changes,
    logging_state,
)
from claude_bedrock.cli.audit.alarms import Event
from claude_bedrock.cli.audit.configuration_changes import Change
from claude_bedrock.cli.audit.controls import CONTROLS, of_statements
from claude_bedrock.cli.audit.recorded_responses import RecordingDeployment
from claude_bedrock.cli.audit.retention import six_months
from claude_bedrock.cli.audit.severity import IMPORTANCE, SEVERITIES
from claude_bedrock.cli.audit.statement import (
    Judgment,
    Statement,
    Verdict,
    decisive,
    exit_code,
    overall_verdict,
    stated,
)
from claude_bedrock.cli.retention.locations import Destination
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.window import window
from claude_bedrock.retention.result import RetentionResult
from claude_bedrock.verification.finding import KINDS, Kind
from claude_bedrock.verification.period import BadWindowError, Period, in_words
from tests.unit.cli.audit.made_up import report

TOPIC = "arn:aws:sns:us-east-1:123456789012:alarms"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
STAGE = Deployment("prod", "eu-central-1", None)
SESSION = "arn:aws:sts::123456789012:assumed-role"
ROLES = {"claude-on-bedrock-prod-In-LoggingRole-X1"}
OWN = f"{SESSION}/claude-on-bedrock-prod-In-LoggingRole-X1/function"
OTHER = f"{SESSION}/claude-on-bedrock-prod-us-east-1-application/somebody"
MODELS = ("claude-haiku-4-5", "claude-opus-5-5")


READ_LOGS = {"read": {"CloudTrail": {"count": 2}}}


def days(number: int) -> Period:
    return Period(NOW - timedelta(days=number), NOW, timedelta(hours=1), NOW)


def change(by: str, refused: str = "") -> Change:
    return Change(
        "2026-11-20T10:00:00Z", configuration_changes.CHANGES[1], by, "198.51.100.7", refused, "e1"
    )


@pytest.mark.parametrize(
    ("changes", "over", "verdict"),
    [
        ([], 10, "pass"),
        ([change(OWN)], 10, "pass"),
        ([change(f"{SESSION}/admin/somebody")], 10, "fail"),
        ([change(OWN), change(OTHER)], 10, "fail"),
        ([change(OWN), change("arn:aws:iam::123456789012:user/root")], 10, "fail"),
        ([change(f"{SESSION}/admin/somebody", refused="AccessDenied")], 10, "pass"),
        ([], 100, "not assessed"),
        ([change(f"{SESSION}/admin/somebody")], 100, "fail"),
    ],
)
def test_changes_of_the_configuration(changes: list[Change], over: int, verdict: Verdict) -> None:
    statement = configuration_changes.judge(changes, ROLES, days(over))

    assert statement.verdict == verdict
    assert ("admin" in statement.words) == (verdict == "fail" and "admin" in str(changes))


def test_a_change_is_read_from_cloudtrails_event() -> None:
    event = {
        "EventId": "e1",
        "EventName": "PutModelInvocationLoggingConfiguration",
        "EventTime": datetime.fromisoformat("2026-11-20T11:00:00+01:00"),
        "CloudTrailEvent": '{"userIdentity": {"arn": "A"}, "sourceIPAddress": "198.51.100.7",'
        ' "errorCode": "AccessDenied"}',
    }

    assert configuration_changes.change(event) == (
        *("2026-11-20T10:00:00Z", "PutModelInvocationLoggingConfiguration", "A"),
        *("198.51.100.7", "AccessDenied", "e1"),
    )


@pytest.mark.parametrize(
    ("alarm", "verdict"),
    [
        ({"ActionsEnabled": True, "AlarmActions": ["topic"]}, "pass"),
        ({"ActionsEnabled": False, "AlarmActions": ["topic"]}, "fail"),
        ({"ActionsEnabled": True, "AlarmActions": []}, "fail"),
    ],
)
def test_an_alarm_that_notifies_no_one_is_none(alarm: dict[str, Any], verdict: Verdict) -> None:
    armed = {"ActionsEnabled": True, "AlarmActions": [TOPIC]}
    reached = {TOPIC: [f"{TOPIC}:1111"]}

    assert alarms.judge_armed({"one": armed, "other": alarm}, reached).verdict == verdict
    assert alarms.judge_armed({}, reached).verdict == "fail"


@pytest.mark.parametrize(
    ("reached", "verdict"),
    [
        ({TOPIC: []}, "fail"),
        ({TOPIC: ["PendingConfirmation"]}, "fail"),
        ({TOPIC: ["Deleted", "PendingConfirmation"]}, "fail"),
        ({TOPIC: ["PendingConfirmation", f"{TOPIC}:1111"]}, "pass"),
        ({TOPIC: [f"{TOPIC}:1111"], "arn:aws:sns:us-east-1:1:other": []}, "pass"),
    ],
)
def test_only_a_confirmed_subscription_counts(
    reached: dict[str, list[str]], verdict: Verdict
) -> None:
    alarm = {"ActionsEnabled": True, "AlarmActions": [*reached]}
    result = alarms.judge_armed({"one": alarm}, reached)
    assert result.verdict == verdict
    assert (TOPIC in result.words) is (verdict == "fail")


def test_an_alarm_of_which_another_topic_hears_nothing_is_counted() -> None:
    other = "arn:aws:sns:us-east-1:123456789012:other"
    both = {
        name: {"ActionsEnabled": True, "AlarmActions": [topic]}
        for name, topic in (("a", TOPIC), ("b", other), ("c", "arn:aws:ssm-incidents::1:plan"))
    }
    result = alarms.judge_armed(both, {TOPIC: [f"{TOPIC}:1"], other: ["PendingConfirmation"]})
    assert result == (
        "fail",
        f"1 of 3 alarms reach no one: no confirmed subscription to {other}.",
    )


class Alarms(RecordingDeployment):
    """A stage whose alarms `one` and `two` are there as far as `there`; an alarm of the stage
    `dev-2` is, too. `denied` are operations that AWS refuses:
    SNS's, since the topic is deleted."""

    there: ClassVar[Sequence[str]] = ()
    denied: ClassVar[Sequence[str]] = ()
    history: ClassVar[Sequence[str]] = ()
    threshold: ClassVar[float] = 1.0

    def template(self, _stack: str) -> Mapping[str, Any]:
        return {"Resources": {"One": {"Properties": {"Threshold": 1}}}}

    def alarms(self, stack: str) -> set[str]:
        return {"one", "two"} if stack == "Observability" else set()

    def client(self, _service: str) -> Any:  # noqa: ANN401 - a client of boto3
        return self

    def get_paginator(self, operation: str) -> Any:  # noqa: ANN401
        if operation in self.denied:
            is_topic = operation == "list_subscriptions_by_topic"
            code = "NotFound" if is_topic else "AccessDenied"
            raise ClientError({"Error": {"Code": code}}, operation)
        return SimpleNamespace(paginate=lambda **_: self.pages(operation))

    def pages(self, operation: str) -> list[dict[str, Any]]:
        armed = {"ActionsEnabled": True, "AlarmActions": [TOPIC]}
        states = '{"oldState": {"stateValue": "OK"}, "newState": {"stateValue": "ALARM"}}'
        fired = {"Timestamp": NOW, "HistoryData": states}
        pages: dict[str, list[dict[str, Any]]] = {
            "describe_alarms": [
                {
                    "MetricAlarms": [
                        {"AlarmName": name, "Threshold": self.threshold, **armed}
                        for name in (*self.there, "of dev-2")
                    ]
                }
            ],
            "list_subscriptions_by_topic": [{"Subscriptions": [{"SubscriptionArn": f"{TOPIC}:1"}]}],
            "list_stack_resources": [
                {
                    "StackResourceSummaries": [
                        {
                            "ResourceType": "AWS::CloudWatch::Alarm",
                            "LogicalResourceId": "One",
                            "PhysicalResourceId": "one",
                        }
                    ]
                }
            ],
            "describe_alarm_history": [
                {"AlarmHistoryItems": [{"AlarmName": name, **fired} for name in self.history]}
            ],
        }
        return pages[operation]


@pytest.mark.parametrize(
    ("there", "denied", "history", "verdicts"),
    [
        (("one", "two"), (), (), ("pass", "pass")),
        (("one",), (), (), ("fail", "pass")),
        ((), (), (), ("fail", "pass")),
        (("one",), (), ("two",), ("fail", "fail")),
        (("one", "two"), (), ("of dev-2",), ("pass", "pass")),
        (("one", "two"), ("describe_alarms",), ("two",), ("not assessed", "fail")),
        (("one", "two"), ("describe_alarm_history",), (), ("pass", "not assessed")),
        (("one", "two"), ("list_subscriptions_by_topic",), (), ("fail", "pass")),
    ],
)
def test_alarms_that_were_deleted_count_and_those_of_another_stage_do_not(
    monkeypatch: pytest.MonkeyPatch,
    there: Sequence[str],
    denied: Sequence[str],
    history: Sequence[str],
    verdicts: tuple[Verdict, Verdict],
) -> None:
    for name, value in (("there", there), ("denied", denied), ("history", history)):
        monkeypatch.setattr(Alarms, name, value)

    drift = alarms.collect_alarms(Alarms.of(STAGE), days(20), ("Gateway", "Observability"))

    assert tuple(statement.verdict for statement in drift.statements) == verdicts
    if len(there) < 2 and not denied:
        assert "Deleted: " in drift.statements[0].words


def test_an_alarm_with_another_threshold_than_was_deployed_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Alarms, "there", ("one", "two"))
    monkeypatch.setattr(Alarms, "threshold", 1000.0)

    drift = alarms.collect_alarms(Alarms.of(STAGE), days(20), ("Observability",))

    assert drift.statements[0].verdict == "fail"
    assert drift.statements[0].words == "With another rule than was deployed: one."


def test_an_alarm_that_went_off_is_named_and_none_counts_for_thirty_days() -> None:
    item = {
        "AlarmName": "InvocationRecordMissing",
        "Timestamp": NOW,
        "HistoryData": '{"oldState": {"stateValue": "OK"}, "newState": {"stateValue": "ALARM"}}',
    }
    off = alarms.event(item, "meaning")

    assert off == Event("2026-11-25T12:00:00Z", "InvocationRecordMissing", "OK", "ALARM", "meaning")
    assert alarms.judge_fired([off], days(40)) == (
        "fail",
        "Raised: InvocationRecordMissing. Number of times: 1.",
    )
    assert alarms.judge_fired([], days(30)).verdict == "pass"
    assert alarms.judge_fired([off._replace(before="ALARM", after="OK")], days(31)).verdict == (
        "not assessed"
    )


class _CutOff(RecordingDeployment):
    """AWS throttles the second page of each list."""

    answers: ClassVar[list[Any]] = []  # type: ignore[misc]
    page: ClassVar[dict[str, Any]] = {}

    def client(self, _service: str) -> Any:  # noqa: ANN401 - as boto3's
        document = {"Statement": policy("*")["Statement"]}
        return SimpleNamespace(
            get_paginator=lambda _: self,
            get_policy=lambda **_: {"Policy": {"DefaultVersionId": "v1"}},
            get_policy_version=lambda **_: {"PolicyVersion": {"Document": document}},
        )

    def paginate(self, **_: object) -> Any:  # noqa: ANN401 - as boto3's
        yield self.page
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "List")

    def resources(self, _stack: str, _kind: str) -> set[str]:
        return {"alarm"}


def test_of_a_list_that_aws_cuts_off_the_report_shows_no_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = '{"newState": {"stateValue": "ALARM"}}'
    item = {"AlarmName": "alarm", "Timestamp": NOW, "HistoryData": state}
    event = {"CloudTrailEvent": "{}", "EventTime": NOW, "EventName": "Put", "EventId": "e1"}
    role = {"PolicyRoles": [{"RoleName": "one"}]}
    pages = {"AlarmHistoryItems": [item], "MetricAlarms": [{"AlarmName": "alarm"}]}
    monkeypatch.setattr(_CutOff, "page", {**pages, **role, "Events": [event]})
    stage = _CutOff("prod", "eu-central-1", None)

    drift = alarms.collect_alarms(stage, days(1), ["Gateway"])
    history = configuration_changes.collect_changes(stage, days(1))
    outputs = {"InvokePolicyArn": "arn/p", "BoundaryPolicyArn": "arn/b"}
    may_invoke = access.collect_access(stage, outputs, MODELS)

    assert (drift.alarms, drift.events, history.changes, may_invoke.holders) == (0, (), (), ())
    verdicts = {each.verdict for each in (*drift.statements, history.statement)}
    assert verdicts | {may_invoke.statements[0].verdict} == {"not assessed"}


def policy(*resources: str, effect: str = "Allow", action: str = "bedrock:InvokeModel") -> Any:  # noqa: ANN401
    return {"Statement": [{"Effect": effect, "Action": [action], "Resource": list(resources)}]}


def test_a_policy_that_names_more_than_the_stages_models_is_not_bounded() -> None:
    arn = "arn:aws:bedrock:eu-central-1:123456789012"
    own = f"{arn}:inference-profile/eu.anthropic.claude-haiku-4-5-20251001-v1:0"
    base = "arn:aws:bedrock:*::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0"
    other = f"{arn}:inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
    team = f"{arn}:application-inference-profile/abc"

    def foreign(document: Any) -> list[str]:  # noqa: ANN401 - JSON
        return list(access.read_policy("arn/p", document, MODELS).foreign)

    assert access.read_policy("arn/p", policy(own, base, team), MODELS) == (
        *("p", ["claude-haiku-4-5"], []),
    )
    assert foreign(policy(own, other)) == ["claude-sonnet-4-5"]
    assert foreign(policy("*")) == ["*"]
    assert foreign(policy("*", action="bedrock:*")) == ["*"]
    assert foreign(policy(f"{arn}:foundation-model/*")) == [f"{arn}:foundation-model/*"]
    assert not access.read_policy("arn/p", policy("*", effect="Deny"), MODELS).allows
    assert not access.read_policy("arn/p", policy("*", action="logs:PutLogEvents"), MODELS).allows


@pytest.mark.parametrize(
    "statement",
    [
        {"Action": "bedrock:invokemodel", "Resource": "*"},
        {"Action": "bedrock:I*", "Resource": "*"},
        {"Action": ["bedrock:CreateModelInvocationJob"], "Resource": "*"},
        {"Action": "bedrock-mantle:CreateInference", "Resource": "*"},
        {"NotAction": "iam:*", "Resource": "*"},
        {"NotAction": "bedrock:InvokeModel", "Resource": "*"},
        {"Action": "bedrock:InvokeModel", "NotResource": "arn:aws:bedrock:::x"},
    ],
)
def test_a_policy_that_was_widened_in_other_words_is_not_bounded(statement: Any) -> None:  # noqa: ANN401
    widened = {"Statement": {"Effect": "Allow", **statement}}
    assert access.read_policy("arn/p", widened, MODELS).foreign
    reads = {"Statement": {"Effect": "Allow", "Action": "bedrock:Get*", "Resource": "*"}}
    assert not access.read_policy("arn/p", reads, MODELS).allows


def test_the_deny_policy_holds_only_where_the_role_that_invokes_has_it() -> None:
    assert access.judge_deny_policy("a", {("role", "a")}).verdict == "pass"
    assert access.judge_deny_policy("b", {("role", "a")}) == ("fail", "b lacks it.")
    assert access.judge_deny_policy("a", {("user", "a")}).verdict == "fail"
    attached = access.judge_deny_policy("a", {("role", "a")}, own_boundary=False)
    assert attached == ("pass", "It is attached to a, whose boundary is the account's own.")


def test_locations_encrypted_with_another_key_are_not_shown() -> None:
    key = "arn:aws:kms:eu-central-1:123456789012:key/k1"

    def verdict(group: str, bucket: str) -> Verdict:
        return logging_state.judge_encrypted({"group": group, "s3://b": bucket}, key).verdict

    assert verdict(key, "k1") == "pass"
    assert verdict(key, key) == "pass"
    assert verdict(key, "") == "fail"
    assert verdict(key.replace("k1", "k2"), key) == "fail"
    assert logging_state.judge_encrypted({"s3://b": key}, key).verdict == "fail"


def test_what_aws_denies_is_not_assessed_and_names_what_it_needs() -> None:
    def denied() -> Judgment:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "arn"}}, "Operation")

    result = stated(RecordingDeployment.of(STAGE), "name", "Claim", "iam:GetPolicy", denied)

    assert result.verdict == "not assessed"
    assert "iam:GetPolicy" in result.words


def test_the_verdict_is_for_the_most_severe_statement_that_applies() -> None:
    low = Statement("key-rotates", "c", "fail", "w")
    critical = Statement("complete", "c", "fail", "w")
    does_not_apply = Statement("residency", "c", "not assessed", "w", applies=False)
    doubtful = Statement("chain", "c", "not assessed", "w")

    assert decisive([low, doubtful, critical]) == [critical, low]
    assert decisive([doubtful, does_not_apply]) == [doubtful]
    assert decisive([does_not_apply]) == []
    assert overall_verdict([does_not_apply]) == "pass"


def test_the_reason_is_the_headline_only_where_it_is_for_the_calls() -> None:
    audit = report(lost=0)
    passing = [each._replace(verdict="pass") for each in audit.statements]
    assert {each.importance.severity for each in passing} == set(SEVERITIES)
    for failing in passing:
        joined = audit.completeness._replace(statements=(failing._replace(verdict="fail"),))
        only = audit._replace(
            completeness=joined,
            logging=audit.logging._replace(statements=()),
            history=audit.history._replace(statement=passing[0]),
            retention=audit.retention._replace(statement=passing[0], six_months=passing[0]),
            access=audit.access._replace(statements=()),
            drift=audit.drift._replace(statements=()),
        )
        is_of_calls = failing.id in completeness.CALL_STATEMENTS
        reason = audit.headline if is_of_calls else f"{failing.claim}: fail."
        assert (only.verdict, only.reason) == ("fail", reason)


def test_every_statement_has_a_severity_a_risk_and_a_remediation() -> None:
    statements = {statement.id for statement in report().statements} | {"budgets-counted"}
    assert set(IMPORTANCE) == statements
    for importance in IMPORTANCE.values():
        assert importance.risk.endswith(".") and importance.remediation.endswith(".")


def test_the_exit_code_is_of_the_worst_verdict() -> None:
    def code(*verdicts: Verdict) -> int:
        return exit_code([Statement("", "", verdict, "") for verdict in verdicts])

    assert code("pass") == 0
    assert code("pass", "not assessed") == 2
    assert code("not assessed", "fail", "pass") == 1


@pytest.mark.parametrize(
    ("residency", "verdict", "applies", "code"),
    [(None, "not assessed", False, 0), (["eu-central-1"], "pass", True, 0)],
)
def test_without_a_residency_nothing_is_claimed_of_it(
    residency: list[str] | None, verdict: Verdict, applies: bool, code: int
) -> None:
    joined = report(lost=0).completeness.report
    about = {**joined.about, "bounds": {"residency": residency}}

    result = completeness.judge("residency", joined._replace(about=about))

    assert (result.verdict, result.applies, exit_code([result])) == (verdict, applies, code)


def test_every_kind_of_finding_fails_a_statement_or_leaves_it_open() -> None:
    joined = report(lost=1).completeness.report
    about = {**joined.about, **READ_LOGS, "trail": {}, "bounds": {"residency": ["r"]}}
    joined = joined._replace(about=about)
    for kind in KINDS:
        if kind == "budget_mismatch":  # which the budgets' own statement fails for
            continue
        findings = [joined.outcome.findings[0]._replace(kind=kind)]
        judged = joined._replace(outcome=joined.outcome._replace(findings=findings))

        failing = {
            name
            for name in completeness.CALL_STATEMENTS
            if completeness.judge(name, judged).verdict != "pass"
        }
        assert failing == {completeness.statement_of(kind)}, kind


@pytest.mark.parametrize(
    ("trail", "kind", "verdict", "applies"),
    [
        (None, None, "not assessed", False),
        ({"events": 3, "due": 3, "witnessed": 3}, None, "pass", True),
        ({"events": 3, "due": 3, "witnessed": 2, "pending": 1}, None, "not assessed", True),
        ({"events": 3, "unreadable": 1}, None, "not assessed", True),
        ({"events": 3}, "trail_incomplete", "not assessed", True),
        ({"events": 3}, "call_outside_stage", "fail", True),
    ],
)
def test_cloudtrail_tells_only_where_it_was_read_and_has_no_gap(
    trail: dict[str, int] | None, kind: Kind | None, verdict: Verdict, *, applies: bool
) -> None:
    joined = report(lost=1).completeness.report
    findings = [joined.outcome.findings[0]._replace(kind=kind)] if kind else []
    about = joined.about if trail is None else {**joined.about, **READ_LOGS, "trail": trail}
    outcome = joined.outcome._replace(findings=findings)

    result = completeness.judge("cloudtrail", joined._replace(about=about, outcome=outcome))

    assert (result.verdict, result.applies) == (verdict, applies)
    assert ("3 events of calls were read." in result.words) is (trail is not None)


def test_a_trail_without_a_log_file_tells_nothing() -> None:
    joined = report(lost=0).completeness.report
    about = {**joined.about, "read": {"CloudTrail": {"count": 0}}, "trail": {"events": 0}}

    result = completeness.judge("cloudtrail", joined._replace(about=about))

    assert result.verdict == "not assessed"
    assert "CloudTrail has no log file of the window" in result.words


@pytest.mark.parametrize("name", ["bodies", "callers", "residency"])
def test_a_statement_says_that_it_leaves_out_allowed_direct_callers(name: str) -> None:
    joined = report(lost=0).completeness.report
    about = {**joined.about, "bounds": {"residency": ["eu-central-1"]}}
    counts = joined.outcome.counts._replace(allowed_direct_calls=7)
    direct = joined._replace(about=about, outcome=joined.outcome._replace(counts=counts))

    result = completeness.judge(name, direct)

    assert "7 records of allowed direct callers were left out." in result.words
    assert ("except those of allowed direct callers" in result.claim) is (name != "callers")
    without_gateway = completeness.judge(name, direct._replace(has_gateway=False))
    assert "allowed direct callers" not in f"{without_gateway.claim} {without_gateway.words}"


def test_an_answer_beyond_the_routes_is_not_shown_without_a_residency_either() -> None:
    joined = report(lost=1).completeness.report
    about = {**joined.about, "bounds": {"residency": None}}
    (finding,) = joined.outcome.findings
    residency_violations = [finding._replace(kind="data_residency_violation")]
    outcome = joined.outcome._replace(findings=residency_violations)

    result = completeness.judge("residency", joined._replace(about=about, outcome=outcome))

    assert (result.verdict, exit_code([result])) == ("fail", 1)


@pytest.mark.parametrize(
    ("stage_days", "kept_days", "verdict", "applies"),
    [
        (30, 30, "not assessed", False),
        (183, 400, "not assessed", False),
        (184, 184, "pass", True),
        (400, 183, "fail", True),
    ],
)
def test_six_months_apply_to_a_stage_that_keeps_as_much(
    stage_days: int, kept_days: int, verdict: str, applies: bool
) -> None:
    retention = RetentionResult("rule", None, None, kept_days, "", (), ())
    kept = Statement("kept", "claim", "pass", "words", ("answer",))

    result = six_months([Destination("s3", retention)], date(2026, 3, 1), stage_days, kept)

    assert (result.verdict, result.applies) == (verdict, applies)
    assert result.answers == ("answer",)


def test_every_statement_serves_a_control_and_every_control_has_one() -> None:
    statements = {statement.id for statement in report().statements}

    assert set(of_statements()) == statements
    assert len({control.anchor for control in CONTROLS}) == len(CONTROLS)


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        ("2026-11-01", "2026-12-01", "November 2026"),
        ("2026-12-01", "2027-01-01", "December 2026"),
        ("2026-11-01", "2026-11-30", "1 November to 29 November 2026"),
        ("2025-12-30T12:00", "2026-01-02", "30 December 2025 to 1 January 2026"),
        ("2026-11-25T10:00", "2026-11-25T12:30", "25 November 2026, 10:00 to 12:30 UTC"),
        ("2026-11-25", "2026-11-26", "25 November 2026"),
        ("2026-11-25T22:00", "2026-11-26", "25 November 2026, 22:00 to 24:00 UTC"),
    ],
)
def test_a_window_in_words(since: str, until: str, words: str) -> None:
    begin, end = (datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in (since, until))

    assert in_words(begin, end) == words


def of_month(month: str) -> Period:
    return window(None, None, None, month, now=NOW, settle_minutes=60)


def test_a_month_is_of_utc_and_ends_now_if_it_has_not_ended() -> None:
    assert of_month("2026-02")[:2] == (
        *(datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
    )
    assert of_month("2026-11")[:2] == (datetime(2026, 11, 1, tzinfo=UTC), NOW)
    for unfit in ("2026-13", "november", "2026-12"):
        with pytest.raises(BadWindowError, match=unfit):
            of_month(unfit)
