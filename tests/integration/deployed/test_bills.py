"""What runs is what the bills itemize: Lambda tells of each function the hash in its zip's bill."""

import json

from stacks.components.packaging.bill_of_materials import CODE_SHA_256
from tests.integration.deployed.deployment import Deployment


def test_lambda_reports_the_hash_that_a_bill_has(deployment: Deployment) -> None:
    bills = [
        json.loads(path.read_text())["metadata"]["component"]
        for path in (deployment.state / "cdk.out").glob("asset.*.cdx.json")
    ]
    billed = {
        property_["value"]: bill["name"]
        for bill in bills
        for property_ in bill["properties"]
        if property_["name"] == CODE_SHA_256
    }
    functions = deployment.client("lambda").list_functions(MaxItems=50)["Functions"]
    assert len(functions) >= len(bills) > 0
    hashes = {
        function["Handler"].partition(".")[0]: function["CodeSha256"] for function in functions
    }
    assert {package: billed.get(digest) for package, digest in hashes.items()} == {
        package: package for package in hashes
    }
