"""The form that states who uses Claude and for what, which an account submits once.

Its fields and lengths: https://docs.aws.amazon.com/bedrock/latest/userguide/model-access.html,
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_PutUseCaseForModelAccess.html
"""

import json
import re
from pathlib import Path
from typing import Final

from claude_bedrock.cli.shared.errors import CliError

LONGEST: Final = {
    "companyName": 128,
    "companyWebsite": 128,
    "intendedUsers": 1,
    "industryOption": 128,
    "otherIndustryOption": 128,
    "useCases": 8192,
}
"""Characters of each field."""
GREATEST_BYTES: Final = 16384
INTENDED_USERS: Final = {"0": "internal", "1": "external", "2": "internal and external"}

_MAY_BE_EMPTY: Final = "otherIndustryOption"
_PLACEHOLDER: Final = re.compile(
    r"<.*>|\[.*\]|\{.*\}|\.+|…|-+|_+|\?+|x{2,}|to ?do\b.*|tbd|n/?a|none|null|string|text|test|"
    r"change ?me|fill .*|replace .*|your .*|placeholder.*|lorem ipsum.*|example( .*)?|"
    r"(https?://)?(www\.)?example\.(com|org|net)/?",
    re.IGNORECASE | re.DOTALL,
)

Form = dict[str, str]


class UnfitFormError(CliError):
    """The form cannot be submitted: a line for each mistake."""


def empty() -> Form:
    """Return the form with nothing in it."""
    return dict.fromkeys(LONGEST, "")


def read(file: Path) -> Form:
    """Return the form that a person filled in. Raises UnfitFormError."""
    try:
        form = json.loads(file.read_bytes())
    except OSError as error:
        raise UnfitFormError(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UnfitFormError(f"{file} is not JSON: {error}") from error
    if not isinstance(form, dict):
        raise UnfitFormError(f"{file} is not a JSON object")
    mistakes = [
        *(f"{name}: missing" for name in LONGEST if name not in form),
        *(f"{name}: no field of the form" for name in form if name not in LONGEST),
        *(
            f"{name}: {mistake}"
            for name in LONGEST
            if name in form and (mistake := _mistake(name, form[name], form))
        ),
    ]
    if not mistakes and len(as_sent(form)) > GREATEST_BYTES:
        mistakes = [f"all of it: more than {GREATEST_BYTES} bytes"]
    if mistakes:
        raise UnfitFormError("\n".join([f"{file} is not fit to be submitted:", *mistakes]))
    return form


def as_sent(form: Form) -> bytes:
    """Return what AWS is given."""
    return json.dumps(form, ensure_ascii=False).encode()


def _mistake(name: str, value: object, form: Form) -> str | None:
    if not isinstance(value, str):
        return "not text: a number goes into quotes too"
    if not value.strip():
        needed = name != _MAY_BE_EMPTY or form.get("industryOption", "").lower() == "other"
        return "empty" if needed else None
    if len(value) > LONGEST[name]:
        return f"{len(value)} characters, and {LONGEST[name]} are allowed"
    if name == "intendedUsers":
        return None if value in INTENDED_USERS else f"allowed: {_users()}"
    if _PLACEHOLDER.fullmatch(value.strip()):
        return f"{value.strip()!r} is a placeholder: only you can say what belongs there"
    return None


def _users() -> str:
    return ", ".join(f'"{number}" ({meaning})' for number, meaning in INTENDED_USERS.items())
