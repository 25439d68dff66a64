"""Parameters of an operation of AWS's, checked and refused as AWS's services do.

The constraints are those of botocore's service model; a test compares the two. The words:
https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from gateway.errors import InvalidRequest

_MAX_VALUE_LENGTH = 128  # characters of a caller's value


class OneOf(NamedTuple):
    """An enumeration."""

    values: tuple[str, ...]

    def broken(self, value: str) -> str:
        return "" if value in self.values else f"satisfy enum value set: [{', '.join(self.values)}]"


class Number(NamedTuple):
    """A whole number from `least` to `most`."""

    least: int
    most: int

    def broken(self, value: str) -> str:
        number = int(value) if re.fullmatch(r"-?[0-9]{1,9}", value) else None
        if number is None:
            return "be a whole number"
        if number < self.least:
            return f"have value greater than or equal to {self.least}"
        return f"have value less than or equal to {self.most}" if number > self.most else ""


class Text(NamedTuple):
    """A text of a pattern, and so long."""

    pattern: str
    least: int = 0
    most: int | None = None

    def broken(self, value: str) -> str:
        if len(value) < self.least:
            return f"have length greater than or equal to {self.least}"
        if self.most is not None and len(value) > self.most:
            return f"have length less than or equal to {self.most}"
        fits = re.fullmatch(self.pattern, value)
        return "" if fits else f"satisfy regular expression pattern: {self.pattern}"


Constraint = OneOf | Number | Text


def check(query: Mapping[str, str], constraints: Mapping[str, Constraint]) -> None:
    """Raise InvalidRequest that names every value which breaks its constraint."""
    wrong = [
        f"Value '{query[name][:_MAX_VALUE_LENGTH]}' at '{name}' failed to satisfy constraint: "
        f"Member must {rule}"
        for name, constraint in constraints.items()
        if name in query and (rule := constraint.broken(query[name]))
    ]
    if wrong:
        noun = "error" if len(wrong) == 1 else "errors"
        raise InvalidRequest(f"{len(wrong)} validation {noun} detected: {'; '.join(wrong)}")
