"""The progress of a run: a line per step, alive on a terminal, plain in a pipe."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class Step:
    """One thing being done. `report` replaces what is shown beside its name."""

    def __init__(self, name: str, live: Progress) -> None:
        self.name = name
        self.detail = ""
        self._live = live
        self._task = live.add_task(name, detail="", total=1)

    def report(self, detail: str) -> None:
        self.detail = detail
        self._live.update(self._task, detail=detail)

    def hide(self) -> None:
        self._live.remove_task(self._task)


class Steps:
    """The steps of a run, some of them at the same time."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._live = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TextColumn("[dim]{task.fields[detail]}", markup=True),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    @contextmanager
    def shown(self) -> Iterator[None]:
        with self._live:
            yield

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Show `name` while the block runs, then how long it took, or that it failed."""
        started, step = monotonic(), Step(name, self._live)
        if not self.console.is_terminal:
            self.console.print(f"  {name} ...", highlight=False)
        mark = "[red]✗[/]"
        try:
            yield step
            mark = "[green]✓[/]"
        finally:
            step.hide()
            took = f"{monotonic() - started:.1f} s"
            self.console.print(f"{mark} {name} [dim]{step.detail} {took}[/]", highlight=False)
