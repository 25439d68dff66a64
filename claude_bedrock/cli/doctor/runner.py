"""The list of checks, their order, and what each has to know first."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from claude_bedrock import catalog
from claude_bedrock.cli.doctor.check import WITHHELD, Check, Topic
from claude_bedrock.cli.doctor.checks import (
    access_log_bucket,
    account_overrides,
    alarm_topic,
    alarms,
    archive,
    aws_cli,
    bootstrap,
    concurrency,
    data_retention_mode,
    drift_detector,
    endpoint,
    github_oidc,
    identity,
    inference_regions,
    invocation_logging,
    kms_key,
    models,
    permissions_boundary,
    quotas,
    replaced_keys,
    stacks,
    token_issuers,
    truststore,
    use_case_form,
    vpc_endpoints,
    web_acl,
)
from claude_bedrock.cli.doctor.checks.identity import Now
from claude_bedrock.cli.doctor.context import Account, Clients
from claude_bedrock.cli.doctor.suggested_commands import complete
from claude_bedrock.cli.shared.cdk_json import CdkJsonError, block_of, value_at
from claude_bedrock.cli.shared.deployment import Deployment, NoTargetError
from claude_bedrock.cli.shared.stage_settings import Settings, deployed, written

REGION: Final = Topic("Region")
SETTINGS: Final = Topic("stage settings")

OF_THE_ACCOUNT: Final = (
    bootstrap.TOPIC.name,
    stacks.NAME,
    endpoint.NAME,
    truststore.TOPIC.name,
    web_acl.TOPIC.name,
    replaced_keys.TOPIC.name,
    concurrency.TOPIC.name,
    vpc_endpoints.TOPIC.name,
    invocation_logging.TOPIC.name,
    drift_detector.TOPIC.name,
    alarms.ALARMS.name,
    alarm_topic.TOPIC.name,
    alarms.SUBSCRIBERS.name,
    alarms.DELIVERIES,
    use_case_form.TOPIC.name,
)
OF_THE_STAGE: Final = (
    models.AVAILABILITY,
    models.ENTITLEMENT,
    models.AUTHORIZATION,
    models.AGREEMENT,
    models.LIFECYCLE,
    models.MARKETPLACE.name,
    *quotas.NAMES.values(),
    data_retention_mode.TOPIC.name,
    data_retention_mode.OF_MODEL,
    *account_overrides.NAMES,
    inference_regions.NAME,
    github_oidc.TOPIC.name,
    token_issuers.NAME,
    archive.TOPIC.name,
    permissions_boundary.TOPIC.name,
    kms_key.TOPIC.name,
    access_log_bucket.TOPIC.name,
)
NAMES: Final = (
    aws_cli.TOPIC.name,
    REGION.name,
    identity.CREDENTIALS.name,
    identity.CLOCK.name,
    SETTINGS.name,
    *OF_THE_ACCOUNT,
    *OF_THE_STAGE,
)
"""The names of all checks."""

_AT_ONCE: Final = 8


class DoctorOptions(NamedTuple):
    """`cdk_json` has the blocks of the stages; `local` is the endpoint of local mode."""

    cdk_json: Path
    local: endpoint.LocalEndpoint | None
    fix: bool
    now: Now


def without_region(stage: str, why: str) -> list[Check]:
    """Return what can be said when nothing tells which Region is meant, or what should cannot be
    read."""
    no_region = REGION.failed(
        why,
        f"give --region, set AWS_REGION, or run it where cdk.json has the stage {stage!r}, and "
        "correct what is wrong there",
    )
    return [*aws_cli.check(), no_region, *_skipped(NAMES[2:], "the Region is not known")]


def examine(deployment: Deployment, options: DoctorOptions) -> list[Check]:
    """Return every check, in the order of NAMES as far as it is known beforehand."""
    block = _block(options, deployment.stage) or {}
    clients = Clients(deployment)
    caller, identified = identity.check(clients, value_at(block, "account.id"), options.now)
    checks = [*aws_cli.check(), judge_region(deployment.region, block.get("region")), *identified]
    if caller is None:
        return [*checks, *_skipped(NAMES[4:], "nothing can be asked without credentials")]
    today = dt.datetime.now(dt.UTC).date().isoformat()
    account = Account(deployment, clients, caller["Account"], caller["Arn"], today)
    settings, settings_check = _settings(account, options.cdk_json)
    checks += [settings_check, *_at_once(_families(account, settings, options))]
    return [complete(check, deployment) for check in checks]


def judge_region(region: str, of_stage: str | None) -> Check:
    """Judge the Region; `of_stage` is that of the stage's block, where there is one."""
    if of_stage is not None and of_stage != region:
        return REGION.failed(
            f"{region}, and the stage is for {of_stage}",
            f"give --region {of_stage}, or none",
        )
    return REGION.ok(region)


