"""A newcomer searches the paths for the field's word, and meets the file that is about it."""

from pathlib import PurePath

import pytest

from tools.docs.pages import ROOT

CODE = ("claude_bedrock", "lambda", "stacks", "local", "benchmarks", "tools")
FILES = {
    "retries": "lambda/gateway/retries.py",
    "authorizer": "lambda/authorizer/handler.py",
    "spellings": "claude_bedrock/catalog/spellings.py",
    "cost": "claude_bedrock/catalog/cost.py",
    "alarms": "stacks/components/observability/alarms.py",
    "stack_outputs": "stacks/components/stack_outputs.py",
    "drift_detector": "lambda/drift_detector/handler.py",
    "auditor": "stacks/components/iam/auditor_permissions.py",
    "delete_objects": "stacks/components/record/auto_delete_objects.py",
    "deadline": "lambda/gateway/deadline.py",
    "tls": "lambda/gateway/tls.py",
    "unsupported_fields": "lambda/gateway/unsupported_fields.py",
    "lazy_import": "lambda/gateway/lazy_import.py",
    "fault_injection": "local/embedded/fault_injection.py",
    "workload": "benchmarks/workload.py",
}


@pytest.mark.parametrize(("word", "file"), FILES.items())
def test_a_word_leads_to_its_file(word: str, file: str) -> None:
    paths = (path.relative_to(ROOT) for top in CODE for path in (ROOT / top).rglob("*.py"))
    matches = {_subject(path) for path in paths if word in str(path)}
    assert file in matches
    assert len(matches) <= 5


def _subject(path: PurePath) -> str:
    """Return the file, or the handler of the function's folder that it is in."""
    in_function = path.parts[0] == "lambda" and path.parts[1] != "gateway"
    return str(PurePath(*path.parts[:2], "handler.py") if in_function else path)
