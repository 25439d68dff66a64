"""What local mode starts knows nothing of the account of whoever starts it."""

import os

import pytest

from local.aws.client import without_aws

YOURS = {
    "AWS_PROFILE": "production",
    "AWS_ACCESS_KEY_ID": "yours",
    "AWS_ENDPOINT_URL_S3": "https://s3.example",
    "HTTPS_PROXY": "http://proxy.example",
    "PATH": "/usr/bin",
}


def test_none_of_your_own_aws_settings_is_handed_on() -> None:
    handed_on = without_aws(YOURS)
    assert not [name for name in handed_on if name.startswith("AWS_")]
    assert handed_on["PATH"] == "/usr/bin"
    assert "127.0.0.1" in handed_on["NO_PROXY"].split(",")


@pytest.mark.parametrize(
    ("name", "yours", "outcome"),
    [
        ("NO_PROXY", ".corp.example", ".corp.example,localhost,127.0.0.1"),
        (
            "no_proxy",
            "pypi.corp.example,10.0.0.1",
            "pypi.corp.example,10.0.0.1,localhost,127.0.0.1",
        ),
        ("no_proxy", "*", "*"),
    ],
)
def test_hosts_that_you_keep_off_the_proxy_stay_off_it(name: str, yours: str, outcome: str) -> None:
    handed_on = without_aws({**YOURS, name: yours})
    assert handed_on["NO_PROXY"] == handed_on["no_proxy"] == outcome


def test_the_tests_themselves_read_none_of_your_profiles() -> None:
    files = [os.environ[name] for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")]
    assert files == [os.devnull, os.devnull]
    assert "AWS_PROFILE" not in os.environ
