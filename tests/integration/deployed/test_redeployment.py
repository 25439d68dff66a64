"""What is deployed while the front is up is served without a restart, and not before."""

from collections.abc import Iterator

import pytest

from tests.integration.deployed.deployment import Deployment, eventually

PATH = "/opened"


@pytest.fixture
def opened(deployment: Deployment) -> Iterator[None]:
    """A resource that asks for no key, in the API but in no deployment yet."""
    client, where = deployment.client("apigateway"), {"restApiId": api_id(deployment)}
    resources = client.get_resources(**where, embed=["methods"])["items"]
    root = next(resource for resource in resources if resource["path"] == "/")
    integration = root["resourceMethods"]["ANY"]["methodIntegration"]
    made = client.create_resource(**where, parentId=root["id"], pathPart=PATH.strip("/"))
    method = {**where, "resourceId": made["id"], "httpMethod": "GET"}
    client.put_method(**method, authorizationType="NONE")
    client.put_integration(
        **method,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=integration["uri"],
        timeoutInMillis=29_000,
    )
    yield
    client.delete_resource(**where, resourceId=made["id"])
    deploy(deployment)


def api_id(deployment: Deployment) -> str:
    return deployment.output("Gateway", "ApiId")


def deploy(deployment: Deployment) -> None:
    client = deployment.client("apigateway")
    client.create_deployment(restApiId=api_id(deployment), stageName="local")


def status(deployment: Deployment) -> int:
    return deployment.call("GET", PATH).status


@pytest.mark.usefixtures("opened")
def test_a_route_is_served_from_its_deployment_on(deployment: Deployment) -> None:
    before = status(deployment)
    deploy(deployment)

    assert before == 401
    eventually(lambda: status(deployment) == 404)
