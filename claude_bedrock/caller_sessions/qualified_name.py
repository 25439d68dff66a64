"""The qualified name of a caller, which no caller of another credential or token issuer shares.

| Caller | Qualified name |
| --- | --- |
| an API key | its name; `key:ID` where the gateway knows none |
| a token | `ISSUER:NAME`, the stage's name for the issuer and the caller claim |
| a signed request | `ROLE/SESSION`, `user:NAME`, `federated-user:NAME`, `account:root` |

A key's name and an issuer's have neither `:` nor `/`, names of IAM have no `:`, and no issuer has
a name of RESERVED: the first `:` or `/` says which of them it is.
claude_bedrock/queries/caller.sql is `of_record` in SQL.
"""

import re
from collections.abc import Mapping
from typing import Final

from claude_bedrock.caller_sessions.arn_name import name_of_arn
from claude_bedrock.caller_sessions.session_name import caller_name

KEY: Final = "key"
RESERVED: Final = frozenset({"account", "federated-user", KEY, "user"})
"""What stands before the `:` of a caller who has no token."""

_CALLER_SESSION: Final = re.compile(r":assumed-role/[^/]*claude-on-bedrock-.+-caller/([^/]+)")
"""As claude_bedrock.catalog.role_names names the role of callers' sessions."""


def of_key(name: str, key_id: str) -> str:
    """Return the qualified name of an API key's caller; empty without name and id."""
    return name or (f"{KEY}:{key_id}" if key_id else "")


def of_token(issuer: str, name: str) -> str:
    """Return the qualified name of a token's caller; empty without a name."""
    return f"{issuer}:{name}" if name else ""


def of_metadata(metadata: Mapping[str, str]) -> str:
    """Return the qualified name of the caller in a record's requestMetadata, in whose characters it
    is; empty where that names none."""
    if issuer := metadata.get("token_issuer"):
        return of_token(issuer, metadata.get("caller", ""))
    arn = metadata.get("caller_arn", "")
    name, key_id = metadata.get("api_key_name", ""), metadata.get("api_key_id", "")
    return of_key(name, key_id) or name_of_arn(arn)


def of_record(metadata: Mapping[str, str], identity: str) -> str:
    """Return who called by a record: the qualified name in its metadata, else the one of the
    caller's session that `identity`, an ARN, is of, else the ARN of another role or user."""
    if caller := of_metadata(metadata):
        return caller
    session = _CALLER_SESSION.search(identity)
    return caller_name(session[1]) if session else identity
