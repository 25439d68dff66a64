"""The rules of the Converse service itself: turns, tool results, documents and images.

Sentences are Bedrock's where reports quote them (turns, tool results, names of documents). A first
turn of the assistant's is taken in recorded exchanges of 2026, where older reports have it refused:
https://github.com/pydantic/pydantic-ai/issues/6255.
Limits:
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html
"""

import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from local.bedrock.errors import invalid

Json = dict[str, Any]
_LIMITS = {"document": (5, 4_718_592, "4.5 MB"), "image": (20, 3_932_160, "3.75 MB")}
# Underscores are in no list of AWS's, yet Bedrock takes them; of whitespace it takes spaces only.
_NAME = re.compile(r"(?:[A-Za-z0-9\-_()\[\]]| (?! ))+")


def check(body: Json) -> None:
    """Raise RefusedError for the first rule that a body with valid members breaks."""
    messages: list[Json] = body.get("messages", [])
    if not messages or not _begins(messages):
        raise invalid(
            "A conversation must start with a user message. "
            "Try again with a conversation that starts with a user message."
        )
    for position, message in enumerate(messages):
        previous = messages[position - 1] if position else None
        _check_turn(position, message, previous)
        _check_blocks(position, message["content"])
        _check_limits(position, message["content"])
    _check_names(messages)
    # Earlier calls of tools are read with the tools' definitions: these are sent with each turn.
    if "toolConfig" not in body and any(_tool_blocks(messages)):
        raise invalid(
            "The toolConfig field must be defined when using toolUse and toolResult content blocks."
        )


def _begins(messages: list[Json]) -> bool:
    """Return whether the first turn may be one: the assistant's only where a user's follows it."""
    roles = [message["role"] for message in messages]
    return roles[0] == "user" or (roles[0] == "assistant" and "user" in roles)


def _check_turn(position: int, message: Json, previous: Json | None) -> None:
    if not message["content"]:
        raise invalid(
            f"The content field in the Message object at messages.{position} is empty. "
            "Add a ContentBlock object to the content field and try again."
        )
    if previous is not None and previous["role"] == message["role"]:
        raise invalid(
            "A conversation must alternate between user and assistant roles. "
            "Make sure the conversation alternates between user and assistant roles and try again."
        )
    _check_results(position, message["content"], previous["content"] if previous else [])


def _check_results(position: int, content: list[Json], previous: list[Json]) -> None:
    _check_ids(position, content)
    used = [block["toolUse"]["toolUseId"] for block in previous if "toolUse" in block]
    result_ids = [block["toolResult"]["toolUseId"] for block in content if "toolResult" in block]
    if len(result_ids) > len(used):
        raise invalid(
            f"The number of toolResult blocks at messages.{position}.content exceeds the number "
            "of toolUse blocks of previous turn."
        )
    missing = [identity for identity in used if identity not in result_ids]
    if missing:
        raise invalid(
            f"Expected toolResult blocks at messages.{position}.content for the following Ids: "
            f"{', '.join(missing)}"
        )


def _check_ids(position: int, content: list[Json]) -> None:
    """https://github.com/bvcyber/Cyber-AutoAgent-ng/issues/72 and, for results,
    https://github.com/BerriAI/litellm/issues/20048 quote it."""
    for kind in ("toolUse", "toolResult"):
        ids = [block[kind]["toolUseId"] for block in content if kind in block]
        twice = sorted({identity for identity in ids if ids.count(identity) > 1})
        if twice:
            raise invalid(
                f"The {kind} blocks at messages.{position}.content contain duplicate Ids: "
                f"{', '.join(twice)}"
            )


def _check_blocks(position: int, content: list[Json]) -> None:
    for index, block in enumerate(content):
        where = f"messages.{position}.content.{index}"
        if block.get("text") == "":
            raise invalid(
                f"The text field in the ContentBlock object at {where} is blank. "
                "Add text to the text field, and try again."
            )
        if "toolUse" in block:
            _check_object(block["toolUse"]["input"], f"{where}.toolUse.input")
        if "toolResult" in block:
            _check_result(block["toolResult"], f"{where}.toolResult")


def _check_result(result: Json, where: str) -> None:
    if not result["content"] and result.get("status") == "error":
        raise invalid(f"The content field at {where} cannot be empty when status value is error.")
    for index, block in enumerate(result["content"]):
        if "json" in block:
            _check_object(block["json"], f"{where}.content.{index}.json")


def _check_object(value: object, where: str) -> None:
    if not isinstance(value, dict):
        raise not_an_object(where)


def not_an_object(where: str) -> Exception:
    """Return the refusal of a value that has to be a JSON object."""
    return invalid(
        f"The format of the value at {where} is invalid. "
        "Provide a json object for the field and try again."
    )


def _check_limits(position: int, content: list[Json]) -> None:
    for kind, (most, largest, written) in _LIMITS.items():
        blocks = [block[kind] for block in content if kind in block]
        if len(blocks) > most:
            raise invalid(
                f"messages.{position}.content: at most {most} {kind} blocks are allowed, "
                f"found {len(blocks)}."
            )
        if any(len(b64decode(item["source"].get("bytes", ""))) > largest for item in blocks):
            raise invalid(
                f"messages.{position}.content: the size of one {kind} must be no more than "
                f"{written}."
            )
    # A document alone asks nothing:
    # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html
    if any("document" in block for block in content) and not any("text" in b for b in content):
        raise invalid("A text block must be included when using documents.")


def _check_names(messages: list[Json]) -> None:
    names = [document["name"] for document in _documents(messages)]
    if not all(_NAME.fullmatch(name) for name in names):
        raise invalid(
            "The document file name can only contain alphanumeric characters, whitespace "
            "characters, hyphens, parentheses, and square brackets. The name can't contain more "
            "than one consecutive whitespace character. Check that the file name conforms to "
            "these restrictions and retry your request."
        )
    if len(set(names)) != len(names):
        raise invalid(
            "Messages can't contain duplicate document names. "
            "Rename the document and retry your request."
        )


def _documents(messages: list[Json]) -> Iterator[Json]:
    for message in messages:
        for block in message["content"]:
            for part in block["toolResult"]["content"] if "toolResult" in block else [block]:
                if "document" in part:
                    yield part["document"]


def _tool_blocks(messages: list[Json]) -> Iterator[Json]:
    for message in messages:
        yield from (b for b in message["content"] if "toolUse" in b or "toolResult" in b)
