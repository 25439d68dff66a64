"""The package of a function: folder, zip and bill of materials."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from stacks.components.packaging import bill_of_materials as itemizing
from stacks.components.packaging.bill_of_materials import bill_of_materials
from stacks.components.packaging.function_folder import (
    build_folder,
    package_path,
    wheelhouse,
)
from stacks.components.packaging.function_zip import (
    contents_digest,
    file_digest,
    replace,
    zip_folder,
)


class FunctionPackage(NamedTuple):
    """A zip, the bill of its materials, and one hash of its contents that no compressor changes."""

    archive: Path
    bill: Path
    contents: str

    @property
    def bill_name(self) -> str:
        """Beside `asset.HASH.zip`: the CDK hashes the hash that it is given."""
        return f"asset.{hashlib.sha256(self.contents.encode()).hexdigest()}.cdx.json"


def package_function(
    *,
    project: Path,
    packages: Sequence[str],
    sdk_services: Sequence[str],
    cache: Path,
    architecture: str = "arm64",
) -> FunctionPackage:
    """Build the first of `packages` as a function, with the others and the wheels for
    `architecture` that one of them requires."""
    pins = (package_path(project, package) / "requirements.txt" for package in packages)
    requirements = next((path for path in pins if path.is_file()), None)
    folder = build_folder(
        project=project,
        packages=packages,
        requirements=requirements,
        sdk_services=sdk_services,
        cache=cache,
        architecture=architecture,
    )
    archive = zip_folder(folder)
    wheels = wheelhouse(requirements, architecture, cache=cache) if requirements else None
    bill = archive.with_name(f"{archive.stem}-{_bills_version()}.cdx.json")
    if not bill.is_file():
        text = bill_of_materials(
            folder=folder, archive=archive, packages=packages, wheelhouse=wheels
        )
        replace(bill, text.encode())
    return FunctionPackage(archive, bill, contents_digest(folder))


def _bills_version() -> str:
    return file_digest(Path(itemizing.__file__))[:8]
