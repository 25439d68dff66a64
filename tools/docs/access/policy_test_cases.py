"""Alone knows what is asked of everybody: each action, on what, how, from where, in which requests.

A call through an inference profile is several requests to IAM: the profile, then the model in each
Region that may answer, with the profile in the request's context:
https://docs.aws.amazon.com/bedrock/latest/userguide/geographic-cross-region-inference.html
https://docs.aws.amazon.com/bedrock/latest/userguide/global-cross-region-inference.html
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from claude_bedrock.catalog import MODELS, Model, Profile, deny_policy
from claude_bedrock.catalog.inference_actions import DENIED_ACTIONS
from claude_bedrock.catalog.invoke_policies import GUARDRAIL
from claude_bedrock.catalog.model import SERVICE_TIERS
from stacks.stage import Stage
from tools.docs.access.assembly import ACCOUNT, Assembly
from tools.docs.access.authorization import Reference, services

INVOKE: Final = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")
ELSEWHERE: Final = ("eu-west-1", "us-west-2")
"""The other Region that is asked from: the first that is not the stage's."""

TOKENS: Final = ("SHORT_TERM", "LONG_TERM")
"""https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-permissions.html"""
MODES: Final = ("none", "default", "aws_review", "provider_data_share", "inherit")
"""https://docs.aws.amazon.com/bedrock/latest/userguide/data-retention.html"""

OTHER_VENDOR: Final = "amazon.nova-pro-v1:0"
"""A model that is not Claude: https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html"""

_APPLY: Final = "bedrock:ApplyGuardrail"
_HERE: Final = "model in the Region called"
_ANYWHERE: Final = "model in any Region"
_PROFILE: Final = "bedrock:InferenceProfileArn"
TRUST: Final = "trust policy"
"""The part of a request that asks the role's trust policy alone."""
_NO_KEYS: Final[Mapping[str, str]] = {}
_BY_TLS: Final = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.2"}
_IF_NONE: Final = {**_BY_TLS, "s3:if-none-match": "*"}
_PREFIXES: Final = ("AWSLogs", "large-data", "evidence")
_ENTRY_PREFIXES: Final = ("audit-entries", "audit-entry-errors")
"""Those of a stage with a table of audit log entries."""
_ON_OBJECTS: Final = (
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:PutObjectLegalHold",
)
_QUALIFIER: Final = "hnb659fds"
_BOOTSTRAP_ROLES: Final = (
    *("deploy-role", "file-publishing-role", "lookup-role"),
    *("cfn-exec-role", "image-publishing-role"),
)
"""https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html"""
_COMMERCIAL: Final = ("us-east-1", "eu-west-1", "ap-northeast-1", "ap-southeast-2", "sa-east-1")


class Request(NamedTuple):
    """What IAM is asked, with the context's keys and values. `part` says which part of a call."""

    part: str
    action: str
    resource: str
    context: tuple[tuple[str, str], ...]


class Cell(NamedTuple):
    """One question: may the action be done on the subject, in this way, from this Region? Yes if
    all its requests are allowed."""

    action: str
    subject: str
    way: str
    region: str
    requests: tuple[Request, ...]


def cells(stage: Stage, assembly: Assembly) -> list[Cell]:
    """Return everything that is asked of each principal of the stage."""
    regions = (stage.region, _elsewhere(stage.region))
    models = [model for model in MODELS if model.profiles]
    foreign_model = next(
        (model for model in models if model.name not in stage.models.allow), models[0]
    )
    invocations = [
        cell
        for region in regions
        for action in INVOKE
        for cell in [
            *(cell for model in models for cell in _ways(action, model, region, foreign_model)),
            *_other_vendor(action, region),
        ]
    ]
    teams = [team for action in INVOKE for team in _teams(action, stage.region, assembly)]
    teams += list(_team_guardrails(stage, teams))
    doors = [door for region in regions for door in _doors(region)]
    doors += [option for region in regions for option in _options(stage, region)]
    singles = [
        single for region in regions for model in models for single in _singles(model, region)
    ]
    sessions = [*_sessions(stage, assembly), *_bootstrap_roles(stage), *_interfaces(stage)]
    return [*invocations, *teams, *sessions, *singles, *doors, *_record(stage, assembly)]


def _elsewhere(region: str) -> str:
    return next(candidate for candidate in ELSEWHERE if candidate != region)


