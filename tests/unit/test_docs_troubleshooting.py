"""The messages that the troubleshooting page quotes are those that the code writes."""

import re

import pytest

from tools.docs.pages import ROOT, codes, rows

PAGE = "docs/troubleshooting.md"
SECTIONS = ("Local mode", "The command line", "What a caller reports")
# Quoted from others: botocore, OpenSSL, Bedrock, a browser; and names of headers.
QUOTED = {
    "Unable to locate credentials",
    "certificate verify failed",
    "Extra inputs are not permitted",
    "invalid beta flag",
    "Failed to fetch",
}
MESSAGES = sorted(
    code
    for heading in SECTIONS
    for row in rows(PAGE, heading)
    for code in codes(row[0])
    if " " in code and code not in QUOTED and not re.match(r"(retry-after|x-should-retry)", code)
)


@pytest.fixture(scope="module")
def sources() -> str:
    """The code that writes messages, with the strings of a sentence joined."""
    folders = ("claude_bedrock", "local", "lambda/gateway", "stacks/components/api")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    return re.sub(r'"\s*\n\s*f?"', "", text)


@pytest.mark.parametrize("message", MESSAGES)
def test_the_code_writes_what_the_page_quotes(message: str, sources: str) -> None:
    fixed = re.split(r"…|\.local|\bN\b|\bREGION\b|Stage NAME|python3\.x|`", message)
    for part in (text.strip() for text in fixed if len(text.strip()) > 3):
        assert part in sources
