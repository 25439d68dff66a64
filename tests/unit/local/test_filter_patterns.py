"""A filter pattern is evaluated as CloudWatch Logs does, or refused."""

from typing import Any

import pytest

from local.embedded.filter_patterns import _with_refusals, compiled

MESSAGE = '{"requestMetadata": {"caller": "Anna.b-c"}}'


@pytest.mark.parametrize(
    ("pattern", "is_match"),
    [
        ("", True),
        ('"Anna"', True),
        ('"anna"', False),  # its case counts
        ('"caller": "', None),
        ("%[aA][nN]+a.b-c%", True),
        ("%^Anna%", False),
        ("%Anna|Bert%", True),
        ("%(Anna)%", None),  # it has no groups
        ("%Änna%", None),
        ("%[a%", None),
        ("%%", None),
        ("{ $.caller = Anna }", None),
        ("Anna -Bert", None),
        ("%" + "a" * 1023 + "%", None),
    ],
)
def test_a_pattern_matches_as_at_aws_or_is_refused(pattern: str, is_match: bool | None) -> None:
    def passed_on(request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        matches = compiled(request["filterPattern"])(MESSAGE)
        return 200, {}, b"true" if matches else b"false"

    status, _, body = _with_refusals(passed_on)({"filterPattern": pattern})

    if is_match is None:
        assert (status, b"InvalidParameterException" in body) == (400, True)
    else:
        assert (status, body) == (200, b"true" if is_match else b"false")
