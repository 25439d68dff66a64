"""The interface of an API format: a question goes in, an answer out, both are logged.

They differ in the JSON on the wire only; `local.bedrock.inference` does the rest.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from claude_bedrock.catalog import Model
from local.bedrock.invocation import Invocation
from local.bedrock.message import Answer
from local.bedrock.options import Options
from local.bedrock.schema import Request


class Question(NamedTuple):
    """A request in Anthropic's terms.

    reserved: output tokens that must fit beside the prompt, since the request itself named them.
    is_converse: it came as a Converse body: of a PDF without citations only the text is read.
    """

    request: Request
    reserved: int
    is_converse: bool = False


class CompleteResponse(NamedTuple):
    """An answer in one piece: headers but its length, and the JSON."""

    headers: list[tuple[str, str]]
    body: bytes


class Event(NamedTuple):
    """One event of a stream: the frame on the wire, and the JSON the log makes its record of."""

    frame: bytes
    logged_json: bytes


class Form(Protocol):
    """One call in one of the forms."""

    @property
    def operation(self) -> str:
        """The name of the operation, as in records."""

    @property
    def streamed(self) -> bool:
        """Whether the answer is an event stream."""

    @property
    def exceptions(self) -> tuple[str, ...]:
        """The exceptions its stream has a frame for."""

    def open(self, seen: Invocation) -> None:
        """Read what does not depend on the model and tell `seen`; raises RefusedError."""

    def options(self) -> Options:
        """Return how the call asks to be served, once it is open."""

    def parse_question(self, model: Model) -> Question:
        """Return the question, checked as far as a schema can; raise RefusedError."""

    def model_errors(self) -> AbstractContextManager[None]:
        """Return a block that words the model's refusals as this API format does."""

    def build_response(self, answer: Answer) -> CompleteResponse:
        """Return the answer in one piece."""

    def stream_headers(self) -> list[tuple[str, str]]:
        """Return the headers of an answer in events."""

    def events(self, answer: Answer) -> Iterator[Event]:
        """Return the answer in events, each made when it is asked for."""

    def failure(self, name: str, fields: Mapping[str, str | int]) -> bytes:
        """Return what ends a stream with the exception `name`, in its spelling of a frame."""

    def record_stream(self, seen: Invocation, sent: list[bytes]) -> None:
        """Tell the log what a stream said: `sent` is the JSON of the events that left."""
