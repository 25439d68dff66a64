"""`claude-bedrock keys` against what is up: what is made lets in, what is revoked does not, and the
name that a key has is on record."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from claude_bedrock.cli.keys.api_keys import EXPIRES_TAG, Keys
from claude_bedrock.cli.shared.record_sources import records_of
from tests.integration.deployed.deployment import Deployment, eventually
from tests.integration.deployed.test_cli import claude_bedrock
from tests.integration.deployed.test_keys import listed
from tests.integration.deployed.test_records import both, recorded


@pytest.fixture
def name(deployment: Deployment) -> Iterator[str]:
    """A name that no key has; those that a test makes are gone after it."""
    chosen = f"team-a.k_{uuid4().hex[:6]}"
    yield chosen
    keys = Keys(deployment.stage())
    if any(key.name == chosen for key in keys.all()):
        keys.revoke(chosen, replaced_only=False)


def made(deployment: Deployment, *arguments: str) -> str:
    """The value that the command prints, and nothing beside it."""
    done = claude_bedrock(deployment, "keys", *arguments)
    assert done.returncode == 0, done.stderr
    value = done.stdout.strip()
    assert value.isalnum()
    assert value[-40:] not in done.stderr
    return value


def run_command(deployment: Deployment, *arguments: str) -> str:
    done = claude_bedrock(deployment, "keys", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_keys_name_is_in_the_audit_line_and_in_bedrocks_record(
    deployment: Deployment, name: str
) -> None:
    value = made(deployment, "add", name)
    eventually(lambda: listed(deployment, value) == 200)

    answer = deployment.ask("Who asks?", key=value)

    assert answer.status == 200
    request_id = answer.headers["request-id"]
    assert deployment.audit_line(bedrock_request_id=request_id)["api_key_name"] == name
    records = records_of(deployment.stage())
    for record in both(recorded(records, request_id)):
        assert record["requestMetadata"]["api_key_name"] == name
    assert value[-40:] not in (deployment.state / "gateway.log").read_text()


def test_a_made_up_name_is_no_key(deployment: Deployment, name: str) -> None:
    value = made(deployment, "add", name)
    eventually(lambda: listed(deployment, value) == 200)

    assert listed(deployment, value.replace("k", "q", 1)) == 401
    assert listed(deployment, "cobkadminZ0" + value[-40:]) == 401


def test_what_is_revoked_is_refused_and_no_longer_listed(deployment: Deployment, name: str) -> None:
    value = made(deployment, "add", name)
    eventually(lambda: listed(deployment, value) == 200)
    assert name in run_command(deployment, "list")

    run_command(deployment, "revoke", name)

    eventually(lambda: listed(deployment, value) == 401)
    assert name not in run_command(deployment, "list")


def test_after_a_rotation_both_keys_are_good_until_the_old_one_ends(
    deployment: Deployment, name: str
) -> None:
    old = made(deployment, "add", name)
    new = made(deployment, "rotate", name, "--overlap", "1h")
    eventually(lambda: listed(deployment, old) == listed(deployment, new) == 200)
    again = claude_bedrock(deployment, "keys", "rotate", name)
    assert again.returncode != 0
    assert "--replaced-only" in again.stderr

    _let_it_end(deployment, name)

    eventually(lambda: listed(deployment, old) == 401)
    assert listed(deployment, new) == 200
    third = made(deployment, "rotate", name, "--overlap", "1d")
    eventually(lambda: listed(deployment, third) == 200)
    assert old not in _values(deployment)


def _let_it_end(deployment: Deployment, name: str) -> None:
    """Puts the end of the replaced key into the past, and has the account's function look."""
    (replaced,) = [key for key in Keys(deployment.stage()).named(name) if key.ends]
    past = datetime.now(UTC) - timedelta(seconds=1)
    deployment.client("apigateway").tag_resource(
        resourceArn=f"arn:aws:apigateway:us-east-1::/apikeys/{replaced.id}",
        tags={EXPIRES_TAG: f"{past:%Y-%m-%dT%H:%M:%SZ}"},
    )
    function = deployment.output("Gateway", "ApiKeyExpiryName")
    answer = deployment.client("lambda").invoke(FunctionName=function, Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()


def _values(deployment: Deployment) -> set[str]:
    items = deployment.client("apigateway").get_api_keys(includeValues=True)["items"]
    return {key["value"] for key in items}


def test_only_the_replaced_key_is_revoked_on_request(deployment: Deployment, name: str) -> None:
    old = made(deployment, "add", name)
    new = made(deployment, "rotate", name)
    eventually(lambda: listed(deployment, old) == listed(deployment, new) == 200)

    run_command(deployment, "revoke", name, "--replaced-only")

    eventually(lambda: listed(deployment, old) == 401)
    assert listed(deployment, new) == 200


def test_usage_counts_requests_and_what_the_plan_has_left(
    deployment: Deployment, name: str
) -> None:
    value = made(deployment, "add", name, "--plan", "trial")
    eventually(lambda: listed(deployment, value) == 200)
    assert listed(deployment, value) == 200

    def days() -> list[dict[str, object]]:
        used = json.loads(run_command(deployment, "usage", name, "--days", "3", "--json"))
        return list(used["items"])

    used = days()
    assert [day["requests"] for day in used[:2]] == [0, 0]
    assert used[2]["requests"] == 2
    assert used[2]["remaining"] == 998
    listed(deployment, value)
    assert days()[2] == {**used[2], "requests": 3, "remaining": 997}


def test_a_plans_limits_hold_for_its_keys(deployment: Deployment, name: str) -> None:
    """The plan trial lets 5 requests through at once, and one in ten seconds after them."""
    value = made(deployment, "add", name, "--plan", "trial")
    eventually(lambda: listed(deployment, value) == 200)

    assert 429 in [listed(deployment, value) for _ in range(8)]
    assert listed(deployment, deployment.key) == 200


def test_a_mistake_is_reported_in_one_line(deployment: Deployment) -> None:
    for arguments in ("add default", "add x/y", "revoke nobody", "usage nobody"):
        done = claude_bedrock(deployment, "keys", *arguments.split())
        assert done.returncode in {1, 2}  # 70 is a defect, in one line too
        assert done.stderr.startswith("claude-bedrock: ")
        assert done.stderr.count("\n") == 1
        assert done.stdout == ""
