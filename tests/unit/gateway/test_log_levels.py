"""The audit line is evidence: it hangs on no log level; a wrong level is found at the start."""

import json
import logging

import pytest

from gateway import observability
from gateway.settings import SettingsError, load
from tests.unit.gateway.conftest import MODEL, Caller, audit_line

ENVIRONMENT = {
    "AWS_REGION": "us-east-1",
    "STAGE": "test",
    "GEOGRAPHIES": "global",
    "ALLOWED_MODELS": MODEL,
    "MAX_BODY_BYTES": "1",
    "PING_SECONDS": "15",
    "UNSUPPORTED_FIELDS": "drop",
    "API_KEY_NAMES": "{}",
}


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("POWERTOOLS_LOG_LEVEL", "CRITICAL"),
        ("POWERTOOLS_LOG_LEVEL", "warning"),
        ("LOG_LEVEL", "ERROR"),
        ("AWS_LAMBDA_LOG_LEVEL", "WARN"),
        ("AWS_LAMBDA_LOG_LEVEL", "FATAL"),
    ],
)
def test_the_audit_line_is_written_whatever_the_level(
    caller: Caller,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    level: str,
) -> None:
    observability.prepare("test")  # the logger of all tests is made once, at no such level
    monkeypatch.setenv(name, level)
    logging.disable(logging.CRITICAL)
    try:
        caller.send({"model": MODEL, "max_tokens": 1, "messages": []})
    finally:
        logging.disable(logging.NOTSET)

    assert audit_line(capsys)["outcome"] == "completed"
    assert load({**ENVIRONMENT, name: level}).stage == "test"


def test_the_audit_line_resembles_any_other_line(
    caller: Caller, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-2-3;Parent=4;Sampled=1")

    caller.send("", "GET", "/health")

    line = json.loads(capsys.readouterr().out.splitlines()[0])
    assert [*line] == ["level", "message", "timestamp", "service", "audit", "xray_trace_id"]
    assert (line["level"], line["message"], line["xray_trace_id"]) == ("INFO", "audit", "1-2-3")
    assert line["timestamp"].endswith("+0000")


@pytest.mark.parametrize("name", ["POWERTOOLS_LOG_LEVEL", "LOG_LEVEL", "AWS_LAMBDA_LOG_LEVEL"])
def test_a_wrong_level_stops_the_start_by_name(name: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} must be one of .* not 'verbose'"):
        load({**ENVIRONMENT, name: "verbose"})