def _ways(action: str, model: Model, region: str, foreign_model: Model) -> Iterator[Cell]:
    """Bare, by each profile that the model has, and by what a profile may turn into: one that
    holds `stranger`, a model that is not the stage's, or reaches another Region."""

    def cell(way: str, requests: Iterable[Request]) -> Cell:
        return Cell(action, model.name, way, region, tuple(requests))

    yield cell("bare", [_model(action, model.base_id, region)])
    for profile in model.profiles:
        route, arn = (
            profile.route,
            _arn(region, f"inference-profile/{profile.route}.{model.base_id}"),
        )
        request = _request("profile", action, arn, region)
        reached = _destinations(profile, region)
        yield cell(route, [request, *_behind(action, model.base_id, region, arn, reached)])
        held = ("",) if route == "global" else (region,)
        yield cell(
            f"{route}, were its profile to hold {foreign_model.name}",
            _behind(action, foreign_model.base_id, region, arn, held),
        )
        if route != "global":
            far = next(candidate for candidate in _COMMERCIAL if candidate not in reached)
            yield cell(
                f"{route}, were its profile to reach {far}",
                [_model(action, model.base_id, far, profile=arn)],
            )
    other = _arn(region, "application-inference-profile/0therteam000")
    yield cell(
        "an application profile of no team here",
        [
            _request("profile", action, other, region),
            _model(action, model.base_id, region, profile=other),
        ],
    )


def _destinations(profile: Profile, region: str) -> tuple[str, ...]:
    """Return where a call from `region` may be answered; where the profile cannot be called from
    there, anywhere it reaches; `""` for what has no Region, as Bedrock asks of a global profile."""
    if profile.route == "global":
        return ("",)
    everywhere = {region_name for reached in profile.regions.values() for region_name in reached}
    return profile.regions.get(region, tuple(sorted(everywhere)))


def _behind(
    action: str, base_id: str, region: str, profile: str, destinations: tuple[str, ...]
) -> Iterator[Request]:
    """The requests about the model behind a profile, once the profile itself was asked about."""
    if destinations == ("",):
        yield _model(action, base_id, region, part=_HERE, profile=profile)
        yield _model(action, base_id, "", part=_ANYWHERE, requested="unspecified", profile=profile)
        return
    for destination in destinations:
        yield _model(action, base_id, destination, part=f"model in {destination}", profile=profile)


def _model(
    action: str,
    base_id: str,
    region: str,
    *,
    part: str = "model",
    requested: str | None = None,
    profile: str | None = None,
) -> Request:
    """About the model in `region`, which is also the Region that is `requested`, if not said."""
    resource = f"arn:aws:bedrock:{region}::foundation-model/{base_id}"
    keys = {_PROFILE: profile} if profile else {}
    return _request(part, action, resource, requested or region, keys)


def _other_vendor(action: str, region: str) -> Iterator[Cell]:
    bare = _model(action, OTHER_VENDOR, region)
    yield Cell(action, OTHER_VENDOR, "bare", region, (bare,))
    for route in ("us", "eu"):
        arn = _arn(region, f"inference-profile/{route}.{OTHER_VENDOR}")
        request = _request("profile", action, arn, region)
        behind = _behind(action, OTHER_VENDOR, region, arn, (region,))
        yield Cell(action, OTHER_VENDOR, route, region, (request, *behind))


def _teams(action: str, region: str, assembly: Assembly) -> Iterator[Cell]:
    """Through each application inference profile of the templates. Whether Bedrock names that
    profile or the one it copies when it asks about the model is not documented: both are asked."""
    for resource in assembly.of_type("AWS::Bedrock::ApplicationInferenceProfile"):
        copied = assembly.resolve(resource.properties["ModelSource"]["CopyFrom"], resource.stack)
        arn = assembly.arn(resource)
        name = assembly.resolve(resource.properties["InferenceProfileName"], resource.stack)
        route, _, base_id = copied.rsplit("/", 1)[-1].partition(".")
        (model,) = [model for model in MODELS if model.base_id == base_id]
        (profile,) = [profile for profile in model.profiles if profile.route == route]
        reached = _destinations(profile, region)
        requests = [_request("profile", action, arn, region)]
        for suffix, named in (("", arn), (", naming what is copied", copied)):
            requests += [
                request._replace(part=request.part + suffix)
                for request in _behind(action, base_id, region, named, reached)
            ]
        yield Cell(action, model.name, f"the team's profile {name}", region, tuple(requests))


