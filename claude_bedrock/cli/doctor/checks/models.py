"""Checks of the account's access to each model of the stage, of its lifecycle, and of who may
subscribe to it.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetFoundationModelAvailability.html,
https://docs.aws.amazon.com/bedrock/latest/userguide/model-access.html,
https://docs.aws.amazon.com/bedrock/latest/userguide/model-lifecycle.html
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from claude_bedrock import catalog
from claude_bedrock.catalog import Model
from claude_bedrock.cli.doctor.check import WITHHELD, Check, Topic, code_of
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.shared.stage_settings import Settings

AVAILABILITY, ENTITLEMENT = "model availability", "model entitlement"
AUTHORIZATION, AGREEMENT = "model authorization", "model agreement"
LIFECYCLE = "model lifecycle"
MARKETPLACE: Final = Topic("Marketplace permissions")
SUBSCRIBING: Final = (
    "aws-marketplace:Subscribe",
    "aws-marketplace:Unsubscribe",
    "aws-marketplace:ViewSubscriptions",
)
_ACCESS: Final = (AVAILABILITY, ENTITLEMENT, AUTHORIZATION, AGREEMENT)
_AVAILABILITY_ACTION = "bedrock:GetFoundationModelAvailability"
_LIFECYCLE_ACTION = "bedrock:GetFoundationModel"
_MARKETPLACE_ACTIONS = "iam:SimulatePrincipalPolicy and iam:GetRole"
_THROUGH_BEDROCK: Final = tuple(
    {"ContextKeyName": key, "ContextKeyType": type_, "ContextKeyValues": [value]}
    for key, type_, value in (
        ("aws:CalledViaLast", "string", "bedrock.amazonaws.com"),
        ("aws:CalledVia", "stringList", "bedrock.amazonaws.com"),
        ("aws:ViaAWSService", "boolean", "true"),
    )
)
"""Bedrock subscribes in the caller's name, and policies may demand that it does, as the setup
role's and AmazonBedrockFullAccess do. The simulator takes a key that it is not told as absent:
https://docs.aws.amazon.com/bedrock/latest/userguide/security-iam-awsmanpol.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html"""
_DATES: Final = {
    "legacyTime": "legacy",
    "publicExtendedAccessTime": "extended_access",
    "endOfLifeTime": "end_of_life",
}

Answer = Mapping[str, Any]


def check(account: Account, settings: Settings) -> list[Check]:
    models = [model for model in catalog.MODELS if model.name in settings.models]
    access = [check for model in models for check in _access(account, model, settings.geography)]
    lifecycles = [_lifecycle(account, model) for model in models]
    return [*access, *lifecycles, _marketplace(account, needed=subscribing_is_needed(access))]


def _access(account: Account, model: Model, route: str) -> list[Check]:
    topics = [Topic(name, model.name) for name in _ACCESS]
    try:
        answer = account.client("bedrock").get_foundation_model_availability(modelId=model.base_id)
    except WITHHELD as error:
        if _is_missing(error):
            return [unknown_to_bedrock(topics[0], account.region), *_not_assessed(topics[1:])]
        return [topic.withheld(error, _AVAILABILITY_ACTION) for topic in topics]
    return judge_access(answer, model, route, account.region)


def judge_access(answer: Answer, model: Model, route: str, region: str) -> list[Check]:
    return [
        _available(Topic(AVAILABILITY, model.name), answer["regionAvailability"], region),
        _entitled(Topic(ENTITLEMENT, model.name), answer["entitlementAvailability"]),
        _authorized(Topic(AUTHORIZATION, model.name), answer["authorizationStatus"]),
        _agreed(
            Topic(AGREEMENT, model.name),
            answer["agreementAvailability"],
            f"`aws bedrock-runtime converse --region {region} "
            f"--model-id {catalog.profile_id(model, route)} "
            """--messages '[{"role": "user", "content": [{"text": "Say hello."}]}]'`""",
        ),
    ]


def unknown_to_bedrock(topic: Topic, region: str) -> Check:
    return topic.failed(
        f"Bedrock in {region} knows no such model",
        "take it out of the stage's models, or choose a Region that has it: docs/models.md",
    )


def _not_assessed(topics: Sequence[Topic]) -> list[Check]:
    return [topic.skipped("the model is not there") for topic in topics]


def _available(topic: Topic, status: str, region: str) -> Check:
    if status == "AVAILABLE":
        return topic.ok(f"offered in {region}")
    return topic.failed(
        f"{status} in {region}",
        "choose a Region that has it (docs/models.md), or take it out of the stage's models",
    )


def _entitled(topic: Topic, status: str) -> Check:
    if status == "AVAILABLE":
        return topic.ok(status)
    return topic.failed(
        status,
        "the account needs a valid payment method and Anthropic's form "
        "(`claude-bedrock access submit`); if it has both, ask AWS Support",
    )


def _authorized(topic: Topic, status: str) -> Check:
    if status == "AUTHORIZED":
        return topic.ok(status)
    return topic.failed(
        status,
        "AWS does not let the account have the model: ask your contact at AWS or AWS Support to "
        "authorize the account, or take it out of the stage's models",
    )


