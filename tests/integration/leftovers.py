"""What a run has left on the machine: processes that know its folder, ports that still answer."""

import os
import socket
from pathlib import Path


def processes_about(folder: Path) -> list[str]:
    """The command lines (or environments) that name the folder, on a machine with /proc."""
    command_lines = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            files = (process / "cmdline", process / "environ")
            about = b"".join(file.read_bytes() for file in files)
        except OSError:
            continue
        if str(folder).encode() in about and process.name != str(os.getpid()):
            command_lines.append(about.decode(errors="replace")[:200])
    return command_lines


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
