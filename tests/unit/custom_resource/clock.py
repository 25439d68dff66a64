"""A clock for tests: time passes only while somebody sleeps."""

from custom_resource.deletion import Waiting


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
    def waiting(self) -> Waiting:
        return Waiting(self.read, self.sleep)

    @property
    def elapsed(self) -> float:
        return sum(self.pauses)
