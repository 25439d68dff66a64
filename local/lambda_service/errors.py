"""The errors of a function, in the words Lambda has for them."""


class FunctionError(Exception):
    """An invocation failed. `kind` is Lambda's error type, such as `Sandbox.Timedout`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message


class UnfitFunctionError(Exception):
    """The deployed function cannot run on this machine; the text says why and what to do."""


class ThrottledError(Exception):
    """The function runs as often at once as is reserved for it."""


class CallerDisconnectedError(Exception):
    """Nobody reads the answer any more."""
