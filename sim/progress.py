# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Signs of life on a terminal; nothing is written where the output is no terminal."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

__all__ = ["status", "watch"]

_PERIOD_SECONDS = 0.2


@contextmanager
def status(message: str) -> Iterator[None]:
    """Shows ``message`` with a spinner while the block runs."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(message):
        yield


@contextmanager
def watch(
    label: str, count: Callable[[], int], total: int, report: Callable[[int, int], None] | bool
) -> Iterator[None]:
    """Calls ``report(count(), total)`` a few times a second while the block runs, and once
    after it; ``report=True`` draws a bar with ``label`` on a terminal, ``False`` does nothing.
    """
    console = Console(stderr=True)
    if report is False or (report is True and not console.is_terminal):
        yield
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    )  # fmt: skip
    bar = Progress(*columns, console=console, disable=report is not True)
    task = bar.add_task(label, total=total)

    def show() -> None:
        if callable(report):
            report(count(), total)
        else:
            bar.update(task, completed=count())

    ended = threading.Event()

    def poll() -> None:
        while not ended.wait(_PERIOD_SECONDS):
            show()

    with bar:
        thread = threading.Thread(target=poll, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            show()
