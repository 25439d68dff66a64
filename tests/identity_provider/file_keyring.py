"""A keyring that keeps its secrets in the file that TEST_KEYRING names: for tests, which have no
system's keyring. `PYTHON_KEYRING_BACKEND` names it."""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError


class FileKeyring(KeyringBackend):
    """Refuses what is longer than TEST_KEYRING_LIMIT, as Windows does."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        value: str | None = self._read().get(f"{service}/{username}")
        return value

    def set_password(self, service: str, username: str, password: str) -> None:
        if len(password) > int(os.environ.get("TEST_KEYRING_LIMIT", "100000")):
            raise OSError("too long")
        self._write({**self._read(), f"{service}/{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        values = self._read()
        if values.pop(f"{service}/{username}", None) is None:
            raise PasswordDeleteError
        self._write(values)

    def _file(self) -> Path:
        return Path(os.environ["TEST_KEYRING"])

    def _read(self) -> dict[str, str]:
        file = self._file()
        return dict(json.loads(file.read_text())) if file.exists() else {}

    def _write(self, values: dict[str, str]) -> None:
        self._file().write_text(json.dumps(values))
