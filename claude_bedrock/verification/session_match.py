"""Whether a record's two witnesses name the same caller: the session that AWS saw, and the metadata
that the gateway wrote.

Metadata holds fewer characters than a caller's name may: the gateway writes `_` for the others.
"""

import re
from collections.abc import Mapping
from typing import Final

from claude_bedrock.caller_sessions.arn_name import name_of_arn
from claude_bedrock.caller_sessions.session_name import caller_name, session_name
from claude_bedrock.verification.calls import fit_metadata

_CUT: Final = re.compile("(.+)==[0-9a-f]{24}")


def caller_of(metadata: Mapping[str, str]) -> str:
    """Return the caller's name, as the gateway names its session; empty where metadata names
    nobody."""
    for name in ("api_key_name", "caller"):
        if metadata.get(name):
            return metadata[name]
    return name_of_arn(metadata.get("caller_arn", "")) or metadata.get("api_key_id", "")


def is_session_of(caller: str, session: str) -> bool:
    """Return whether the session of that name is the caller's, whose name is as metadata has it."""
    if session_name(caller) == session or fit_metadata(caller_name(session)) == caller:
        return True
    cut = _CUT.fullmatch(session)
    return cut is not None and caller.startswith(fit_metadata(caller_name(cut[1])))
