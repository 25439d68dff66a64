"""What is wrong with the options is one line, before anything is started."""

import json
import socket
from pathlib import Path

import pytest

from local.run import options
from local.run.options import Options, OptionsError

STAGES = {"a": {"region": "eu-central-1"}, "b": {}, "c": None}


def refused(chosen: Options) -> str:
    with pytest.raises(OptionsError) as error:
        options.check(chosen)
    message = str(error.value)
    assert "\n" not in message
    return message


@pytest.fixture
def stages_file(tmp_path: Path) -> Path:
    file = tmp_path / "stages.json"
    file.write_text(json.dumps(STAGES, indent=2))
    return file


def chosen(tmp_path: Path, stages_file: Path | None = None, stage: str = "local") -> Options:
    return Options(stage, 0, 0, 0, tmp_path, stages_file)


def test_a_file_with_line_breaks_is_read_completely(stages_file: Path, tmp_path: Path) -> None:
    assert options.read_stages(stages_file) == STAGES
    assert [options.region(stage, stages_file) for stage in STAGES] == [
        "eu-central-1",
        "us-east-1",
        "us-east-1",
    ]
    options.check(chosen(tmp_path, stages_file, "a"))


def test_a_stage_that_there_is_not_is_named_with_those_that_there_are(
    stages_file: Path, tmp_path: Path
) -> None:
    message = refused(chosen(tmp_path, stages_file, "prodd"))

    assert message == f"--stage: {stages_file} has no stage 'prodd'; it has a, b, c."
    assert "local" in refused(chosen(tmp_path, None, "prodd"))


def test_a_stage_without_an_endpoint_has_nothing_to_serve(tmp_path: Path) -> None:
    file = tmp_path / "stages.json"
    file.write_text('{"watch": {"endpoint": {"enabled": false}}}')

    assert "'watch' has no endpoint" in refused(chosen(tmp_path, file, "watch"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": {},}', "is no JSON: line 1 column "),
        ("", "is no JSON: line 1 column 1"),
        ("[" * 100_000, "is no JSON: it is nested too deeply."),
        ("[]", "has no map of stages"),
        ("{}", "has no map of stages"),
    ],
)
def test_a_file_that_is_no_map_of_stages_is_named(
    stages_file: Path, tmp_path: Path, text: str, reason: str
) -> None:
    stages_file.write_text(text)

    assert f"{stages_file} {reason}" in refused(chosen(tmp_path, stages_file, "a"))


def test_a_file_that_cannot_be_read_has_a_reason(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")

    assert "cannot be read" in refused(chosen(tmp_path, binary))
    assert "cannot be read" in refused(chosen(tmp_path, tmp_path / "absent"))


@pytest.mark.parametrize("name", ["port", "https_port", "aws_port"])
def test_a_port_that_is_taken_is_named_by_its_option(tmp_path: Path, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        taken = chosen(tmp_path)._replace(**{name: port})

        option = f"--{name.replace('_', '-')}"
        assert refused(taken).startswith(f"{option} {port} cannot be used: Address already in use")

    options.check(taken)


def test_a_number_that_is_no_port_is_refused(tmp_path: Path) -> None:
    assert "--port 70000 is no port" in refused(chosen(tmp_path)._replace(port=70_000))


def test_the_same_port_twice_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    twice = chosen(tmp_path)._replace(port=port, https_port=port)

    assert "must differ" in refused(twice)
