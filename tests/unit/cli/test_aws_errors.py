"""What each error of AWS or of the credentials is told as, and what to do about it."""

import pytest
from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

from claude_bedrock.cli.shared.aws_errors import credentials_advice, explain


def answered(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (exceptions.NoCredentialsError(), "aws configure sso"),
        (exceptions.PartialCredentialsError(provider="env", cred_var="x"), "aws configure sso"),
        (exceptions.ProfileNotFound(profile="prd"), "aws configure list-profiles"),
        (exceptions.TokenRetrievalError(provider="sso", error_msg="none"), "`aws sso login`"),
        (exceptions.SSOTokenLoadError(error_msg="none"), "`aws sso login`"),
        (exceptions.UnauthorizedSSOTokenError(), "`aws sso login`"),
        (exceptions.LoginRefreshRequired(), "`aws login`"),
        (exceptions.CredentialRetrievalError(provider="x", error_msg="y"), "aws sso login"),
        (answered("ExpiredToken"), "aws sso login"),
        (answered("ExpiredTokenException"), "aws sso login"),
        (answered("InvalidClientTokenId"), "aws configure"),
        (answered("UnrecognizedClientException"), "aws configure"),
        (answered("SignatureDoesNotMatch"), "aws configure"),
    ],
)
def test_credentials_that_are_not_taken_name_the_fix(
    error: ClientError | BotoCoreError, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_PROFILE", raising=False)

    assert advice in explain(error)
    assert advice in str(credentials_advice(error))


def test_a_login_is_that_of_the_profile_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "prod")

    assert "`aws sso login --profile prod`" in explain(exceptions.UnauthorizedSSOTokenError())


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException"])
def test_what_is_denied_names_the_role_that_may(code: str) -> None:
    denied = answered(code, "not authorized to perform: cloudformation:DescribeStacks.")

    explanation = explain(denied, "auditor")
    assert explanation.startswith(
        f"AWS answered DescribeStacks with {code}: not authorized to perform: "
    )
    assert "role `auditor` may do this" in explanation
    assert "role" not in explain(denied)


@pytest.mark.parametrize("url", ["http://localhost:4566/", "https://127.0.0.1:4566/x"])
def test_the_embedded_aws_that_is_not_running_is_reported(url: str) -> None:
    unreachable = exceptions.EndpointConnectionError(endpoint_url=url)

    assert "Is `make local` still up?" in explain(unreachable)


def test_a_proxy_on_this_machine_is_not_taken_for_local_mode(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:3128")
    refused = exceptions.ProxyConnectionError(proxy_url="http://127.0.0.1:3128")
    unreachable = exceptions.EndpointConnectionError(endpoint_url="https://s3.amazonaws.com/")

    assert explain(refused).endswith(". Check the proxy in HTTPS_PROXY.")
    assert explain(unreachable).endswith(". Check your network, and the proxy in HTTPS_PROXY.")
    aws = exceptions.EndpointConnectionError(endpoint_url="https://sts.amazonaws.com/")
    assert "make local" not in explain(aws)


def test_any_other_error_is_printed_unchanged() -> None:
    assert explain(answered("Throttling", "slower.")) == (
        "AWS answered DescribeStacks with Throttling: slower"
    )
    assert credentials_advice(answered("Throttling")) is None
