"""Whose run a state folder is."""

import json
from pathlib import Path

import pytest

from local.run.state import InUseError, State


def test_a_folder_serves_one_run_at_a_time(tmp_path: Path) -> None:
    with (
        State(tmp_path).held(),
        pytest.raises(InUseError, match="--local-dir"),
        State(tmp_path).held(),
    ):
        pass

    with State(tmp_path).held():
        pass


def test_the_endpoint_file_is_the_owners_and_goes_with_the_run(tmp_path: Path) -> None:
    state = State(tmp_path)
    with state.held():
        state.write_endpoint({"url": "u"})

        assert json.loads(state.endpoint.read_text()) == {"url": "u"}
        assert state.endpoint.stat().st_mode & 0o777 == 0o600

    assert not state.endpoint.exists()


def test_what_a_killed_run_left_is_not_taken_for_what_is_up(tmp_path: Path) -> None:
    (tmp_path / "endpoint.json").write_text("{}")

    with State(tmp_path).held():
        assert not (tmp_path / "endpoint.json").exists()
