"""One request that is adapted to a model: what the model takes, and what has been changed so far.

Nothing here or in the modules that use it touches a text: they look at values and say in edits what
changes, `json_object.edited` does the rest. What they cannot read they leave to Bedrock.
"""

import json
import string
from collections.abc import Iterable

from claude_bedrock.catalog import Model
from claude_bedrock.catalog.capabilities import Abilities
from gateway.json_object import Around, Edits

Changes = dict[str | int, "str | Around | Edits | None"]

_LONGEST_NAME = 128  # of a tool
_MOST_CHANGES = 64  # a client may send betas and fields without end
_NAME = frozenset(string.ascii_letters + string.digits + "_-.")


class Adaptation:
    """What is asked of which model: the betas to be sent and the changes made so far, in order;
    whether tokens are only counted."""

    def __init__(self, model: Model, capabilities: Abilities, *, counted: bool = False) -> None:
        self.model = model
        self.capabilities = capabilities
        self.counted = counted
        self.betas: list[str] = []
        self.changes: dict[str, None] = {}

    def note(self, change: str) -> None:
        """Keep `change`; of those past the most a header should carry, only that there are more."""
        self.changes[change if len(self.changes) < _MOST_CHANGES else "more"] = None

    def is_new(self, change: str) -> bool:
        """Return whether `change` would be kept by its name and is not yet."""
        return change not in self.changes and len(self.changes) < _MOST_CHANGES

    def ensure_beta(self, beta: str) -> bool:
        """Return whether `beta` is sent or, since the model takes it, now is."""
        if beta in self.betas:
            return True
        if beta not in self.capabilities.betas:
            return False
        self.betas.append(beta)
        self.note(f"beta:{beta}:added")
        return True


def safe_token(text: str) -> str:
    """Return `text` if it may stand in a header and names something, else a word for it."""
    return text if 0 < len(text) <= 64 and _NAME.issuperset(text) else "other"


def quoted(name: str) -> str:
    """Return a name that a caller gave, for an error: in quotation marks, other characters
    escaped."""
    return json.dumps(name[:_LONGEST_NAME])


def without(removed: Iterable[str], path: str, adaptation: Adaptation) -> Changes:
    """Return the edits that take out the fields `gone` of `place`, each noted."""
    names = sorted(removed)
    for name in names:
        adaptation.note(f"field:{path}.{name}")
    return dict.fromkeys(names)


def kind_of(block: object) -> str:
    """Return the `type` of a block; empty for what has none."""
    kind = block.get("type") if isinstance(block, dict) else None
    return kind if isinstance(kind, str) else ""
