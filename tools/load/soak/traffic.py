"""The requests of a soak: how often and how large, and which end each call is due to have."""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Literal, NamedTuple

End = Literal["answered", "refused", "broken off", "left", "no answer"]
"""`left`: the caller hung up, as it meant to."""

SMALL, LARGE_CONTEXT = "claude-haiku-4-5", "claude-opus-5-5"
LARGEST = 3_000_000
_SIZES = {1_000: 800, 10_000: 150, 100_000: 44, 1_000_000: 5, LARGEST: 1}
"""Bytes of prompt -> how often of a thousand."""
_CONTEXT_BYTES = 600_000  # about what fits into the smaller model's context
_FAULTY = 0.01
_OFF_SCHEDULE = 0.05
_DELIVERIES = ("late seconds=3", "duplicate", "reordered", "profile_arn")
_HTTP_FAULTS = ("throttle", "validation", "access_denied", "not_found", "model_error", "not_ready",
                "model_timeout", "internal", "unavailable", "quota", "cut after=0")  # fmt: skip
_COMPLETE_FAULTS = (*_HTTP_FAULTS, "cut after=3", "exception type=throttlingException")
_STREAM_FAULTS = ("cut after=3", "exception type=throttlingException after=3")
_WORDS = "The quick brown fox jumps over the lazy dog; ünïcode \U0001f98a too. "


class Request(NamedTuple):
    """A request, and the end it is due to have. `hangs_up`: the caller leaves once it begins.
    `is_duplicate`: its record comes twice."""

    kind: str
    method: str
    path: str
    body: bytes
    due: End
    hangs_up: bool = False
    is_duplicate: bool = False


class Prompt(NamedTuple):
    model: str
    text: str


Write = Callable[[Prompt], tuple[str, Mapping[str, Any]]]


class _Kind(NamedTuple):
    """`write` gives path and body for a prompt; `faults` are those that such a call meets before
    its answer, `late` those that break a stream off."""

    often: int
    write: Write
    faults: tuple[str, ...] = ()
    late: tuple[str, ...] = ()


def _message(prompt: Prompt) -> dict[str, Any]:
    turns = [{"role": "user", "content": prompt.text}]
    return {"model": prompt.model, "max_tokens": 200, "messages": turns}


def _invoke(prompt: Prompt) -> dict[str, Any]:
    body = _message(prompt)
    del body["model"]
    return {"anthropic_version": "bedrock-2023-05-31", **body}


def _converse(prompt: Prompt) -> dict[str, Any]:
    turns = [{"role": "user", "content": [{"text": prompt.text}]}]
    return {"messages": turns, "inferenceConfig": {"maxTokens": 200}}


def _counted(prompt: Prompt) -> tuple[str, dict[str, Any]]:
    return "/v1/messages/count_tokens", _message(prompt._replace(model=SMALL))


def _counted_natively(prompt: Prompt) -> tuple[str, dict[str, Any]]:
    body = b64encode(json.dumps(_invoke(prompt)).encode()).decode()
    return f"/model/{SMALL}/count-tokens", {"input": {"invokeModel": {"body": body}}}


_KINDS: Mapping[str, _Kind] = {
    "message": _Kind(
        30, lambda prompt: ("/v1/messages?beta=true", _message(prompt)), _COMPLETE_FAULTS
    ),
    "message, streamed": _Kind(
        22,
        lambda prompt: ("/v1/messages", {**_message(prompt), "stream": True}),
        _HTTP_FAULTS,
        _STREAM_FAULTS,
    ),
    "invoke": _Kind(
        10, lambda prompt: (f"/model/{prompt.model}/invoke", _invoke(prompt)), _COMPLETE_FAULTS
    ),
    "invoke, streamed": _Kind(
        8,
        lambda prompt: (f"/model/{prompt.model}/invoke-with-response-stream", _invoke(prompt)),
        _HTTP_FAULTS,
        _STREAM_FAULTS,
    ),
    "converse": _Kind(
        8, lambda prompt: (f"/model/{prompt.model}/converse", _converse(prompt)), _COMPLETE_FAULTS
    ),
    "converse, streamed": _Kind(
        5,
        lambda prompt: (f"/model/{prompt.model}/converse-stream", _converse(prompt)),
        _HTTP_FAULTS,
        _STREAM_FAULTS,
    ),
    "tokens": _Kind(5, _counted, _HTTP_FAULTS),
    "tokens, natively": _Kind(2, _counted_natively, _HTTP_FAULTS),
}
_LISTS = {"models": "/v1/models", "a model": f"/v1/models/{SMALL}",
          "profiles": "/inference-profiles"}  # fmt: skip
