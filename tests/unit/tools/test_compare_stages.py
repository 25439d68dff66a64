"""What a reviewer reads of two syntheses of a stage: replacements, permissions, code, the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tools.compare_stages import ACCESS, main, shortened

ROLE = "ModelAccess/Deploy/Role"
BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "records"}}


def _function(code: str) -> dict[str, Any]:
    return {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Key": f"{code * 64}.zip"}}}


def _assembly(folder: Path, access: dict[str, list[list[str]]], **resources: object) -> Path:
    folder.mkdir()
    template = {"Resources": resources}
    (folder / "claude-on-bedrock-dev-Gateway.template.json").write_text(json.dumps(template))
    (folder / ACCESS).write_text(json.dumps(access))
    return folder


def _printed(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    main([str(argument) for argument in arguments])
    return capsys.readouterr().out


def test_two_equal_syntheses_differ_in_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = ["sts:AssumeRole", "another role", "", "us-east-1", "Allowed"]
    before, after = (
        _assembly(tmp_path / name, {ROLE: [cell]}, Function=_function("0")) for name in "ab"
    )

    lines = _printed(capsys, before, after).splitlines()

    assert len(lines) == 9
    assert all(line.endswith(": none") for line in lines if line)


def test_each_kind_of_difference_is_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def cells(*outcomes: str) -> dict[str, list[list[str]]]:
        models = ("claude-haiku-4-5", "claude-opus-5-5")
        return {
            ROLE: [
                ["bedrock:InvokeModel", model, "us", "us-east-1", outcome]
                for model, outcome in zip(models, outcomes, strict=True)
            ]
            + [["kms:Sign", "a key", "", "us-east-1", "ImplicitlyDenied"]]
        }

    opened = cells("Allowed", "Allowed")
    opened[ROLE].append(["kms:Decrypt", "a new key", "", "us-east-1", "ImplicitlyDenied"])
    opened["New/Role"] = [["kms:Decrypt", "a key", "", "us-east-1", "Allowed"]]
    before = _assembly(
        tmp_path / "before",
        cells("ImplicitlyDenied", "ImplicitlyDenied"),
        Old01234567=BUCKET,
        Function=_function("0"),
    )
    after = _assembly(tmp_path / "after", opened, New01234567=BUCKET, Function=_function("1"))

    text = _printed(capsys, before, after)

    assert "### What an update replaces or refuses: 1\n" in text
    assert "Gateway: AWS::S3::Bucket Old01234567 is replaced by New01234567\n" in text
    assert "### Principals who may do something else: 2\n" in text
    assert (
        f"{ROLE}:\n  bedrock:InvokeModel | on claude-haiku-4-5, claude-opus-5-5 | us | us-east-1 | "
        "ImplicitlyDenied -> Allowed\n" in text
    )
    assert "New/Role:\n  kms:Decrypt | on a key | - | us-east-1 | not asked -> Allowed\n" in text
    assert "a new key" not in text
    assert "### Functions with other code: 1\n\n```text\nclaude-on-bedrock-dev-Gateway: Fun" in text
    assert "<details><summary>Names and texts" in text


def test_a_new_stage_and_a_matrix_that_is_missing_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    after = _assembly(tmp_path / "after", {}, Bucket=BUCKET)
    (after / ACCESS).unlink()

    text = _printed(capsys, tmp_path / "before", after)

    assert f"There is no folder `{tmp_path / 'before'}`: all of it is new." in text
    assert "### Who may do what: cannot tell, since access.json is missing" in text
    with pytest.raises(SystemExit):
        main([str(after), str(tmp_path / "before")])
    assert "has no templates: synthesize into it first" in capsys.readouterr().err


def test_no_text_of_a_template_closes_its_fence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = {"Type": "AWS::S3::Bucket", "Properties": {"Tag": "```\n@everyone"}}
    before, after = _assembly(tmp_path / "a", {}), _assembly(tmp_path / "b", {}, Bucket=named)

    assert "````text\nGateway: Resources.Bucket: null" in _printed(capsys, before, after)


def test_a_long_comparison_is_cut_and_closed() -> None:
    text = "### Title\n\n```text\n" + "a line\n" * 100 + "```\n"

    cut = shortened(text, 200)

    assert len(cut) < 260
    assert cut.count("```") == 2
    assert cut.endswith("characters more.\n")
    assert shortened(text, len(text)) == text
