"""What is not needed for the first request is imported after it has left, or never."""

import subprocess
import sys
import sysconfig
from importlib import import_module
from pathlib import Path

import pytest

from gateway.lazy_import import LAZY_MODULES, make_lazy

LAMBDA = Path(__file__).parents[3] / "lambda"
FIRST_LINE = """
import sys
from gateway import lazy_import
lazy_import.make_all_lazy()
from gateway import handler, observability
loaded = lambda: {name for name, module in sys.modules.items() if "__file__" in vars(module)}
print(*loaded())
observability.prepare("test")
print(*loaded())
"""


def test_powertools_waits_for_its_moment_and_then_comes_without_what_is_not_used() -> None:
    command = [sys.executable, "-S", "-c", FIRST_LINE]
    packages = {"PYTHONPATH": f"{LAMBDA.parent}:{sysconfig.get_path('purelib')}"}
    process = subprocess.run(
        command, cwd=LAMBDA, env=packages, capture_output=True, text=True, check=True
    ).stdout
    before, after = (set(line.split()) for line in process.splitlines())
    assert not any(name.startswith("aws_lambda_powertools") for name in before)
    assert {"aws_lambda_powertools.logging.logger", "aws_lambda_powertools.metrics"} <= after
    assert after.isdisjoint({*LAZY_MODULES, "jmespath", "typing_extensions"})


def test_a_deferred_module_is_loaded_once_when_something_of_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "late.py").write_text("import sys\nsys.loads.append(1)\nanswer = 42\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    loads: list[int] = []
    monkeypatch.setattr(sys, "loads", loads, raising=False)
    monkeypatch.setattr(sys, "modules", {**sys.modules})
    make_lazy("late")
    late = import_module("late")
    assert loads == []
    assert [late.answer, late.answer] == [42, 42]
    assert loads == [1]
    with pytest.raises(AttributeError, match="question"):
        _ = late.question


def test_a_module_that_is_there_already_stays() -> None:
    before = sys.modules["json"]
    make_lazy("json")
    assert sys.modules["json"] is before
