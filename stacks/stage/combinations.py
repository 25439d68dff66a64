"""Checks of a stage block's values against each other: combinations that cannot be deployed, or
would have no effect. Each mistake is one line."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Final

from claude_bedrock.caller_sessions.qualified_name import RESERVED
from claude_bedrock.catalog import stage_models
from claude_bedrock.catalog.aws_regions import APPLICATION_PROFILE_REGIONS
from claude_bedrock.catalog.endpoint_services import REGIONS, lacking, service_name
from claude_bedrock.catalog.invoke_policies import MANAGED_POLICY_CHARACTERS
from claude_bedrock.catalog.model import STANDARD_TIER
from stacks import team_profile_plan
from stacks.deny_policy_inputs import boundary_characters
from stacks.stage.block import CANARY_KEY, Stage
from stacks.stage.endpoint import Endpoint, WebAclRules
from stacks.stage.logs import Archive, LogBucketAccessLog
from stacks.stage.network import FunctionNetwork
from stacks.stage.token_issuers import DEFAULT_PLAN, TokenIssuer

# A function's environment may hold 4 KB; a key's id takes 10 of them and its quotes 6.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
NAMES_CHARACTERS = 3000
# A role may hold ten, one of which is the deny policy.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
POLICIES = 9
# An issuer's in the authorizer's environment: the names of its fields and its usage key.
_ISSUER_CHARACTERS = 160
_LOCAL_ISSUER = re.compile(r"http://(127\.0\.0\.1|localhost)[:/]")
LOCAL_STAGE = "local"
# Issuers of everybody's tokens, and the claims that say whose.
# https://docs.github.com/en/actions/reference/security/oidc#oidc-token-claims
# https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload
SHARED_ISSUERS: Final[Mapping[str, tuple[str, ...]]] = {
    "https://token.actions.githubusercontent.com": (
        *("repository", "repository_id", "repository_owner", "repository_owner_id"),
        *("enterprise", "enterprise_id", "sub"),
    ),
    "https://accounts.google.com": ("hd", "email", "sub"),
}
# What only an endpoint can do. Teams, and what IAM lets direct callers do, stand without one.
_OF_ENDPOINT: Final[Mapping[str, tuple[str, ...]]] = {
    "endpoint": tuple(name for name in Endpoint.model_fields if name != "enabled"),
    "callers": (
        *("auth", "api_keys", "token_issuers", "throttle", "quota", "plans", "budgets"),
        *("budgets_fail", "caller_sessions", "allowed_direct_callers"),
    ),
    "evidence": ("canary", "audit_entry_table"),
    "account": ("api_log_role",),
}
# The canary's larger question, with room for what stands around it.
CANARY_BODY_BYTES = 160_000


def geography_mistakes(stage: Stage) -> Iterator[str]:
    """Yield the mistakes of the geographies: those that cannot be called from the Region, are
    given twice, or leave the residency. They are checked first, since no model could be called
    by them."""
    models = stage.models
    callable_here = stage_models.callable_geographies(stage.region)
    for key, geographies in (
        ("geography", (models.geography,)),
        ("fallback_geographies", models.fallback_geographies),
    ):
        for geography in geographies:
            if geography not in callable_here:
                yield (
                    f"models.{key}: {geography!r} given, which cannot be called from "
                    f"{stage.region}; allowed: {', '.join(callable_here)}"
                )
    if len(set(models.geographies)) != len(models.geographies):
        yield (
            f"models.fallback_geographies: {list(models.fallback_geographies)} given with "
            f"geography {models.geography}; allowed: each geography once"
        )
    if models.residency is not None and "global" in models.geographies:
        yield (
            "models.residency: given with the geography global, whose calls may be answered in "
            "any commercial Region; allowed: another geography, or no residency"
        )


def value_mistakes(stage: Stage) -> list[str]:
    """Return the mistakes of every key but geographies, models, teams and the canary."""
    return [
        *_endpoint_mistakes(stage),
        *_upstream_mistakes(stage),
        *_network_mistakes(stage),
        *_truststore_mistakes(stage),
        *_web_acl_mistakes(stage),
        *_private_mistakes(stage),
        *_logging_mistakes(stage),
        *_trail_mistakes(stage),
        *_entry_table_mistakes(stage),
        *_account_mistakes(stage),
        *_tier_mistakes(stage),
        *_plan_mistakes(stage),
        *_key_mistakes(stage),
        *_issuer_mistakes(stage),
    ]


def _endpoint_mistakes(stage: Stage) -> Iterator[str]:
    """Yield the keys that ask something of an endpoint that the stage has not."""
    if stage.endpoint.enabled:
        return
    for group, keys in _OF_ENDPOINT.items():
        values = getattr(stage, group)
        for key in keys:
            if getattr(values, key) != type(values).model_fields[key].get_default():
                yield (
                    f"{group}.{key}: given with endpoint.enabled false, where callers go to "
                    f"Bedrock directly; allowed: endpoint.enabled true, or no {key}"
                )


def _upstream_mistakes(stage: Stage) -> Iterator[str]:
    """Yield a Messages path that no call would take: AWS documents no guardrail on it."""
    if stage.endpoint.messages_upstream == "messages" and stage.models.guardrail is not None:
        yield (
            "endpoint.messages_upstream: messages given with models.guardrail, with which every "
            "call goes by InvokeModel; allowed: invoke, or no guardrail"
        )


def _network_mistakes(stage: Stage) -> Iterator[str]:
    """Yield what is no network, a web ACL of elsewhere, and a canary that would be kept out."""
    for text in stage.endpoint.allowed_ips:
        try:
            ipaddress.IPv4Network(text)
        except ValueError as error:
            yield f"endpoint.allowed_ips: {error}; allowed: IPv4 networks, like 203.0.113.0/24"
    domain = stage.endpoint.domain
    truststore = domain.truststore if domain else None
    arns = {
        "web_acl": stage.endpoint.web_acl if isinstance(stage.endpoint.web_acl, str) else None,
        "domain.certificate": domain.certificate if domain else None,
        "domain.truststore.ownership_certificate": truststore.ownership_certificate
        if truststore
        else None,
    }
    for key, arn in arns.items():
        if arn and (region := arn.split(":")[3]) != stage.region:
            yield (
                f"endpoint.{key}: one of {region} given; allowed: one of {stage.region}, the "
                "stage's Region"
            )
    if stage.endpoint.allowed_ips and stage.evidence.canary:
        yield (
            "evidence.canary: given with endpoint.allowed_ips, which keeps it out, since it calls "
            "from addresses of AWS; allowed: either of the two"
        )


def _web_acl_mistakes(stage: Stage) -> Iterator[str]:
    """Yield a limit that another makes idle, and a canary whose question would be refused."""
    rules, path = stage.endpoint.web_acl, "endpoint.web_acl"
    if not isinstance(rules, WebAclRules):
        return
    lower = rules.rate_limit_without_credential
    if lower is not None and lower >= rules.rate_limit:
        yield (
            f"{path}.rate_limit_without_credential: {lower} given with rate_limit "
            f"{rules.rate_limit}, which holds for all requests; allowed: less, or null"
        )
    if rules.body_limit_kb and stage.evidence.canary:
        yield (
            f"{path}.body_limit_kb: {rules.body_limit_kb} given with a canary, whose larger "
            "question would be refused; allowed: null, or no canary"
        )


def _truststore_mistakes(stage: Stage) -> Iterator[str]:
    """Yield a way around the client's certificate, and a canary, which has none."""
    domain = stage.endpoint.domain
    if domain is None or domain.truststore is None:
        return
    if not domain.disable_execute_api:
        yield (
            "endpoint.domain.truststore: given with disable_execute_api false, where API Gateway's "
            "own name takes requests without a client certificate; allowed: disable_execute_api "
            "true, or no truststore"
        )
    if stage.evidence.canary:
        yield (
            "evidence.canary: given with endpoint.domain.truststore, which keeps it out, since it "
            "has no client certificate; allowed: either of the two"
        )


