"""Messages bodies for tests of their adaptation: a smallest one, and all that Claude Code sends."""

import json
from typing import Any

from claude_bedrock.catalog import MODELS, Model, capabilities, is_retired
from gateway import json_object
from gateway.unsupported_fields import Adapted, adapt

ACTIVE = [model for model in MODELS if not is_retired(model, "2026-11-22")]
TODAY = (
    "claude-code-20250219",
    "interleaved-thinking-2025-05-14",
    "thinking-token-count-2026-05-13",
    "context-management-2025-06-27",
    "prompt-caching-scope-2026-01-05",
    "mid-conversation-system-2026-04-07",
    "effort-2025-11-24",
    "per-turn-control-2026-07-01",
    "mid-conversation-tool-changes-2026-07-01",
    "advanced-tool-use-2025-11-20",
    "request-tags-2026-08-21",
    "extended-cache-ttl-2025-04-11",
    "fast-mode-2026-02-01",
    "oauth-2025-04-20",
    "dangerous-tool-use-2026-09-03",
)
SCOPED = {"type": "ephemeral", "ttl": "1h", "scope": "global"}
BILLING = "x-anthropic-billing-header: cc_version=2.1; cch=0;"
TOOL: dict[str, Any] = {
    "name": "clock",
    "input_schema": {"type": "object", "additionalProperties": False},
}
HI = {"role": "user", "content": "hi"}


def model(name: str) -> Model:
    return next(model for model in MODELS if model.name == name)


def sent(
    name: str = "claude-sonnet-4-5",
    *betas: str,
    strict: bool = False,
    **fields: Any,  # noqa: ANN401
) -> Adapted:
    """What becomes of a smallest request with `fields` over it."""
    body = {"model": name, "max_tokens": 4096, "messages": [HI], "stream": True, **fields}
    return adapt(json_object.members(json.dumps(body)), betas, model=model(name), strict=strict)


def body(adapted: Adapted) -> dict[str, Any]:
    content = json.loads(json_object.join(dict(adapted.parts)))
    assert isinstance(content, dict)
    return content


def claude_code(model: Model) -> dict[str, Any]:
    """All that Claude Code sends, at once."""
    thinks = "adaptive" in capabilities.of(model).thinking
    user_id = json.dumps({"device_id": "d", "account_uuid": "", "session_id": "s"})
    text = {"type": "text", "text": "hi", "cache_control": SCOPED}
    change = {"type": "tool_addition", "tool": {"type": "tool_reference", "tool_name": "clock"}}
    return {
        "model": model.name,
        "max_tokens": 32_000,
        "stream": True,
        "messages": [
            {"role": "user", "content": [text]},
            {"role": "system", "content": "<system-reminder>be brief</system-reminder>"},
            {"role": "assistant", "content": [{"type": "text", "text": "hello"}]},
            {"role": "user", "content": "go on"},
            {
                "role": "system",
                "content": [change, {"type": "text", "text": "now"}],
                "output_config": {"effort": "low"},
            },
        ],
        "system": [
            {"type": "text", "text": BILLING},
            {"type": "text", "text": "You are Claude Code.", "cache_control": SCOPED},
        ],
        "tools": [
            {**TOOL, "eager_input_streaming": True, "strict": True, "cache_control": SCOPED},
            {**TOOL, "name": "late", "defer_loading": True, "input_examples": [{}]},
        ],
        "thinking": {"type": "adaptive"} if thinks else {"type": "enabled", "budget_tokens": 2000},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "output_config": {"effort": "high"},
        "metadata": {"user_id": user_id},
        "tags": {"team": "a"},
        "speed": "standard",
    }
