"""A stage's settings, from its deployed stack, or from its block in cdk.json."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from claude_bedrock.catalog import stage_models
from claude_bedrock.cli.shared.cdk_json import block_of
from claude_bedrock.cli.shared.deployment import Deployment, NoTargetError

_GROUPS = {"region", "models", "endpoint", "callers", "logging", "evidence", "account"}
"""The keys of a stage block. One with others is of an older version, or mistyped."""


class AccessLogLocation(NamedTuple):
    """Where S3 delivers the log bucket's access log."""

    bucket: str
    prefix: str


class Settings(NamedTuple):
    """What docs/configuration.md says of each key; `models` are names of the catalog.

    `source` is where they were read, `github` whether a role names GitHub Actions, `is_deployed`
    whether they are a deployed stack's, or those that a deployment would have, `verify_hourly`
    whether a function verifies each hour, `token_issuers` the URL of each issuer by its name.
    `has_endpoint` is false where callers go to Bedrock directly; `archive` is the bucket that the
    log bucket is replicated to, or None; `qualifier` is the bootstrap's, and
    `permissions_boundary` the account's policy for roles, by ARN or name, or None. `kms_key` is the
    ARN of a key of records and logs that is none of the stage's, or None; `access_log` where the
    log bucket's access log is delivered, a bucket and a prefix, or None."""

    source: str
    region: str
    geographies: tuple[str, ...]
    residency: tuple[str, ...] | None
    models: tuple[str, ...]
    data_retention: str | None
    retention_days: int
    github: bool
    allowed_direct_callers: tuple[str, ...] = ()
    is_deployed: bool = True
    verify_hourly: bool = True
    token_issuers: Mapping[str, str] = MappingProxyType({})
    has_endpoint: bool = True
    archive: str | None = None
    qualifier: str | None = None
    permissions_boundary: str | None = None
    kms_key: str | None = None
    access_log: AccessLogLocation | None = None

    @property
    def geography(self) -> str:
        return self.geographies[0]


def deployed(deployment: Deployment) -> Settings:
    """Return those of the deployed stage. Raises NoTargetError, and botocore's errors."""
    stack = deployment.stack("ModelAccess")
    try:
        return from_output(stack, deployment.outputs("ModelAccess")["Settings"])
    except KeyError as missing:
        raise NoTargetError(
            f"{stack} was deployed by an older version. Deploy it again."
        ) from missing


def from_output(source: str, output: str) -> Settings:
    """Return those in the output `Settings` of the ModelAccess stack. Raises KeyError."""
    return _settings(source, json.loads(output))


def written(file: Path, stage: str, today: str) -> Settings:
    """Return those of the stage's block in cdk.json, on a day (an ISO date).

    Raises NoTargetError, CdkJsonError."""
    block = block_of(file, stage)
    if block is None and not file.exists():
        raise NoTargetError(
            f"This folder has no {file}. Run the command in the folder that has it."
        )
    if block is None:
        raise NoTargetError(f"{file} has no stage {stage!r}")
    try:
        read = _settings(str(file), _from_block(block))
        return read._replace(models=stage_models.chosen(_of_models(read), today), is_deployed=False)
    except (KeyError, TypeError, AttributeError, stage_models.NotForThisStageError) as mistake:
        raise NoTargetError(
            f"The block of {stage!r} in {file} cannot be read: {mistake}. Run `cdk synth "
            f"-c stage={stage}`, which names the key."
        ) from mistake


def _from_block(block: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a deployment of the block would put out. Raises KeyError for keys that do not
    exist."""
    if unknown := set(block) - _GROUPS:
        raise KeyError(", ".join(sorted(unknown)))
    models = block["models"]
    if isinstance(models, list):
        models = {"allow": models}
    fallbacks = models.get("fallback_geographies", [])
    return {
        "region": block["region"],
        "geographies": [models.get("geography", "global"), *fallbacks],
        "residency": models.get("residency"),
        "models": models["allow"],
        "data_retention": models.get("data_retention"),
        "retention_days": block.get("logging", {}).get("retention_days", 30),
        "github": _names_github(block.get("account", {}).get("roles", {})),
        "allowed_direct_callers": block.get("callers", {}).get("allowed_direct_callers"),
        "verify_hourly": block.get("evidence", {}).get("verify_hourly", True),
        "token_issuers": block.get("callers", {}).get("token_issuers", {}),
        "endpoint": block.get("endpoint", {}).get("enabled", True),
        "qualifier": block.get("account", {}).get("qualifier"),
        "permissions_boundary": block.get("account", {}).get("permissions_boundary"),
        "log_bucket_access_log": block.get("logging", {}).get("log_bucket_access_log"),
        "kms_key": block.get("logging", {}).get("kms_key"),
        "archive": (block.get("logging", {}).get("archive") or {}).get("bucket"),
    }


def _of_models(settings: Settings) -> stage_models.StageModels:
    return stage_models.StageModels(
        settings.region,
        settings.geographies,
        settings.residency,
        settings.models,
        settings.data_retention,
    )


def _settings(source: str, values: Mapping[str, Any]) -> Settings:
    residency = values.get("residency")
    return Settings(
        source=source,
        region=values["region"],
        geographies=tuple(values["geographies"]),
        residency=None if residency is None else tuple(residency),
        models=tuple(values["models"]),
        data_retention=values.get("data_retention"),
        retention_days=values["retention_days"],
        github=values["github"],
        allowed_direct_callers=tuple(values.get("allowed_direct_callers") or ()),
        verify_hourly=values.get("verify_hourly", True),
        token_issuers={
            name: issuer["issuer"] for name, issuer in values.get("token_issuers", {}).items()
        },
        has_endpoint=values.get("endpoint", True),
        archive=values.get("archive"),
        qualifier=values.get("qualifier"),
        permissions_boundary=values.get("permissions_boundary"),
        kms_key=values.get("kms_key"),
        access_log=_access_log(values.get("log_bucket_access_log")),
    )


def _access_log(value: Mapping[str, str] | None) -> AccessLogLocation | None:
    return AccessLogLocation(value["bucket"], value.get("prefix", "")) if value else None


def _names_github(roles: Mapping[str, Any]) -> bool:
    return any((role or {}).get("github") for role in roles.values())