def _private_mistakes(stage: Stage) -> Iterator[str]:
    """Yield what a private API has not, and a canary that could not reach it."""
    network, endpoints = stage.endpoint.network, stage.endpoint.api_endpoints
    if network is None:
        return
    if not endpoints and network.functions is None:
        yield (
            "endpoint.network: neither api_endpoints nor functions given; allowed: one of them, or "
            "both"
        )
    if endpoints and stage.endpoint.domain:
        yield (
            "endpoint.domain: given with endpoint.network.api_endpoints; allowed: either of the "
            "two, since the stage makes public domain names only"
        )
    if len(set(endpoints)) != len(endpoints):
        yield f"endpoint.network.api_endpoints: {list(endpoints)} given; allowed: each id once"
    if stage.evidence.canary:
        yield (
            "evidence.canary: given with endpoint.network, which keeps it out, since it has no way "
            "to the endpoint; allowed: either of the two"
        )
    if network.functions:
        yield from _function_mistakes(stage, network.functions)


def _function_mistakes(stage: Stage, network: FunctionNetwork) -> Iterator[str]:
    """Yield what functions without a route to the internet cannot do, and endpoints that the Region
    lacks."""
    path = "endpoint.network.functions"
    for key in ("subnets", "route_tables"):
        ids = getattr(network, key)
        if len(set(ids)) != len(ids):
            yield f"{path}.{key}: {list(ids)} given; allowed: each id once"
    if stage.account.api_log_role is None:
        yield (
            f"account.api_log_role: none given with {path}, where a function makes a role by IAM, "
            "whose VPC endpoint is in us-east-1 alone; allowed: the ARN of a role, or leave"
        )
    if network.endpoints == "existing":
        yield from _existing_endpoint_mistakes(path, network)
        return
    yield from _created_endpoint_mistakes(stage, path, network)
    if stage.callers.token_issuers:
        yield (
            f"callers.token_issuers: given with {path}.endpoints create, by which the authorizer "
            "reaches AWS alone and reads no issuer's keys; allowed: endpoints existing, in a VPC "
            "with a way to the issuers, or no token_issuers"
        )
    if not stage.logging.has_own_destinations:
        yield (
            f"logging.existing_logging: {stage.logging.existing_logging} given with {path}"
            ".endpoints create, which lets through to the stage's own bucket alone; allowed: fail "
            "or replace, or endpoints existing"
        )


