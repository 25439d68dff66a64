"""The real CDK CLI against the embedded AWS: synth, bootstrap, deploy, destroy."""

import asyncio
import json
import os
import platform
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from local.aws.client import Aws, without_aws
from local.process import child_process, find_node
from local.run.options import read_stages

PROJECT = Path(__file__).parents[2]
CLI = PROJECT / "node_modules" / "aws-cdk" / "bin" / "cdk"

Report = Callable[[str], None]
Outputs = Mapping[str, Mapping[str, str]]
_EVENT = re.compile(r"^(\S+) \|\s*(\d+/\d+) \|[^|]*\| (\S+)\s*\| (\S+)")


class CdkError(Exception):
    """The CLI failed; the text is the end of what it said."""


class Cdk:
    """The CLI for one stage, of cdk.json or of `stages_file`. What it says goes to
    `folder`/cdk.log, in short to each `say`."""

    def __init__(self, *, stage: str, folder: Path, stages_file: Path | None = None) -> None:
        self.stage = stage
        self._folder = folder
        self._stages_file = stages_file
        self._assembly = folder / "cdk.out"
        self._outputs = folder / "outputs.json"
        self._log = folder / "cdk.log"
        self._log.write_bytes(b"")

    async def synth(self, report: Report) -> None:
        """Write the cloud assembly, which the other commands use, and ask no AWS."""
        options: tuple[Any, ...] = ("-c", f"stage={self.stage}", "--output", self._assembly)
        options = ("-c", f"architecture={architecture()}", *options)
        if self._stages_file is not None:
            options = ("-c", f"stages={json.dumps(read_stages(self._stages_file))}", *options)
        await self._run(
            ("synth", "--quiet", *options), _base_environment(self._folder), PROJECT, report
        )

    async def bootstrap(self, aws: Aws, report: Report) -> None:
        # Away from cdk.json, so that the CLI does not synthesize for it.
        where = f"aws://{aws.account}/{aws.region}"
        await self._run(("bootstrap", where), self._environment(aws), self._folder, report)

    async def deploy(self, aws: Aws, report: Report, *stacks: str) -> Outputs:
        """Deploy these stacks, else all; the outputs are stack name -> output -> value."""
        self._outputs.unlink(missing_ok=True)
        options = ("--require-approval", "never", "--outputs-file", self._outputs)
        output_options = ("--progress", "events", "--ci")
        await self._assembled(
            ("deploy", *(stacks or ("--all",)), *options, *output_options), aws, report
        )
        outputs: Outputs = json.loads(self._outputs.read_bytes())
        return outputs

    async def destroy(self, aws: Aws, report: Report, *stacks: str) -> None:
        options = (*(stacks or ("--all",)), "--force", "--progress", "events")
        await self._assembled(("destroy", *options), aws, report)

    async def _assembled(self, command: tuple[Any, ...], aws: Aws, report: Report) -> None:
        named = (*command, "--app", self._assembly)
        await self._run(named, self._environment(aws), self._folder, report)

    def _environment(self, aws: Aws) -> dict[str, str]:
        return {**_base_environment(self._folder), **aws.environment()}

    async def _run(
        self, command: tuple[Any, ...], env: Mapping[str, str], cwd: Path, report: Report
    ) -> None:
        full = (find_node.find(), CLI, *command, "--no-notices")
        lines: list[str] = []
        async with child_process.running(
            *map(str, full), env=env, cwd=cwd, output=asyncio.subprocess.PIPE
        ) as process:
            assert process.stdout is not None  # noqa: S101 - it was asked for
            with self._log.open("ab") as log:
                async for line in process.stdout:
                    log.write(line)
                    log.flush()
                    lines.append(line.decode(errors="replace").rstrip())
                    report(condensed(lines[-1]))
            if await process.wait() != 0:
                raise CdkError("\n".join([f"cdk {command[0]} failed:", *_reason(lines)]))


def architecture() -> str:
    """Return Lambda's word for this machine's processor: functions run on it, and a wheel with
    machine code has to fit."""
    return "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"


def condensed(line: str) -> str:
    """Return a line of the CLI in a few words, empty for most: `2/15 AWS::KMS::Key`."""
    event = _EVENT.match(line)
    if event is None:
        return ""
    stack, count, _, kind = event.groups()
    return f"{stack.rpartition('-')[2]} {count} {kind}"


def _reason(lines: list[str]) -> list[str]:
    """Return the end of the CLI's output, without the steps that went well."""
    return [line for line in lines if line and ("FAILED" in line or not condensed(line))][-15:]


def _base_environment(folder: Path) -> dict[str, str]:
    """Return the environment of the CDK CLI, which synthesizes with the interpreter that runs this.
    The CLI's home is our own: in the user's it remembers which account a key belongs to, even a
    test key of another server."""
    here = str(Path(sys.executable).parent)
    return {
        **without_aws(),
        "PATH": os.pathsep.join([here, os.environ.get("PATH", "")]),
        "CDK_HOME": str(folder / "cdk-home"),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
        "NODE_NO_WARNINGS": "1",
        "NO_COLOR": "1",
    }
