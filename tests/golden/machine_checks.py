# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Programs that the machine in Python executes, or refuses with a sentence."""

import re

import pytest
from machine_programs import TINY, Writer

from macaw.arch.machine import Engine
from macaw.golden.machine import MachineError, run

FETCH, COMPUTE, STORE, LOAD = Engine.FETCH, Engine.COMPUTE, Engine.STORE, Engine.LOAD


def refused(writer: Writer, sentence: str, *, index: int | None = None) -> None:
    """Executing what was written is refused with ``sentence``, for instruction ``index``."""
    program = writer.program(memory_words=1024)
    begin = "" if index is None else rf"instruction {index} \(.*\): "
    with pytest.raises(MachineError, match=f"^{begin}{re.escape(sentence)}$"):
        run(TINY, program, [])


def executed(writer: Writer) -> None:
    run(TINY, writer.program(memory_words=1024), [])


def constants(writer: Writer, words: int = 64) -> int:
    return writer.constant(bytes(range(8 * words % 256)) + bytes(8 * words - 8 * words % 256))


def stream(writer: Writer, source: int, target: int, count: int = 2, **after) -> None:
    """FETCH, COPY and STORE of some words; ``after`` by the engine's name."""
    writer.fetch(source, count, after=after.get("fetch"))
    writer.copy(count, after=after.get("compute"))
    writer.store(target, count, after=after.get("store"))
