"""The page about compatibility says what the data says."""

from pathlib import Path

from claude_bedrock.catalog import MODELS, message_fields
from tools.docs import compatibility_page

ROOT = Path(__file__).parents[3]


def test_the_page_is_current() -> None:
    written = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")
    assert written == compatibility_page.page(), "run: make docs"


def test_every_model_beta_and_field_is_on_the_page() -> None:
    page = compatibility_page.page()
    for model in MODELS:
        assert f"| {model.display_name.removeprefix('Claude ')} |" in page
    for beta in message_fields.KNOWN_BETAS:
        assert f"| `{beta}` |" in page
    for field in (
        message_fields.DROPPED | message_fields.REFUSED.keys() | message_fields.FIELD_BETAS.keys()
    ):
        assert f"| `{field}` |" in page
