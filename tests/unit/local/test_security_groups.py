"""A rule of its own is in its security group for as long as it stands in the template."""

import pytest
from ministack.services import ec2  # type: ignore[import-untyped]

from local.embedded import security_groups

RULE = {
    "GroupId": "sg-1",
    "IpProtocol": "tcp",
    "FromPort": 443,
    "ToPort": 443,
    "SourceSecurityGroupId": "sg-2",
}


def test_a_rule_comes_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ec2, "_security_groups", {"sg-1": {"IpPermissions": []}})
    name, _ = security_groups._create("FromFunctions", RULE, "stack")
    (rule,) = ec2._security_groups["sg-1"]["IpPermissions"]
    assert (rule["FromPort"], rule["UserIdGroupPairs"]) == (443, [{"GroupId": "sg-2"}])
    security_groups._delete(name, RULE)
    assert ec2._security_groups["sg-1"]["IpPermissions"] == []


def test_a_group_that_is_not_there_fails_the_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ec2, "_security_groups", {})
    with pytest.raises(ValueError, match="no security group sg-1"):
        security_groups._create("FromFunctions", RULE, "stack")
