"""An API and a request, for what is decided without a socket."""

import pytest

from local.api_gateway.definition import Api, GatewayResponse, Integration, Method
from local.api_gateway.exchange import Exchange
from local.api_gateway.routing import Match

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"


@pytest.fixture
def method() -> Method:
    return Method("ANY", "/{proxy+}", "r1", Integration(FUNCTION, True, 29.0), key_required=True)


@pytest.fixture
def api(method: Method) -> Api:
    plain = GatewayResponse(
        None, {}, {"application/json": '{"message":$context.error.messageString}'}
    )
    error_response = GatewayResponse(
        401,
        {
            "gatewayresponse.header.x-should-retry": "'false'",
            "gatewayresponse.header.request-id": "context.requestId",
            "gatewayresponse.header.x-echo": "method.request.header.X-Sent",
            "gatewayresponse.header.x-absent": "method.request.header.x-missing",
        },
        {"application/json": '{"id": "$context.requestId", "of": "${context.stage}"}'},
    )
    responses = {"INVALID_API_KEY": error_response, "ACCESS_DENIED": plain, "DEFAULT_5XX": plain}
    return Api(
        id="a1",
        stage="local",
        account="123456789012",
        region="us-east-1",
        methods=(method,),
        responses=responses,
        key_source="AUTHORIZER",
        access_log=None,
        traced=True,
        binary_types=("image/*",),
        variables={},
    )


@pytest.fixture
def match(method: Method) -> Match:
    return Match(method, {"proxy": "v1/x"})


@pytest.fixture
def exchange() -> Exchange:
    return Exchange(
        verb="POST",
        path="/v1/x",
        prefix="/local",
        query="a=1&a=%202&b=",
        headers=[("host", "h.example:1"), ("x-twice", "1"), ("x-twice", "2"), ("x-sent", "echo")],
        source_ip="10.0.0.1",
        host="h.example:1",
        protocol="HTTP/1.1",
        scheme="https",
        request_id="id-1",
    )
