"""Many callers at once, each with a contender of its own or all with the same one."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.fixtures import Operation
from benchmarks.subjects import Contender


class ConcurrentCallers:
    """A caller for each of `members`, one of which may serve several."""

    def __init__(self, members: Sequence[Contender]) -> None:
        self._members = members
        self._distinct = list({id(member): member for member in members}.values())
        self._threads = ThreadPoolExecutor(len(members))

    def call(self, operation: Operation, times: int = 1) -> None:
        """Every caller makes so many calls, one after the other. Raises ProcessFailed."""
        calling = [self._threads.submit(item.call, operation, times) for item in self._members]
        for item in calling:
            item.result()

    def per_second_of_cpu(self, operation: Operation, times: int) -> float:
        """Return how many calls a second of processor time is enough for."""
        before = self._cpu_ms()
        self.call(operation, times)
        return len(self._members) * times * 1000 / (self._cpu_ms() - before)

    def close(self) -> None:
        self._threads.shutdown()
        for member in self._distinct:
            member.close()

    def _cpu_ms(self) -> float:
        return sum(member.process.cpu_ms() for member in self._distinct)


def start_callers(
    callers: int, processes: int, start: Callable[[], Contender]
) -> ConcurrentCallers:
    """So many callers, who share so many processes evenly."""
    started = [start() for _ in range(processes)]
    return ConcurrentCallers([started[at % processes] for at in range(callers)])
