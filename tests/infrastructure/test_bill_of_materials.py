"""Each function's zip has a bill beside it that names files, wheels, hashes and licenses."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from stacks.components.packaging.bill_of_materials import UnknownOrigin, bill_of_materials
from stacks.components.packaging.python_function import PROJECT
from tools.docs.licenses.__main__ import PAGE
from tools.docs.licenses.page import Bill, disallowed, license_expression, page, wheels
from tools.synthesis import STAGES, Synthesis

Syntheses = Callable[[str], Synthesis]

PIN = r"(?m)^([\w.-]+)==(\S+)((?: \\\n +--hash=sha256:\w+)+)$"


def sha_256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def hash_of(component: Bill) -> str:
    (only,) = component["hashes"]
    assert only["alg"] == "SHA-256"
    return str(only["content"])


@pytest.fixture(scope="module")
def bills(synthesis: Syntheses) -> dict[str, Bill]:
    """Those of every stage, by the asset's hash."""
    return {name: bill for stage in STAGES for name, bill in synthesis(stage).bills().items()}


def test_every_function_has_a_bill(any_stage: Synthesis) -> None:
    functions = [
        resource for resource in any_stage.everything() if resource.type == "AWS::Lambda::Function"
    ]
    zips = {function.properties["Code"]["S3Key"] for function in functions}
    assert {f"{name}.zip" for name in any_stage.bills()} == zips


def test_a_bill_is_cyclonedx_1_6(local: Synthesis) -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    for bill in local.bills().values():
        assert bill["specVersion"] == "1.6"
        assert validator.validate_str(json.dumps(bill)) is None


def test_a_bill_names_every_file_of_its_zip_and_no_other(local: Synthesis) -> None:
    for name, bill in local.bills().items():
        data = (local.folder / f"asset.{name}.zip").read_bytes()
        hashes = {
            file["name"]: hash_of(file)
            for component in bill["components"]
            for file in component.get("components", [])
        }
        with zipfile.ZipFile(local.folder / f"asset.{name}.zip") as archive:
            assert hashes == {name: sha_256(archive.read(name)) for name in archive.namelist()}
        function = bill["metadata"]["component"]
        assert hash_of(function) == sha_256(data)
        # https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html
        code_sha256 = base64.b64encode(hashlib.sha256(data).digest()).decode()
        assert code_sha256 in {property_["value"] for property_ in function["properties"]}


def test_the_wheels_are_those_that_are_pinned(bills: dict[str, Bill]) -> None:
    """A wheel with machine code has a hash for each processor and Python, one of which is it."""
    for bill in bills.values():
        packages = [component["name"] for component in bill["components"]]
        paths = [PROJECT / "lambda" / name / "requirements.txt" for name in packages]
        pins = "".join(path.read_text() for path in paths if path.is_file())
        pinned = {(name, version): hashes for name, version, hashes in re.findall(PIN, pins)}
        shipped = {(wheel["name"], wheel["version"]): hash_of(wheel) for wheel in wheels(bill)}
        assert shipped.keys() == pinned.keys()
        assert all(f"--hash=sha256:{shipped[wheel]}" in pinned[wheel] for wheel in shipped)
        assert {f"pkg:pypi/{name}@{version}" for name, version in pinned} == {
            wheel["purl"] for wheel in wheels(bill)
        }


def test_a_bill_lists_what_needs_what(local: Synthesis) -> None:
    for bill in local.bills().values():
        needs = {
            dependency["ref"]: set(dependency.get("dependsOn", ()))
            for dependency in bill["dependencies"]
        }
        parts = {component["bom-ref"] for component in bill["components"]}
        function = bill["metadata"]["component"]
        assert needs[function["bom-ref"]] == parts
        if function["name"] == "data_retention":
            (boto3,) = (ref for ref in parts if ref.startswith("pkg:pypi/boto3@"))
            assert {ref.partition("@")[0] for ref in needs[boto3]} == {
                "pkg:pypi/botocore",
                "pkg:pypi/jmespath",
                "pkg:pypi/s3transfer",
            }


def test_every_license_is_allowed_and_on_the_page(bills: dict[str, Bill]) -> None:
    licenses = {
        wheel["name"]: license_expression(wheel)
        for bill in bills.values()
        for wheel in wheels(bill)
    }
    assert {name: disallowed(text) for name, text in licenses.items() if disallowed(text)} == {}
    assert page(bills.values()) == PAGE.read_text(encoding="utf-8"), "make docs"


def test_a_license_that_is_not_allowed_is_detected_within_an_expression() -> None:
    assert disallowed("(MIT OR GPL-3.0-only) AND PSF-2.0") == {"GPL-3.0-only"}
    assert disallowed("none stated") == {"none", "stated"}


FOLDER = {
    "ours/handler.py": "",
    "tiny/__init__.py": "VALUE = 1\n",
    "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
}


def bill_of(folder: Path, files: Mapping[str, str]) -> str:
    """The bill of a folder with `files`, and with the wheel that FOLDER's came from."""
    for name, text in files.items():
        path = folder / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with zipfile.ZipFile(folder / "tiny-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in FOLDER.items():
            if name.startswith("tiny"):
                wheel.writestr(name, text)
    return bill_of_materials(
        folder=folder / "folder",
        archive=folder / "tiny-1.0-py3-none-any.whl",
        packages=["ours"],
        wheelhouse=folder,
    )


def test_a_folder_that_is_as_it_was_built_has_a_bill(tmp_path: Path) -> None:
    compiled = {"tiny/__pycache__/__init__.cpython-311.pyc": "byte code"}
    (tiny,) = wheels(json.loads(bill_of(tmp_path, FOLDER | compiled)))
    assert {file["name"] for file in tiny["components"]} == set(FOLDER | compiled) - {
        "ours/handler.py"
    }


@pytest.mark.parametrize(
    "planted", ["planted.py", "tiny/planted.py", "tiny/__init__.py", "tiny/__pycache__/x.c-311.pyc"]
)
def test_a_file_of_no_known_origin_stops_the_build(tmp_path: Path, planted: str) -> None:
    with pytest.raises(UnknownOrigin, match=re.escape(planted)):
        bill_of(tmp_path, FOLDER | {planted: "VALUE = 2\n"})
