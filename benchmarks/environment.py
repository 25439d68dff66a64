"""The ground of every contender in one run: the upstreams, the built function, the interpreter."""

from __future__ import annotations

import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from benchmarks import claude_sign_in, direct_client, fixtures
from benchmarks.claude_sign_in import ClaudeSignIn
from benchmarks.peer_environments import Peers
from benchmarks.processes import PROJECT, Measured
from stacks.components.packaging.function_folder import build_folder


@dataclass(frozen=True, slots=True)
class BenchmarkEnvironment:
    """`python` is an interpreter without packages, as a function's; `certificate` is what an
    upstream over TLS shows, and `ca_bundle` holds the CA that vouches for it beside as many as the
    function trusts in AWS. What is in `scratch` does not last; `peers` are there in the
    run that has them."""

    endpoint: str
    tls_endpoint: str
    certificate: Path
    ca_bundle: Path
    function_folder: Path
    python: Path
    boto3_python: Path
    json_file: Path
    stream_file: Path
    request_file: Path
    messages_file: Path
    scratch: Path
    peers: Peers | None
    claude: ClaudeSignIn | None


@contextmanager
def prepared(peers: Peers | None = None) -> Iterator[BenchmarkEnvironment]:
    """Build and start what is needed; it is gone with the context."""
    function_folder = built()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmarks-")))
        authority = trustme.CA()
        certificate = scratch / "upstream.pem"
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
        yield BenchmarkEnvironment(
            endpoint=stack.enter_context(upstream(fixtures.EVENTS)),
            tls_endpoint=stack.enter_context(upstream(fixtures.EVENTS, certificate)),
            certificate=certificate,
            ca_bundle=_bundle(scratch, function_folder, authority),
            function_folder=function_folder,
            python=_bare_python(scratch),
            boto3_python=peers.boto3_python if peers else Path(sys.executable),
            json_file=_file(scratch / "message.json", fixtures.json_call().answer),
            stream_file=_file(scratch / "stream.sse", fixtures.stream().answer),
            request_file=direct_client.written(fixtures.native_stream(), scratch / "request"),
            messages_file=direct_client.written(
                fixtures.messages_stream(), scratch / "messages", fixtures.MESSAGES_PATH
            ),
            scratch=scratch,
            peers=peers,
            claude=stack.enter_context(_signed_in(peers, scratch)),
        )


@contextmanager
def _signed_in(peers: Peers | None, scratch: Path) -> Iterator[ClaudeSignIn | None]:
    if peers is None or peers.claude is None:
        yield None
        return
    program, postgres = peers.claude
    with claude_sign_in.signed_in(program, postgres, scratch) as sign_in:
        yield sign_in


@contextmanager
def upstream(events: int, certificate: Path | None = None, pace: int = 0) -> Iterator[str]:
    """Yield the endpoint of an upstream of its own, whose streams have so many events, `pace`
    milliseconds apart."""
    arguments = [str(events), str(pace), *([str(certificate)] if certificate else [])]
    running = Measured([sys.executable, "-m", "benchmarks.upstream", *arguments], {}, talks=True)
    try:
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{running.request('')}"
    finally:
        running.close()


def built() -> Path:
    """Return the folder that is deployed, byte code included."""
    return build_folder(
        project=PROJECT,
        packages=[
            *("gateway", "claude_bedrock.catalog", "claude_bedrock.caller_sessions"),
            "claude_bedrock.budgets",
        ],
        requirements=PROJECT / "lambda" / "gateway" / "requirements.txt",
        sdk_services=(),
        cache=PROJECT / ".build",
    )


def _bare_python(scratch: Path) -> Path:
    """Make an environment without packages, since installed ones may run code at a start, which
    a function's managed runtime does not do; return its interpreter."""
    venv.create(scratch / "python", with_pip=False, symlinks=True)
    return scratch / "python" / "bin" / "python"


def _bundle(scratch: Path, function_folder: Path, authority: trustme.CA) -> Path:
    """Write the certificates that the function trusts in AWS and one more; return the file."""
    trusted = (function_folder / "gateway" / "amazon_roots.pem").read_bytes()
    return _file(scratch / "ca.pem", trusted + authority.cert_pem.bytes())


def _file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
