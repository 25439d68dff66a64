"""That no message holds a credential, however it came there."""

import pytest

from claude_bedrock.cli.keys import key_format
from claude_bedrock.cli.shared.redaction import redact

SECRET = "9e8f46bc20f943709fc576de5a86567b"


@pytest.mark.parametrize(
    "variable",
    [
        *("CLAUDE_BEDROCK_KEY", "AWS_BEARER_TOKEN_BEDROCK"),
        *("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    ],
)
def test_secrets_of_the_environment_are_taken_out(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, f"{SECRET}\r\n")

    redacted = redact(f"Illegal header value b'{SECRET}\\r'")

    assert redacted == "Illegal header value b'[redacted]\\r'"


def test_what_resembles_a_key_is_taken_out() -> None:
    bedrocks = ("ABSK" + "QmVkcm9ja0" * 12, f"bedrock-api-key-{SECRET}")
    for key in (key_format.make("search.web"), *bedrocks):
        assert key not in redact(f"no such key: {key}.")
        assert redact(f"no such key: {key}.").endswith("[redacted].")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://ann:pw@x.example/dev", "https://[redacted]@x.example/dev"),
        ("proxy http://user@proxy:3128 fails", "proxy http://[redacted]@proxy:3128 fails"),
        ("https://x.example/a@b", "https://x.example/a@b"),
        ("ask ann@example.com", "ask ann@example.com"),
    ],
)
def test_a_name_and_password_in_a_url_are_taken_out(text: str, expected: str) -> None:
    assert redact(text) == expected


def test_a_known_secret_is_taken_out_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLAUDE_BEDROCK_KEY", raising=False)

    assert redact(f"a {SECRET} b", SECRET) == "a [redacted] b"
    assert redact("a b c", "", "b") == "a b c"