def _agreed(topic: Topic, agreement: Answer, call: str) -> Check:
    status = agreement["status"]
    if status == "AVAILABLE":
        return topic.ok("subscribed")
    if status == "PENDING":
        return topic.failed(
            "the subscription is being made", "wait up to 15 minutes, then run doctor again"
        )
    why = f"{status}: {agreement['errorMessage']}" if agreement.get("errorMessage") else status
    return topic.failed(
        why,
        "the first call subscribes the account, and so accepts the model's terms. Have a person "
        f"who may accept them, and has the Marketplace permissions, make it once: {call}",
    )


def subscribing_is_needed(access: Sequence[Check]) -> bool:
    """Return whether a model has yet to be subscribed to, for all that is known."""
    return any(check.name == AGREEMENT and check.outcome != "ok" for check in access)


def _lifecycle(account: Account, model: Model) -> Check:
    topic = Topic(LIFECYCLE, model.name)

    def check_models() -> Check:
        try:
            answer = account.client("bedrock").get_foundation_model(modelIdentifier=model.base_id)
        except ClientError as error:
            if _is_missing(error):
                return unknown_to_bedrock(topic, account.region)
            raise
        return judge_lifecycle(answer["modelDetails"].get("modelLifecycle"), model, account.today)

    return topic.run(_LIFECYCLE_ACTION, check_models)


def judge_lifecycle(life: Answer | None, model: Model, today: str) -> Check:
    """Judge a model's lifecycle; `life` is `modelLifecycle`, with its dates as datetimes."""
    topic = Topic(LIFECYCLE, model.name)
    if life is None:
        return topic.unknown("AWS tells nothing of it", "look at the model's card: docs/models.md")
    dates = {name: _day(life.get(key)) for key, name in _DATES.items()}
    end = dates["end_of_life"]
    instead = f"use {model.successor} instead" if model.successor else "choose another model"
    if end is not None and end <= today:
        return topic.failed(f"gone since {end}", f"{instead}, in the stage's models")
    status = life["status"].lower() + (f", last day before {end}" if end else "")
    if life["status"] == "LEGACY" and not catalog.is_legacy(model, today):
        return topic.warning(f"{status}; the catalog has it as active", _SYNC)
    differing = [
        f"{name} {day} (catalog: {getattr(model.life, name)})"
        for name, day in dates.items()
        if day is not None and day != getattr(model.life, name)
    ]
    if differing:
        return topic.warning(f"{status}; AWS says {', '.join(differing)}", _SYNC)
    if life["status"] == "LEGACY":
        return topic.warning(status, f"{instead} in time")
    return topic.ok(status)


_SYNC: Final = "correct the catalog: `claude-bedrock models sync`"


def _day(moment: dt.datetime | None) -> str | None:
    return moment.date().isoformat() if moment else None


def _marketplace(account: Account, *, needed: bool) -> Check:
    if not needed:
        return MARKETPLACE.skipped("not needed any more: the account has all models of the stage")
    if account.caller.endswith(":root"):
        return judge_marketplace({})

    def check_models() -> Check:
        principal = _principal(account)
        if principal is None:
            return MARKETPLACE.unknown(
                f"IAM does not simulate for {account.caller}",
                f"check that the principal that calls first has {', '.join(SUBSCRIBING)}",
            )
        answer = account.client("iam").simulate_principal_policy(
            PolicySourceArn=principal,
            ActionNames=list(SUBSCRIBING),
            ContextEntries=list(_THROUGH_BEDROCK),
        )
        return judge_marketplace(
            {
                result["EvalActionName"]: result["EvalDecision"]
                for result in answer["EvaluationResults"]
            }
        )

    return MARKETPLACE.run(_MARKETPLACE_ACTIONS, check_models)


def judge_marketplace(decisions: Mapping[str, str]) -> Check:
    """Judge `decisions`, IAM's by action; none for the account's root user, who may do anything."""
    denied = sorted(action for action, decision in decisions.items() if decision != "allowed")
    if not denied:
        return MARKETPLACE.ok("these credentials may make the first call of each model")
    return MARKETPLACE.failed(
        f"these credentials lack {', '.join(denied)}",
        "make the first calls as the stage's setup role (`roles.setup`), or as a principal that "
        "has these; the gateway's role never has them",
    )


def _principal(account: Account) -> str | None:
    """Return the user or role behind the caller; STS names a role's session, without the role's
    path."""
    _, _, service, _, _, resource = account.caller.split(":", 5)
    kind, _, name = resource.partition("/")
    if (service, kind) == ("iam", "user"):
        return account.caller
    if (service, kind) != ("sts", "assumed-role"):
        return None
    role = account.client("iam").get_role(RoleName=name.partition("/")[0])
    arn: str = role["Role"]["Arn"]
    return arn


def _is_missing(error: ClientError | BotoCoreError) -> bool:
    return isinstance(error, ClientError) and code_of(error) == "ResourceNotFoundException"
