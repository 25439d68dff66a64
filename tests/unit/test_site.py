"""The site's navigation has every page once, and lists are indented as Python-Markdown wants."""

from tools.docs.pages import PAGES, ROOT
from tools.docs.site import INDEX, _indented, navigation


def test_the_navigation_has_every_page_once() -> None:
    pages_in_navigation = [page for _, pages in navigation() for page in pages]
    assert len(pages_in_navigation) == len(set(pages_in_navigation))
    assert {str(page.relative_to(ROOT)) for page in PAGES} == set(pages_in_navigation)
    assert str(INDEX) in pages_in_navigation


def test_what_belongs_to_a_list_item_is_indented_by_four() -> None:
    page = ["Text:", "- one", "  goes on", "  1. inner", "     deep", "- two", "", "  ```json"]
    page += ["  {", '    "a": 1', "  }", "  ```", "", "End"]
    indented = ["Text:", "", "- one", "    goes on", "", "    1. inner", "        deep", "- two"]
    indented += ["", "    ```json", "    {", '      "a": 1', "    }", "    ```", "", "End"]
    assert list(_indented(page)) == indented


def test_a_block_of_code_stays_as_it_is() -> None:
    page = ["```yaml", "- one", "  two", "```"]
    assert list(_indented(page)) == page
