"""What `python -m tools.measure` counts as a name, a home-made word and an imperative."""

import pytest

from tools.measure.docstrings import first_lines, is_imperative
from tools.measure.homonyms import homonyms
from tools.measure.names import defined, home_made_names
from tools.measure.sizes import body_lines, comment_lines, function_lines, sizes, stack_lines
from tools.measure.source import Module
from tools.measure.words import home_made

SOURCE = '''
import json as data  # a comment

class Answer:
    """A reply."""
    status: int

    def send(self, *, told_by: str) -> None:
        """Send it.

        # no comment: text
        """
        self.sent = [item for item in told_by]
        with open(told_by) as file, open(told_by):
            (told_by, size) = file
        for _, _each in file:
            pass

    @property
    def name(self) -> str:
        """The caller's name."""
'''


def test_each_scope_defines_a_name_once() -> None:
    assert defined(Module("lambda/gateway/replies.py", SOURCE)) == sorted(
        [
            "replies",
            "data",
            "Answer",
            "status",
            "send",
            "name",
            "sent",
            "item",
            "told_by",
            "file",
            "size",
            "_each",
        ]
    )
    assert defined(Module("lambda/gateway/__init__.py", "")) == ["gateway"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("AskedTwice", ["asked"]),
        ("found_places", ["found", "places"]),
        ("_each", ["each"]),
        ("each_day", []),
        ("is_not_found", []),
        ("FileNotFoundError", []),
        ("KEEP_ALIVE_SECONDS", []),
        ("not_found_said", ["said"]),
        ("background", []),
    ],
)
def test_home_made_words_are_judged_word_by_word(name: str, words: list[str]) -> None:
    assert home_made(name, "lambda/gateway/replies.py") == words


def test_an_exception_holds_in_its_folder_only() -> None:
    assert home_made("ask", "claude_bedrock/cli/ask/command.py") == []
    assert home_made("ask", "lambda/gateway/replies.py") == ["ask"]


def test_a_module_is_measured() -> None:
    module = Module("lambda/gateway/replies.py", SOURCE)
    assert home_made_names(module) == [("_each", ["each"]), ("told_by", ["told"])]
    assert first_lines(module) == ["Send it."]
    assert (comment_lines(module), function_lines(module)) == (1, [10, 2])
    assert body_lines(module) == {"send": 5}
    assert sizes(range(1, 101)) == (50, 90, 100)


def test_a_stack_is_measured_and_no_other_class() -> None:
    source = (
        "class Gateway(cdk.Stack):\n    a = 1\n\n    b = 2\n\nclass Api(Construct):\n    a = 1\n"
    )
    assert stack_lines(Module("stacks/gateway.py", source)) == {"Gateway": 4}


def test_an_imperative_is_a_verb_and_no_noun() -> None:
    assert all(map(is_imperative, ["Return it.", "Re-raise what came.", "Stop."]))
    assert not any(map(is_imperative, ["Returns it.", "The name.", "Name of it.", "Whether so."]))


def test_homonyms_are_public_names_of_several_modules() -> None:
    paths = ["claude_bedrock/cli/models.py", "lambda/gateway/models.py", "local/handler.py"]
    text = "class Call: ...\nclass _Own: ...\ndef main(): ..."
    shared = homonyms(Module(path, text) for path in paths)
    assert shared == {("class", "Call"): paths, ("module", "models"): paths[:2]}
