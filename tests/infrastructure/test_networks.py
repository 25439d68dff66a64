"""Where the endpoint answers, and whom it answers: its own name, networks, a web ACL."""

from __future__ import annotations

import json
from pathlib import Path

from tools.synthesis import synthesize

STACK = "Gateway"
ID = "473e64fd-f30b-4765-81a0-62ad96dd167a"


WEB_ACL = f"arn:aws:wafv2:us-east-1:111111111111:regional/webacl/edge/{ID}"


DOMAIN = {
    "name": "claude.example.com",
    "certificate": f"arn:aws:acm:us-east-1:111111111111:certificate/{ID}",
    "hosted_zone": "Z0123456789ABCDEFGHIJ",
    "disable_execute_api": True,
}


def test_the_root_of_a_name_stands_for_the_stage(tmp_path: Path) -> None:
    made = synthesize("dev", tmp_path, domain=DOMAIN, canary="claude-haiku-4-5")
    api = made.only(STACK, "AWS::ApiGateway::RestApi").properties
    assert api["DisableExecuteApiEndpoint"] is True
    name = made.only(STACK, "AWS::ApiGateway::DomainName").properties
    assert (name["DomainName"], name["RegionalCertificateArn"]) == (
        DOMAIN["name"],
        DOMAIN["certificate"],
    )
    assert name["SecurityPolicy"] == api["SecurityPolicy"]
    assert "BasePath" not in made.only(STACK, "AWS::ApiGateway::BasePathMapping").properties
    record = made.only(STACK, "AWS::Route53::RecordSet").properties
    assert (record["Name"], record["HostedZoneId"]) == (
        "claude.example.com.",
        DOMAIN["hosted_zone"],
    )
    outputs = made.template(STACK)["Outputs"]
    assert outputs["EndpointUrl"]["Value"] == "https://claude.example.com/"
    (url,) = (
        function.properties["Environment"]["Variables"]["ENDPOINT_URL"]
        for function in made.resources(STACK, "AWS::Lambda::Function")
        if function.properties["Handler"] == "canary.handler.handle"
    )
    assert url == "https://claude.example.com/"


def test_a_name_with_a_truststore_demands_client_certificates(tmp_path: Path) -> None:
    trusted = {"uri": "s3://company-pki/authorities.pem", "version": "a1"}
    domain = {**DOMAIN, "truststore": {**trusted, "ownership_certificate": DOMAIN["certificate"]}}
    made = synthesize("dev", tmp_path, domain=domain)
    name = made.only(STACK, "AWS::ApiGateway::DomainName").properties
    assert name["MutualTlsAuthentication"] == {
        "TruststoreUri": trusted["uri"],
        "TruststoreVersion": trusted["version"],
    }
    assert name["OwnershipVerificationCertificateArn"] == DOMAIN["certificate"]
    # API Gateway refuses mutual TLS with a policy whose name begins with SecurityPolicy_.
    assert (name["SecurityPolicy"], "EndpointAccessMode" in name) == ("TLS_1_2", False)
    log = made.only(STACK, "AWS::ApiGateway::Stage").properties["AccessLogSetting"]["Format"]
    assert "$context.identity.clientCert.serialNumber" in log
    assert made.template(STACK)["Outputs"]["TruststoreVersion"]["Value"] == "a1"


def test_a_web_acl_of_the_account_stands_before_the_stage(tmp_path: Path) -> None:
    made = synthesize("dev", tmp_path, web_acl=WEB_ACL)
    association = made.only(STACK, "AWS::WAFv2::WebACLAssociation").properties
    stage = made.only(STACK, "AWS::ApiGateway::Stage").id
    assert association["WebACLArn"] == WEB_ACL
    assert stage in json.dumps(association["ResourceArn"])
    assert "/restapis/" in json.dumps(association["ResourceArn"])


