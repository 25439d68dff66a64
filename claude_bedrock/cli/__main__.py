"""The start of the command: Ctrl-C ends it in silence while its modules are still being read."""

import signal
import sys


def main() -> None:
    """Run the command line.

    `token` comes first: a client runs it again and again, and a saved token needs none of the
    modules that all other commands do."""
    interruptible = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if interruptible:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.argv[1:2] == ["token"]:
        from claude_bedrock.cli.token.saved_token import print_token  # noqa: PLC0415 - only here

        if print_token(sys.argv[2:]):
            return
    from claude_bedrock.cli.main import app  # noqa: PLC0415 - it takes half a second

    if interruptible:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    app(prog_name="claude-bedrock")


if __name__ == "__main__":
    main()
