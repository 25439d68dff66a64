"""The commands `demo` and `audit-demo`: `up` with calls, and an end."""

from datetime import UTC, datetime

from rich.console import Console

from claude_bedrock.cli.verify.evidence_folder import EvidenceError
from demo.audit_report import demonstrate_audit
from demo.calls import DemoFailedError, demonstrate
from local.run.commands import run
from local.run.instance import instance
from local.run.options import Options
from local.run.progress import Steps


def demo(chosen: Options) -> None:
    """Deploy, calls, shows the records."""
    run(_demo(chosen), chosen, DemoFailedError)


def audit_demo(chosen: Options) -> None:
    """Deploy, make up a month, write the audit report."""
    run(_audit_demo(chosen), chosen, DemoFailedError, EvidenceError)


async def _demo(chosen: Options) -> None:
    console = Console()
    async with instance(chosen, Steps(console)) as endpoint:
        await demonstrate(endpoint, console)


async def _audit_demo(chosen: Options) -> None:
    console = Console()
    out = chosen.state / f"audit-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    async with instance(chosen, Steps(console)) as endpoint:
        await demonstrate_audit(endpoint, out, console)
