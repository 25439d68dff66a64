"""An identity provider for tests: npm's oidc-provider on loopback, and a person who signs in at it
by its forms, without a browser."""

import json
import os
import re
import ssl
import subprocess
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin

import httpx2
import pytest
import trustme

from local.process import find_node

_MOST_PAGES = 6
SCRIPT = Path(__file__).with_name("provider.mjs")


class IdentityProvider(NamedTuple):
    """`ca_bundle` is the file of the authority that signed its certificate."""

    issuer: str
    ca_bundle: Path

    def browser(self) -> httpx2.Client:
        """Return a browser without a screen, with cookies of its own."""
        trusted = ssl.create_default_context(cafile=self.ca_bundle)
        return httpx2.Client(verify=trusted, timeout=10.0)


@contextmanager
def identity_provider(folder: Path, id_token_seconds: int = 600) -> Iterator[IdentityProvider]:
    """Run the provider for the block, with a certificate of its own in the folder."""
    authority = trustme.CA()
    ca_bundle, certificate, key = (folder / name for name in ("ca.pem", "cert.pem", "key.pem"))
    issued = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(ca_bundle)
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    options = {"cert": str(certificate), "key": str(key), "idTokenSeconds": id_token_seconds}
    log = folder / "provider.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [find_node.find(), SCRIPT, json.dumps(options)],
            stdin=subprocess.PIPE,  # whose end is the provider's
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "NODE_ENV": "test"},
        )
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            assert port, log.read_text()
            yield IdentityProvider(f"https://127.0.0.1:{port}", ca_bundle)
        finally:
            process.communicate()


@contextmanager
def person_at_browser(provider: IdentityProvider, person: str) -> Iterator[None]:
    """For the block, have the person sign in at each URL that a program opens in a browser."""
    pages: list[threading.Thread] = []

    def open_url(url: str) -> bool:
        def drive() -> None:
            with provider.browser() as browser:
                page = sign_in(browser, url, person)
                assert "go back to the terminal" in page.text
                assert page.headers["referrer-policy"] == "no-referrer"

        pages.append(threading.Thread(target=drive))
        pages[-1].start()
        return True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(webbrowser, "open", open_url)
        yield
    for page in pages:
        page.join()


def sign_in(browser: httpx2.Client, url: str, person: str) -> httpx2.Response:
    """Open the URL, log in as the person and consent, as often as the provider asks; return what
    comes then: the page at the client's own address, or one without a form."""
    page = _follow(browser, browser.get(url))
    for _ in range(_MOST_PAGES):
        if (form := _form(page)) is None:
            return page
        target, fields = form
        if fields.get("prompt") == "login":
            fields |= {"login": person, "password": "any"}
        page = _follow(browser, browser.post(urljoin(str(page.url), target), data=fields))
    raise AssertionError(page.text)


def _follow(browser: httpx2.Client, page: httpx2.Response) -> httpx2.Response:
    while page.is_redirect:
        page = browser.get(urljoin(str(page.url), page.headers["location"]))
    return page


def _form(page: httpx2.Response) -> tuple[str, dict[str, str]] | None:
    """Return where the page's form goes, and its hidden fields; None for a page without one."""
    action = re.search(r'<form[^>]*action="([^"]+)"', page.text)
    if action is None:
        return None
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
    return unescape(action[1]), {name: unescape(value) for name, value in hidden}
