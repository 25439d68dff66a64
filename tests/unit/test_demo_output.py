"""What `make demo` prints of a call."""

import io

from rich.console import Console

from demo import calls

ARN = "arn:aws:sts::123456789012:assumed-role/claude-on-bedrock-local-us-east-1-caller/default"


def test_identifiers_stay_whole_in_a_narrow_terminal() -> None:
    text = io.StringIO()
    lines = calls._record({"requestId": "id", "identity": {"arn": ARN}})

    calls._print_lines(Console(file=text, width=40), ["s3://" + "b" * 60, *lines])

    assert f"  identity      {ARN}\n" in text.getvalue()
    assert "s3://" + "b" * 60 + "\n" in text.getvalue()
