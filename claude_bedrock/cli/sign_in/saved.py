"""Sign-ins as they are saved: a file for each, its tokens in the system's keyring where it has one,
else in the file.

Reading a sign-in imports neither the OAuth library nor an HTTP client: `claude-bedrock token` does
it at every call of a client."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from claude_bedrock.cli.sign_in import private_file
from claude_bedrock.cli.sign_in.errors import SignInRequiredError

DEFAULT_NAME: Final = "default"
IN_FILE: Final = "file"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_KEYRING_SERVICE: Final = "claude-bedrock"
_EARLY_SECONDS: Final = 300
"""How long Claude Code uses a token before it runs its helper again:
https://code.claude.com/docs/en/settings"""


class Settings(NamedTuple):
    """What a sign-in is made of. `prompt` and `resource` are parameters of the request that some
    providers need; `port` is the redirect's, 0 for any that is free. `client_secret` is for a
    provider that gives its native clients one, which it does not take for confidential:
    https://www.rfc-editor.org/rfc/rfc8252#section-8.5"""

    issuer: str
    client_id: str
    audience: str
    scope: str = ""
    resource: str = ""
    prompt: str = ""
    port: int = 0
    client_secret: str = ""


class Tokens(NamedTuple):
    """`bearer` is the token that the endpoint takes; times are seconds since 1970."""

    bearer: str
    received_at: float
    expires_at: float
    refresh_token: str | None

    def is_fresh(self, now: float) -> bool:
        """Return whether a client can use the token for as long as it keeps it: five minutes, or
        half the token's life if that is shorter."""
        early = min(_EARLY_SECONDS, (self.expires_at - self.received_at) / 2)
        return now < self.expires_at - early


def read_tokens(values: Mapping[str, Any]) -> Tokens:
    """Return the tokens in such values. Raises KeyError, TypeError, ValueError."""
    refresh_token = values["refresh_token"]
    return Tokens(
        str(values["bearer"]),
        float(values["received_at"]),
        float(values["expires_at"]),
        None if refresh_token is None else str(refresh_token),
    )


class SignIn(NamedTuple):
    """`storage` is `file`, or the class of the keyring's backend that holds the tokens."""

    settings: Settings
    token_endpoint: str
    revocation_endpoint: str | None
    storage: str
    tokens: Tokens


def is_name(name: str) -> bool:
    """Return whether a sign-in can have the name, which becomes that of a file."""
    return _NAME.fullmatch(name) is not None


def file_of(name: str) -> Path:
    """Return the file of the sign-in."""
    return private_file.folder() / "sign-ins" / f"{name}.json"


def login_command(name: str) -> str:
    """Return the command that signs in again."""
    return f"`claude-bedrock login{'' if name == DEFAULT_NAME else f' --sign-in {name}'}`"


def load(name: str) -> SignIn:
    """Return the saved sign-in. Raises SignInRequiredError."""
    file = file_of(name)
    values = private_file.read(file)
    if values is None:
        raise SignInRequiredError(f"You are not signed in. Run {login_command(name)}.")
    try:
        storage = str(values["storage"])
        tokens = values["tokens"] if storage == IN_FILE else _from_keyring(storage, name)
        return SignIn(
            Settings(**values["settings"]),
            str(values["token_endpoint"]),
            values["revocation_endpoint"],
            storage,
            read_tokens(tokens),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SignInRequiredError(
            f"The saved sign-in {name!r} is incomplete. Run {login_command(name)}."
        ) from error


def load_settings(name: str) -> Settings | None:
    """Return what the sign-in was made of, whatever became of its tokens; None without one."""
    values = private_file.read(file_of(name))
    try:
        return None if values is None else Settings(**values["settings"])
    except (KeyError, TypeError):
        return None


def save(name: str, sign_in: SignIn) -> SignIn:
    """Save the sign-in, and return it with the storage that its tokens have now: the keyring's
    where it takes them, else the file."""
    tokens = sign_in.tokens._asdict()
    sign_in = sign_in._replace(storage=_to_keyring(name, json.dumps(tokens)) or IN_FILE)
    values: dict[str, Any] = {**sign_in._asdict(), "settings": sign_in.settings._asdict()}
    values["tokens"] = tokens if sign_in.storage == IN_FILE else None
    private_file.write(file_of(name), values)
    return sign_in


def delete(name: str) -> None:
    """Delete the sign-in and its tokens, if there is one."""
    file = file_of(name)
    values = private_file.read(file) or {}
    if (storage := values.get("storage", IN_FILE)) != IN_FILE:
        _delete_from_keyring(str(storage), name)
    file.unlink(missing_ok=True)
    file.with_suffix(".lock").unlink(missing_ok=True)


def _from_keyring(storage: str, name: str) -> dict[str, Any]:
    """Return the tokens, of the backend that took them: to search for the best backend reads the
    metadata of every installed package. Raises SignInRequiredError."""
    from keyring.core import load_keyring  # noqa: PLC0415 - not where tokens are in the file

    try:
        text: str | None = load_keyring(storage).get_password(_KEYRING_SERVICE, name)
        return dict(json.loads(text or ""))
    except Exception as error:  # noqa: BLE001 - each backend raises errors of its own
        raise SignInRequiredError(
            "The system's keyring does not hand the tokens out; it may be locked "
            f"({type(error).__name__}). Unlock it, or run {login_command(name)}."
        ) from None


def _to_keyring(name: str, tokens: str) -> str | None:
    """Return the class of the backend that took the tokens; None where there is none, or it
    refuses them, as Windows does if they are long."""
    import keyring  # noqa: PLC0415 - as above

    try:
        backend = keyring.get_keyring()
        backend.set_password(_KEYRING_SERVICE, name, tokens)
        if backend.get_password(_KEYRING_SERVICE, name) != tokens:
            return None
    except Exception:  # noqa: BLE001 - as above; the file is there for all of them
        return None
    return f"{type(backend).__module__}.{type(backend).__qualname__}"


def _delete_from_keyring(storage: str, name: str) -> None:
    from keyring.core import load_keyring  # noqa: PLC0415 - as above

    try:
        load_keyring(storage).delete_password(_KEYRING_SERVICE, name)
    except Exception as error:  # noqa: BLE001 - as above
        raise SignInRequiredError(
            f"The system's keyring does not delete the tokens ({type(error).__name__}). Unlock it "
            "and log out again."
        ) from None