def _existing_endpoint_mistakes(path: str, network: FunctionNetwork) -> Iterator[str]:
    if network.security_group is None:
        yield (
            f"{path}.security_group: none given with endpoints existing; allowed: the security "
            "group by which the functions reach your endpoints"
        )
    for key in ("route_tables", "prefix_lists"):
        if getattr(network, key):
            yield (
                f"{path}.{key}: given with endpoints existing; allowed: endpoints create, or no "
                f"{key}, since routes and security group are yours"
            )


def _created_endpoint_mistakes(stage: Stage, path: str, network: FunctionNetwork) -> Iterator[str]:
    if network.security_group is not None:
        yield (
            f"{path}.security_group: given with endpoints create, which makes one; allowed: "
            "endpoints existing, or no security_group"
        )
    if not network.route_tables:
        yield (
            f"{path}.route_tables: none given with endpoints create; allowed: the route tables of "
            "the subnets, by which they reach S3"
        )
    lists = network.prefix_lists
    if lists is None or (stage.callers.counts_spending and lists.dynamodb is None):
        service = "dynamodb" if lists else "s3"
        yield (
            f"{path}.prefix_lists.{service}: none given with endpoints create; allowed: the id "
            "that `aws ec2 describe-managed-prefix-lists --filters Name=prefix-list-name,"
            f"Values=com.amazonaws.{stage.region}.{service}` shows"
        )
    for service in lacking(tuple(REGIONS.keys() - {"iam"}), stage.region):
        yield (
            f"{path}.endpoints: create given in {stage.region}, which lacks the endpoint service "
            f"{service_name(service, stage.region)}; allowed: another Region, or existing"
        )


def _may_have_canary(stage: Stage) -> bool:
    endpoint = stage.endpoint
    demands_certificate = endpoint.domain is not None and endpoint.domain.truststore is not None
    is_limited = isinstance(endpoint.web_acl, WebAclRules) and bool(endpoint.web_acl.body_limit_kb)
    return (
        endpoint.enabled
        and not endpoint.allowed_ips
        and endpoint.network is None
        and not demands_certificate
        and not is_limited
    )


