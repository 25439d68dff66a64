"""The pages say what the code has: each variable, route, error, field, command and dependency."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import bedrock_errors, errors, reasons, routes
from gateway.usage import Usage
from tools.docs.pages import PAGES, ROOT, anchors, codes, first_codes, links, read, rows, section

DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
# Where people keep files: a page that names such a place speaks of somebody's machine.
HOME_FOLDERS = ("home", "root", "tmp", "mnt", "Users", "work")


def _strings(path: str, within: str = "") -> Iterator[str]:
    """The string constants of a module, or of the function or assignment `within` it."""
    tree: ast.AST = ast.parse(read(path))
    if within:
        (tree,) = [node for node in ast.walk(tree) if _name(node) == within]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    return node.name if isinstance(node, ast.FunctionDef) else ""


def _matching(strings: Iterator[str], pattern: str) -> set[str]:
    return {string for string in strings if re.fullmatch(pattern, string)}


# --- configuration


def test_every_variable_of_the_function_has_its_row() -> None:
    names = r"[A-Z]+(_[A-Z]+)+|STAGE|GEOGRAPHIES|GUARDRAIL"
    functions = [f"lambda/gateway/{item}.py" for item in ("settings", "signing", "tls")]
    known = {
        name
        for part in (
            *functions,
            "stacks/gateway_environment.py",
            "stacks/components/api/gateway_function.py",
        )
        for name in _matching(_strings(part), names)
    }
    assert {"MAX_BODY_BYTES", "AWS_SESSION_TOKEN", "API_KEY_NAMES"} <= known
    assert first_codes("docs/configuration.md", "Environment of the gateway function") == known


# --- API


def test_every_route_has_its_row() -> None:
    assert first_codes("docs/api.md", "Routes") == set(routes._ROUTES)


@pytest.mark.parametrize("row", rows("docs/api.md", "From Bedrock"), ids=lambda row: row[0])
def test_bedrocks_errors_become_what_the_page_lists(row: list[str]) -> None:
    (exception,) = codes(row[0])
    error = bedrock_errors.from_bedrock(exception, "")
    assert codes(row[3])[0] == error.type
    if row[2].isdigit():
        assert int(row[2]) == error.status


def test_every_error_of_bedrock_has_its_row() -> None:
    known = {name[0].upper() + name[1:] for name in bedrock_errors._FROM_BEDROCK}
    assert first_codes("docs/api.md", "From Bedrock") == known


@pytest.mark.parametrize("row", rows("docs/api.md", "From the gateway"), ids=lambda row: row[0])
def test_the_gateways_own_errors_are_of_the_types_the_page_lists(row: list[str]) -> None:
    kinds = {kind.status: kind.type for kind in errors.GatewayError.__subclasses__()}
    kinds[errors.GatewayError.status] = errors.GatewayError.type
    assert kinds[int(row[0])] == codes(row[1])[0]


def test_every_refusal_of_api_gateway_has_its_row() -> None:
    refusals = {
        name
        for table in ("REFUSALS", "SIGNED_REFUSALS")
        for name in _matching(
            _strings("stacks/components/api/error_responses.py", table), r"[A-Z0-9]+(_[A-Z0-9]+)*"
        )
    }
    assert {"QUOTA_EXCEEDED", "EXPIRED_TOKEN"} <= refusals
    assert first_codes("docs/api.md", "From API Gateway") == refusals


def test_every_reason_of_bedrocks_is_named() -> None:
    named = {name for row in rows("docs/api.md", "Why Bedrock refuses") for name in codes(row[0])}
    assert named == {reason.name for _, reason in reasons._PATTERNS}


# --- operations


def _audit_fields() -> set[str]:
    written = {
        name
        for module, function in (
            ("audit", "entry"),
            ("audit", "earlier_attempts"),
            ("audit", "_error_fields"),
            ("model_call", "audit_fields"),
            ("call_budgets", "audit_fields"),
        )
        for name in _matching(
            _strings(f"lambda/gateway/{module}.py", function), r"[a-z]+(_[a-z]+)*"
        )
    }
    assert "bedrock_request_id" in written
    return written | set(Usage().counts())


def test_every_field_of_an_audit_line_has_its_row() -> None:
    assert first_codes("docs/operations.md", "Audit log entries") == _audit_fields()


def test_every_field_of_an_audit_line_has_its_name_in_opentelemetry_or_lacks_one() -> None:
    named = first_codes("docs/telemetry.md", "Names of OpenTelemetry")
    nameless = first_codes("docs/telemetry.md", "Fields without a name")
    assert named | nameless == _audit_fields()
    assert not named & nameless


def test_every_metric_is_named() -> None:
    words = _matching(_strings("lambda/gateway/observability.py"), r"[A-Z][a-z]+([A-Z][a-z]+)*")
    metrics = words - {"Count", "Milliseconds", "Unit", "Value"}  # CloudWatch's own
    assert "FirstByteLatency" in metrics
    assert metrics <= set(codes(section("docs/operations.md", "Metrics")))


# --- pages


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(read(page)):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        assert not anchor or anchor in anchors(read(target)), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_speaks_of_nobodys_machine(page: Path) -> None:
    text = read(page)
    assert not re.findall(rf"(?<![\w.}}])/(?:{'|'.join(HOME_FOLDERS)})/", text)
    inside = [ROOT.resolve() in (page.parent / link).resolve().parents for link in links(text)]
    assert all(inside), "a link leads out of the project"


def test_the_index_leads_to_every_page() -> None:
    index = ROOT / "docs" / "README.md"
    led_to = {(index.parent / link).resolve() for link in links(read(index))}
    pages = {page for page in PAGES if page.is_relative_to(index.parent)}
    assert pages - {index} <= led_to


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(page.name[:4]) for page in DECISIONS]
    assert numbers == list(range(1, len(DECISIONS) + 1))
    assert len(DECISIONS) >= 13


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.name)
def test_a_decision_has_its_parts_and_public_sources(page: Path) -> None:
    text = read(page)
    assert text.startswith(f"# {int(page.name[:4])}. ")
    parts = ["**Context.**", "**Decision.**", "**Reason.**", "**Consequences.**", "**Sources.**"]
    result = [text.find(part) for part in parts]
    assert -1 not in result
    assert result == sorted(result)
    assert any(link.startswith("https://") for link in links(text[result[-1] :]))


# --- architecture

ARCHITECTURE = "docs/architecture.md"
# Folders of code with a row each, besides those of functions.
CODE = ("claude_bedrock", "claude_bedrock/cli", "lambda", "stacks", "stacks/components", "local")


def _has_code(folder: Path) -> bool:
    return any(folder.rglob("*.py"))


def _folders() -> set[str]:
    inner = {item for parent in (*CODE, "tools") for item in (ROOT / parent).glob("*/")}
    outer = {ROOT / name for name in ("stacks", "claude_bedrock/cli", "local", "demo", "tools")}
    functions = {path.parent for path in ROOT.glob("lambda/*/handler.py")}
    paths = {folder for folder in inner | outer | {ROOT / "benchmarks"} if _has_code(folder)}
    return {f"{folder.relative_to(ROOT)}/" for folder in paths - functions}


def test_every_function_has_its_row() -> None:
    functions = {path.parent.name for path in ROOT.glob("lambda/*/handler.py")}
    assert first_codes(ARCHITECTURE, "Functions") == functions


def test_every_folder_of_code_has_its_row() -> None:
    assert first_codes(ARCHITECTURE, "Folders") == _folders()


def test_every_module_of_the_gateway_has_its_row() -> None:
    modules = {path.name for path in ROOT.glob("lambda/gateway/*.py")} - {"__init__.py"}
    documented = first_codes(ARCHITECTURE, "A request")
    assert {name for name in documented if name.endswith(".py")} == modules