def _team_guardrails(stage: Stage, teams: Sequence[Cell]) -> Iterator[Cell]:
    """Yield the calls through teams' profiles again, in the session of a caller of each team that
    has a guardrail, with that guardrail, with another and without one; and its use."""
    for team, (name, version) in stage.callers.team_guardrails.items():
        arn = _arn(stage.region, f"guardrail/{name}")
        own = arn if version == "DRAFT" else f"{arn}:{version}"
        guardrails = {"its guardrail": own, "another": f"{arn}x:1", "no guardrail": ""}
        for cell in teams:
            for words, guardrail in guardrails.items():
                keys = [(deny_policy.TEAM, team)]
                keys += [(GUARDRAIL, guardrail)] if guardrail else []
                requests = [
                    request._replace(context=(*request.context, *keys)) for request in cell.requests
                ]
                way = f"{cell.way}, as a caller of {team}, with {words}"
                yield cell._replace(way=way, requests=tuple(requests))
        for words, resource in (("its guardrail", arn), ("another guardrail", f"{arn}x")):
            request = _request(
                "guardrail", _APPLY, resource, stage.region, {deny_policy.TEAM: team}
            )
            yield Cell(_APPLY, words, f"as a caller of {team}", stage.region, (request,))


def _sessions(stage: Stage, assembly: Assembly) -> Iterator[Cell]:
    """Yield the taking of the callers' role, with the stage's tags and another's, and of a role
    that is not the callers'. Whom a trust policy names needs no permission of their own, so each
    is asked of both."""
    region, roles = stage.region, assembly.of_type("AWS::IAM::Role")
    ending = f"-{deny_policy.CALLER_ROLE}"
    callers = [role for role in roles if assembly.name(role).endswith(ending)]
    other = next(role for role in roles if assembly.name(role).endswith("-application"))
    for role in [*callers, other]:
        subject = "the role of callers' sessions" if role in callers else "another role"
        for tagged in (stage.name, "another"):
            for action, keys in _session_keys(tagged).items():
                requests = tuple(
                    _request(part, action, assembly.arn(role), region, keys)
                    for part in ("own policies", TRUST)
                )
                yield Cell(action, subject, f"tagged for the stage {tagged}", region, requests)


def _bootstrap_roles(stage: Stage) -> Iterator[Cell]:
    """Yield the taking of each role that `cdk bootstrap` makes, of those of another qualifier and
    of another Region, where the stage has a role that may take some."""
    if stage.account.roles.deploy is None:
        return
    own, elsewhere = stage.account.qualifier or _QUALIFIER, _elsewhere(stage.region)
    for words, qualifier, region in (
        ("", own, stage.region),
        (" of another qualifier", "another", stage.region),
        (f" of {elsewhere}", own, elsewhere),
    ):
        for name in _BOOTSTRAP_ROLES:
            arn = f"arn:aws:iam::{ACCOUNT}:role/cdk-{qualifier}-{name}-{ACCOUNT}-{region}"
            request = _request("own policies", "sts:AssumeRole", arn, stage.region)
            yield Cell("sts:AssumeRole", f"the {name}{words}", "", stage.region, (request,))


def _interfaces(stage: Stage) -> Iterator[Cell]:
    """Yield what connects a function to a VPC, by Lambda and by a function's own code, where the
    stage's functions are in one: an interface takes a subnet and a group. The group's id is the
    deployment's to choose."""
    network = stage.endpoint.function_network
    if network is None:
        return
    region = stage.region
    code = {"lambda:SourceFunctionArn": f"arn:aws:lambda:{region}:{ACCOUNT}:function:any"}
    for way, keys in (("by Lambda", _NO_KEYS), ("by a function's code", code)):
        for subject, subnet in (("a subnet of the stage", network.subnets[0]), ("another", "any")):
            resource = f"arn:aws:ec2:{region}:{ACCOUNT}:subnet/{subnet}"
            request = _request("subnet", "ec2:CreateNetworkInterface", resource, region, keys)
            yield Cell(request.action, subject, way, region, (request,))
        for action, place in itertools.product(
            deny_policy.INTERFACES, (region, _elsewhere(region))
        ):
            interface = f"arn:aws:ec2:{place}:{ACCOUNT}:network-interface/eni-0"
            on = "*" if action.startswith("ec2:Describe") else interface
            request = _request("interface", action, on, region, keys)
            yield Cell(action, f"an interface in {place}", way, region, (request,))


