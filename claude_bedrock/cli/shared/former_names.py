"""Options and commands that were renamed: using an old name ends with the new one."""

from collections.abc import Mapping
from typing import Any, Final

OPTIONS: Final[Mapping[tuple[str, str], str]] = {
    ("ask", "--route"): "--geography",
    ("audit", "--delay"): "--settle-minutes",
    ("keys revoke", "--old"): "--replaced-only",
    ("logs list", "--content"): "--show-content",
    ("logs list", "--text"): "--contains",
    ("logs list", "--who"): "--caller",
    ("models", "--all"): "--catalog",
    ("verify", "--chain"): "claude-bedrock evidence verify",
    ("verify", "--delay"): "--settle-minutes",
    ("verify", "--objects"): "claude-bedrock evidence verify --objects",
}
"""(command, old option) -> what replaces it."""

OF_EVERY_COMMAND: Final = {"--state": "--local-dir"}
COMMANDS: Final = {"access guard": "claude-bedrock policy print --format FORM"}


def replacement(error: Exception) -> str | None:
    """Return one line that names what replaces the option or command that was not found; None for
    an error of another kind."""
    context = getattr(error, "ctx", None)
    if context is None:
        return None
    command = _words(context)
    option = getattr(error, "option_name", None)
    if option is not None:
        new = OPTIONS.get((command, option)) or OF_EVERY_COMMAND.get(option)
        return new and f"`{option}` of `claude-bedrock {command}` was renamed. Use `{new}`."
    for old, new in COMMANDS.items():
        group, _, name = old.rpartition(" ")
        if command == group and str(error).startswith(f"No such command {name!r}"):
            return f"`claude-bedrock {old}` was renamed. Use `{new}`."
    return None


def _words(context: Any) -> str:  # noqa: ANN401 - Click's, whose classes Typer hides
    """Return the command's words behind `claude-bedrock`."""
    words: list[str] = []
    while context.parent is not None:
        words.insert(0, context.info_name)
        context = context.parent
    return " ".join(words)
