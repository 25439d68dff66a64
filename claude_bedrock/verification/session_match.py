"""Whether a record's two witnesses name the same caller: the session that AWS saw, and the metadata
that the gateway wrote.

Metadata holds fewer characters than a caller's name may: the gateway writes `_` for the others.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from claude_bedrock.caller_sessions import qualified_name
from claude_bedrock.caller_sessions.session_name import caller_name, session_name
from claude_bedrock.verification.calls import fit_metadata

_CUT: Final = re.compile("(.+)==[0-9a-f]{24}")
_KEY_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def caller_of(metadata: Mapping[str, str]) -> str:
    """Return the caller's qualified name, as the gateway names its session; empty where metadata
    names nobody."""
    return qualified_name.of_metadata(metadata)


def is_session_of(metadata: Mapping[str, str], session: str) -> bool:
    """Return whether the session of that name is the one of the caller in the metadata."""
    return any(_has_name(session, name) for name in _names(metadata))


def _names(metadata: Mapping[str, str]) -> Iterator[str]:
    """Yield the names that the caller's session may have: the qualified one and, until November
    2026, the one without issuer or kind, unless it could be the name of a key."""
    qualified = caller_of(metadata)
    yield qualified
    _, _, plain = qualified.partition(":")
    if metadata.get("token_issuer"):
        if not _KEY_NAME.fullmatch(plain):
            yield plain
    elif plain and not metadata.get("api_key_name"):
        yield plain


def _has_name(session: str, caller: str) -> bool:
    if session_name(caller) == session or fit_metadata(caller_name(session)) == caller:
        return True
    cut = _CUT.fullmatch(session)
    return cut is not None and caller.startswith(fit_metadata(caller_name(cut[1])))
