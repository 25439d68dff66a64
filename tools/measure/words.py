"""Home-made words that no name of the project should contain, and the reasoned exceptions."""

import re

# What to name instead: the thing itself, in the word of AWS, Anthropic, HTTP or Python.
HOME_MADE = {
    "told": "settings, response, output",
    "tell": "report, alert",
    "tells": "reports",
    "telling": "report",
    "said": "text, response",
    "say": "print, report",
    "says": "text, message",
    "saying": "text, message",
    "found": "result, matches, findings, record",
    "kept": "stored, retained, headers",
    "keep": "store, retain",
    "keeps": "stores, retains",
    "keeping": "retention",
    "asked": "request, requested",
    "ask": "request, call, read",
    "asks": "requests, calls",
    "asking": "request",
    "wanted": "expected, options, filter",
    "want": "expected",
    "wants": "needs, requires",
    "look": "check, inspect, read",
    "looks": "runs, checks",
    "looking": "viewer, reading",
    "looked": "checked, read",
    "place": "location, destination, scope, path",
    "places": "locations, destinations, scopes",
    "placed": "located",
    "whole": "complete, full, integer",
    "given": "arguments, headers, values",
    "gone": "disconnected, deleted, removed",
    "patience": "timeout, deadline",
    "silence": "idle timeout, missing data",
    "silent": "not running, idle",
    "quiet": "idle",
    "witness": "recorder",
    "witnessed": "recorded",
    "guarded": "protected, denied",
    "farewell": "GOAWAY, disconnect",
    "greet": "answer HEAD",
    "somebody": "caller, principal",
    "whoever": "caller, principal",
    "crowd": "concurrent callers",
    "ground": "environment, harness",
    "world": "scenario",
}

# Of little meaning where the name is nothing else, as `for each in …`: name the item.
ALONE = {
    "each": "the item's noun",
    "one": "the item's noun",
    "theirs": "client_…, existing",
    "ours": "gateway_…, configured",
    "mine": "own_…",
    "who": "caller, principal",
    "whom": "caller, principal",
    "whose": "owner",
}

# Terms of the field that contain such a word: left out of a name before its words are judged.
TERMS = {
    ("not", "found"): "HTTP's 404 Not Found, Python's FileNotFoundError, AWS's ResourceNotFound",
    ("keep", "alive"): "HTTP's persistent connections, and the pings of Anthropic's SSE streams",
    ("look", "up"): "a search by key",
}

# Names that stay although they hold such a word: part of a path, the name, why.
NAMES = (
    ("claude_bedrock/cli/", "ask", "the command `claude-bedrock ask` and its module"),
    ("tests/unit/cli/", "test_ask", "the tests of the command `claude-bedrock ask`"),
)

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def split(name: str) -> list[str]:
    """Return the lower-case words of `snake_case`, `CamelCase` and `UPPER_CASE`."""
    return [word.lower() for word in _PARTS.findall(name)]


def home_made(name: str, path: str) -> list[str]:
    """Return the home-made words of a name that a file defines; none if it is an exception."""
    if any(part in path and name == excepted for part, excepted, _ in NAMES):
        return []
    words = split(name)
    if len(words) == 1 and words[0] in ALONE:
        return words
    return [word for word in _without_terms(words) if word in HOME_MADE]


def _without_terms(words: list[str]) -> list[str]:
    for term in TERMS:
        for start in range(len(words) - len(term), -1, -1):
            if tuple(words[start : start + len(term)]) == term:
                words = words[:start] + words[start + len(term) :]
    return words
