"""Which data-retention mode the account has, against what the stage asks and its models need.

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
    """`fix` sets the mode that the stage asks, if that keeps less than the account's does, as the
    first deployment does."""
    models = [model for model in catalog.MODELS if model.name in settings.models]
    topics = [TOPIC, *(Topic(OF_MODEL, model.name) for model in models)]
    try:
        mode: str = account.client("bedrock").get_account_data_retention()["mode"]
    except WITHHELD as error:
        return [topic.withheld(error, _GET) for topic in topics]
    if mode not in {UNSET, *RETENTION_MODES}:
        return [topic.unknown(f"AWS says {mode}", _UNHEARD_OF) for topic in topics]
    wanted = settings.data_retention
    checks = [judge(mode, wanted, account.region)]
    if fix and wanted is not None and keeps_less(wanted, mode):
        checks = [TOPIC.asked(_PUT, lambda: _set(account, mode, wanted))]
        mode = wanted if checks[0].outcome == "ok" else mode
    elif not settings.is_deployed and wanted is not None and is_made_stricter(wanted, mode):
        will_be = f"{mode}, and nothing is deployed yet: the deployment sets {wanted}"
        checks, mode = [TOPIC.skipped(will_be)], wanted
    return [*checks, *(judge_model(mode, model, account.region) for model in models)]


def judge(mode: str, wanted: str | None, region: str) -> Check:
    if wanted is None:
        return TOPIC.ok(f"{mode}, which the stage leaves as it is")
    if mode == wanted:
        return TOPIC.ok(mode)
    how = "run `claude-bedrock doctor --fix`, or " if keeps_less(wanted, mode) else ""
    return TOPIC.failed(
        f"{mode}, and the stage asks for {wanted}", f"{how}{_command(wanted, region)}"
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


def keeps_less(wanted: str, mode: str) -> bool:
    """Return whether `wanted` lets less be kept than the account's `mode` does."""
    return RETENTION_MODES.index(wanted) < RETENTION_MODES.index(effective(mode))


def is_made_stricter(wanted: str, mode: str) -> bool:
    """Return whether a deployment sets `wanted`: it loosens no mode that somebody chose."""
    return mode != wanted and (mode == UNSET or keeps_less(wanted, mode))


def effective(mode: str) -> str:
    """Return the mode that holds where the account says `mode`."""
    return "default" if mode == UNSET else mode


def _set(account: Account, was: str, wanted: str) -> Check:
    account.client("bedrock").put_account_data_retention(mode=wanted)
    return TOPIC.ok(f"{wanted}, set just now; it was {was}")


def _command(mode: str, region: str) -> str:
    return f"`aws bedrock put-account-data-retention --region {region} --mode {mode}`"
