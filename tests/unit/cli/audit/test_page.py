"""The page stands alone: nothing is fetched, only our script runs, each link leads somewhere."""

import base64
import hashlib
import html
import re
from collections.abc import Mapping
from html.parser import HTMLParser

import pytest

from claude_bedrock.cli.audit.command import _print_report
from claude_bedrock.cli.audit.controls import CONTROLS
from claude_bedrock.cli.audit.legal_holds import HoldsInForce
from claude_bedrock.cli.audit.page import page
from claude_bedrock.cli.audit.report import USAGE_BY
from claude_bedrock.cli.audit.statement import VERDICTS
from claude_bedrock.cli.usage.table import remarks
from claude_bedrock.cli.usage.totals import Sum, Usage
from claude_bedrock.verification.run import ANSWERED_IN
from tests.unit.cli.audit.made_up import CALLERS, DAYS, HOSTILE, MODELS, report

_VOID = {"meta", "link", "img", "input", "br"}


class Parsed(HTMLParser):
    """Elements with their attributes, and the text of each kind of element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, Mapping[str, str]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self._open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        for tag in set(self._open):
            self.texts[tag][-1] += data

    def attributes(self, name: str) -> list[str]:
        return [held[name] for _, held in self.elements if name in held]


@pytest.fixture(scope="module")
def text() -> str:
    return page(report())


@pytest.fixture(scope="module")
def parsed(text: str) -> Parsed:
    return Parsed(text)


def test_nothing_is_fetched(parsed: Parsed) -> None:
    tags = {tag for tag, _ in parsed.elements}
    assert not tags & {"link", "img", "iframe", "object", "embed", "base", "image", "use", "video"}
    assert not {"src", "srcset", "action", "xlink:href"} & {
        name for _, held in parsed.elements for name in held
    }
    (style,) = parsed.texts["style"]
    assert not re.search(r"url\(|@import|@font-face", style)
    assert not re.search(r"fetch|XMLHttp|import\(|eval|innerHTML", parsed.texts["script"][0])


def test_only_our_script_runs(parsed: Parsed) -> None:
    (script,) = parsed.texts["script"]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = [held["content"] for _, held in parsed.elements if "Content-Security" in str(held)]

    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert not [name for _, held in parsed.elements for name in held if name.startswith("on")]
    assert "alert" not in script


def test_what_others_named_is_text(text: str, parsed: Parsed) -> None:
    assert HOSTILE not in text
    assert f"What was found: {HOSTILE}." in "".join(parsed.texts["p"])
    assert CALLERS[2] in "".join(parsed.texts["td"])


def test_every_link_leads_to_something(parsed: Parsed) -> None:
    ids = parsed.attributes("id")
    answers = {f"answers/{answer.name}" for answer in report().answers}

    assert len(ids) == len(set(ids))
    for link in parsed.attributes("href"):
        assert link[1:] in ids if link[0] == "#" else link in answers or link[:8] == "https://"


def test_every_statement_has_its_verdict_its_anchor_and_its_controls(
    text: str, parsed: Parsed
) -> None:
    audit = report()
    for statement in audit.statements:
        (part,) = re.findall(rf'id="statement-{statement.id}">(.*?)</div>', text, re.DOTALL)
        assert re.search(
            rf'class="verdict [a-z-]+">{statement.verdict}</span> {statement.claim}', part
        )
        for control in CONTROLS:
            assert (f'href="#{control.anchor}"' in part) == (statement.id in control.statements)
    assert {statement.verdict for statement in audit.statements} == set(VERDICTS)
    counted = [int(number) for number in re.findall(r"[0-9]+", parsed.texts["dd"][0])]
    assert (len(counted), sum(counted)) == (3, len(audit.statements))


def test_every_chart_has_its_marks(text: str) -> None:
    drawn = re.findall(r'<svg.*?aria-label="(.*?)".*?</svg>', text, re.DOTALL)
    assert len(drawn) == 4
    by_day, cost, _, _ = re.findall(r"<svg.*?</svg>", text, re.DOTALL)

    assert len(re.findall(r'class="rect reactive', by_day)) == DAYS * len(MODELS)
    assert len(re.findall(r'class="rect reactive', cost)) == len(CALLERS)
    assert len(set(re.findall(r"color-\d", by_day))) == len(MODELS)
    assert "script" not in re.sub("&lt;.*?&gt;", "", by_day + cost)


def test_what_is_not_in_the_dollars_is_listed_as_usage_lists_it(text: str) -> None:
    shown = re.sub(r"\s+", " ", html.unescape(re.sub("<.*?>", " ", text)))
    notes = remarks(report().usage)
    assert sum("not in the dollars" in note for note in notes) == 2
    assert any("cannot be read" in note for note in notes)
    plain = [note for note in notes if HOSTILE not in note]
    assert len(plain) == len(notes) - 1
    for note in plain:
        assert note[1:] in shown, note


def test_a_window_without_calls_has_no_charts_but_a_sentence() -> None:
    made, nothing = report(), Usage(USAGE_BY, {}, Sum(), ("some may be gone",))
    joined = made.completeness.report
    unread = joined._replace(about={**joined.about, ANSWERED_IN: {}})
    completeness = made.completeness._replace(report=unread)
    empty = page(made._replace(usage=nothing, completeness=completeness))

    assert "<svg" not in empty
    assert "The window has no calls." in empty
    assert "Some may be gone." in empty


def test_the_headline_states_what_is_wrong_first() -> None:
    assert report(lost=2).headline.endswith(" calls of November 2026 are not on record.")
    assert report(lost=1).headline.startswith("1 of ")
    assert report(lost=0).headline == "Every call of November 2026 is on record."


def test_the_page_lists_some_findings_and_states_where_the_rest_is() -> None:
    many = page(report(lost=620))
    assert (
        len(re.findall('missing_record</td><td class="name"><code>[0-9a-f]{12}', many))
        == 150 + 2 + 4
    )
    assert "470 more rows are in <code>audit.json</code>" in many
    assert re.search(r"missing_record</td><td><code>m</code>.*data-value=\"620\"", many)  # summed
    few = report(lost=2)
    findings = few.completeness.report.outcome.findings
    assert all(finding.id in page(few) for finding in findings)
    assert "more rows are in <code>audit.json" not in page(few)


def test_allowed_direct_calls_are_summed_and_not_listed() -> None:
    (row,) = re.findall(r"<tr><td>.*?role/batch.*?</tr>", page(report()))
    assert ">3<" in row


def test_the_first_screen_has_verdict_reason_hours_witnesses_readers_and_signer(text: str) -> None:
    (header,) = re.findall(r"<header>(.*?)</header>", text, re.DOTALL)
    shown = re.sub(r"\s+", " ", html.unescape(re.sub("<.*?>", " ", header)))
    (signed,) = (each.verdict for each in report().statements if each.id == "signed")

    for words in (
        "fail 2 of 2,683 calls of November 2026 are not on record.",
        "critical Bedrock answered prompts",
        "Hours verified 718 of 720 in the window 2 are not sealed yet",
        "2,683 calls by the gateway 2,681 request ids by Bedrock",
        "CloudTrail's management events: not read",
        f"Retention {report().retention.statement.verdict} at least 30 days Object Lock: New",
        f"Can read prompts auditor-{HOSTILE} ; others by IAM are not assessed",
        "Did read prompts 1 principal read objects of the bucket",
        f"Signed by {signed} KMS key whose public key has the SHA-256 {'ab' * 32}",
    ):
        assert words in shown, words


def test_holds_in_force_are_listed_and_their_absence_is_stated(text: str) -> None:
    (row,) = re.findall(r"<tr>.*?3f1c09d2aa41.*?</tr>", text, re.DOTALL)
    assert ">held<" in row and "12,345" in row
    assert "company-archive</code>: 12,340, 5 not" in row
    assert "No legal hold is in force" in page(report()._replace(legal_holds=HoldsInForce()))
    withheld = HoldsInForce(note="Not assessed: AWS withholds it.")
    assert "AWS withholds it." in page(report()._replace(legal_holds=withheld))


def test_what_is_not_assessed_is_no_risk_that_has_come_true() -> None:
    audit = report(lost=0)
    doubtful = [each._replace(verdict="not assessed") for each in audit.statements]
    joined = audit.completeness._replace(statements=tuple(doubtful))
    text = page(
        audit._replace(
            completeness=joined,
            logging=audit.logging._replace(statements=()),
            history=audit.history._replace(statement=doubtful[0]),
            retention=audit.retention._replace(statement=doubtful[0], six_months=doubtful[0]),
            access=audit.access._replace(statements=()),
            drift=audit.drift._replace(statements=()),
        )
    )

    assert "Remediation" not in text
    shown = html.unescape(text)
    assert not [each.id for each in doubtful if each.importance.risk in shown]


def test_contents_lead_to_every_section(text: str) -> None:
    (contents,) = re.findall(r"<nav.*?</nav>", text, re.DOTALL)
    sections = re.findall(r'<section aria-labelledby="(.*?)">', text)

    assert re.findall(r'href="#(.*?)"', contents) == sections


def test_a_terminal_gets_the_verdict_first_and_what_to_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _print_report(report())

    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["fail", "2 of 2,683 calls of November 2026 are not on record."]
    assert lines[2].startswith("718 of 720 hours of the window are verified. 2 are not sealed yet")
    rows = [line for line in lines[3:] if "Claim of" in line]
    assert len(rows) == len(report().statements)
    assert "Remediation: Search each request id" in "\n".join(lines)
