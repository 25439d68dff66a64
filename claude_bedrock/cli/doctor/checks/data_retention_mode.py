"""The check of the account's data-retention mode, against the stage's setting and its models'
needs.

https://docs.aws.amazon.com/bedrock/latest/userguide/data-retention.html
"""

from typing import Final

from claude_bedrock import catalog
from claude_bedrock.catalog import RETENTION_MODES, Model
from claude_bedrock.cli.doctor.check import WITHHELD, Check, Topic
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.shared.stage_settings import Settings

TOPIC = Topic("data retention")
OF_MODEL = "model data retention"
UNSET: Final = "inherit"
"""The mode of an account that has none of its own: each model's own policy holds."""

_UNHEARD_OF: Final = (
    "this version knows no such mode: read what it means in AWS's documentation, and update"
)
_GET, _PUT = "bedrock:GetAccountDataRetention", "bedrock:PutAccountDataRetention"


def check(account: Account, settings: Settings, *, fix: bool) -> list[Check]:
    """Check the account's data-retention mode; `fix` sets the stage's mode if that retains less, as
    the first deployment does."""
    models = [model for model in catalog.MODELS if model.name in settings.models]
    topics = [TOPIC, *(Topic(OF_MODEL, model.name) for model in models)]
    try:
        mode: str = account.client("bedrock").get_account_data_retention()["mode"]
    except WITHHELD as error:
        return [topic.withheld(error, _GET) for topic in topics]
    if mode not in {UNSET, *RETENTION_MODES}:
        return [topic.unknown(f"AWS says {mode}", _UNHEARD_OF) for topic in topics]
    stage_mode = settings.data_retention
    checks = [judge(mode, stage_mode, account.region)]
    if fix and stage_mode is not None and retains_less(stage_mode, mode):
        checks = [TOPIC.run(_PUT, lambda: _set(account, mode, stage_mode))]
        mode = stage_mode if checks[0].outcome == "ok" else mode
    elif not settings.is_deployed and stage_mode is not None and is_made_stricter(stage_mode, mode):
        will_be = f"{mode}, and nothing is deployed yet: the deployment sets {stage_mode}"
        checks, mode = [TOPIC.skipped(will_be)], stage_mode
    return [*checks, *(judge_model(mode, model, account.region) for model in models)]


def judge(mode: str, stage_mode: str | None, region: str) -> Check:
    if stage_mode is None:
        return TOPIC.ok(f"{mode}, which the stage leaves as it is")
    if mode == stage_mode:
        return TOPIC.ok(mode)
    how = "run `claude-bedrock doctor --fix`, or " if retains_less(stage_mode, mode) else ""
    return TOPIC.failed(
        f"{mode}, and the stage asks for {stage_mode}", f"{how}{_command(stage_mode, region)}"
    )


def judge_model(mode: str, model: Model, region: str) -> Check:
    topic = Topic(OF_MODEL, model.name)
    if catalog.retention_suffices(effective(mode), model):
        return topic.ok(f"offered under {mode}")
    return topic.failed(
        f"needs {model.data_retention}, and the account has {mode}: Bedrock refuses it",
        f"take it out of the stage's models, or decide that AWS may keep content, set the "
        f"stage's `data_retention` and {_command(model.data_retention, region)}",
    )


def retains_less(stage_mode: str, mode: str) -> bool:
    """Return whether `stage_mode` retains less than the account's `mode`."""
    return RETENTION_MODES.index(stage_mode) < RETENTION_MODES.index(effective(mode))


def is_made_stricter(stage_mode: str, mode: str) -> bool:
    """Return whether a deployment sets `stage_mode`: it loosens no mode that was set by hand."""
    return mode != stage_mode and (mode == UNSET or retains_less(stage_mode, mode))


def effective(mode: str) -> str:
    """Return the mode in force where the account's setting is `mode`."""
    return "default" if mode == UNSET else mode


def _set(account: Account, was: str, stage_mode: str) -> Check:
    account.client("bedrock").put_account_data_retention(mode=stage_mode)
    return TOPIC.ok(f"{stage_mode}, set just now; it was {was}")


def _command(mode: str, region: str) -> str:
    return f"`aws bedrock put-account-data-retention --region {region} --mode {mode}`"
