"""What every contender stands on in one run: the upstreams, the built function, the interpreter."""

from __future__ import annotations

import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import botocore
import trustme

from benchmarks import canned
from benchmarks.processes import PROJECT, Measured
from stacks.components.function_folder import build_folder


@dataclass(frozen=True, slots=True)
class Ground:
    """`python` is an interpreter without packages, as a function's; `ca_bundle` holds the CAs that
    botocore trusts and the one that vouches for `tls_endpoint`."""

    endpoint: str
    tls_endpoint: str
    ca_bundle: Path
    function_folder: Path
    python: Path
    json_file: Path
    stream_file: Path


@contextmanager
def prepared() -> Iterator[Ground]:
    """Build and start what is needed; it is gone with the context."""
    function_folder = _built()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmarks-")))
        authority = trustme.CA()
        certificate = scratch / "upstream.pem"
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
        plain, tls = _upstream(stack), _upstream(stack, str(certificate))
        yield Ground(
            endpoint=f"http://127.0.0.1:{plain}",
            tls_endpoint=f"https://127.0.0.1:{tls}",
            ca_bundle=_bundle(scratch, authority),
            function_folder=function_folder,
            python=_bare_python(scratch),
            json_file=_file(scratch / "message.json", canned.json_call().answer),
            stream_file=_file(scratch / "stream.sse", canned.stream().answer),
        )


def _built() -> Path:
    """The folder that is deployed, byte code included."""
    source = PROJECT / "lambda"
    return build_folder(
        source_root=source,
        packages=["gateway", "catalog"],
        requirements=source / "gateway" / "requirements.txt",
        sdk_services=(),
        cache=PROJECT / ".build",
    )


def _upstream(stack: ExitStack, *certificate: str) -> str:
    upstream = Measured([sys.executable, "-m", "benchmarks.upstream", *certificate], {}, talks=True)
    stack.callback(upstream.close)
    return upstream.ask("")


def _bare_python(scratch: Path) -> Path:
    """What is installed beside the interpreter may run code at its start, which a function's
    managed runtime does not have."""
    venv.create(scratch / "python", with_pip=False, symlinks=True)
    return scratch / "python" / "bin" / "python"


def _bundle(scratch: Path, authority: trustme.CA) -> Path:
    trusted = Path(botocore.__file__).with_name("cacert.pem").read_bytes()
    return _file(scratch / "ca.pem", trusted + authority.cert_pem.bytes())


def _file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
