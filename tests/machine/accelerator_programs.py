# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A small machine, random programs that move words, and what they must leave in memory."""

from dataclasses import replace

import numpy as np

from macaw.arch import preset
from macaw.arch.instructions import Instruction, Opcode, elementwise_fields, encode
from macaw.arch.machine import Engine, MachineConfig

#: The machine of these tests.
TINY = MachineConfig(
    name="tiny machine",
    core=replace(preset("tiny"), name="tiny with max pooling", max_pooling=True),
    tensor_words=256,
    patience=4096,
)
WORD = TINY.word_bytes

#: Words of the memory outside, and of those the first one that programs move.
MEMORY_WORDS, MOVED = 2048, 1024

_TENSOR = 1 << TINY.address_bits


def memory_of(*programs: list[Instruction], seed: int = 1) -> tuple[np.ndarray, list[int]]:
    """Random words with programs at the beginning, and where each begins."""
    memory = np.random.default_rng(seed).integers(0, 256, (MEMORY_WORDS, WORD)).astype(np.uint8)
    starts, position = [], 0
    for program in programs:
        words = np.frombuffer(encode(TINY, program), np.uint8).reshape(-1, WORD)
        assert position + len(words) <= MOVED
        memory[position : position + len(words)] = words
        starts.append(position)
        position += len(words)
    return memory, starts


def moving(
    source: int,
    count: int,
    store: tuple[Opcode, dict[str, int]],
    index: int,
    *,
    tensor: bool,
    follows: bool = False,
    run: int | None = None,
    skip: int = 0,
) -> list[Instruction]:
    """One transfer, which begins when the one before it is complete, or follows its STORE; of runs
    of ``run`` words, by default of one."""
    opcode, values = store
    address = source + (_TENSOR if tensor else 0)
    fetch = {
        "address": address, "count": count, "run": run or count, "skip": skip,
        "second_address": 0, "second_count": 0, "second_run": 0, "second_skip": 0,
        "follows": int(follows),
    }  # fmt: skip
    plain = {field.name: 0 for field in elementwise_fields()}
    return [
        Instruction(opcode=Opcode.FETCH, values=fetch, after={Engine.STORE: index}),
        Instruction(opcode=Opcode.COPY, values={"count": count}),
        Instruction(opcode=opcode, values=plain | {"count": count} | values),
    ]


class Expected:
    """The memories as a program leaves them, transfer by transfer."""

    def __init__(self, memory: np.ndarray):
        self.outer = memory.copy().reshape(-1)
        self.tensor = np.zeros(TINY.tensor_words * WORD, np.uint8)

    def _space(self, address: int, unit: int) -> tuple[np.ndarray, int]:
        top = _TENSOR * (WORD // unit)
        memory = self.tensor if address >= top else self.outer
        return memory, address % top * unit

    def move(self, instructions: list[Instruction]) -> None:
        fetch, _, store = (each.values for each in instructions)
        memory, first = self._space(fetch["address"], WORD)
        places = np.arange(fetch["count"])
        places += places // fetch["run"] * fetch["skip"]
        words = memory[first:].reshape(-1, WORD)[places].reshape(-1)
        if instructions[2].opcode == Opcode.STORE:
            memory, first = self._space(store["address"], WORD)
            memory[first : first + len(words)] = words
            return
        memory, first = self._space(store["address"], 1)
        row_bytes = len(words) // store["rows"]
        for row in range(store["rows"]):
            for pixel in range(store["pixels"]):
                size = store["pixel_bytes"]
                start = row * row_bytes + pixel * size
                place = first + row * store["row_pitch"] + pixel * store["pixel_pitch"]
                memory[place : place + size] = words[start : start + size]


def random_moves(rng: np.random.Generator, transfers: int) -> list[list[Instruction]]:
    """Transfers between places that have been written, of the memory outside and the tensor
    memory."""
    moves = []
    # The tensor memory is filled first: nothing else is known of it.
    first = moving(MOVED, 256, (Opcode.STORE, {"address": _TENSOR, "count": 256}), 0, tensor=False)
    moves.append(first)
    while len(moves) < transfers:
        from_tensor, to_tensor = (bool(rng.integers(2)) for _ in range(2))
        size = TINY.tensor_words if from_tensor else MEMORY_WORDS - MOVED
        base = 0 if from_tensor else MOVED
        room = TINY.tensor_words if to_tensor else MEMORY_WORDS - MOVED
        target = _TENSOR if to_tensor else MOVED
        if rng.integers(2):
            count = int(rng.integers(1, 120))
            place = target + int(rng.integers(room - count + 1))
            store = (Opcode.STORE, {"address": place, "count": count})
        else:
            rows, pixels = (int(each) for each in rng.integers(1, 6, 2))
            pixel_bytes = int(rng.integers(1, 3 * WORD))
            count = rows * -(-pixels * pixel_bytes // WORD)
            pixel_pitch = pixel_bytes + int(rng.integers(0, 12))
            row_pitch = pixels * pixel_pitch + int(rng.integers(0, 20))
            span = rows * row_pitch + pixel_pitch
            if span > room * WORD:
                continue
            place = target * WORD + int(rng.integers(room * WORD - span + 1))
            store = (
                Opcode.SCATTER,
                {
                    "address": place, "rows": rows, "pixels": pixels,
                    "pixel_bytes": pixel_bytes, "pixel_pitch": pixel_pitch,
                    "row_pitch": row_pitch,
                },
            )  # fmt: skip
        run, skip = int(rng.integers(1, count + 1)), int(rng.integers(0, 6))
        reach = count + (count - 1) // run * skip
        if reach > size:
            continue
        source = base + int(rng.integers(size - reach + 1))
        # A transfer writes while it still reads.
        if from_tensor == to_tensor and _overlap(source, reach, store):
            continue
        opcode, values = moves[-1][2].opcode, moves[-1][2].values
        follows = opcode == Opcode.STORE and values["address"] >= _TENSOR and rng.integers(4) > 0
        index = len(moves)
        moves.append(
            moving(
                source, count, store, index, tensor=from_tensor, follows=follows, run=run, skip=skip
            )
        )
    return moves


def _overlap(source: int, count: int, store: tuple[Opcode, dict[str, int]]) -> bool:
    opcode, values = store
    if opcode == Opcode.STORE:
        first, last = values["address"], values["address"] + values["count"]
    else:
        span = values["rows"] * values["row_pitch"] + values["pixels"] * values["pixel_pitch"]
        first, last = values["address"] // WORD, (values["address"] + span) // WORD + 1
    first, last = first % _TENSOR, last % _TENSOR
    return first < source + count and source < last


def end(moves: int) -> Instruction:
    """The end of a program of so many transfers."""
    counts = dict.fromkeys((Engine.FETCH, Engine.COMPUTE, Engine.STORE), moves)
    return Instruction(opcode=Opcode.END, after=counts)
