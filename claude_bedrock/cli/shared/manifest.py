"""Files of a folder that is handed over, and a manifest with the SHA-256 of each."""

import gzip
import hashlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Final

from claude_bedrock.cli.shared.errors import CliError

MANIFEST: Final = "SHA256SUMS"


class FolderError(CliError):
    """A file of the folder cannot be written; the text says which, and why."""


class ManifestFolder:
    """Writes the files under a folder, and last the manifest of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._digests: dict[str, str] = {}

    def write(self, name: str, content: bytes) -> None:
        """Write a file. Raises FolderError."""
        self._write(name, [content], packed=False)

    def write_packed_lines(self, name: str, lines: Iterable[str]) -> None:
        """Write lines as gzip, one after the other. Raises FolderError, and what `lines` raises."""
        self._write(name, (f"{line}\n".encode() for line in lines), packed=True)

    def write_manifest(self) -> Path:
        """Write the manifest, in the form that `sha256sum --check` reads, and return its path."""
        lines = (f"{digest}  {name}\n" for name, digest in sorted(self._digests.items()))
        self.write(MANIFEST, "".join(lines).encode())
        return self._folder / MANIFEST

    def _write(self, name: str, chunks: Iterable[bytes], *, packed: bool) -> None:
        if ".." in PurePosixPath(name).parts or name.startswith("/"):
            raise FolderError(f"{name} is no key of Bedrock's.")
        file = self._folder / name
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("wb") as to:
                if packed:
                    with gzip.GzipFile(filename="", fileobj=to, mode="wb", mtime=0) as into:
                        into.writelines(chunks)
                else:
                    to.writelines(chunks)
            with file.open("rb") as written:
                self._digests[name] = hashlib.file_digest(written, "sha256").hexdigest()
        except OSError as error:
            raise FolderError(f"{file} cannot be written: {error.strerror}") from error
