"""Stage blocks that differ in one key, for each key and each kind of value, and their templates.

A block is written flat here, each key by its path: `logging.retention_days`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import NoneType
from typing import Any, Final, Literal, NamedTuple, get_args, get_origin

import aws_cdk as cdk
import pytest

import app as project
from stacks.components.packaging import python_function
from stacks.components.packaging.function_package import FunctionPackage
from stacks.settings import load_stage
from stacks.stage.block import Stage
from stacks.stage.keys import Key, groups_in, walk
from stacks.stage_stacks import add_stacks
from tools.stage_blocks import ABSENT, Block, nested
from tools.synthesis import CONTEXT

STAGE: Final = "dev"
STACKS: Final = ("InvocationLogging", "ModelAccess", "Gateway", "Observability")
ACCOUNT: Final = "111111111111"


def _web_acl(name: str) -> str:
    acl_id = "473e64fd-f30b-4765-81a0-62ad96dd167a"
    return f"arn:aws:wafv2:us-east-1:{ACCOUNT}:regional/webacl/{name}/{acl_id}"


_ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/somebody"
_KEY: Final = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/00000000-0000-0000-0000-000000000000"
_DOMAIN: Final = {
    "name": "claude.example.com",
    "certificate": f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/"
    "473e64fd-f30b-4765-81a0-62ad96dd167a",
}
_TRUSTSTORE: Final = {"uri": "s3://company-pki/authorities.pem", "version": "a1"}
FUNCTION_NETWORK: Final = {
    "vpc": "vpc-0123456789abcdef0",
    "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    "endpoints": "create",
    "route_tables": ["rtb-0123456789abcdef0"],
    "prefix_lists": {"s3": "pl-0123456789abcdef0", "dynamodb": "pl-0123456789abcdef1"},
}
_OWN_ENDPOINTS: Final = {
    **{key: FUNCTION_NETWORK[key] for key in ("vpc", "subnets")},
    "endpoints": "existing",
    "security_group": "sg-0123456789abcdef0",
}
_ENDPOINT: Final = {"api_endpoints": ["vpce-0123456789abcdef0"]}
_TWO_ENDPOINTS: Final = {"api_endpoints": ["vpce-0123456789abcdef1", "vpce-0123456789abcdef0"]}
_TRUST: Final = {"principals": [_ROLE]}
_WORKFLOW: Final = {"github": ["octo-org/search:ref:refs/heads/main"]}
_ARCHIVE: Final = {
    "bucket": "company-archive",
    "account": "333333333333",
    "key": "arn:aws:kms:eu-west-1:333333333333:key/1111",
}
_PLAN: Final = {"throttle": {"rate_per_second": 1, "burst": 5}}
_ISSUER: Final = {"issuer": "https://login.example.com", "audience": "claude-on-bedrock"}
_BY_SIGNATURE: Final = {
    "callers.auth": "iam",
    "callers.api_keys": ABSENT,
    "callers.quota": ABSENT,
    "callers.plans": ABSENT,
    "callers.token_issuers": ABSENT,
}
_OF_ENDPOINT: Final = dict.fromkeys(
    (
        *("callers.api_keys", "callers.quota", "callers.plans", "callers.token_issuers"),
        *("endpoint.reserved_concurrency", "endpoint.tracing", "evidence.canary"),
    ),
    ABSENT,
)
"""Of FULL, what a stage without an endpoint does not take."""
_ALL_MODELS: Final = [
    *("claude-sonnet-4-5", "claude-opus-4-5", "claude-haiku-4-5", "claude-sonnet-4-6"),
    *("claude-opus-4-6", "claude-opus-4-7", "claude-opus-4-8", "claude-sonnet-5"),
    *("claude-opus-5", "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"),
]

Templates = Mapping[str, Mapping[str, Any]]

PLAIN: Final[Block] = {
    "region": "us-east-1",
    "models.geography": "global",
    "models.allow": ["claude-opus-5-5", "claude-haiku-4-5"],
    "logging.keep_logs_on_destroy": False,
    "account.no_alarm_email_reason": "another stack subscribes the operators",
}
FULL: Final[Block] = {
    **PLAIN,
    "logging.keep_logs_on_destroy": True,
    "evidence.canary": "claude-haiku-4-5",
    "models.data_retention": "default",
    "models.guardrail": {"id": "abc123", "version": "1"},
    "callers.teams": {"search": {"cost-center": "1"}},
    "logging.record_access_log": "data_events",
    "evidence.cloudtrail": {"create": True},
    "account.roles": {"setup": _TRUST},
    "callers.api_keys": ["default", "search.web"],
    "callers.quota": {"requests": 1000, "period": "DAY"},
    "callers.plans": {"trial": _PLAN},
    "callers.token_issuers": {"company": _ISSUER},
    "endpoint.reserved_concurrency": 100,
    "endpoint.tracing": {"requests_per_second": 1, "fixed_rate": 0.05},
    "account.alarm_email": "operations@example.com",
    "logging.auto_restore_logging": True,
}


_WRITTEN: Final[Mapping[str, Sequence[object]]] = {
    "region": ["us-east-1", "us-west-2", "eu-west-1"],
    "models.allow": [
        ["claude-opus-5-5", "claude-haiku-4-5"],
        ["claude-haiku-4-5"],
        ["haiku"],
        _ALL_MODELS,
    ],
    "models.fallback_geographies": [[], ["us"]],
    "models.guardrail": [
        None,
        {"id": "abc123", "version": "1"},
        {"id": "abc123", "version": "DRAFT"},
        {"id": "def456", "version": "2"},
    ],
    "models.service_tiers": [["default"], ["default", "flex"], ["flex", "priority", "default"]],
    "endpoint.cors_origins": [
        [],
        ["https://pivot.claude.ai"],
        ["https://pivot.claude.ai", "http://localhost:3000"],
    ],
    "endpoint.max_body_bytes": [1_000_000, 5_000_000],
    "endpoint.ping_seconds": [15, 20],
    "endpoint.web_acl": [
        None,
        _web_acl("a"),
        _web_acl("b"),
        {"rate_limit": 2000},
        {"rate_limit": 3000, "rate_limit_without_credential": 100},
    ],
    "endpoint.memory_mb": [256, 1769],
    "endpoint.tracing": [
        None,
        {"requests_per_second": 1, "fixed_rate": 0.05},
        {"requests_per_second": 0, "fixed_rate": 1.0},
    ],
    "endpoint.reserved_concurrency": [None, 100, 300],
    "callers.api_keys": [["default"], ["default", "second"], ["second", "default"], ["second"]],
    "callers.token_issuers": [
        {},
        {"company": _ISSUER},
        {
            "company": {**_ISSUER, "require": {"tenant": ["a", "b"]}},
            "ci": {**_ISSUER, "audience": "ci"},
        },
    ],
    "callers.throttle": [
        {"rate_per_second": 10, "burst": 20},
        {"rate_per_second": 1, "burst": 2},
    ],
    "callers.quota": [
        None,
        {"requests": 10, "period": "DAY"},
        {"requests": 10, "period": "MONTH"},
    ],
    "callers.plans": [
        {},
        {"trial": _PLAN},
        {"trial": {**_PLAN, "quota": {"requests": 1, "period": "DAY"}}},
        {"batch": {**_PLAN, "tokens_per_minute": 5}, "trial": {**_PLAN, "models": ["haiku"]}},
    ],
    "callers.budgets": [
        None,
        {"stage": [{"usd": 5000, "per": "month"}]},
        {"callers": {"default": [{"tokens": 10, "per": "day", "action": "alert"}]}},
    ],
    "callers.allowed_direct_callers": [[], [_ROLE], [_ROLE, f"{_ROLE}-else"]],
    "logging.retention_days": [30, 60, 3653],
    "logging.athena_scan_limit_mb": [10, 10_000],
    "evidence.canary": [None, "claude-haiku-4-5", "claude-opus-5-5"],
    "evidence.cloudtrail": [
        None,
        {"create": True},
        {"bucket": "the-trail", "kms_key": _KEY},
        {
            "bucket": "the-organization-trail",
            "prefix": "audit",
            "organization": "o-abcdefghij",
            "accounts": ["222222222222"],
            "stage_regions": ["eu-west-3"],
        },
    ],
    "account.id": [None, ACCOUNT, "222222222222"],
    "account.api_log_role": [None, "leave", _ROLE],
    "account.qualifier": [None, "platform"],
    "account.tags": [{}, {"owner": "ai"}, {"owner": "search", "cost-center": "3"}],
    "logging.kms_key": [None, _KEY],
    "logging.log_bucket_access_log": [
        None,
        {"bucket": "company-logs", "prefix": "claude/"},
        {"bucket": "logs-${AWS::AccountId}"},
    ],
    "account.alarm_email": [None, "one@example.com", "two@example.com"],
    "account.no_alarm_email_reason": [None, "one", "another"],
    "account.roles": [
        {},
        {"setup": {}},
        {"setup": _TRUST, "application": _TRUST},
        {"application": _WORKFLOW, "auditor": _TRUST, "operator": _WORKFLOW, "deploy": _WORKFLOW},
    ],
}
"""Values of keys whose types do not list them."""
_WITH_OTHER_KEYS: Final[Mapping[str, Sequence[Block]]] = {
    "models.geography": [
        {"models.geography": "global"},
        {"models.geography": "us"},
        {"models.geography": "eu", "region": "eu-west-1"},
        {"models.geography": "jp", "region": "ap-northeast-1"},
        {"models.geography": "au", "region": "ap-southeast-2"},
    ],
    "models.residency": [
        {"models.geography": "us", "models.residency": residency}
        for residency in (None, ["us", "ca"], ["us", "ca", "eu"])
    ],
    "endpoint.enabled": [{"endpoint.enabled": True}, {"endpoint.enabled": False, **_OF_ENDPOINT}],
    "callers.teams": [
        *(
            {"callers.teams": teams}
            for teams in (
                {},
                {"search": {"cost-center": "1"}},
                {"search": {"cost-center": "2"}},
                {"support": {}, "search": {"cost-center": "1"}},
                {"support": {"cost-center": "1"}},
            )
        ),
        {
            "callers.teams": {"search": {"guardrail": {"id": "abc123", "version": "1"}}},
            "models.guardrail": ABSENT,
        },
    ],
    "endpoint.messages_upstream": [
        {"endpoint.messages_upstream": how, "models.guardrail": ABSENT}
        for how in ("invoke", "messages")
    ],
    "endpoint.allowed_ips": [
        {"endpoint.allowed_ips": networks, "evidence.canary": ABSENT}
        for networks in ([], ["203.0.113.0/24"], ["203.0.113.0/24", "198.51.100.7/32"])
    ],
    "endpoint.domain": [
        *(
            {"endpoint.domain": domain}
            for domain in (
                None,
                _DOMAIN,
                {**_DOMAIN, "hosted_zone": "Z0123456789ABCDEFGHIJ", "disable_execute_api": True},
                {**_DOMAIN, "name": "models.example.com"},
            )
        ),
        {
            "endpoint.domain": {**_DOMAIN, "disable_execute_api": True, "truststore": _TRUSTSTORE},
            "evidence.canary": ABSENT,
        },
    ],
    "endpoint.network": [
        {"endpoint.network": None, "evidence.canary": ABSENT},
        *(
            {
                "endpoint.network": network,
                "evidence.canary": ABSENT,
                "account.api_log_role": "leave",
                "callers.token_issuers": ABSENT,
            }
            for network in (
                {"functions": FUNCTION_NETWORK},
                {**_ENDPOINT, "functions": _OWN_ENDPOINTS},
            )
        ),
        {"endpoint.network": _ENDPOINT, "evidence.canary": ABSENT},
        {"endpoint.network": _TWO_ENDPOINTS, "evidence.canary": ABSENT},
    ],
    "callers.auth": [{"callers.auth": "key"}, _BY_SIGNATURE],
    "callers.budgets_fail": [
        {"callers.budgets": {"stage": [{"usd": 1, "per": "day"}]}, "callers.budgets_fail": how}
        for how in ("closed", "open")
    ],
    "logging.object_lock": [
        {
            "logging.object_lock": mode,
            "logging.keep_logs_on_destroy": True,
            "evidence.canary": "claude-haiku-4-5",
        }
        for mode in (None, "governance")
    ]
    + [
        {
            "logging.object_lock": "compliance",
            "logging.keep_logs_on_destroy": True,
            "evidence.canary": "claude-haiku-4-5",
            "account.roles": {"legal_hold": _TRUST},
        }
    ],
    "logging.archive": [
        {"logging.archive": None},
        {"logging.archive": _ARCHIVE},
        {"logging.archive": {**_ARCHIVE, "bucket": "archive-${AWS::AccountId}"}},
    ],
    "account.permissions_boundary": [
        {"account.permissions_boundary": boundary, "account.api_log_role": "leave"}
        for boundary in (None, "company-boundary", f"arn:aws:iam::{ACCOUNT}:policy/platform/most")
    ],
    "account.role_path": [
        {"account.role_path": path, "account.api_log_role": "leave"}
        for path in (None, "/platform/")
    ],
    "account.role_prefix": [
        {"account.role_prefix": prefix, "account.api_log_role": "leave"}
        for prefix in (None, "app-")
    ],
    "logging.existing_logging": [
        {"logging.existing_logging": "fail"},
        {"logging.existing_logging": "adopt", "logging.auto_restore_logging": False},
        {"logging.existing_logging": "extend", "logging.auto_restore_logging": False},
        {"logging.existing_logging": "replace"},
    ],
    "logging.existing_logging_role": [
        {"logging.existing_logging_role": None},
        {"logging.existing_logging_role": _ROLE},
        {"logging.existing_logging_role": f"{_ROLE}-else"},
        {
            "logging.existing_logging_role": _ROLE,
            "logging.existing_logging": "extend",
            "logging.auto_restore_logging": False,
        },
    ],
}


def is_stage_key(key: Key) -> bool:
    """Whether it is a key that a stage chooses: one in a group, or one beside the groups."""
    depth = key.path.count(".")
    return depth == 1 or (depth == 0 and not any(groups_in(key.field.annotation)))


def _values(key: Key) -> Sequence[Block]:
    """The key's values: those written above, else all that its type lists."""
    if key.path in _WITH_OTHER_KEYS:
        return _WITH_OTHER_KEYS[key.path]
    values = _WRITTEN[key.path] if key.path in _WRITTEN else _listed(key.field.annotation)
    return [{key.path: value} for value in values]


