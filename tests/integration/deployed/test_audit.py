"""`claude-bedrock audit` over a window of the deployed stage in which one record was lost."""

import hashlib
import json
import time
from datetime import UTC, datetime
from pathlib import Path

from jsonschema import Draft202012Validator

from claude_bedrock.cli.shared.record_sources import records_of
from tests.integration.deployed.deployment import Deployment, eventually
from tests.integration.deployed.test_cli import claude_bedrock
from tests.integration.deployed.test_records import recorded
from tests.integration.deployed.test_verify import EMBEDDED, audit, lines_since

SECRET = "secret-of-the-audit"


def test_the_report_names_the_lost_call_and_rests_on_answers_that_are_there(
    deployment: Deployment, tmp_path: Path
) -> None:
    time.sleep(1.1)  # a record's time is of whole seconds
    since = datetime.now(UTC).isoformat()
    time.sleep(1.1)
    request_id = deployment.ask(SECRET).headers["request-id"]
    lost = deployment.ask(f"[[fault: no_delivery]] {SECRET}").headers["request-id"]
    recorded(records_of(deployment.stage()), request_id)
    cut = deployment.ask(f"[[fault: cut after=3]] [[fault: no_delivery]] {SECRET}")
    assert cut.status == 500  # and Bedrock has answered it with 200
    eventually(lambda: lines_since(deployment, since) == 3)
    out = tmp_path / "audit"

    made = audit(deployment, "--since", since, "--settle-minutes", "0", "--out", str(out), "--json")

    assert (made.returncode, made.stderr) == (1, f"Report: {out / 'audit.html'}\n"), made.stderr
    report = json.loads(made.stdout)
    assert report == json.loads((out / "audit.json").read_text())
    schema = json.loads((out / "audit.schema.json").read_text())
    assert [error.message for error in Draft202012Validator(schema).iter_errors(report)] == []
    assert report["verdict"] == "fail"
    assert report["decisive"][0] == "complete"
    assert report["headline"].startswith("2 of 3 calls of ")
    assert report["completeness"]["headline"] == report["headline"]
    missing = {
        finding["request_id"]: finding["kind"] for finding in report["completeness"]["findings"]
    }
    assert (len(missing), set(missing.values())) == (2, {"missing_record"})
    assert lost in missing
    verdicts = {statement["id"]: statement["verdict"] for statement in report["statements"]}
    assert verdicts["complete"] == "fail"
    assert {name for name in verdicts if verdicts[name] == "not assessed"} - {
        "chain",
        "signed",
    } == {
        *EMBEDDED,
        "residency",  # the stage has none
        "kept-six-months",
    }
    shown = {"logging-on", "data-types", "encrypted", "kept", "models-bounded", "deny-policy"}
    shown |= {"cloudtrail"}
    assert {verdicts[name] for name in shown} == {"pass"}
    (armed,) = [
        statement for statement in report["statements"] if statement["id"] == "alarms-armed"
    ]
    assert armed["verdict"] == "fail"  # the stage names no address
    assert "no confirmed subscription to arn:aws:sns:" in armed["words"]
    # By audit log entries: those of the two lost records among them.
    assert [(group["calls"], group["caller"]) for group in report["usage"]] == [(3, "default")]
    by = ("--by", "day,caller,model,geography", "--since", since, "--json")
    used = json.loads(claude_bedrock(deployment, "usage", *by).stdout)
    assert (used["groups"], used["notes"]) == (report["usage"], report["usage_notes"])
    assert {principal["kind"] for principal in report["access"]} == {"role"}
    _holds(out)
    _rests_on_answers(out, report["statements"], report["answers"])
    files = [path for path in out.rglob("*") if path.is_file()]
    assert not [file for file in files if SECRET.encode() in file.read_bytes()]

    again = audit(deployment, "--out", str(out))
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr == f"claude-bedrock: {out} is not empty. Name another folder with --out.\n"


def _holds(out: Path) -> None:
    """The manifest is of every file, and none of it has changed."""
    lines = (out / "SHA256SUMS").read_text().splitlines()
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    files = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert files == {*sums, "SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest


def _rests_on_answers(out: Path, statements: list[dict[str, list[str]]], answers: object) -> None:
    named = {name for statement in statements for name in statement["answers"]}
    assert isinstance(answers, list)
    assert {f"answers/{name}" for name in named} <= {answer["file"] for answer in answers}
    for answer in answers:
        content = (out / answer["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == answer["sha256"]


def test_what_cannot_be_read_is_no_report(deployment: Deployment, tmp_path: Path) -> None:
    out = tmp_path / "audit"

    for mistake, words in (
        (("--month", "2026-13"), "Invalid month"),
        (("--month", "2026-11", "--hours", "3"), "--month cannot be combined"),
        (("--since", "yesterday"), "Invalid time"),
    ):
        refused = audit(deployment, *mistake, "--out", str(out))
        assert (refused.returncode, refused.stdout) == (2, "")
        assert words in refused.stderr and refused.stderr.count("\n") == 1
    assert not out.exists()