def _session_keys(stage: str) -> dict[str, dict[str, str]]:
    """Return what STS says of each of the three permissions:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
    """
    tags = {"aws:RequestTag/stage": stage, "aws:RequestTag/caller": "search.web"}
    return {
        "sts:AssumeRole": tags,
        "sts:TagSession": {**tags, "aws:TagKeys": "caller"},
        "sts:SetSourceIdentity": {"sts:SourceIdentity": "search.web"},
    }


def _singles(model: Model, region: str) -> Iterator[Cell]:
    """Yield what takes the bare model only: counting."""
    request = _model("bedrock:CountTokens", model.base_id, region)
    yield Cell(request.action, model.name, "bare", region, (request,))


def _doors(region: str) -> Iterator[Cell]:
    """Yield the other doors: what is not logged, what opens one, and what changes the record."""

    def cell(
        action: str, subject: str = "", way: str = "", *, on: str = "*", **context: str
    ) -> Cell:
        service = action.partition(":")[0]
        keys = {f"{service}:{key}": value for key, value in context.items()}
        request = _request("", action, on, region, keys)
        return Cell(action, subject, way, region, (request,))

    yield cell(
        INVOKE[0], "any model", "asynchronously", on=_arn(region, "async-invoke/abcdefghijkl")
    )
    yield cell(
        "bedrock:InvokeModelWithBidirectionalStream",
        "any model",
        on=f"arn:aws:bedrock:{region}::foundation-model/{OTHER_VENDOR}",
    )
    reference = Reference(services({"Action": action} for action in DENIED_ACTIONS))
    for action in DENIED_ACTIONS:
        yield cell(action, "any model", on=reference.example(action, region, ACCOUNT))
    for service in ("bedrock", "bedrock-mantle"):
        for token in TOKENS:
            yield cell(f"{service}:CallWithBearerToken", "", token, BearerTokenType=token)
        for mode in MODES:
            action = f"{service}:PutAccountDataRetention"
            yield cell(action, "", f"mode {mode}", DataRetentionMode=mode)
    for verb in ("Get", "Put", "Delete"):
        yield cell(f"bedrock:{verb}ModelInvocationLoggingConfiguration")
    for verb in ("PutUseCaseForModelAccess", "CreateFoundationModelAgreement"):
        yield cell(f"bedrock:{verb}")
    yield from _marketplace(region)
    yield from _profiles(region)


def _options(stage: Stage, region: str) -> Iterator[Cell]:
    """Yield what decides who pays for a call, and for how long AWS keeps its content: by each tier
    and in each kind of project, through a profile of the stage's; and the making of a project, of
    storage for what is kept, and of a guardrail for the whole account."""
    subject = "a model of the stage"
    model = next(model for model in MODELS if model.name == stage.models.allow[0])
    arn = _arn(region, f"inference-profile/{stage.models.geography}.{model.base_id}")
    for action in INVOKE:
        for tier in SERVICE_TIERS:
            request = _request("profile", action, arn, region, {"bedrock:ServiceTier": tier})
            yield Cell(
                action, subject, f"{stage.models.geography}, tier {tier}", region, (request,)
            )
    for project in ("default", "proj_another"):
        keys = {"bedrock:ProjectArn": _arn(region, f"project/{project}")}
        request = _request("profile", INVOKE[0], arn, region, keys)
        way = f"{stage.models.geography}, project {project}"
        yield Cell(INVOKE[0], subject, way, region, (request,))
    for action in (*deny_policy.DATA_RETENTION_OVERRIDES, *deny_policy.ENFORCED_GUARDRAIL_CHANGES):
        yield Cell(action, "", "", region, (_request("", action, "*", region),))


def _marketplace(region: str) -> Iterator[Cell]:
    """Bedrock subscribes to a model for whoever first calls it, or they do it themselves:
    https://docs.aws.amazon.com/bedrock/latest/userguide/model-access.html"""
    for verb in ("Subscribe", "Unsubscribe", "ViewSubscriptions"):
        action = f"aws-marketplace:{verb}"
        for way, keys in (
            ("directly", {}),
            ("by Bedrock", {"aws:CalledViaLast": "bedrock.amazonaws.com"}),
        ):
            yield Cell(action, "", way, region, (_request("", action, "*", region, keys),))