def _logging_mistakes(stage: Stage) -> Iterator[str]:
    logging = stage.logging
    if logging.object_lock and not logging.keep_logs_on_destroy:
        yield (
            f"logging.object_lock: {logging.object_lock} given with keep_logs_on_destroy false; "
            "allowed: keep_logs_on_destroy true, since nobody can empty a bucket whose objects are "
            "locked"
        )
    if logging.object_lock and not _may_have_canary(stage) and not stage.evidence.verify_hourly:
        yield (
            f"logging.object_lock: {logging.object_lock} given without a canary and without "
            "evidence.verify_hourly; allowed: verify_hourly true, since AWS does not say that "
            "Bedrock can write to a locked bucket, and verification finds within two hours that "
            "the bucket lacks records that the log group has"
        )
    if logging.object_lock and _may_have_canary(stage) and stage.evidence.canary is None:
        yield (
            f"logging.object_lock: {logging.object_lock} given without a canary; allowed: an "
            "evidence.canary with it, since AWS does not say that Bedrock can write to a locked "
            "bucket, and a canary finds within the hour that records are missing"
        )
    if logging.log_bucket_access_log:
        yield from _access_log_mistakes(stage, logging.log_bucket_access_log)
    if logging.kms_key:
        yield from _kms_key_mistakes(stage, logging.kms_key)
    if logging.archive:
        yield from _archive_mistakes(stage, logging.archive)
    if logging.auto_restore_logging and not logging.has_own_destinations:
        yield (
            "logging.auto_restore_logging: true given with existing_logging "
            f"{logging.existing_logging}, where it has no effect; allowed: existing_logging fail "
            "or replace, or no auto_restore_logging, since the configuration is its owner's to set"
        )


def _entry_table_mistakes(stage: Stage) -> Iterator[str]:
    """Yield a table of entries without the table of records that it stands beside."""
    logging = stage.logging
    if stage.evidence.audit_entry_table and not logging.has_own_destinations:
        yield (
            f"evidence.audit_entry_table: true given with existing_logging "
            f"{logging.existing_logging}, where the stage has no table of records; allowed: "
            "existing_logging fail or replace, or no audit_entry_table"
        )


def _access_log_mistakes(stage: Stage, log: LogBucketAccessLog) -> Iterator[str]:
    """Yield a second access log of the bucket, and one that would be delivered into a bucket of the
    stage: CloudFormation names these by their stack."""
    if stage.logging.record_access_log == "server_access_log":
        yield (
            "logging.log_bucket_access_log: given with record_access_log server_access_log, and a "
            "bucket has one such log; allowed: either of the two, or data_events with it"
        )
    if log.bucket.startswith(f"claude-on-bedrock-{stage.name}-"):
        yield (
            f"logging.log_bucket_access_log.bucket: {log.bucket!r} given, a name of the stage's "
            "own buckets; allowed: another bucket, since a log of accesses to itself has no end"
        )


def _kms_key_mistakes(stage: Stage, key: str) -> Iterator[str]:
    """Yield a key that S3 and CloudWatch Logs would refuse, and one of which the drift detector
    could not read the policy."""
    _, _, _, region, account, _ = key.split(":")
    if region != stage.region:
        yield (
            f"logging.kms_key: a key of {region} given; allowed: one of {stage.region}, the "
            "stage's Region"
        )
    if stage.account.id not in (None, account):
        yield (
            f"logging.kms_key: a key of the account {account} given; allowed: one of the stage's "
            "own account, where the drift detector can read the key's policy"
        )


def _archive_mistakes(stage: Stage, archive: Archive) -> Iterator[str]:
    if archive.account == stage.account.id:
        yield (
            f"logging.archive.account: {archive.account} given, which is the stage's own; "
            "allowed: another account, since an archive is for what this one can lose"
        )
    if archive.key.split(":")[4] != archive.account:
        yield (
            f"logging.archive.key: a key of {archive.key.split(':')[4]} given; allowed: a key of "
            f"the archive's account {archive.account}"
        )
    if not stage.logging.has_own_destinations:
        yield (
            f"logging.archive: given with existing_logging {stage.logging.existing_logging}, where "
            "records lie in another owner's bucket; allowed: existing_logging fail or replace, or "
            "no archive"
        )


