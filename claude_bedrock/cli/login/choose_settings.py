"""What to sign in to: by options, by a stage's token issuer, or as the last time."""

from typing import Any, NamedTuple

from claude_bedrock.cli.shared import cdk_json
from claude_bedrock.cli.shared.deployment import NoTargetError
from claude_bedrock.cli.sign_in.saved import Settings


class LoginOptions(NamedTuple):
    """The options of `claude-bedrock login`, None where they are not given."""

    issuer: str | None
    client_id: str | None
    audience: str | None
    token_issuer: str | None
    stage: str | None
    scope: str | None
    resource: str | None
    prompt: str | None
    port: int | None
    client_secret: str | None = None


def choose(options: LoginOptions, last: Settings | None) -> Settings:
    """Return the settings: an option before the stage's block, that before the last sign-in, which
    counts only where the issuer is the same. Raises NoTargetError, CdkJsonError."""
    block = _block(options)
    issuer = options.issuer or block.get("issuer") or (last.issuer if last else None)
    if not issuer:
        raise NoTargetError(
            "Nothing says where to sign in. Give --issuer and --client-id, or --token-issuer, "
            "--stage and --client-id."
        )
    before = last if last and last.issuer == issuer else None
    client_id = options.client_id or (before.client_id if before else None)
    if not client_id:
        raise NoTargetError(
            "Give --client-id, the id of the client that you registered at the provider."
        )
    same_client = before is not None and before.client_id == client_id
    audience = options.audience or block.get("audience")
    if not audience:
        audience = before.audience if before and same_client else client_id
    return Settings(
        str(issuer),
        client_id,
        str(audience),
        options.scope or (before.scope if before else ""),
        options.resource or (before.resource if before else ""),
        options.prompt or (before.prompt if before else ""),
        options.port if options.port is not None else (before.port if before else 0),
        options.client_secret or (before.client_secret if before and same_client else ""),
    )


def _block(options: LoginOptions) -> dict[str, Any]:
    """Return the block of the stage's token issuer; empty where none is named."""
    if not options.token_issuer:
        return {}
    if not options.stage:
        raise NoTargetError("--token-issuer needs --stage.")
    stage = cdk_json.block_of(cdk_json.CDK_JSON, options.stage)
    if stage is None:
        raise NoTargetError(
            f"No cdk.json here has a stage {options.stage!r}. Give --issuer and --audience "
            "instead of --token-issuer."
        )
    issuers = cdk_json.value_at(stage, "callers.token_issuers", {})
    block = issuers.get(options.token_issuer) if isinstance(issuers, dict) else None
    if not isinstance(block, dict):
        known = ", ".join(issuers) if isinstance(issuers, dict) and issuers else "none"
        raise NoTargetError(
            f"Stage {options.stage} has no token issuer {options.token_issuer!r} in cdk.json, but "
            f"{known}."
        )
    return block
