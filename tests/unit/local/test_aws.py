"""What local mode starts knows nothing of the account of whoever starts it."""

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
