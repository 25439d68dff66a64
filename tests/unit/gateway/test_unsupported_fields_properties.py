"""Every active model takes what is sent after adaptation, and any JSON is adapted or refused."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock.catalog import MODELS, Model, capabilities
from gateway import json_object
from gateway.errors import InvalidRequest
from gateway.unsupported_fields import Adapted, adapt
from local.bedrock import rules, schema
from tests.unit.gateway.adaptation import ACTIVE, TODAY, body, claude_code, model
from tools.docs import compatibility_page

ANY_MODEL = st.sampled_from(ACTIVE)
TOKEN = re.compile(r"[a-zA-Z0-9_.:-]{1,100}")


def accepted_locally(adapted: Adapted, model: Model) -> None:
    rules.check(schema.parse(json_object.join(dict(adapted.parts)).encode()), model)


@pytest.mark.parametrize("model", ACTIVE, ids=lambda model: model.name)
def test_what_claude_code_sends_is_taken_by_every_active_model(model: Model) -> None:
    million = ["context-1m-2025-08-07"] if model.context_tokens == 1_000_000 else []
    members = json_object.members(json.dumps(claude_code(model)))
    adapted = adapt(members, [*TODAY, *million], model=model, strict=False)
    accepted_locally(adapted, model)
    takes = capabilities.of(model)
    sent = body(adapted)
    assert set(sent.get("anthropic_beta", ())) <= takes.betas
    for beta in (*TODAY, *million):
        assert (f"beta:{beta}" in adapted.changes) == (beta not in takes.betas)
    for field in ("context_management", "thinking", "metadata", "tags", "speed"):
        assert (field in sent) == (f"field:{field}" not in adapted.changes)
    assert ("output_config" in sent) == (takes.effort != "none")
    assert {
        "field:tags",
        "field:speed",
        "field:cache_control.scope",
        "field:messages.output_config",
        "messages.content:tool_addition",
        "metadata.user_id:hashed",
        "system:x-anthropic-billing-header",
    } <= set(adapted.changes)
    assert ("messages.role:system-to-user" in adapted.changes) != takes.system_turns
    assert all(TOKEN.fullmatch(change) for change in adapted.changes)


@pytest.mark.parametrize("model", ACTIVE, ids=lambda request: request.name)
def test_every_change_is_on_the_page(model: Model) -> None:
    page = compatibility_page.page()
    members = json_object.members(json.dumps(claude_code(model)))
    for change in adapt(members, TODAY, model=model, strict=False).changes:
        kind, _, rest = change.partition(":")
        name = rest.removesuffix(":added")
        assert f"`{change}`" in page or (f"`{kind}:NAME" in page and f"`{name}" in page)


def test_every_model_has_a_row() -> None:
    assert capabilities._ROWS.keys() == {model.name for model in MODELS}


def test_nesting_too_deep_to_be_walked_is_refused_or_left_alone() -> None:
    for depth in (100, 150, 200, 250, 500, 999):
        deep = '{"content":[' * depth + '{"cache_control":{"scope":1}}' + "]}" * depth
        text = f'{{"model":"m","max_tokens":1,"messages":[{deep}]}}'
        try:
            adapt(json_object.members(text), (), model=model("claude-opus-5"), strict=False)
        except (json_object.NotAnObject, InvalidRequest) as error:
            assert "nested too deeply" in str(error)


BETA = st.sampled_from(["claude-code-20250219", "nobody-knows-2027-01-01"])
WORDS = st.sampled_from(
    ["type", "role", "system", "user", "content", "cache_control", "scope", "ttl", "text", "source",
     "tool_addition", "defer_loading", "effort", "display", "updates", "output_config",
     "server_tool_use", "web_search_tool_result", "caller", "tool_use", "citations", "fallback",
     "x-anthropic-billing-header: a", "web_search_1", "user_id"]
)  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(-1, 2) | WORDS
JSON: st.SearchStrategy[Any] = st.recursive(
    LEAVES | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=30,
)
FIELDS = st.sampled_from(
    ["messages", "system", "tools", "metadata", "thinking", "output_config", "temperature",
     "top_p", "top_k", "anthropic_beta", "context_management", "tags", "safeguards", "other",
     "output_format", "cache_control", "compaction", "billing_policy"]
)  # fmt: skip


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401
    yield path
    for key in (
        value if isinstance(value, dict) else range(len(value) if type(value) is list else 0)
    ):
        yield from paths(value[key], (*path, key))


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:  # noqa: ANN401
    if not path:
        return by
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], by)
    return copy


@pytest.mark.parametrize("name", ["claude-haiku-4-5", "claude-opus-4-5", "claude-opus-5"])
@pytest.mark.parametrize("kind", [None, True, 0, -1.5, "", "x", [], {}, [[]], [{}], {"type": []}])
def test_any_kind_at_every_path_of_what_claude_code_sends(name: str, kind: object) -> None:
    body = {**claude_code(model(name)), "anthropic_beta": list(TODAY), "safeguards": None}
    for path in paths(body):
        if path:
            adapt_or_refuse(replaced(body, path, kind), name, about=path[0])


@pytest.mark.parametrize("kind", [None, True, 0, "", "x", [], {}, [[]], [{}], {"type": []}])
def test_any_kind_at_every_path_of_what_is_cached_by_itself(kind: object) -> None:
    result = {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "x"}]}
    body = {
        "cache_control": {"type": "ephemeral"},
        "tools": [{"name": "clock", "input_schema": {"type": "object"}}],
        "system": [{"type": "text", "text": "be brief"}],
        "messages": [{"role": "user", "content": [result, {"type": "text", "text": "hi"}]}],
    }
    for path in paths(body):
        if path:
            adapt_or_refuse(replaced(body, path, kind), "claude-opus-5", about=path[0])


def adapt_or_refuse(body: dict[str, Any], name: str, about: str) -> None:
    members = json_object.members(json.dumps(body))
    try:
        adapted = adapt(members, (), model=model(name), strict=False)
    except InvalidRequest as refused:
        assert about in refused.message
    else:
        assert json.loads(json_object.join(dict(adapted.parts)))["anthropic_version"]


@given(st.dictionaries(FIELDS, JSON), ANY_MODEL, st.booleans(), BETA)
def test_any_json_at_any_path_is_adapted_or_refused(
    fields: dict[str, Any], model: Model, strict: bool, beta: str
) -> None:
    members = json_object.members(json.dumps(fields))
    try:
        adapted = adapt(members, [beta], model=model, strict=strict)
    except InvalidRequest:
        return
    added = {"anthropic_version", "anthropic_beta"}
    added |= {"output_config"} & {name.replace("format", "config") for name in fields}
    assert body(adapted).keys() <= fields.keys() | added
    assert all(TOKEN.fullmatch(change) for change in adapted.changes)
    again = json_object.members(json_object.join(dict(adapted.parts)))
    assert body(adapt(again, (), model=model, strict=True)) == body(adapted)


@given(st.dictionaries(FIELDS, JSON), ANY_MODEL, st.sampled_from([None, 1]), st.booleans())
def test_what_is_not_changed_leaves_as_the_same_text(
    fields: dict[str, Any], model: Model, indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(fields, indent=indent, ensure_ascii=ascii_only)
    members = json_object.members(text)
    try:
        adapted = adapt(members, (), model=model, strict=True)
    except InvalidRequest:
        return
    assert adapted.changes == ()
    for name in adapted.parts.keys() - {"anthropic_version"}:
        assert str(adapted.parts[name]) == members[name].text
        assert str(adapted.parts[name]) in text
