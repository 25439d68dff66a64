"""A budget in the embedded AWS: counted in DynamoDB by the function's role, and held."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from claude_bedrock.budgets import item
from claude_bedrock.cli.keys.api_keys import Keys
from tests.integration.deployed.deployment import Deployment, eventually
from tests.integration.deployed.test_cli import claude_bedrock
from tests.integration.deployed.test_enforcement import Undo, deny, role_of, undo
from tests.integration.deployed.test_keys import listed

__all__ = ["undo"]
SUBJECT = "caller#budgeted"


@pytest.fixture
def key(deployment: Deployment) -> Iterator[str]:
    """The key of the caller that has a budget in the local stage."""
    keys = Keys(deployment.stage())
    value = keys.add("budgeted", "default")
    eventually(lambda: listed(deployment, value) == 200)
    yield value
    keys.revoke("budgeted", replaced_only=False)
    deployment.client("dynamodb").delete_item(
        TableName=deployment.output("InvocationLogging", "BudgetTableName"),
        Key={"subject": {"S": SUBJECT}},
    )


def spent(deployment: Deployment) -> item.Item:
    table = deployment.output("InvocationLogging", "BudgetTableName")
    client = deployment.client("dynamodb")
    found: item.Item = client.get_item(TableName=table, Key={"subject": {"S": SUBJECT}})["Item"]
    return found


def test_a_budget_is_counted_and_held(deployment: Deployment, key: str) -> None:
    answer = deployment.ask("Who pays?", key=key)

    entry = deployment.audit_line(bedrock_request_id=answer.headers["request-id"])
    assert answer.status == 200
    assert answer.headers["anthropic-ratelimit-unified-status"] == "allowed"
    assert entry["budgets_state"] == "settled"
    content = spent(deployment)
    assert not list(item.reservations(content))
    counters = {
        name.partition("#")[0]: int(value["N"]) for name, value in content.items() if "#" in name
    }
    assert counters["tokens"] == entry["input_tokens"] + entry["output_tokens"]
    assert 0 < counters["usd"] < 50_000
    rows = [row for row in entry["budgets"] if row["scope"] == "caller"]
    assert {row["unit"]: row["charged"] for row in rows} == counters

    eventually(lambda: recorded(deployment) == counters["tokens"], seconds=60)
    verified = verify(deployment)
    charged = verified["budgets"]["charged"][SUBJECT]
    by_unit = {name.partition("#")[0]: amounts for name, amounts in charged.items()}
    assert by_unit == {unit: [amount, amount] for unit, amount in counters.items()}
    assert "budget_mismatch" not in {finding["kind"] for finding in verified["findings"]}
    use_up(deployment, content)
    refused = deployment.ask("Who pays?", key=key)

    assert (refused.status, refused.json()["error"]["type"]) == (429, "billing_error")
    assert refused.headers["x-should-retry"] == "false"
    assert not list(item.reservations(spent(deployment)))


def verify(deployment: Deployment) -> dict[str, Any]:
    """Return the reconciliation of the last hour, with each call's charge by its record."""
    window = ("--hours", "1", "--settle-minutes", "0")
    done = claude_bedrock(deployment, "verify", *window, "--json", "--no-evidence")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def recorded(deployment: Deployment) -> int:
    """The tokens of the caller by Bedrock's own records."""
    done = claude_bedrock(deployment, "budgets", "--check", "--json")
    assert done.returncode in (0, 1), done.stderr
    items = json.loads(done.stdout)["items"]
    (tokens,) = [each["recorded"] for each in items if each["unit"] == "tokens"]
    return int(tokens)


def use_up(deployment: Deployment, content: item.Item) -> None:
    """Count 0.05 dollars, which is all of the budget."""
    (counter,) = [name for name in content if name.startswith("usd#")]
    deployment.client("dynamodb").update_item(
        TableName=deployment.output("InvocationLogging", "BudgetTableName"),
        Key={"subject": {"S": SUBJECT}},
        UpdateExpression="SET #c = :all",
        ExpressionAttributeNames={"#c": counter},
        ExpressionAttributeValues={":all": {"N": "50000"}},
    )


def test_a_role_without_the_table_or_its_key_refuses_calls(
    deployment: Deployment, key: str, undo: Undo
) -> None:
    role = role_of(deployment, "Gateway", "FunctionName")
    deny(deployment, undo, role, "dynamodb:UpdateItem")

    def status() -> int:
        return deployment.ask("Who pays?", key=key).status

    eventually(lambda: status() == 503)
    undo.pop()()
    eventually(lambda: status() == 200)
    deny(deployment, undo, role, "kms:Decrypt")
    eventually(lambda: status() == 503)
    undo.pop()()
    eventually(lambda: status() == 200)
