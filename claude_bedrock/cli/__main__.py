"""The start of the command: Ctrl-C ends it in silence while its modules are still being read."""

import signal


def main() -> None:
    """Run the command line."""
    interruptible = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if interruptible:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from claude_bedrock.cli.main import app  # noqa: PLC0415 - it takes half a second

    if interruptible:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    app(prog_name="claude-bedrock")


if __name__ == "__main__":
    main()
