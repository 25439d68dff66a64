"""Stage blocks that differ in one key, for each key and each kind of value, and their templates."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import aws_cdk as cdk
import pytest

import app as project
from stacks.components.packaging import python_function
from stacks.components.packaging.function_package import FunctionPackage
from stacks.settings import load_stage
from tools.synthesis import CONTEXT

STAGE: Final = "dev"
STACKS: Final = ("InvocationLogging", "ModelAccess", "Gateway", "Observability")
ACCOUNT: Final = "111111111111"
ABSENT: Final = object()
"""Takes a key out of the block."""
_ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/somebody"
_TRUST: Final = {"principals": [_ROLE]}
_WORKFLOW: Final = {"github": ["octo-org/search:ref:refs/heads/main"]}
_PLAN: Final = {"throttle": {"rate_per_second": 1, "burst": 5}}
_BY_SIGNATURE: Final = {"auth": "iam", "api_keys": ABSENT, "quota": ABSENT, "plans": ABSENT}
_ALL_MODELS: Final = [
    *("claude-sonnet-4-5", "claude-opus-4-5", "claude-haiku-4-5", "claude-sonnet-4-6"),
    *("claude-opus-4-6", "claude-opus-4-7", "claude-opus-4-8", "claude-sonnet-5"),
    *("claude-opus-5", "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"),
]

Block = Mapping[str, Any]
Templates = Mapping[str, Mapping[str, Any]]

PLAIN: Final[Block] = {
    "region": "us-east-1",
    "route": "global",
    "models": ["claude-opus-5-5", "claude-haiku-4-5"],
    "keep_logs_on_destroy": False,
    "no_alarm_email_reason": "another stack subscribes the operators",
}
FULL: Final[Block] = {
    **PLAIN,
    "keep_logs_on_destroy": True,
    "canary": "claude-haiku-4-5",
    "data_retention": "default",
    "guardrail": {"id": "abc123", "version": "1"},
    "teams": {"search": {"cost-center": "1"}},
    "record_access_log": "data_events",
    "roles": {"setup": _TRUST},
    "api_keys": ["default", "search.web"],
    "quota": {"requests": 1000, "period": "DAY"},
    "plans": {"trial": _PLAN},
    "reserved_concurrency": 100,
    "alarm_email": "operations@example.com",
    "restore_logging": True,
}


def _each(key: str, *values: object) -> list[Block]:
    return [{key: value} for value in values]


VALUES: Final[Mapping[str, Sequence[Block]]] = {
    "region": _each("region", "us-east-1", "us-west-2", "eu-west-1"),
    "route": [
        *_each("route", "global", "us"),
        {"route": "eu", "region": "eu-west-1"},
        {"route": "jp", "region": "ap-northeast-1"},
        {"route": "au", "region": "ap-southeast-2"},
    ],
    "fallback_routes": _each("fallback_routes", [], ["us"]),
    "residency": [
        {"route": "us", "residency": residency}
        for residency in (None, ["us", "ca"], ["us", "ca", "eu"])
    ],
    "models": _each(
        "models",
        ["claude-opus-5-5", "claude-haiku-4-5"],
        ["claude-haiku-4-5"],
        ["haiku"],
        _ALL_MODELS,
    ),
    "data_retention": _each("data_retention", None, "none", "default", "aws_review"),
    "guardrail": _each(
        "guardrail",
        None,
        {"id": "abc123", "version": "1"},
        {"id": "abc123", "version": "DRAFT"},
        {"id": "def456", "version": "2"},
    ),
    "service_tiers": _each(
        "service_tiers", ["default"], ["default", "flex"], ["flex", "priority", "default"]
    ),
    "short_term_bearer_tokens": _each("short_term_bearer_tokens", False, True),
    "roles": _each(
        "roles",
        {},
        {"setup": {}},
        {"setup": _TRUST, "application": _TRUST},
        {"application": _WORKFLOW, "auditor": _TRUST, "operator": _WORKFLOW},
    ),
    "teams": _each(
        "teams",
        {},
        {"search": {"cost-center": "1"}},
        {"search": {"cost-center": "2"}},
        {"support": {}, "search": {"cost-center": "1"}},
        {"support": {"cost-center": "1"}},
    ),
    "team_profiles_available": _each("team_profiles_available", False, True),
    "retention_days": _each("retention_days", 30, 60, 3653),
    "object_lock": [
        {"object_lock": mode, "keep_logs_on_destroy": True, "canary": "claude-haiku-4-5"}
        for mode in (None, "governance", "compliance")
    ],
    "record_access_log": _each("record_access_log", None, "data_events", "server_access_log"),
    "existing_logging": _each("existing_logging", "fail", "adopt", "extend", "replace"),
    "existing_logging_role": [
        *_each("existing_logging_role", None, _ROLE, f"{_ROLE}-else"),
        {"existing_logging_role": _ROLE, "existing_logging": "extend"},
    ],
    "restore_logging": _each("restore_logging", False, True),
    "athena_scan_limit_mb": _each("athena_scan_limit_mb", 10, 10_000),
    "verify_hourly": _each("verify_hourly", True, False),
    "canary": _each("canary", None, "claude-haiku-4-5", "claude-opus-5-5"),
    "other_callers": _each("other_callers", [], [_ROLE], [_ROLE, f"{_ROLE}-else"]),
    "auth": [{"auth": "key"}, _BY_SIGNATURE],
    "cors_origins": _each(
        "cors_origins",
        [],
        ["https://pivot.claude.ai"],
        ["https://pivot.claude.ai", "http://localhost:3000"],
    ),
    "api_keys": _each(
        "api_keys", ["default"], ["default", "second"], ["second", "default"], ["second"]
    ),
    "throttle": _each(
        "throttle",
        {"rate_per_second": 10, "burst": 20},
        {"rate_per_second": 1, "burst": 2},
    ),
    "quota": _each(
        "quota", None, {"requests": 10, "period": "DAY"}, {"requests": 10, "period": "MONTH"}
    ),
    "plans": _each(
        "plans",
        {},
        {"trial": _PLAN},
        {"trial": {**_PLAN, "quota": {"requests": 1, "period": "DAY"}}},
        {"batch": _PLAN, "trial": _PLAN},
    ),
    "reserved_concurrency": _each("reserved_concurrency", None, 100, 300),
    "max_body_bytes": _each("max_body_bytes", 1_000_000, 5_000_000),
    "ping_seconds": _each("ping_seconds", 15, 20),
    "alarm_email": _each("alarm_email", None, "one@example.com", "two@example.com"),
    "no_alarm_email_reason": _each("no_alarm_email_reason", None, "one", "another"),
    "keep_logs_on_destroy": _each("keep_logs_on_destroy", True, False),
    "account": _each("account", None, ACCOUNT, "222222222222"),
    "tags": _each("tags", {}, {"owner": "ai"}, {"owner": "search", "cost-center": "3"}),
    "adapt": _each("adapt", "lenient", "strict"),
}


class Variant(NamedTuple):
    """A stage block's name among the tests, and the block itself."""

    label: str
    block: Block


