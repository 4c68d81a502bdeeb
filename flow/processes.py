# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Running programs that end: by themselves, when their time is up, or with this process, and then
with all that they have started."""

import math
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

__all__ = ["TimeUp", "end_all", "run_process", "signals_interrupt"]

_POLL_SECONDS = 0.2

#: What a program has between the request to end and the end.
_GRACE_SECONDS = 5.0

#: A program that waits takes no processor time: this many times as long on the clock is the end.
_CLOCK_FACTOR = 20

#: The kernel counts the processor's time and sends SIGXCPU, upon which no core is to be dumped.
_LIMITED = 'ulimit -c 0; ulimit -S -t "$0" && exec "$@"'

#: What a program ends with whose time is up, and a shell of which it is the last command.
_TIME_IS_UP = (-signal.SIGXCPU, 128 + signal.SIGXCPU)

_running: set[int] = set()
_running_lock = threading.Lock()


class TimeUp(RuntimeError):
    """A program has taken all of its time, and was ended."""


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends ``process``, and what it has started."""
    for request in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + _GRACE_SECONDS
        try:
            os.killpg(process.pid, request)
            while time.monotonic() < deadline:
                process.poll()
                os.killpg(process.pid, 0)
                time.sleep(_POLL_SECONDS / 10)
        except (ProcessLookupError, PermissionError):  # The latter if only zombies are left.
            return


def end_all() -> None:
    """End the programs that other threads run; their `run_process` returns."""
    with _running_lock:
        groups = tuple(_running)
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGTERM)


@contextmanager
def signals_interrupt() -> Iterator[None]:
    """SIGTERM and SIGHUP are a ``SystemExit`` in the main thread, so that what runs is ended too;
    in other threads, and where somebody handles them, nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    mine = [
        each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) is signal.SIG_DFL
    ]
    for each in mine:
        signal.signal(each, leave)
    try:
        yield
    finally:
        for each in mine:
            signal.signal(each, signal.SIG_DFL)


def run_process(
    command: list[str],
    *,
    folder: Path,
    output: BinaryIO,
    limit: float | None = None,
    watch: Callable[[], None] = lambda: None,
) -> int:
    """Run ``command`` in ``folder``, write what it says to ``output``, and return its status; call
    ``watch`` a few times a second.

    ``limit`` is in seconds of the processor's time, which does not depend on what else the machine
    does; they are rounded up to whole ones. What the program starts is counted by itself, and a
    program that only waits has twenty times as long on the clock.

    Raises `TimeUp` at the limit. Whatever ends this call, no process of the program's group stays.
    """
    if limit is not None:
        command = ["/bin/sh", "-c", _LIMITED, str(math.ceil(limit)), *command]
    started = time.monotonic()
    with signals_interrupt():
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # A group of its own, so that all of it can be ended.
            process_group=0,
        )
        with _running_lock:
            _running.add(process.pid)
        try:
            while True:
                try:
                    code = process.wait(timeout=_POLL_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    if limit is not None and time.monotonic() - started > _CLOCK_FACTOR * limit:
                        raise TimeUp from None
                    watch()
        finally:
            with _running_lock:
                _running.discard(process.pid)
            _end(process)
    if code in _TIME_IS_UP:
        raise TimeUp
    return code
