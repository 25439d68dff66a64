"""Processor time and memory of a process and its children are what they used and held."""

import os
import select
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from benchmarks import process_tree
from benchmarks.processes import Measured, ProcessFailed
from benchmarks.subjects import Function

if not process_tree.available():
    pytest.skip("only Linux tells one process about another", allow_module_level=True)

MIB = 1 << 20
STARTS_BADLY = """
import http.client, os, sys
sys.stderr.write("no such thing")
sys.stderr.flush()
connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
connection.request("POST", "/2018-06-01/runtime/init/error", "{}")
connection.getresponse()
"""
PROGRAM = f"""
import subprocess, sys, time
for line in sys.stdin:
    if line.startswith("hold"):
        held = b"x" * {8 * MIB}
        del held
    if line.startswith("work"):
        until = time.process_time() + 0.05
        while time.process_time() < until: pass
    if line.startswith("child"):
        child = subprocess.Popen(
            [sys.executable, "-c", "held = b'x' * {8 * MIB}; print(1, flush=True); input()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        child.stdout.readline()
    print("done", flush=True)
"""


@pytest.fixture
def program() -> Iterator[Measured]:
    with closing(Measured([sys.executable, "-c", PROGRAM], {}, talks=True)) as running:
        running.request("start")
        yield running


def test_the_peak_stays_though_nothing_is_held_any_more(program: Measured) -> None:
    before = program.rest()
    program.request("hold")
    assert program.peak_bytes() - before > 7 * MIB
    program.rest()
    program.request("nothing")
    assert program.peak_bytes() - before < 7 * MIB


def test_what_is_worked_is_counted(program: Measured) -> None:
    before = program.cpu_ms()
    program.request("work")
    assert program.cpu_ms() - before >= 50


def test_children_count(program: Measured) -> None:
    memory, cpu = program.memory_mib(), program.cpu_ms()
    program.request("child")
    assert program.memory_mib() - memory > 8
    assert program.cpu_ms() > cpu


def test_children_do_not_outlive_it() -> None:
    running = Measured([sys.executable, "-c", PROGRAM], {}, talks=True)
    running.request("child")
    (child,) = running.children()
    ending = os.pidfd_open(child)
    running.close()
    assert select.select([ending], [], [], 10)[0], "it still runs"
    os.close(ending)


def test_one_that_has_ended_by_itself_is_closed_all_the_same() -> None:
    running = Measured([sys.executable, "-c", ""], {}, talks=True)
    with pytest.raises(ProcessFailed):
        running.request("")
    running.close()
    assert not running.runs()


def test_what_a_function_wrote_is_reported_when_it_does_not_start() -> None:
    with pytest.raises(ProcessFailed, match="no such thing"):
        Function([sys.executable, "-c", STARTS_BADLY], {})