def judge_settings(settings: Settings) -> Check:
    """Check that the catalog here has each of the stage's models: no other check looks at a model
    that it lacks."""
    unheard_of = {*settings.models} - {model.name for model in catalog.MODELS}
    if unheard_of:
        return SETTINGS.failed(
            f"{settings.source} names {', '.join(sorted(unheard_of))}, unknown to this version",
            "run the doctor of the version that deployed the stage, or deploy with this one",
        )
    return SETTINGS.ok(
        f"from {settings.source}: {', '.join(settings.models)} "
        f"in geographies {', '.join(settings.geographies)}"
    )


def _settings(account: Account, cdk_json: Path) -> tuple[Settings | None, Check]:
    """Return those of the deployed stage, else those that a deployment would have."""
    stage = account.deployment.stage
    settings, none = _deployed(account)
    try:
        settings = settings or written(cdk_json, stage, account.today)
        block_of(cdk_json, stage)
    except CdkJsonError as unreadable:
        return settings, SETTINGS.failed(
            str(unreadable), "correct the file: nothing can be deployed from it"
        )
    except NoTargetError as error:
        return None, SETTINGS.failed(
            f"{none}; {error}",
            f"deploy the stage, or run doctor beside the cdk.json that has {stage!r}",
        )
    return settings, judge_settings(settings)


def _deployed(account: Account) -> tuple[Settings | None, str]:
    """Return those of the deployed stage, or why there are none."""
    try:
        return deployed(account.deployment), ""
    except (NoTargetError, *WITHHELD) as none:
        return None, str(none)


def _families(
    account: Account, settings: Settings | None, options: DoctorOptions
) -> Iterator[Callable[[], list[Check]]]:
    qualifier = None if settings is None else settings.qualifier
    yield partial(bootstrap.check, account, qualifier)
    has_endpoint = settings is None or settings.has_endpoint
    yield partial(stacks.check, account, has_endpoint=has_endpoint)
    yield partial(endpoint.check, account, options.local)
    yield partial(truststore.check, account)
    yield partial(web_acl.check, account)
    yield partial(replaced_keys.check, account)
    block = _block(options, account.deployment.stage)
    yield partial(concurrency.check, account, block)
    yield partial(vpc_endpoints.check, account, block)
    yield partial(invocation_logging.check, account, block)
    yield partial(drift_detector.check, account)
    yield partial(alarms.check, account)
    yield partial(alarm_topic.check, account)
    yield partial(use_case_form.check, account)
    if settings is None:
        yield partial(_skipped, OF_THE_STAGE, "the stage's settings are not known")
        return
    yield partial(models.check, account, settings)
    yield partial(quotas.check, account, settings)
    yield partial(data_retention_mode.check, account, settings, fix=options.fix)
    yield partial(account_overrides.check, account, settings)
    yield partial(inference_regions.check, account, settings)
    yield partial(github_oidc.check, account, settings)
    yield partial(token_issuers.check, settings)
    yield partial(archive.check, account, settings)
    yield partial(permissions_boundary.check, account, settings)
    yield partial(kms_key.check, account, settings)
    yield partial(access_log_bucket.check, account, settings)


def _block(options: DoctorOptions, stage: str) -> Mapping[str, Any] | None:
    """Return None where the file cannot be read, too: the check of the settings says so."""
    try:
        return block_of(options.cdk_json, stage)
    except CdkJsonError:
        return None


def _at_once(families: Iterator[Callable[[], list[Check]]]) -> list[Check]:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        running = [pool.submit(family) for family in families]
    return [check for future in running for check in future.result()]


def _skipped(names: tuple[str, ...], why: str) -> list[Check]:
    return [Topic(name).skipped(why) for name in names]
