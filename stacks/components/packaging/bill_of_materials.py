"""The bill of materials of a function's zip: CycloneDX 1.6, equal for equal zips."""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import Distribution
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.contrib.this.builders import this_component
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from stacks.components.packaging.function_zip import file_digest, shipped_files

GROUP = "claude-on-bedrock"
# As AWS Lambda tells it of a deployed function.
CODE_SHA_256 = "aws:lambda:CodeSha256"
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://cyclonedx.org/")
# For metadata that has words and no SPDX expression; the second by the package's own LICENSE.
IN_SPDX = {
    "Apache License 2.0": "Apache-2.0",
    "python-dateutil: Dual License": "(Apache-2.0 OR BSD-3-Clause) AND BSD-3-Clause",
    "License :: OSI Approved :: MIT License": "MIT",
}


class UnknownOrigin(Exception):
    """A file of a function's folder that is neither ours nor as a wheel has it."""


class _Origin(NamedTuple):
    """The wheel that a file is of, and the hash that it has there."""

    wheel: Component
    digest: str


def bill_of_materials(
    *, folder: Path, archive: Path, packages: Sequence[str], wheelhouse: Path | None
) -> str:
    """Return the bill of the zip `archive` of `folder`: own `packages`, wheels, and their files.

    Wheels carry the hash of the file that pip installed them from, files that of their bytes in the
    zip. There is no date and no random number. Raises UnknownOrigin for a file of neither origin.
    """
    wheels = sorted(wheelhouse.glob("*.whl")) if wheelhouse else []
    shipped = {path: _wheel(folder, path) for path in wheels}
    roots = dict.fromkeys(package.partition(".")[0] for package in packages)
    own = {name: _own(name) for name in roots}
    origins = {
        name: _Origin(component, digest)
        for path, component in shipped.items()
        for name, digest in _contents(path)
    }
    for name, path in shipped_files(folder):
        file = _file(name, file_digest(path))
        _owner(file, own, origins).components.add(file)
    bom = _undated(_function(packages[0], archive), [*own.values(), *shipped.values()])
    for path, component in shipped.items():
        bom.register_dependency(component, _needs(folder, path, shipped.values()))
    return str(JsonV1Dot6(bom).output_as_string(indent=2)) + "\n"


def _undated(function: Component, parts: Sequence[Component]) -> Bom:
    (digest,) = function.hashes
    tools = ToolRepository(components=[this_component()])
    bom = Bom(
        components=parts,
        metadata=BomMetaData(component=function, tools=tools),
        serial_number=uuid.uuid5(NAMESPACE, digest.content),
    )
    bom.metadata.timestamp = None  # type: ignore[assignment]
    bom.register_dependency(function, parts)
    return bom


def _function(name: str, archive: Path) -> Component:
    digest = hashlib.sha256(archive.read_bytes())
    code_sha_256 = base64.b64encode(digest.digest()).decode()
    return Component(
        name=name,
        group=GROUP,
        type=ComponentType.APPLICATION,
        bom_ref=f"function:{name}",
        hashes=[_sha_256(digest.hexdigest())],
        properties=[Property(name=CODE_SHA_256, value=code_sha_256)],
    )


def _own(package: str) -> Component:
    return Component(name=package, group=GROUP, bom_ref=f"package:{package}")


def _wheel(folder: Path, wheel: Path) -> Component:
    about = _about(folder, wheel)
    purl = PackageURL("pypi", name=about.name, version=about.version)
    return Component(
        name=purl.name,
        version=about.version,
        bom_ref=str(purl),
        purl=purl,
        hashes=[_sha_256(file_digest(wheel))],
        licenses=[_license(about, purl.name)],
    )


def _file(name: str, digest: str) -> Component:
    return Component(name=name, type=ComponentType.FILE, bom_ref=name, hashes=[_sha_256(digest)])


def _license(about: Distribution, name: str) -> License:
    fields = ("License-Expression", "License")
    names = [value for field in fields for value in about.metadata.get_all(field) or ()]
    classifiers = about.metadata.get_all("Classifier") or ()
    names += [value for value in classifiers if value.startswith("License :: ")]
    text = next(iter(names), "none stated")
    text = IN_SPDX.get(text) or IN_SPDX.get(f"{name}: {text}") or text
    return LicenseFactory().make_from_string(text)


def _needs(folder: Path, wheel: Path, shipped: Iterable[Component]) -> Iterator[Component]:
    lines = _about(folder, wheel).requires or []
    needed = {_normal(re.split(r"[^\w.-]", line)[0]) for line in lines if "extra ==" not in line}
    yield from (component for component in shipped if _normal(component.name) in needed)


def _about(folder: Path, wheel: Path) -> Distribution:
    name, version, *_ = wheel.name.split("-")
    return Distribution.at(folder / f"{name}-{version}.dist-info")


def _contents(wheel: Path) -> Iterator[tuple[str, str]]:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            yield name, hashlib.sha256(archive.read(name)).hexdigest()


def _owner(
    file: Component, own_components: Mapping[str, Component], origins: Mapping[str, _Origin]
) -> Component:
    """Return the component that a file belongs to; byte code belongs to the owner of its source."""
    source = _source(PurePosixPath(file.name))
    top = source.partition("/")[0]
    if top in own_components:
        return own_components[top]
    origin = origins.get(source)
    if origin is None:
        raise UnknownOrigin(f"{file.name} came with no wheel and is not ours")
    (file_hash,) = file.hashes
    if source == file.name and file_hash.content != origin.digest:
        raise UnknownOrigin(f"{file.name} is not as its wheel has it")
    return origin.wheel


def _source(path: PurePosixPath) -> str:
    if path.parent.name != "__pycache__":
        return str(path)
    return str(path.parent.parent / f"{path.name.partition('.')[0]}.py")


def _sha_256(digest: str) -> HashType:
    return HashType(alg=HashAlgorithm.SHA_256, content=digest)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
