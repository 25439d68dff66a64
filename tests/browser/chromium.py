"""A headless Chromium that `make install` brought, and nothing of the system's."""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Error, sync_playwright

PROJECT = Path(__file__).parents[2]
_UNPACKED = PROJECT / ".build" / "browser"
_AS_ON_LAMBDA = "AWS_Lambda_nodejs22.x"
"""By this the package also unpacks the libraries and fonts that a small system lacks:
https://github.com/Sparticuz/chromium"""


class NoBrowserError(Exception):
    """There is no browser to be had; the text says why."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Raises NoBrowserError."""
    libraries = _UNPACKED / "al2023" / "lib"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=_executable(),
                args=["--headless=shell", "--no-sandbox", "--font-render-hinting=none"],
                env={
                    **os.environ,
                    "LD_LIBRARY_PATH": str(libraries),
                    "FONTCONFIG_FILE": str(_fonts()),
                },
            )
            yield browser
            browser.close()
    except Error as error:
        if "Failed to launch" in str(error) or "Executable doesn't exist" in str(error):
            raise NoBrowserError(str(error)) from error
        raise


def _fonts() -> Path:
    """What names the unpacked fonts: the package's own file looks for them in /tmp only."""
    named = _UNPACKED / "fonts.conf"
    named.parent.mkdir(parents=True, exist_ok=True)
    named.write_text(
        f"<fontconfig><dir>{_UNPACKED / 'fonts'}</dir>"
        f"<cachedir>{_UNPACKED / 'fonts-cache'}</cachedir></fontconfig>\n"
    )
    return named


def _executable() -> str:
    """Unpacked once, beside what else is built; a second process waits for the first."""
    _UNPACKED.mkdir(parents=True, exist_ok=True)
    with (_UNPACKED / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _unpacked()


def _unpacked() -> str:
    try:
        done = subprocess.run(
            ["node", str(Path(__file__).with_name("executable.mjs"))],
            env={**os.environ, "TMPDIR": str(_UNPACKED), "AWS_EXECUTION_ENV": _AS_ON_LAMBDA},
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NoBrowserError(f"@sparticuz/chromium cannot be unpacked: {error}") from error
    return done.stdout.strip()
