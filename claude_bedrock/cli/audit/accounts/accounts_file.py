"""The file of `audit --accounts`: whose evidence is where, and which keys may have signed it."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from claude_bedrock.cli.evidence.signature_check import NotAKeyError, PublicKey
from claude_bedrock.cli.shared.errors import CliError
from claude_bedrock.verification.period import BadWindowError, moment

_REQUIRED: Final = {
    "name": (r"[ -~]{1,64}", "1 to 64 printable characters"),
    "account": (r"[0-9]{12}", "12 digits in quotes"),
    "region": (r"[a-z]{2}(-[a-z]+)+-[0-9]", "a Region such as eu-central-1"),
    "stage": (r"[a-z][a-z0-9]{0,15}", "a stage's name"),
}
_OPTIONAL: Final = {
    "bucket": (r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "the archive's bucket"),
    "folder": (r".+", "a folder with a copy of the archive"),
    "public_key": (r".+", "a file with the public key, PEM, or a list of them"),
    "public_key_sha256": (r"[0-9a-f]{64}", "64 hexadecimal digits, or a list of them"),
    "since": (r".+", "a time, ISO 8601"),
}
_KEYS: Final = {**_REQUIRED, **_OPTIONAL}
_LISTS: Final = ("public_key", "public_key_sha256")
_FORM: Final = (
    '{"accounts": [{"name": "search", "account": "111111111111", "region": "eu-central-1", '
    '"stage": "prod", "bucket": "ARCHIVE", "public_key_sha256": "…"}]}'
)


class AccountsFileError(CliError):
    """The file is not what `--accounts` takes; the text says where."""


class ArchivedStage(NamedTuple):
    """A stage and its evidence: in `bucket`, or in `folder`. `keys` are those that may have signed
    it: public keys, or the SHA-256 of each; empty where the file names none. `since` is when the
    stage was deployed; None where the file does not say."""

    name: str
    account: str
    region: str
    stage: str
    bucket: str
    folder: Path | None
    keys: tuple[PublicKey | str, ...]
    since: datetime | None


def read(file: Path) -> list[ArchivedStage]:
    """Return the stages that the file names; paths in it begin at its folder. Raises
    AccountsFileError."""
    try:
        content = json.loads(file.read_bytes())
    except OSError as error:
        raise AccountsFileError(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise AccountsFileError(f"{file} is not JSON. Use the form {_FORM}") from error
    entries = content.get("accounts") if isinstance(content, dict) else None
    if not isinstance(entries, list) or not entries:
        raise AccountsFileError(f"{file} has no list of accounts. Use the form {_FORM}")
    stages = [_stage(file, number, entry) for number, entry in enumerate(entries, 1)]
    names = [stage.name for stage in stages]
    if len(set(names)) != len(names):
        raise AccountsFileError(f"{file} has a name twice. Give each stage a name of its own.")
    places = [(stage.account, stage.region, stage.stage) for stage in stages]
    if twice := next((place for place in places if places.count(place) > 1), None):
        account, region, stage = twice
        raise AccountsFileError(
            f"{file} has stage {stage} of account {account} in {region} twice. Name each once."
        )
    return stages


def _stage(file: Path, number: int, entry: object) -> ArchivedStage:
    where = f"{file}, account {number}"
    if not isinstance(entry, Mapping):
        raise AccountsFileError(f"{where}: an object expected, as in {_FORM}")
    _check(where, entry)
    folder = entry.get("folder")
    return ArchivedStage(
        **{name: entry[name] for name in _REQUIRED},
        bucket=entry.get("bucket", ""),
        folder=file.parent / folder if folder else None,
        keys=(*_texts(entry, "public_key_sha256"), *_public_keys(where, file.parent, entry)),
        since=_since(where, entry.get("since")),
    )


def _check(where: str, entry: Mapping[str, Any]) -> None:
    for name in entry:
        if name not in _KEYS:
            raise AccountsFileError(f"{where}: unknown key {name!r}. Keys are {', '.join(_KEYS)}.")
    for name, (pattern, form) in _KEYS.items():
        if name not in entry and name in _OPTIONAL:
            continue
        values = _texts(entry, name) if name in _LISTS else [entry.get(name)]
        if not values or not all(
            isinstance(value, str) and re.fullmatch(pattern, value) for value in values
        ):
            raise AccountsFileError(f"{where}: {name} has to be {form}.")
    if ("bucket" in entry) == ("folder" in entry):
        raise AccountsFileError(f"{where}: name a bucket or a folder, one of them.")


def _texts(entry: Mapping[str, Any], name: str) -> list[Any]:
    """Return the values of a key that takes one or a list."""
    value = entry.get(name, [])
    return value if isinstance(value, list) else [value]


def _public_keys(where: str, folder: Path, entry: Mapping[str, Any]) -> Iterator[PublicKey]:
    for path in (folder / name for name in _texts(entry, "public_key")):
        try:
            yield PublicKey.from_pem(path.read_bytes())
        except OSError as error:
            raise AccountsFileError(f"{where}: {path} cannot be read: {error.strerror}") from error
        except NotAKeyError as error:
            raise AccountsFileError(f"{where}: {path} is not a public key (PEM).") from error


def _since(where: str, text: str | None) -> datetime | None:
    try:
        return moment(text) if text else None
    except BadWindowError as error:
        raise AccountsFileError(f"{where}: since: {error}") from error