def _listed(annotation: object) -> Sequence[object]:
    """All values of a type that lists them, the null first: a truth, a literal, either or null."""
    if annotation is bool:
        return [False, True]
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    parts = get_args(annotation)
    without_null = [part for part in parts if part is not NoneType]
    return [None, *_listed(without_null[0])] if len(without_null) < len(parts) else []


VALUES: Final[Mapping[str, Sequence[Block]]] = {
    key.path: _values(key) for key in walk() if is_stage_key(key)
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


@contextmanager
def _without_argument_checks() -> Iterator[None]:
    """Have jsii leave out its check of each argument's type, a third of the time in Python: mypy
    knows the types, and all that is synthesized with rules is checked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jsii._type_checking._resolved_check", lambda **_: None)
        yield


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

    def of(self, block: Block, name: str = STAGE) -> Templates:
        """The template of each stack, by its name without the stage's."""
        stage = load_stage({name: nested(block)}, name)
        values = stage.model_dump_json()  # alike for a default and for a key left out
        if values not in self._made:
            self._made[values] = self._synthesize(stage)
        return self._made[values]

    def __len__(self) -> int:
        return len(self._made)

    def violations(self, block: Block) -> list[str]:
        """The messages of all rules that the block's templates break."""
        app = self._app()
        with self.without_packages():
            project.build(app, load_stage({STAGE: nested(block)}, STAGE))
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

    def _app(self, **options: Any) -> cdk.App:  # noqa: ANN401 - the app's own
        return cdk.App(
            context={**CONTEXT, "aws:cdk:disable-asset-staging": True},
            outdir=tempfile.mkdtemp(dir=self._folder),
            tree_metadata=False,
            stack_traces=False,
            **options,
        )

    @contextmanager
    def without_packages(self) -> Iterator[None]:
        """Has an empty zip stand for the code of every function."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(python_function, "package_function", lambda **_: self._package)
            yield

    def _synthesize(self, stage: Stage) -> Templates:
        app = self._app(builtin_cloud_formation_validation=False)
        with self.without_packages(), _without_argument_checks():
            add_stacks(app, stage)
        folder = Path(app.synth().directory)
        files = {
            stack: folder / f"claude-on-bedrock-{stage.name}-{stack}.template.json"
            for stack in STACKS
        }
        return {
            stack: json.loads(file.read_text()) for stack, file in files.items() if file.is_file()
        }
