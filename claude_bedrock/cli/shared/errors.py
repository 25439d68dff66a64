"""The error that ends a command with one line, and the exit codes."""

from typing import Final, Literal

FAILED: Final = 1
NOT_ASSESSED: Final = 2
DEFECT: Final = 70
INTERRUPTED: Final = 130
OUTPUT_CLOSED: Final = 141
"""70 is EX_SOFTWARE of sysexits.h; the last two are what a shell says of a program that SIGINT or
SIGPIPE ended: https://www.gnu.org/software/bash/manual/html_node/Exit-Status.html"""

Role = Literal["auditor", "legal-hold", "operator", "setup"]
"""The stage's roles that hold what commands need: docs/security.md."""


class CliError(Exception):
    """A failure that the user can act on; its text becomes the line that the program prints.

    `exit_code` is None where the command's own code for failures is right."""

    exit_code: int | None = None
