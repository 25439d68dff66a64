"""The actions that run a model as a page for people: docs/inference-actions.md."""

from collections.abc import Sequence

from claude_bedrock.catalog.inference_actions import DENIED, LOGGED, OUT_OF_SCOPE, InferenceActions
from tools.docs.models_page import markdown_table

_HEAD = """# Actions that run a model

IAM actions by which a call in your account can have a model run, and what
[the deny policy](security.md#the-deny-policy) makes of each. Generated from
`claude_bedrock/catalog/inference_actions.py` by `make docs`. A test compares the list with all
operations of AWS's SDK and all actions of AWS's
[service authorization reference](https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html)
for Amazon Bedrock, AgentCore, `bedrock-mantle`, web search and Claude Platform on AWS. A new one
without a place here fails it.

- **Logged**: Bedrock writes an invocation log record that names the caller. The deny policy narrows
  these to the stage's geographies and to Claude.
- **Denied**: AWS's list of logged operations leaves them out, or a role of the service stands in
  the record for the caller. An agent, a flow, a harness or a gateway of AgentCore calls models by
  such a role. A service control policy limits that role, too.
- **Out of scope**: the rest, with the reason.

AWS's applications with an assistant of their own, such as Amazon Q, Kiro and Amazon Quick, are
neither: they have their own sign-in, terms and logs, and the deny policy does not reach them.
"""


def page() -> str:
    """Return the whole page, as Markdown."""
    tables = (("Logged", LOGGED), ("Denied", DENIED), ("Out of scope", OUT_OF_SCOPE))
    return _HEAD + "".join(f"\n## {name}\n\n{_table(kinds)}" for name, kinds in tables)


def _table(kinds: Sequence[InferenceActions]) -> str:
    denied = any(kind.denials for kind in kinds)
    rows = [
        [f"[{kind.does}]({kind.source})", _codes(kind.actions)]
        + ([_codes(kind.denials)] if denied else [])
        for kind in kinds
    ]
    return markdown_table(["What runs", "Actions", *(["Denied as"] if denied else [])], rows)


def _codes(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
