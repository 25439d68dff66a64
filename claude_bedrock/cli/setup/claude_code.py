"""Claude Code's settings: what has to be in them, and how they are changed without losing others.

https://code.claude.com/docs/en/settings, https://code.claude.com/docs/en/llm-gateway-connect"""

import difflib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from claude_bedrock.cli.env.client_environment import Access, variables
from claude_bedrock.cli.shared.errors import CliError

DEFAULT_FILE: Final = "~/.claude/settings.json"
_KEY_VARIABLES: Final = ("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY")

Settings = Mapping[str, Any]


class SettingsFileError(CliError):
    """The file cannot be changed; the text says why."""


def read(file: Path) -> Settings:
    """Return the settings; none where the file is missing or empty. Raises SettingsFileError."""
    try:
        text = file.read_text(encoding="utf-8")
        settings = json.loads(text) if text.strip() else {}
    except FileNotFoundError:
        return {}
    except json.JSONDecodeError as error:
        raise SettingsFileError(
            f"{file} is not JSON: line {error.lineno} column {error.colno}: {error.msg}. It is "
            "unchanged: mend it, or name another file by --settings."
        ) from error
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsFileError(f"{file} cannot be read ({type(error).__name__}).") from error
    if not isinstance(settings, dict) or not isinstance(settings.get("env", {}), dict):
        raise SettingsFileError(
            f"{file} does not hold Claude Code's settings: a JSON object, with one in `env`. It is "
            "unchanged."
        )
    return settings


def changed(settings: Settings, access: Access, helper: str, helper_seconds: int) -> Settings:
    """Return the settings with the helper command, the URL and the list of the stage's models;
    every other setting stays. Raises NoTargetError for a stage that takes signed requests."""
    environment = variables("claude-code", access._replace(key=None))
    return {
        **settings,
        "apiKeyHelper": helper,
        "env": {
            **settings.get("env", {}),
            **environment,
            "CLAUDE_CODE_API_KEY_HELPER_TTL_MS": str(helper_seconds * 1000),
            "CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY": "1",
        },
    }


def keys_before_helper(settings: Settings, environment: Mapping[str, str]) -> list[str]:
    """Return where a key stands that Claude Code takes instead of the helper's token:
    https://code.claude.com/docs/en/authentication#authentication-precedence"""
    in_file = [f"env.{name}" for name in _KEY_VARIABLES if settings.get("env", {}).get(name)]
    return [*in_file, *(f"${name}" for name in _KEY_VARIABLES if environment.get(name))]


def difference(before: Settings, after: Settings) -> list[str]:
    """Return the lines that differ, as `diff -u` shows them, without those of a key's value."""
    old, new = (json.dumps(each, indent=2).splitlines() for each in (before, after))
    compared = difflib.unified_diff(old, new, "before", "after", lineterm="", n=1)
    return [_without_value(line) for line in compared]


def _without_value(line: str) -> str:
    hidden = any(f'"{name}"' in line for name in _KEY_VARIABLES)
    return f'{line.split(":", maxsplit=1)[0]}: "…"' if hidden else line


def write(file: Path, settings: Settings) -> None:
    """Replace the file, or what a link of this name leads to, at once; its mode stays, and a new
    file is its owner's alone."""
    target = Path(os.path.realpath(file))
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o600
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(json.dumps(settings, indent=2, ensure_ascii=False) + "\n")
    unfinished.chmod(mode)
    unfinished.replace(target)
