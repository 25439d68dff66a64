"""A web ACL of AWS WAF for an API that takes prompts: none of its rules reads a body's text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aws_cdk import aws_wafv2 as wafv2
from aws_cdk.aws_wafv2 import CfnWebACL
from constructs import Construct

CREDENTIALS = ("x-api-key", "authorization")
WINDOW_SECONDS = 300
# https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-ip-rep.html
REPUTATION = "AWSManagedRulesAmazonIpReputationList"
# https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html
BAD_INPUTS = "AWSManagedRulesKnownBadInputsRuleSet"

Statement = CfnWebACL.StatementProperty
_AS_IT_IS = [CfnWebACL.TextTransformationProperty(priority=0, type="NONE")]


class WebAcl(Construct):
    """Refuses addresses of AWS's reputation list, known bad inputs of requests other than POST, and
    an address that makes more requests in five minutes than `rate_limit`, without a credential
    than `rate_limit_without_credential`. With `body_limit_kb` (16, 32, 48 or 64) it refuses larger
    bodies.

    AWS adds rules to the group of bad inputs, and some read bodies: one for React's code came in
    December 2025. The group sees no POST, so that none of them refuses a prompt. Requests are not
    sampled, since a sample has all headers; credentials stay out of logs, too, where somebody turns
    these on.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage_name: str,
        rate_limit: int,
        rate_limit_without_credential: int | None,
        body_limit_kb: int | None,
    ) -> None:
        super().__init__(scope, construct_id)
        rules = [
            _group("Reputation", REPUTATION),
            _group("BadInputs", BAD_INPUTS, scope_down=_not(_is_post())),
            *_rate_rules(rate_limit, rate_limit_without_credential),
        ]
        if body_limit_kb is not None:
            rules.append(_blocking("BodySize", _body_larger_than(body_limit_kb)))
        acl = wafv2.CfnWebACL(
            self,
            "Acl",
            scope="REGIONAL",
            description=f"The endpoint of {stage_name}",
            default_action=CfnWebACL.DefaultActionProperty(allow={}),
            rules=[
                CfnWebACL.RuleProperty(priority=priority, **rule)
                for priority, rule in enumerate(rules)
            ],
            visibility_config=_visibility(f"claude-on-bedrock-{stage_name}"),
            data_protection_config=_without_credentials(),
            association_config=_reading(body_limit_kb) if body_limit_kb else None,
        )
        self.arn = acl.attr_arn


def _rate_rules(limit: int, limit_without_credential: int | None) -> Iterator[dict[str, Any]]:
    if limit_without_credential is not None:
        statement = _rate(limit_without_credential, scope_down=_not(_has_credential()))
        yield _blocking("RateWithoutCredential", statement)
    yield _blocking("Rate", _rate(limit))


def _group(name: str, group: str, scope_down: Statement | None = None) -> dict[str, Any]:
    """Return a rule of AWS's; its own actions hold."""
    managed = CfnWebACL.ManagedRuleGroupStatementProperty(
        vendor_name="AWS", name=group, scope_down_statement=scope_down
    )
    return {
        "name": name,
        "override_action": CfnWebACL.OverrideActionProperty(none={}),
        "statement": Statement(managed_rule_group_statement=managed),
        "visibility_config": _visibility(name),
    }


def _blocking(name: str, statement: Statement) -> dict[str, Any]:
    return {
        "name": name,
        "action": CfnWebACL.RuleActionProperty(block={}),
        "statement": statement,
        "visibility_config": _visibility(name),
    }


def _rate(limit: int, scope_down: Statement | None = None) -> Statement:
    """Match an address's requests above the limit, about:
    https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based-caveats.html"""
    return Statement(
        rate_based_statement=CfnWebACL.RateBasedStatementProperty(
            aggregate_key_type="IP",
            evaluation_window_sec=WINDOW_SECONDS,
            limit=limit,
            scope_down_statement=scope_down,
        )
    )


def _body_larger_than(kilobytes: int) -> Statement:
    """Match what is larger than AWS WAF gets of a body, which is as much as `_reading` says:
    https://docs.aws.amazon.com/waf/latest/developerguide/waf-oversize-request-components.html"""
    body = CfnWebACL.FieldToMatchProperty(body=CfnWebACL.BodyProperty(oversize_handling="MATCH"))
    return _size(body, kilobytes * 1024)


def _reading(kilobytes: int) -> CfnWebACL.AssociationConfigProperty:
    """Have API Gateway hand so much of a body to AWS WAF:
    https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-setting-body-inspection-limit.html"""
    limit = CfnWebACL.RequestBodyAssociatedResourceTypeConfigProperty(
        default_size_inspection_limit=f"KB_{kilobytes}"
    )
    return CfnWebACL.AssociationConfigProperty(request_body={"API_GATEWAY": limit})


def _has_credential() -> Statement:
    headers = [CfnWebACL.FieldToMatchProperty(single_header={"Name": name}) for name in CREDENTIALS]
    statements = [_size(header, 0) for header in headers]
    return Statement(or_statement=CfnWebACL.OrStatementProperty(statements=statements))


def _size(part: CfnWebACL.FieldToMatchProperty, size: int) -> Statement:
    """Match a request in which the part is larger; what is missing is not."""
    return Statement(
        size_constraint_statement=CfnWebACL.SizeConstraintStatementProperty(
            field_to_match=part,
            comparison_operator="GT",
            size=size,
            text_transformations=_AS_IT_IS,
        )
    )


def _is_post() -> Statement:
    return Statement(
        byte_match_statement=CfnWebACL.ByteMatchStatementProperty(
            field_to_match=CfnWebACL.FieldToMatchProperty(method={}),
            positional_constraint="EXACTLY",
            search_string="POST",
            text_transformations=_AS_IT_IS,
        )
    )


def _not(statement: Statement) -> Statement:
    return Statement(not_statement=CfnWebACL.NotStatementProperty(statement=statement))


def _visibility(name: str) -> CfnWebACL.VisibilityConfigProperty:
    return CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )


def _without_credentials() -> CfnWebACL.DataProtectionConfigProperty:
    """Keep credentials out of all that AWS WAF may write of a request:
    https://docs.aws.amazon.com/waf/latest/APIReference/API_DataProtectionConfig.html"""
    protection = CfnWebACL.DataProtectProperty(
        action="SUBSTITUTION",
        field=CfnWebACL.FieldToProtectProperty(
            field_type="SINGLE_HEADER", field_keys=list(CREDENTIALS)
        ),
    )
    return CfnWebACL.DataProtectionConfigProperty(data_protections=[protection])
