"""Checks of account settings that go before a stage's own: projects, retention storage, guardrails.

https://docs.aws.amazon.com/bedrock/latest/userguide/data-retention.html
https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-enforcements.html
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from claude_bedrock.catalog import RETENTION_MODES
from claude_bedrock.cli.doctor.check import Check, Topic, code_of
from claude_bedrock.cli.doctor.checks.data_retention_mode import UNSET, retains_less
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.shared.deployment import Client
from claude_bedrock.cli.shared.stage_settings import Settings

GUARDRAIL: Final = Topic("enforced guardrail")
PROJECTS: Final = Topic("project data retention")
STORAGE: Final = Topic("retention storage")
NAMES: Final = (GUARDRAIL.name, PROJECTS.name, STORAGE.name)

_DEFAULT: Final = "default"
"""The project of every call of the gateway."""
_PROVIDER: Final = "anthropic"
_SINCE: Final = "1.44.8"
"""The first boto3 that was seen to have the operations of projects and retention storage."""


def check(account: Account, settings: Settings) -> list[Check]:
    """Return one check for each of NAMES. What the installed boto3 cannot ask is skipped, and says
    so."""
    client = account.client("bedrock")
    return [
        GUARDRAIL.run(
            "bedrock:ListEnforcedGuardrailsConfiguration",
            lambda: judge_guardrails(
                client.list_enforced_guardrails_configuration()["guardrailsConfig"]
            ),
        ),
        _run_check(
            PROJECTS,
            client,
            "list_projects",
            lambda: judge_projects(list(_projects(client)), settings.data_retention),
        ),
        _run_check(
            STORAGE,
            client,
            "get_account_data_retention_storage",
            lambda: judge_storage(_storage(client), account.region),
        ),
    ]


def judge_guardrails(configured: Sequence[Mapping[str, Any]]) -> Check:
    """Judge the account's enforced guardrails; `configured` is the answer of
    ListEnforcedGuardrailsConfiguration."""
    if not configured:
        return GUARDRAIL.ok("none: calls carry the stage's own, if it has one")
    names = [f"{item['guardrailId']} version {item['guardrailVersion']}" for item in configured]
    return GUARDRAIL.warning(
        f"Bedrock puts {', '.join(names)} into calls of this account, which no stage sets",
        "check that the account's owner wants it: it can block answers, and costs money; "
        "`aws bedrock list-enforced-guardrails-configuration` shows it",
    )


def judge_projects(projects: Sequence[Mapping[str, Any]], stage_mode: str | None) -> Check:
    """Judge the modes of `projects`, summaries of ListProjects: a project's mode goes before the
    account's."""
    own = {
        str(project["id"]): str(project["dataRetention"]["mode"])
        for project in projects
        if project["status"] == "active" and project["dataRetention"]["mode"] != UNSET
    }
    looser = {name: mode for name, mode in own.items() if _is_looser(mode, stage_mode)}
    modes = ", ".join(f"{name} has {mode}" for name, mode in (looser or own).items())
    if not looser:
        return PROJECTS.ok(modes or "no project has a mode of its own")
    fix = "set it to inherit: `aws bedrock update-project --project-identifier ID --data-retention "
    fix += "mode=inherit`"
    if _DEFAULT in looser:
        return PROJECTS.failed(
            f"{modes}, and the stage asks for {stage_mode}: its calls are in {_DEFAULT}", fix
        )
    return PROJECTS.warning(
        f"{modes}, and the stage asks for {stage_mode}: calls that bypass the gateway may be in it",
        fix,
    )


def judge_storage(storage: Mapping[str, Any] | None, region: str) -> Check:
    """Judge `storage`, the answer of GetAccountDataRetentionStorage; None where there is none."""
    if storage is None or storage["storageDestination"] != "customer_managed":
        return STORAGE.ok("none of the account's own")
    bucket = storage.get("storageConfiguration", {}).get("s3BucketArn", "a bucket it does not name")
    return STORAGE.warning(
        f"content that AWS retains goes to {bucket}",
        "check whose bucket that is and who reads it, or take it away: `aws bedrock "
        f"delete-account-data-retention-storage --model-provider {_PROVIDER} --region {region}`",
    )


def _is_looser(mode: str, stage_mode: str | None) -> bool:
    """Return whether a project's mode lets more be kept than the stage asks for; one that is not
    known here may."""
    if stage_mode is None:
        return False
    return mode not in RETENTION_MODES or retains_less(stage_mode, mode)


def _run_check(topic: Topic, client: Client, method: str, judge: Callable[[], Check]) -> Check:
    operation = "".join(word.title() for word in method.split("_"))
    if not hasattr(client, method):
        import boto3  # noqa: PLC0415 - imported by who made the client, but not for a help

        return topic.skipped(
            f"boto3 {boto3.__version__} has no {operation}; {_SINCE} and later have"
        )
    return topic.run(f"bedrock:{operation}", judge)


def _projects(client: Client) -> Iterator[Mapping[str, Any]]:
    page: dict[str, Any] = {}
    while True:
        page = client.list_projects(
            **({"nextToken": page["nextToken"]} if page.get("nextToken") else {})
        )
        yield from page["projectSummaries"]
        if not page.get("nextToken"):
            return


def _storage(client: Client) -> Mapping[str, Any] | None:
    try:
        answer: Mapping[str, Any] = client.get_account_data_retention_storage(
            modelProvider=_PROVIDER
        )
    except ClientError as error:
        if code_of(error) == "ResourceNotFoundException":
            return None
        raise
    return answer