def variant(base: Block, changes: Block) -> Variant:
    """The block `base` with `changes`, named by what they are."""
    block = {key: value for key, value in {**base, **changes}.items() if value is not ABSENT}
    label = ", ".join(
        f"{key} {json.dumps(value) if value is not ABSENT else 'absent'}"
        for key, value in changes.items()
    )
    return Variant(label, block)


def tour(variants: Sequence[Variant]) -> Iterator[Variant]:
    """Visits the variants so that each follows each other at least once, and comes back later."""
    for number, first in enumerate(variants[:-1]):
        for second in variants[number + 1 :]:
            yield first
            yield second
        yield first


class Syntheses:
    """Templates of stage blocks, each made once: without packages, and without any rule."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, Templates] = {}
        archive = folder / "function.zip"
        archive.write_bytes(b"")
        bill = folder / "bill.json"
        bill.write_text("{}")
        self._package = FunctionPackage(archive, bill, contents="0" * 64)

    def of(self, block: Block) -> Templates:
        """The template of each stack, by its name without the stage's."""
        text = json.dumps(block, sort_keys=True)
        if text not in self._made:
            self._made[text] = self._synthesize(block)
        return self._made[text]

    def __len__(self) -> int:
        return len(self._made)

    def violations(self, block: Block) -> list[str]:
        """The messages of all rules that the block's templates break."""
        app = self._app(CONTEXT)
        with self.without_packages():
            project.build(app, load_stage({STAGE: block}, STAGE))
        try:
            app.synth()
        except RuntimeError:
            report = json.loads((Path(app.outdir) / "validation-report.json").read_text())
            return [
                f"{violation['ruleName']}: {violation['description']}"
                for plugin in report["pluginReports"]
                for violation in plugin["violations"]
            ]
        return []

    def _app(self, context: Mapping[str, Any]) -> cdk.App:
        return cdk.App(
            context={**context, "aws:cdk:disable-asset-staging": True},
            outdir=tempfile.mkdtemp(dir=self._folder),
            tree_metadata=False,
        )

    @contextmanager
    def without_packages(self) -> Iterator[None]:
        """Has an empty zip stand for the code of every function."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(python_function, "package_function", lambda **_: self._package)
            yield

    def _synthesize(self, block: Block) -> Templates:
        app = self._app({**CONTEXT, "@aws-cdk/core:validateAgainstDefaultRules": False})
        with self.without_packages():
            project.add_stacks(app, load_stage({STAGE: block}, STAGE))
        folder = Path(app.synth().directory)
        return {
            stack: json.loads(
                (folder / f"claude-on-bedrock-{STAGE}-{stack}.template.json").read_text()
            )
            for stack in STACKS
        }
