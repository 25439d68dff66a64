"""Cells of CSV that a spreadsheet shows as they are."""

import csv
from typing import Final

QUOTING: Final = csv.QUOTE_NONNUMERIC
"""Where a semicolon separates cells, as in Excel in much of Europe, `a;=1+1` would be two of them
unless it is quoted."""
_FORMULAS: Final = (*"=+-@\t\r\n\0", *"\uff1d\uff0b\uff0d\uff20")
"""The last four are the full-width forms of the first, which spreadsheets in Japanese take for
them."""


def csv_cell(text: str) -> str:
    """Return the text with an apostrophe before it where a spreadsheet would take it for a formula:
    names of callers are theirs to choose. https://owasp.org/www-community/attacks/CSV_Injection
    """
    return f"'{text}" if text.startswith(_FORMULAS) else text
