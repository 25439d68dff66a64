"""A statement of the report: its claim, its verdict, and the answers that it rests on; and the
verdict of all statements together."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from claude_bedrock.cli.audit.recorded_responses import RecordingDeployment
from claude_bedrock.cli.audit.severity import IMPORTANCE, SEVERITIES, Importance
from claude_bedrock.cli.doctor.check import WITHHELD
from claude_bedrock.cli.retention.locations import withheld

Verdict = Literal["pass", "fail", "not assessed"]
VERDICTS: Final[tuple[Verdict, ...]] = ("pass", "fail", "not assessed")
EXIT_CODES: Final[Mapping[Verdict, int]] = {"pass": 0, "fail": 1, "not assessed": 2}
"""As `doctor` ends: 0 all passed, 1 something failed, 2 something could not be assessed."""


class Judgment(NamedTuple):
    """What a question came to, in a plain sentence that ends with a full stop."""

    verdict: Verdict
    words: str


class Statement(NamedTuple):
    """`claim` is what is to be shown; `answers` are names of files, which it rests on. One that
    does not apply to the stage is not assessed, and leaves the exit code as it is."""

    id: str
    claim: str
    verdict: Verdict
    words: str
    answers: tuple[str, ...] = ()
    applies: bool = True

    @property
    def importance(self) -> Importance:
        """Severity, risk and remediation."""
        return IMPORTANCE[self.id]

    def as_data(self) -> dict[str, Any]:
        return {
            **self._asdict(),
            "answers": list(self.answers),
            **self.importance._asdict(),
        }


def pass_if(holds: bool, words: str) -> Judgment:
    return Judgment("pass" if holds else "fail", words)


def stated(
    deployment: RecordingDeployment,
    name: str,
    claim: str,
    actions: str,
    ask: Callable[[], Judgment],
) -> Statement:
    """Return the statement, by what `ask` finds; `actions` is what the question needs in IAM.

    A question that AWS does not answer is not assessed."""
    before = len(deployment.answers)
    try:
        judgment = ask()
    except WITHHELD as error:
        judgment = not_answered(error, actions)
    answers = tuple(answer.name for answer in deployment.answers[before:])
    return Statement(name, claim, judgment.verdict, judgment.words, answers)


def not_answered(error: ClientError | BotoCoreError, actions: str) -> Judgment:
    return Judgment("not assessed", f"{withheld(error, actions)}.")


def overall_verdict(statements: Sequence[Statement]) -> Verdict:
    """Return `fail` if a statement fails, else `not assessed` if one could not be assessed, else
    `pass`. Statements that do not apply do not count."""
    verdicts = {statement.verdict for statement in statements if statement.applies}
    if "fail" in verdicts:
        return "fail"
    return "not assessed" if "not assessed" in verdicts else "pass"


def decisive(statements: Sequence[Statement]) -> list[Statement]:
    """Return the statements that the overall verdict is for, the most severe first; none where all
    pass."""
    verdict = overall_verdict(statements)
    if verdict == "pass":
        return []
    those = [each for each in statements if each.applies and each.verdict == verdict]
    return by_severity(those)


def by_severity(statements: Sequence[Statement]) -> list[Statement]:
    """Return the same, the most severe first, else in their order."""
    return sorted(statements, key=lambda item: SEVERITIES.index(item.importance.severity))


def exit_code(statements: Sequence[Statement]) -> int:
    """Return 1 if a statement fails, else 2 if one could not be assessed, else 0."""
    return EXIT_CODES[overall_verdict(statements)]


def counted(statements: Sequence[Statement]) -> Mapping[Verdict, int]:
    return {
        verdict: sum(statement.verdict == verdict for statement in statements)
        for verdict in VERDICTS
    }
