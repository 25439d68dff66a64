"""The edits that take out of cache markers what Bedrock does not know.

https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.adaptation import Adaptation, Changes, without
from gateway.json_object import Edits, Member


def may_change(member: Member, adaptation: Adaptation) -> bool:
    """Return whether a cache marker in the text may hold what Bedrock refuses: spares most
    walks."""
    written = member.written
    return written.has('"scope"') or (
        not adaptation.capabilities.hour_cache and written.has('"ttl"')
    )


def of_blocks(blocks: Iterable[object], adaptation: Adaptation) -> Changes:
    """Return the edits of the cache markers in content blocks, at every depth that may have
    them."""
    edits: Changes = {}
    for position, block in enumerate(blocks):
        if isinstance(block, dict):
            edit = {**within(block, adaptation), **of_block(block, adaptation)}
            if edit:
                edits[position] = edit
    return edits


def within(holder: Mapping[str, Any], adaptation: Adaptation) -> Changes:
    """Return the changes of the cache markers in the content of a message, a tool result or a
    document."""
    edits: Changes = {}
    content, source = holder.get("content"), holder.get("source")
    if isinstance(content, list) and (edit := of_blocks(content, adaptation)):
        edits["content"] = edit
    if isinstance(source, dict) and (edit := within(source, adaptation)):
        edits["source"] = edit
    return edits


def of_block(block: Mapping[str, Any], adaptation: Adaptation) -> Changes:
    """Return the edits of the marker that a block, a tool or a message holds."""
    marker = block.get("cache_control")
    if not isinstance(marker, dict):
        return {}
    edit = of_marker(marker, adaptation)
    return {"cache_control": edit} if edit else {}


def of_marker(marker: Mapping[str, Any], adaptation: Adaptation) -> Changes:
    """Return the edits of a marker itself."""
    refused = {"scope"} if adaptation.capabilities.hour_cache else {"scope", "ttl"}
    return without(refused.intersection(marker), "cache_control", adaptation)


def of_member(member: Member, adaptation: Adaptation) -> Edits:
    """Return the edits of a cache marker in a member of its own."""
    return of_marker(member.value, adaptation)
