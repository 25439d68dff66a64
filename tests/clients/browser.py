"""`python -m tests.clients.browser`: runs drivers in a web page in Chromium, asked as
`drivers.run` is.

The page's origin is one of the local stage's `cors_origins`. No server stands behind it: its files
are those of the JavaScript clients, as they are installed.
"""

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route

from tests.browser.chromium import NoBrowserError, chromium
from tests.clients.installed import node_modules
from tools.docs.pages import read

STAGES = json.loads(read("cdk.json"))["context"]["stages"]
ORIGIN = STAGES["local"]["endpoint"]["cors_origins"][0]

IMPORTS = {
    "@anthropic-ai/sdk": "/node_modules/@anthropic-ai/sdk/index.mjs",
    "@opentelemetry/api": "/node_modules/@opentelemetry/api/dist/index.mjs",
    "standardwebhooks": "data:text/javascript,export class Webhook {}",
}
"""What a bundler would find. The last is no ES module, and is not called."""

HTML = f"""<!doctype html>
<script type="importmap">{json.dumps({"imports": IMPORTS})}</script>
<script>
  globalThis.process = {{ env: {{}} }};
  async function run(driver, caller) {{
    (await import("/drivers/cases.mjs")).become(caller);
    await import(`/drivers/${{driver}}?${{crypto.randomUUID()}}`);
  }}
</script>"""


def main() -> None:
    try:
        with chromium() as browser:
            context = browser.new_context(ignore_https_errors=True)
            context.grant_permissions(
                ["local-network-access"]
            )  # since the endpoint is on this machine
            page = context.new_page()
            page.on("console", lambda said: _print(said.text))
            page.route(f"{ORIGIN}/**", partial(serve, node_modules()))
            page.goto(ORIGIN)
            for line in sys.stdin:
                _run(page, **json.loads(line))
    except NoBrowserError as error:
        for line in sys.stdin:
            _excuse(str(error), **json.loads(line))


def serve(files: Path, route: Route) -> None:
    """A file of the clients, or the page itself."""
    path = route.request.url.removeprefix(ORIGIN).partition("?")[0]
    if path == "/":
        route.fulfill(body=HTML, content_type="text/html")
        return
    file = files / path[1:]
    if file.is_file():
        route.fulfill(body=file.read_bytes(), content_type="text/javascript")
    else:
        route.fulfill(status=404)


def _run(page: Page, driver: str, callers: list[dict[str, Any]]) -> None:
    for caller in callers:
        page.evaluate("([driver, caller]) => run(driver, caller)", [driver, caller])
    _print(json.dumps({"ran": driver}))


def _excuse(message: str, driver: str, callers: list[dict[str, Any]]) -> None:
    raised = {"raised": ["NoBrowserError"], "message": message}
    for caller in callers:
        for case in caller["cases"]:
            _print(json.dumps({"caller": caller["name"], "case": case, **raised}))
    _print(json.dumps({"ran": driver}))


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
