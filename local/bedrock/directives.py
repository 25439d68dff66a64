"""The directives a prompt may carry: `[[fault: …]]`, `[[reply: …]]` and `[[tool: …]]`.

They stand in the text of the last user message, so they pass through every unmodified client and
tests that run side by side do not disturb each other. docs/local-bedrock.md lists them.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from local.bedrock.errors import RefusedError, invalid

HTTP_FAULTS = {
    "throttle": ("ThrottlingException", "Too many requests, please wait before trying again."),
    "validation": ("ValidationException", "The request was refused because a fault asked for it."),
    "access_denied": (
        "AccessDeniedException",
        (
            "User: arn:aws:sts::123456789012:assumed-role/gateway/session is not authorized to "
            "perform: bedrock:InvokeModel on resource: arn:aws:bedrock:us-east-1::foundation-model/"
            "anthropic.claude because no identity-based policy allows the bedrock:InvokeModel "
            "action"
        ),
    ),
    "not_found": ("ResourceNotFoundException", "Could not resolve the foundation model."),
    "model_error": (
        "ModelErrorException",
        "The system encountered an unexpected error during processing. Try your request again.",
    ),
    "not_ready": ("ModelNotReadyException", "The model is not ready for inference yet."),
    "model_timeout": ("ModelTimeoutException", "Model has timed out in processing the request."),
    "internal": ("InternalServerException", "The system encountered an unexpected error."),
    "unavailable": ("ServiceUnavailableException", "Bedrock is unable to process your request."),
    "quota": ("ServiceQuotaExceededException", "Your request exceeds the service quota."),
}
STREAM_EXCEPTIONS = (
    "internalServerException",
    "modelStreamErrorException",
    "modelTimeoutException",
    "serviceUnavailableException",
    "throttlingException",
    "validationException",
)
DELIVERY_FAULTS = ("no_delivery", "late", "duplicate", "reordered", "profile_arn", "no_event")
FAULTS = (*HTTP_FAULTS, "slow", "silence", "cut", "exception", *DELIVERY_FAULTS)
_OPENING = re.compile(r"\[\[(fault|reply|tool):\s*")
_NAME = re.compile(r"[A-Za-z0-9_-]+")


class Fault(NamedTuple):
    """One misbehavior: `after` counts stream events, `seconds` is how long a wait lasts; with
    `route`, only calls by that route's profiles meet it."""

    name: str
    after: int = 0
    seconds: float = 0.0
    type: str = "throttlingException"
    route: str = ""

    def meets(self, model_id: str) -> bool:
        """Return whether a call of that id or ARN meets it."""
        return not self.route or model_id.rpartition("/")[2].startswith(f"{self.route}.")


class ToolCall(NamedTuple):
    name: str
    input: dict[str, Any]


@dataclass(slots=True)
class Directives:
    """What the prompt asks of this Bedrock, and the prompt with the asking taken out."""

    text: str = ""
    faults: dict[str, Fault] = field(default_factory=dict)
    tools: list[ToolCall] = field(default_factory=list)
    events: int | None = None
    pace: float = 0.0
    is_declined: bool = False

    def refusal(self) -> RefusedError | None:
        """The HTTP error the prompt asks for, if it asks for one."""
        for name, (kind, message) in HTTP_FAULTS.items():
            if name in self.faults:
                extra = {"originalStatusCode": 500} if name == "model_error" else {}
                return RefusedError(kind, message, **extra)
        return None

    def unstreamed_refusal(self) -> RefusedError | None:
        """Return the refusal for an answer in one piece: it has no frame to carry an exception, so
        that becomes the HTTP error."""
        if "exception" not in self.faults:
            return self.refusal()
        name = class_name(self.faults["exception"].type)
        return self.refusal() or RefusedError(name, "The request failed because a fault asked.")


def class_name(exception: str) -> str:
    """Return the exception's name as an error has it, from that of its frame."""
    return exception[0].upper() + exception[1:]


def read(text: str, model_id: str = "") -> Directives:
    """Return every directive in `text` that a call of `model_id` meets; one that cannot be
    understood raises a ValidationException."""
    directives = Directives()
    texts, position = [], 0
    for opening in _OPENING.finditer(text):
        if opening.start() < position:
            continue
        end = _READERS[opening[1]](directives, text, opening.end())
        texts.append(text[position : opening.start()])
        position = end
    directives.text = "".join((*texts, text[position:])).strip()
    directives.faults = {
        name: fault for name, fault in directives.faults.items() if fault.meets(model_id)
    }
    return directives


def _read_fault(directives: Directives, text: str, start: int) -> int:
    end = _closing(text, start)
    name, *pairs = text[start:end].split() or [""]
    if name not in FAULTS:
        raise invalid(f"local directive: unknown fault {name!r}; known: {', '.join(FAULTS)}")
    options = _options(pairs, {"after": int, "seconds": float, "type": str, "route": str})
    fault = Fault(name, **options)
    if fault.type not in STREAM_EXCEPTIONS:
        raise invalid(f"local directive: unknown exception type {fault.type!r}")
    directives.faults[name] = fault
    return end + 2


def _read_reply(directives: Directives, text: str, start: int) -> int:
    end = _closing(text, start)
    words = text[start:end].split()
    directives.is_declined = "refusal" in words
    pairs = [word for word in words if word != "refusal"]
    options = _options(pairs, {"events": int, "pace": float})
    directives.events = options.get("events")
    directives.pace = options.get("pace", 0.0)
    return end + 2


def _read_tool(directives: Directives, text: str, start: int) -> int:
    name = _NAME.match(text, start)
    if name is None:
        raise invalid("local directive: [[tool: name {json}]] needs a name")
    value: dict[str, Any] = {}
    position = name.end()
    while text[position : position + 1].isspace():
        position += 1
    if text.startswith("{", position):
        try:
            value, position = json.JSONDecoder().raw_decode(text, position)
        except ValueError as broken:
            raise invalid("local directive: [[tool: …]] carries broken JSON") from broken
    directives.tools.append(ToolCall(name[0], value))
    return _closing(text, position) + 2


_READERS = {"fault": _read_fault, "reply": _read_reply, "tool": _read_tool}


def _closing(text: str, start: int) -> int:
    end = text.find("]]", start)
    if end < 0:
        raise invalid("local directive: ]] is missing")
    return end


def _options(pairs: list[str], kinds: dict[str, Any]) -> dict[str, Any]:
    options = {}
    for pair in pairs:
        key, _, value = pair.partition("=")
        if key not in kinds:
            raise invalid(f"local directive: unknown option {key!r}; known: {', '.join(kinds)}")
        try:
            options[key] = kinds[key](value)
        except ValueError as wrong:
            raise invalid(f"local directive: {pair!r} is not a number") from wrong
    return options
