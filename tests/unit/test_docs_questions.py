"""A newcomer's questions are each answered within two clicks from the README."""

import json
import re
from pathlib import Path

import pytest

from stacks.settings import load_stage
from tools.docs.pages import ROOT, blocks, links, read, section

README = ROOT / "README.md"
# Each question: the page, the heading under which it is answered, and words of the answer.
QUESTIONS = {
    "Is it ready for production, and has it run on AWS?": (
        "docs/status.md",
        "Status",
        "live AWS\naccount|live AWS account",
    ),
    "Why not LiteLLM, or Bedrock directly?": (
        "docs/comparison.md",
        "Choose by what you need most",
        "LiteLLM",
    ),
    "Which IAM rights does the person who deploys need?": (
        "docs/deploy-permissions.md",
        "Policy for the person who deploys",
        "sts:AssumeRole|assume both",
    ),
    "Is there a VPC or private endpoint?": (
        "docs/faq.md",
        "Can I reach it through a VPC or a private endpoint?",
        "public, Regional API",
    ),
    "May I use my own domain?": ("docs/faq.md", "Can I use my own domain?", "custom domain"),
    "Does it take OpenAI's format, or other models?": (
        "docs/faq.md",
        "Does it take the OpenAI format?",
        "Anthropic's",
    ),
    "Can I cap what a caller spends?": (
        "docs/faq.md",
        "Can I cap what a caller spends?",
        "in dollars or tokens, for the stage, each team or each caller",
    ),
    "Does it run on macOS and Windows?": (
        "docs/faq.md",
        "Does it run on macOS and Windows?",
        "WSL",
    ),
    "Where do I report a bug or a vulnerability?": (
        "SECURITY.md",
        "Report a vulnerability",
        "in private",
    ),
    "What does it cost a month?": ("docs/deploy.md", "Idle", r"\| [0-9.]+ \|"),
    "How do I upgrade, and roll back?": ("docs/upgrade.md", "Roll back", "before"),
    "Does my client work?": ("docs/clients.md", "Claude Code", ""),
    "Which models and Regions are there?": (
        "docs/models.md",
        "Where a call may be answered",
        "Region",
    ),
    "How do I add, rotate and revoke a key?": ("docs/operations.md", "API keys", "rotate"),
    "What are the limits?": ("docs/api.md", "Limits", "max_body_bytes"),
    "How long are prompts kept?": (
        "docs/compliance.md",
        "Storage and retention",
        "retention_days",
    ),
    "Who reads prompts?": ("docs/compliance.md", "Readers of the records", "auditor"),
    "How do I remove everything?": ("docs/deploy.md", "Remove", "cdk destroy"),
}


def _clicks(page: Path) -> set[Path]:
    """The pages to which a page links."""
    targets = (link.partition("#")[0] for link in links(read(page)) if "://" not in link)
    return {(page.parent / target).resolve() for target in targets if target.endswith(".md")}


def test_two_clicks_lead_to_every_page_that_answers() -> None:
    first = _clicks(README)
    reached = first | {target for page in first for target in _clicks(page)}
    assert {ROOT / page for page, _, _ in QUESTIONS.values()} <= reached


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_page_answers_under_its_heading(question: str) -> None:
    page, heading, words = QUESTIONS[question]
    assert re.search(words, section(page, heading)), question


@pytest.mark.parametrize("page", ["README.md", "docs/start/platform-engineer.md"])
def test_the_stage_that_a_page_shows_is_one(page: str) -> None:
    (block,) = (text for text in blocks(read(page)) if text.startswith("```json"))
    stages = json.loads("{" + block.removeprefix("```json").removesuffix("```") + "}")
    (name,) = stages
    assert load_stage(stages, name).region == "us-east-1"


def test_the_index_sorts_pages_by_what_a_reader_does() -> None:
    headings = re.findall(r"^## (.+)$", read("docs/README.md"), re.MULTILINE)
    assert headings[:4] == ["Start", "How-to", "Reference", "Explain"]