def _profiles(region: str) -> Iterator[Cell]:
    """The making of a profile that could stand for another."""
    action = "bedrock:CreateInferenceProfile"
    for model in [model for model in MODELS if model.profiles]:
        for profile in model.profiles:
            source = _arn(region, f"inference-profile/{profile.route}.{model.base_id}")
            request = _request("", action, source, region)
            yield Cell(action, model.name, f"copying {profile.route}", region, (request,))
        bare = _model(action, model.base_id, region)
        yield Cell(action, model.name, "copying bare", region, (bare,))


def _record(stage: Stage, assembly: Assembly) -> Iterator[Cell]:
    """Reading, deleting and shortening what is kept, and calling the endpoint, beside the same of
    what is somebody else's."""
    region = stage.region

    def cell(
        action: str, subject: str, on: str, keys: Mapping[str, str] = _NO_KEYS, way: str = ""
    ) -> Cell:
        return Cell(action, subject, way, region, (_request("", action, on, region, keys),))

    yield from _objects(region, assembly)
    for name, group in _log_groups(assembly):
        # A policy that names the group without `:*` does not open it:
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
        on = f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{group}:log-stream:"
        for verb in ("FilterLogEvents", "DeleteLogGroup", "PutRetentionPolicy"):
            yield cell(f"logs:{verb}", name, on)
    yield from _keys_and_topics(region, assembly, stage.logging.kms_key)
    for name, table in _tables(region, assembly):
        for verb in ("UpdateItem", "GetItem", "Scan", "DeleteItem", "DeleteTable"):
            yield cell(f"dynamodb:{verb}", name, table)
    for name, stream in _streams(region, assembly):
        for verb in ("PutRecord", "PutRecordBatch"):
            yield cell(f"firehose:{verb}", name, stream)
    for name, group in _workgroups(assembly):
        on = f"arn:aws:athena:{region}:{ACCOUNT}:workgroup/{group}"
        for verb in ("StartQueryExecution", "GetQueryResults", "UpdateWorkGroup"):
            yield cell(f"athena:{verb}", name, on)
    for name, api in _endpoints(assembly):
        on = f"arn:aws:execute-api:{region}:{ACCOUNT}:{api}/{stage.name}/POST/v1/messages"
        yield cell("execute-api:Invoke", name, on)


def _objects(region: str, assembly: Assembly) -> Iterator[Cell]:
    """Reading, deleting and writing objects of each kind, in the stage's buckets and others."""

    def cell(
        action: str, subject: str, on: str, keys: Mapping[str, str] = _NO_KEYS, way: str = ""
    ) -> Cell:
        return Cell(action, subject, way, region, (_request("", action, on, region, keys),))

    has_entries = any(_streams(region, assembly))
    prefixes = (*_PREFIXES, *(_ENTRY_PREFIXES if has_entries else ()))
    for name, bucket in _buckets(assembly):
        for action in _ON_OBJECTS:
            for kind in prefixes:
                on = f"arn:aws:s3:::{bucket}/{kind}/object"
                yield cell(action, f"{kind}/ of {name}", on, _BY_TLS)
        for kind in prefixes:
            on = f"arn:aws:s3:::{bucket}/{kind}/object"
            for way, keys in (("replacing an object", _BY_TLS), ("as a new object", _IF_NONE)):
                yield cell("s3:PutObject", f"{kind}/ of {name}", on, keys, way)
        if assembly.of_type("AWS::CloudTrail::Trail"):
            on = f"arn:aws:s3:::{bucket}/AWSLogs/{ACCOUNT}/CloudTrail/object"
            yield cell("s3:GetObject", f"CloudTrail's files in {name}", on, _BY_TLS)


