"""The words that Converse puts before the errors of the model, and not before its own.

https://github.com/trycua/cua/issues/3303
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from local.bedrock.errors import RefusedError, invalid

PREFIX: Final = "The model returned the following errors: "


@contextmanager
def model_errors() -> Iterator[None]:
    """Put PREFIX before each ValidationException that leaves the block."""
    try:
        yield
    except RefusedError as refused:
        if refused.name != "ValidationException":
            raise
        raise invalid(PREFIX + refused.message) from refused