def test_the_stages_own_web_acl_reads_no_prompt_and_keeps_no_credential(tmp_path: Path) -> None:
    rules = {"rate_limit": 2000, "rate_limit_without_credential": 100, "body_limit_kb": 32}
    made = synthesize("dev", tmp_path, web_acl=rules)
    acl = made.only(STACK, "AWS::WAFv2::WebACL")
    association = made.only(STACK, "AWS::WAFv2::WebACLAssociation").properties
    assert association["WebACLArn"] == {"Fn::GetAtt": [acl.id, "Arn"]}
    by_name = {rule["Name"]: rule["Statement"] for rule in acl.properties["Rules"]}
    assert list(by_name) == ["Reputation", "BadInputs", "RateWithoutCredential", "Rate", "BodySize"]
    # A rule of AWS's that reads a body would refuse prompts with code: its group sees no POST.
    group = by_name["BadInputs"]["ManagedRuleGroupStatement"]["ScopeDownStatement"]
    assert group["NotStatement"]["Statement"]["ByteMatchStatement"]["SearchString"] == "POST"
    rate = by_name["RateWithoutCredential"]["RateBasedStatement"]
    assert (rate["Limit"], rate["EvaluationWindowSec"]) == (100, 300)
    headers = rate["ScopeDownStatement"]["NotStatement"]["Statement"]["OrStatement"]["Statements"]
    assert [
        header["SizeConstraintStatement"]["FieldToMatch"]["SingleHeader"]["Name"]
        for header in headers
    ] == ["x-api-key", "authorization"]
    body = by_name["BodySize"]["SizeConstraintStatement"]
    assert body["FieldToMatch"] == {"Body": {"OversizeHandling": "MATCH"}}
    limit = acl.properties["AssociationConfig"]["RequestBody"]["API_GATEWAY"]
    assert (body["Size"], limit) == (32 * 1024, {"DefaultSizeInspectionLimit": "KB_32"})
    seen = [acl.properties, *acl.properties["Rules"]]
    assert not any(part["VisibilityConfig"]["SampledRequestsEnabled"] for part in seen)
    (protection,) = acl.properties["DataProtectionConfig"]["DataProtections"]
    assert protection["Field"]["FieldKeys"] == ["x-api-key", "authorization"]


def test_other_networks_are_denied_before_anything_runs(tmp_path: Path) -> None:
    first = synthesize("dev", tmp_path / "1", allowed_ips=["203.0.113.0/24"])
    second = synthesize("dev", tmp_path / "2", allowed_ips=["198.51.100.7/32"])
    policy = first.only(STACK, "AWS::ApiGateway::RestApi").properties["Policy"]
    allowed, denied = policy["Statement"]
    assert (denied["Effect"], denied["Principal"]) == ("Deny", {"AWS": "*"})
    assert denied["Resource"] == "execute-api:/*"
    assert denied["Condition"] == {"NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}}
    # A method that a caller signs or has a key for is not among them: the account's principals
    # would need no policy of their own.
    assert allowed["Resource"] == [
        *("execute-api:/dev/HEAD/", "execute-api:/dev/HEAD/api/hello"),
        "execute-api:/dev/GET/health",
    ]
    deployments = {
        synthesis.only(STACK, "AWS::ApiGateway::Deployment").id for synthesis in (first, second)
    }
    assert len(deployments) == 2, "a changed policy holds from the next deployment on"
    denial = next(
        response.properties["ResponseTemplates"]["application/json"]
        for response in first.resources(STACK, "AWS::ApiGateway::GatewayResponse")
        if response.properties["ResponseType"] == "ACCESS_DENIED"
    )
    assert "your network address, or" in json.loads(denial)["message"]


def test_a_private_api_has_no_public_name(tmp_path: Path) -> None:
    own = ["vpce-0123456789abcdef0", "vpce-0123456789abcdef1"]
    made = synthesize("dev", tmp_path, network={"api_endpoints": own}, allowed_ips=["10.0.0.0/8"])
    api = made.only(STACK, "AWS::ApiGateway::RestApi").properties
    assert api["EndpointConfiguration"] == {
        "Types": ["PRIVATE"],
        "IpAddressType": "dualstack",
        "VpcEndpointIds": own,
    }
    # API Gateway refuses the names of VPC endpoints by STRICT.
    assert api["EndpointAccessMode"] == "BASIC"
    allowed, *denied = api["Policy"]["Statement"]
    assert allowed["Resource"][-1] == "execute-api:/dev/GET/health"
    assert [(statement["Resource"], statement["Condition"]) for statement in denied] == [
        ("execute-api:/*", {"StringNotEquals": {"aws:SourceVpce": own}}),
        ("execute-api:/*", {"NotIpAddress": {"aws:VpcSourceIp": ["10.0.0.0/8"]}}),
    ]
    types = {resource.type for resource in made.everything()}
    assert not types & {"AWS::ApiGateway::DomainName", "AWS::Route53::RecordSet"}
    url = json.dumps(made.template(STACK)["Outputs"]["EndpointUrl"]["Value"])
    assert f"-{own[0]}.execute-api.us-east-1." in url