def _trail_mistakes(stage: Stage) -> Iterator[str]:
    trail, path = stage.evidence.cloudtrail, "evidence.cloudtrail"
    if trail is None:
        return
    if trail.create == (trail.bucket is not None):
        given = "create true and a bucket" if trail.create else "neither create true nor a bucket"
        yield (
            f"{path}: {given} given; allowed: create true, where the stage makes a trail, or the "
            "bucket of one that exists"
        )
    for key in ("prefix", "organization", "kms_key"):
        if trail.create and getattr(trail, key):
            yield (
                f"{path}.{key}: {getattr(trail, key)!r} given with create true; allowed: bucket "
                f"with it, or no {key}, since the stage's own trail has its own"
            )
    if trail.accounts and not trail.organization:
        yield (
            f"{path}.accounts: {list(trail.accounts)} given without an organization; allowed: the "
            "organization of an organization trail with it, since another trail has no events of "
            "other accounts"
        )
    if stage.region in trail.stage_regions:
        yield (
            f"{path}.stage_regions: {stage.region} given, the stage's own Region; allowed: other "
            "Regions of the account that have a stage"
        )


def _account_mistakes(stage: Stage) -> Iterator[str]:
    account = stage.account
    for tag in account.tags:
        if _is_reserved(tag):
            yield (
                f"account.tags.{tag}: given; allowed: other tags, since this one is not yours to "
                "set"
            )
    yield from _role_rule_mistakes(stage)
    if account.roles.legal_hold:
        yield from _legal_hold_mistakes(stage)
    deploy = account.roles.deploy
    if deploy and not (deploy.principals or deploy.github):
        yield (
            "account.roles.deploy: names nobody; allowed: principals, github or both, since who "
            "takes it deploys any template, as an administrator can"
        )
    has_reader = account.alarm_email or account.no_alarm_email_reason
    if stage.logging.keep_logs_on_destroy and not has_reader:
        yield (
            "account.alarm_email: none given with logging.keep_logs_on_destroy true; allowed: an "
            "e-mail address, or account.no_alarm_email_reason with who hears of alarms instead, "
            "since a person has to hear of it when records are no longer kept"
        )


def _role_rule_mistakes(stage: Stage) -> Iterator[str]:
    account = stage.account
    prefix, most = account.role_prefix or "", stage.role_names.prefix_characters
    if len(prefix) > most:
        yield (
            f"account.role_prefix: {prefix!r} given; allowed: at most {most} characters for this "
            "stage and Region, since the name of a role has at most 64"
        )
    for key in ("permissions_boundary", "role_path", "role_prefix"):
        if getattr(account, key) and stage.endpoint.enabled and account.api_log_role is None:
            yield (
                f"account.{key}: given without account.api_log_role, where a function makes a role "
                "that does not carry it; allowed: api_log_role with the ARN of a role, or leave"
            )


def _legal_hold_mistakes(stage: Stage) -> Iterator[str]:
    logging = stage.logging
    if not logging.object_lock:
        yield (
            "account.roles.legal_hold: given without logging.object_lock; allowed: an object_lock, "
            "since S3 puts legal holds on objects of a bucket with Object Lock only"
        )
    if not logging.has_own_destinations:
        yield (
            f"account.roles.legal_hold: given with existing_logging {logging.existing_logging}; "
            "allowed: fail or replace, since the records lie in another team's bucket"
        )


def _tier_mistakes(stage: Stage) -> Iterator[str]:
    tiers = stage.models.service_tiers
    if STANDARD_TIER not in tiers or len(set(tiers)) != len(tiers):
        yield (
            f"models.service_tiers: {list(tiers)} given; allowed: default and others, each once, "
            "since a call that names no tier runs on default"
        )


def _plan_mistakes(stage: Stage) -> Iterator[str]:
    if DEFAULT_PLAN in stage.callers.plans:
        yield (
            f"callers.plans.{DEFAULT_PLAN}: given; allowed: other names, since callers.throttle "
            "and callers.quota are that plan"
        )
    burst = max(plan.throttle.burst for plan in stage.callers.all_plans.values())
    reserved = stage.endpoint.reserved_concurrency
    if reserved is not None and reserved < burst:
        yield (
            f"endpoint.reserved_concurrency: {reserved} given below a burst of {burst}; "
            f"allowed: {burst} or more, or null, since what a throttle lets through at once would "
            "be turned away with a 5xx"
        )


