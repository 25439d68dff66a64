"""The page about compatibility says what the data says."""

from pathlib import Path

from catalog import MODELS, body, compatibility

ROOT = Path(__file__).parents[3]


def test_the_page_is_current() -> None:
    written = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")
    assert written == compatibility.page(), (
        "run: PYTHONPATH=lambda python -m catalog.compatibility > docs/compatibility.md"
    )


def test_every_model_beta_and_field_is_on_the_page() -> None:
    page = compatibility.page()
    for model in MODELS:
        assert f"| {model.display_name.removeprefix('Claude ')} |" in page
    for beta in body.KNOWN_BETAS:
        assert f"| `{beta}` |" in page
    for field in body.DROPPED | body.REFUSED.keys() | body.FIELD_BETAS.keys():
        assert f"| `{field}` |" in page