_BAD: tuple[tuple[str, bytes], ...] = (
    ("/v1/messages", b'{"model": "claude'),
    ("/v1/messages", b"[]"),
    ("/v1/messages", b'{"model": "claude-haiku-4-5", "messages": []}'),
    ("/v1/messages", b'{"model": "of-nobody", "max_tokens": 1, "messages": []}'),
    ("/v1/messages", b'{"model": "claude-haiku-4-5", "max_tokens": NaN, "messages": []}'),
    ("/v1/messages/count_tokens", b"[" * 100_000),
    ("/model/claude-haiku-4-5/invoke", b"\xef\xbb\xbf{}"),
    ("/model/claude-haiku-4-5/converse", b'{"messages": "\\ud800"}'),
    ("/model/..%2f..%2f/invoke", b"{}"),
    ("/nowhere", b""),
)
_SHARES = {**{name: kind.often for name, kind in _KINDS.items()}, "list": 5, "bad": 4, "leaves": 1}


def random_request(random: Random) -> Request:
    """Return the next request: the same for the same state of `random`."""
    (name,) = random.choices(list(_SHARES), list(_SHARES.values()))
    if name == "list":
        listed = random.choice(list(_LISTS))
        return Request(listed, "GET", _LISTS[listed], b"", "answered")
    if name == "bad":
        path, body = random.choice(_BAD)
        return Request(f"bad: {path}", "POST", path, body, "refused")
    if name == "leaves":
        return _request("leaves", _KINDS["message, streamed"], "[[reply: events=150 pace=0.01]]",
                      1_000, "left")  # fmt: skip
    (size,) = random.choices(list(_SIZES), list(_SIZES.values()))
    return _maybe_faulty(random, name, random.randint(size // 2, size))


def largest() -> Request:
    """As large as any, and held for a while by whichever process has it."""
    kind = _KINDS["message"]
    return _request("message", kind, "[[fault: slow seconds=3]]", LARGEST, "answered")


def kinds() -> tuple[str, ...]:
    """Return those that carry a prompt."""
    return tuple(_KINDS)


def _maybe_faulty(random: Random, name: str, size: int) -> Request:
    kind = _KINDS[name]
    draw = random.random()
    if draw < _OFF_SCHEDULE and not name.startswith("tokens"):
        delivery = random.choice(_DELIVERIES)
        return _request(name, kind, f"[[fault: {delivery}]]", size, "answered")
    if draw < 1 - _FAULTY:
        return _request(name, kind, "", size, "answered")
    fault = random.choice((*kind.faults, *kind.late))
    due: End = "broken off" if fault in kind.late else "refused"
    return _request(name, kind, f"[[fault: {fault}]]", size, due)


def _request(name: str, kind: _Kind, directive: str, size: int, due: End) -> Request:
    fits = name.startswith("tokens") or size < _CONTEXT_BYTES
    length = min(size, _CONTEXT_BYTES) if fits else size
    text = (_WORDS * (length // len(_WORDS) + 1))[:length]
    prompt = Prompt(SMALL if fits else LARGE_CONTEXT, f"{directive} {text}")
    path, body = kind.write(prompt)
    raw = json.dumps(body, ensure_ascii=False).encode()
    return Request(name, "POST", path, raw, due, due == "left", "duplicate" in directive)
