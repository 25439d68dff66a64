"""What to check where nothing answers at a URL."""

import os
from typing import Final
from urllib.parse import urlsplit

_LOCAL: Final = {"localhost", "127.0.0.1", "::1"}
_PROXIES: Final = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


def network_advice(url: str) -> str:
    """Return a sentence: a URL of this machine is local mode's, any other one may be behind the
    proxy that the environment names."""
    if urlsplit(url).hostname in _LOCAL:
        return "Is `make local` still up?"
    proxies = [name for name in _PROXIES if os.environ.get(name)]
    return f"Check your network{f', and the proxy in {proxies[0]}' if proxies else ''}."
