"""A clock for tests: time passes only while somebody sleeps."""

from claude_bedrock.iam.propagation import Timing


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    @property
    def waiting(self) -> Timing:
        return Timing(self.read, self.sleep)

    @property
    def elapsed(self) -> float:
        return sum(self.pauses)