def _keys_and_topics(region: str, assembly: Assembly, kms_key: str | None) -> Iterator[Cell]:
    """Using a key directly and through the services that do it for somebody, and a topic;
    `kms_key` is the key that the stage uses and no template makes."""

    def cell(
        action: str, subject: str, on: str, keys: Mapping[str, str] = _NO_KEYS, way: str = ""
    ) -> Cell:
        return Cell(action, subject, way, region, (_request("", action, on, region, keys),))

    keys = [*_keys(region, assembly), *([("the key of kms_key", kms_key)] if kms_key else [])]
    for name, key in keys:
        through_s3 = {"kms:ViaService": f"s3.{region}.amazonaws.com"}
        yield cell("kms:Decrypt", name, key, way="directly")
        yield cell("kms:Decrypt", name, key, through_s3, "through S3")
        yield cell("kms:ScheduleKeyDeletion", name, key)
        yield cell("kms:Sign", name, key)
        yield cell("kms:GetPublicKey", name, key)
        if assembly.of_type("AWS::DynamoDB::Table"):
            through_table = {"kms:ViaService": f"dynamodb.{region}.amazonaws.com"}
            yield cell("kms:Decrypt", name, key, through_table, "through DynamoDB")
        for topic, arn in _topics(region, assembly):
            through_sns = {
                "kms:ViaService": f"sns.{region}.amazonaws.com",
                "kms:EncryptionContext:aws:sns:topicArn": arn,
            }
            for action in ("kms:GenerateDataKey", "kms:Decrypt"):
                yield cell(action, name, key, through_sns, f"through SNS, of {topic}")
    for name, topic in _topics(region, assembly):
        for verb in ("Publish", "ListSubscriptionsByTopic"):
            yield cell(f"sns:{verb}", name, topic)


def _buckets(assembly: Assembly) -> Iterator[tuple[str, str]]:
    for bucket in assembly.of_type("AWS::S3::Bucket"):
        yield bucket.location, assembly.name(bucket)
    yield "another bucket", "another-bucket"


def _log_groups(assembly: Assembly) -> Iterator[tuple[str, str]]:
    for group in assembly.of_type("AWS::Logs::LogGroup"):
        yield assembly.name(group), assembly.name(group)
    yield "another log group", "another"


def _keys(region: str, assembly: Assembly) -> Iterator[tuple[str, str]]:
    for key in assembly.of_type("AWS::KMS::Key"):
        yield key.location, assembly.arn(key)
    yield "another key", f"arn:aws:kms:{region}:{ACCOUNT}:key/another"
    elsewhere = _elsewhere(region)
    yield "a key in another Region", f"arn:aws:kms:{elsewhere}:{ACCOUNT}:key/another"


def _tables(region: str, assembly: Assembly) -> Iterator[tuple[str, str]]:
    """A stage without budgets has no table, and nobody is asked about one."""
    for table in assembly.of_type("AWS::DynamoDB::Table"):
        yield table.location, assembly.arn(table)
        yield "another table", f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/another"
        yield "another table of the stack", f"{assembly.arn(table)}-another"


def _streams(region: str, assembly: Assembly) -> Iterator[tuple[str, str]]:
    """A stage without a table of audit log entries has no stream, and nobody is asked about one."""
    for stream in assembly.of_type("AWS::KinesisFirehose::DeliveryStream"):
        yield f"stream {assembly.name(stream)}", assembly.arn(stream)
        yield "another stream", f"arn:aws:firehose:{region}:{ACCOUNT}:deliverystream/another"


def _topics(region: str, assembly: Assembly) -> Iterator[tuple[str, str]]:
    for topic in assembly.of_type("AWS::SNS::Topic"):
        name = assembly.resolve(topic.properties["TopicName"], topic.stack)
        yield f"topic {name}", f"arn:aws:sns:{region}:{ACCOUNT}:{name}"
    yield "another topic", f"arn:aws:sns:{region}:{ACCOUNT}:another"


def _workgroups(assembly: Assembly) -> Iterator[tuple[str, str]]:
    for group in assembly.of_type("AWS::Athena::WorkGroup"):
        name = assembly.resolve(group.properties["Name"], group.stack)
        yield f"workgroup {name}", name
    yield "another workgroup", "another"


def _endpoints(assembly: Assembly) -> Iterator[tuple[str, str]]:
    for api in assembly.of_type("AWS::ApiGateway::RestApi"):
        yield "the endpoint", assembly.name(api)
    yield "another endpoint", "another"


def _request(
    part: str, action: str, resource: str, region: str, keys: Mapping[str, str] = _NO_KEYS
) -> Request:
    context = {"aws:RequestedRegion": region, **keys}
    return Request(part, action, resource, tuple(context.items()))


def _arn(region: str, resource: str) -> str:
    return f"arn:aws:bedrock:{region}:{ACCOUNT}:{resource}"