def _key_mistakes(stage: Stage) -> Iterator[str]:
    callers = stage.callers
    for key in ("api_keys", "token_issuers", "quota", "plans"):
        if callers.auth == "iam" and key in callers.model_fields_set and getattr(callers, key):
            yield (
                f"callers.{key}: given with auth iam, where there are no keys; allowed: auth "
                f"key, or no {key}"
            )
    if callers.auth == "key" and not callers.api_keys and not callers.token_issuers:
        yield (
            "callers.api_keys: [] given; allowed: a list of 1 to 50 different names, or "
            "token_issuers with it, since nobody could call"
        )
    if len(set(callers.api_keys)) != len(callers.api_keys):
        yield f"callers.api_keys: {list(callers.api_keys)} given; allowed: each name once"
    if _key_characters(stage) > NAMES_CHARACTERS:
        yield (
            f"callers.api_keys: names and ids of {_key_characters(stage)} characters given; "
            f"allowed: {NAMES_CHARACTERS} together, since a function's environment holds 4 KB"
        )


def _key_characters(stage: Stage) -> int:
    return sum(16 + len(name) for name in stage.key_names)


def _issuer_mistakes(stage: Stage) -> Iterator[str]:
    callers = stage.callers
    earlier: set[tuple[str, str]] = set()
    for name, issuer in callers.token_issuers.items():
        path = f"callers.token_issuers.{name}"
        if name in RESERVED:
            yield (
                f"{path}: given; allowed: other names than {', '.join(sorted(RESERVED))}, since "
                f"{name}:NAME is a caller without a token"
            )
        is_local = bool(_LOCAL_ISSUER.match(issuer.issuer)) and stage.name == LOCAL_STAGE
        if not issuer.issuer.startswith("https://") and not is_local:
            yield (
                f"{path}.issuer: {issuer.issuer!r} given; allowed: an HTTPS URL, since who can "
                "change the issuer's keys can be any caller"
            )
        if (issuer.issuer, issuer.audience) in earlier:
            yield (
                f"{path}.audience: {issuer.audience!r} given for an issuer that has it already; "
                "allowed: another audience, by which its tokens are told apart"
            )
        earlier.add((issuer.issuer, issuer.audience))
        if issuer.plan not in callers.all_plans:
            yield (
                f"{path}.plan: {issuer.plan!r} given; allowed: one of the stage's plans "
                f"({', '.join(callers.all_plans)})"
            )
        of_all = SHARED_ISSUERS.get(issuer.issuer.rstrip("/"), ())
        if of_all and not set(of_all) & set(issuer.require):
            yield (
                f"{path}.require: names none of {', '.join(of_all)}; allowed: one of them with its "
                "value, since this issuer gives a token for your audience to all its users"
            )
        yield from _token_team_mistakes(stage, path, issuer)
    size = _issuer_characters(stage)
    if size > NAMES_CHARACTERS:
        yield (
            f"callers.token_issuers: {size} characters given; allowed: {NAMES_CHARACTERS} "
            "together, since a function's environment holds 4 KB"
        )


def _issuer_characters(stage: Stage) -> int:
    """What the issuers take in the environment of the authorizer; those that name a team by a claim
    come with all teams."""
    teams = sum(len(team) + 4 for team in stage.callers.teams)
    return sum(
        _ISSUER_CHARACTERS
        + len(name)
        + len(issuer.model_dump_json())
        + (teams if issuer.team and issuer.team.claim else 0)
        for name, issuer in stage.callers.token_issuers.items()
    )


def _token_team_mistakes(stage: Stage, path: str, issuer: TokenIssuer) -> Iterator[str]:
    teams, team = stage.callers.teams, issuer.team
    if team is None:
        return
    if (team.name is None) == (team.claim is None):
        yield (
            f"{path}.team: {'both name and claim' if team.name else 'neither name nor claim'} "
            "given; allowed: one of the stage's teams, or an object with the key claim"
        )
    elif not teams:
        yield (
            f"{path}.team: given in a stage without teams; allowed: callers.teams with it, or null"
        )
    elif team.name is not None and team.name not in teams:
        yield (
            f"{path}.team: {team.name!r} given; allowed: one of the stage's teams "
            f"({', '.join(teams)})"
        )


