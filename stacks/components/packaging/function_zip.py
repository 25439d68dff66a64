"""The zip of a function's folder: equal contents give equal bytes, at any time."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

# The earliest that a zip can say; https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT 4.4.6
NO_DATE = (1980, 1, 1, 0, 0, 0)
UNIX = 3
REGULAR_FILE = 0o100000


def zip_folder(folder: Path) -> Path:
    """The zip of `folder`, beside it: files in order, undated, readable by all.

    The bytes also depend on zlib; what does not is `contents_digest`.
    """
    archive = folder.with_name(f"{folder.name}-{_own_version()}.zip")
    if not archive.is_file():
        replace(archive, _zipped(folder))
    return archive


def contents_digest(folder: Path) -> str:
    """Return one hash of what the zip of `folder` holds: names, permissions, bytes."""
    digest = hashlib.sha256()
    for name, path in shipped_files(folder):
        digest.update(f"{name} {_mode(path):o} {file_digest(path)}\n".encode())
    return digest.hexdigest()


def shipped_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield each file of `folder` by its name in the zip, in order."""
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    yield from ((name, paths[name]) for name in sorted(paths) if paths[name].is_file())


def file_digest(path: Path) -> str:
    """Return the file's SHA-256, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def replace(path: Path, data: bytes) -> None:
    """`path` holds `data` whole or is as it was: two syntheses may run at once."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_bytes(data)
    draft.replace(path)


def _zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in shipped_files(folder):
            entry = zipfile.ZipInfo(name, NO_DATE)
            entry.create_system = UNIX
            entry.external_attr = (REGULAR_FILE | _mode(path)) << 16
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _mode(path: Path) -> int:
    return 0o755 if os.access(path, os.X_OK) else 0o644


def _own_version() -> str:
    return file_digest(Path(__file__))[:8]
