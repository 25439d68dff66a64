"""The page of permissions names the roles of the pinned CDK CLI's bootstrap, and a policy."""

import json
import re

from tools.docs.pages import ROOT, blocks, first_codes, read

PAGE = "docs/deploy-permissions.md"
TEMPLATE = ROOT / "node_modules" / "aws-cdk" / "lib" / "api" / "bootstrap"


def _bootstrap_roles() -> set[str]:
    """The names of the bootstrap template's roles, `cdk-QUALIFIER-PURPOSE-ACCOUNT-REGION`."""
    text = (TEMPLATE / "bootstrap-template.yaml").read_text(encoding="utf-8")
    purposes = re.findall(r"cdk-\$\{Qualifier\}-([a-z-]+-role)-\$\{AWS::AccountId\}", text)
    return {f"cdk-QUALIFIER-{purpose}-ACCOUNT-REGION" for purpose in purposes}


def test_the_page_names_each_role_that_bootstrap_makes() -> None:
    roles = _bootstrap_roles()
    assert len(roles) == 5
    assert first_codes(PAGE, "What the bootstrap roles do") == roles


def test_the_policy_lets_only_roles_be_assumed_that_bootstrap_makes() -> None:
    (policy,) = (json.loads(block[7:-3]) for block in blocks(read(PAGE)) if "```json" in block)
    (statement,) = policy["Statement"]
    assert statement["Action"] == "sts:AssumeRole"
    named = {
        re.sub("123456789012-us-east-1", "ACCOUNT-REGION", arn.partition(":role/")[2])
        for arn in statement["Resource"]
    }
    assert {role.replace("hnb659fds", "QUALIFIER") for role in named} < _bootstrap_roles()