def team_mistakes(stage: Stage) -> list[str]:
    """Return the mistakes of the teams, once it is known which models the stage has."""
    mistakes = [
        f"callers.teams.{name}.{tag}: given; allowed: other tags, since this one is not yours to "
        "set"
        for name, team in stage.callers.teams.items()
        for tag in team.tags
        if _is_reserved(tag)
    ]
    mistakes += _team_guardrail_mistakes(stage)
    profiles = team_profile_plan.planned(stage)
    if not profiles:
        return mistakes
    has_profiles = stage.region in APPLICATION_PROFILE_REGIONS
    if not has_profiles and not stage.callers.team_profiles_available:
        mistakes.append(
            f"callers.teams: given in {stage.region}, where CloudFormation has no application "
            "inference profiles by the resource schemas of November 2026 (cfn-lint 1.58.0); "
            f"allowed: one of {', '.join(APPLICATION_PROFILE_REGIONS)}, or "
            "callers.team_profiles_available true where AWS has added them since"
        )
    if team_profile_plan.policies_needed(stage) > POLICIES:
        mistakes.append(
            f"callers.teams: {len(profiles)} profiles given, one for each team, model and "
            f"geography; allowed: as many as {POLICIES} managed policies can name, which is what a "
            "role holds beside the deny policy"
        )
    keys, ids = (
        _key_characters(stage),
        team_profile_plan.environment_characters(profiles, stage.region),
    )
    if keys + ids > NAMES_CHARACTERS >= keys:
        mistakes.append(
            f"callers.teams: {ids} characters of profile ids given with {keys} of api_keys; "
            f"allowed: {NAMES_CHARACTERS} together, since a function's environment holds 4 KB"
        )
    return mistakes


def _team_guardrail_mistakes(stage: Stage) -> Iterator[str]:
    """Yield what a team's guardrail cannot stand beside: a call carries one guardrail, and IAM
    knows the team by the tag of its caller's session."""
    for team in stage.callers.team_guardrails:
        if stage.models.guardrail is not None:
            yield (
                f"callers.teams.{team}.guardrail: given with models.guardrail, and a call carries "
                "one; allowed: one of the two"
            )
        if stage.endpoint.enabled and not stage.callers.caller_sessions:
            yield (
                f"callers.teams.{team}.guardrail: given with caller_sessions false, without which "
                "IAM does not know a caller's team; allowed: callers.caller_sessions true"
            )
    if not stage.callers.team_guardrails:
        return
    if (length := boundary_characters(stage)) > MANAGED_POLICY_CHARACTERS:
        yield (
            f"callers.teams: guardrails given that make the permissions boundary {length} "
            f"characters long; allowed: fewer of them, since IAM takes {MANAGED_POLICY_CHARACTERS}"
        )


def _is_reserved(tag: str) -> bool:
    """Return whether AWS or this project sets the tag itself."""
    return tag.lower().startswith("aws:") or tag in team_profile_plan.OUR_TAGS


def canary_mistakes(stage: Stage) -> Iterator[str]:
    """Yield the mistakes of the canary, once it is known which models the stage has."""
    canary, models, limit = stage.evidence.canary, stage.models.allow, stage.endpoint.max_body_bytes
    if canary is None:
        return
    if models and canary not in models:
        yield (
            f"evidence.canary: {canary!r} given; allowed: one of the stage's models "
            f"({', '.join(models)}), or null"
        )
    if limit < CANARY_BODY_BYTES:
        yield (
            f"endpoint.max_body_bytes: {limit} given with a canary, whose larger question would "
            f"be refused; allowed: {CANARY_BODY_BYTES} or more, or no canary"
        )
    if CANARY_KEY in stage.callers.api_keys and stage.callers.auth == "key":
        yield (
            f"callers.api_keys: {CANARY_KEY!r} given with a canary, whose key has that name; "
            "allowed: another name, or no canary"
        )
