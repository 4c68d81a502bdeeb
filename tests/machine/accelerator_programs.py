# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A small machine, random programs that move words, and what they must leave in memory."""

from dataclasses import replace

import numpy as np
from elementwise_cases import ONE, result_byte

from macaw.arch import preset
from macaw.arch.instructions import (
    LOOKUP_BITS,
    Instruction,
    Opcode,
    elementwise_fields,
    encode,
    instruction_fields,
)
from macaw.arch.loading import pack_units
from macaw.arch.machine import Engine, Error, LoadTarget, MachineConfig, Rounding
from macaw.sim.machine import run_machine
from macaw.sim.memory_model import MEMORY_MODELS, MemoryModel

#: The machine of these tests.
TINY = MachineConfig(
    name="tiny machine",
    core=replace(preset("tiny"), name="tiny with max pooling", max_pooling=True),
    tensor_words=192,
    patience=4096,
)
WORD = TINY.word_bytes

#: Words of the memory outside, and of those the first one that programs move.
MEMORY_WORDS, MOVED = 2048, 1024

#: What stands outside.
MODELS = {
    **MEMORY_MODELS,
    "uneven": MemoryModel(latency=7, words_per_1024=700, gap=0.3, bursts=3),
}

_TENSOR = 1 << TINY.address_bits

#: The entries of both lookup tables, halves of small numbers, so that many sums are ties; and the
#: words that hold them, in front of those that programs move.
ENTRIES = [int(each) * ONE // 2 for each in np.random.default_rng(7).integers(-160, 160, 512)]
_LOOKUP = pack_units(TINY, LoadTarget.LOOKUP, [each % (1 << LOOKUP_BITS) for each in ENTRIES])
_TABLES = MOVED - TINY.words(len(_LOOKUP))


def memory_of(*programs: list[Instruction], seed: int = 1) -> tuple[np.ndarray, list[int]]:
    """Random words with programs at the beginning, and where each begins."""
    memory = np.random.default_rng(seed).integers(0, 256, (MEMORY_WORDS, WORD)).astype(np.uint8)
    starts, position = [], 0
    for program in programs:
        words = np.frombuffer(encode(TINY, program), np.uint8).reshape(-1, WORD)
        assert position + len(words) <= _TABLES
        memory[position : position + len(words)] = words
        starts.append(position)
        position += len(words)
    memory[_TABLES:MOVED].reshape(-1)[: len(_LOOKUP)] = np.frombuffer(_LOOKUP, np.uint8)
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
    second: dict[str, int] | None = None,
) -> list[Instruction]:
    """One transfer, which begins when the one before it is complete, or follows its STORE; of runs
    of ``run`` words, by default of one. ``second`` are the fields of FETCH of a second operand.
    What goes through the tables waits for the LOAD that fills them."""
    opcode, values = store
    address = source + (_TENSOR if tensor else 0)
    fetch = {field.name: 0 for field in instruction_fields(TINY, Opcode.FETCH)} | {
        "address": address, "count": count, "run": run or count, "skip": skip,
        "follows": int(follows), **(second or {}),
    }  # fmt: skip
    plain = {field.name: 0 for field in elementwise_fields()}
    loaded = {Engine.LOAD: 1} if values.get("operands") else {}
    return [
        Instruction(opcode=Opcode.FETCH, values=fetch, after={Engine.STORE: index}),
        Instruction(opcode=Opcode.COPY, values={"count": count}),
        Instruction(opcode=opcode, values=plain | {"count": count} | values, after=loaded),
    ]


def program_of(moves: list[list[Instruction]]) -> list[Instruction]:
    """A program that fills the tables and makes these transfers."""
    load = {
        "target": LoadTarget.LOOKUP, "start": 0, "address": _TABLES, "count": MOVED - _TABLES,
    }  # fmt: skip
    return [
        Instruction(opcode=Opcode.LOAD, values=load),
        *(each for move in moves for each in move),
        end(len(moves), loads=1),
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

    def _fetched(self, source: dict[str, int]) -> np.ndarray:
        found = []
        for piece in _pieces(source):
            memory, first = self._space(piece["address"], WORD)
            places = np.arange(piece["count"])
            places += places // max(piece["run"], 1) * piece["skip"]
            found.append(memory[first:].reshape(-1, WORD)[places].reshape(-1))
        return np.concatenate(found)

    def move(self, instructions: list[Instruction]) -> None:
        fetch, _, store = (each.values for each in instructions)
        second = {name: fetch[f"second_{name}"] for name in ("address", "count", "run", "skip")}
        operands = [self._fetched(each) for each in (fetch, second)]
        words = operands[0]
        if store["operands"]:
            words = np.array(
                [
                    result_byte(
                        [ENTRIES[256 * index + byte] for index, byte in enumerate(pair)], store
                    )
                    for pair in zip(
                        *(each.tolist() for each in operands[: store["operands"]]), strict=True
                    )
                ],
                np.uint8,
            )
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
    memory; of three about one is of bytes that are looked up, and one of sums of two. About every
    second one of several runs has a tail elsewhere."""
    moves, tails = [], np.random.default_rng(transfers)
    # The tensor memory is filled first: nothing else is known of it.
    every = TINY.tensor_words
    fill = (Opcode.STORE, {"address": _TENSOR, "count": every})
    moves.append(moving(MOVED, every, fill, 0, tensor=False))
    while len(moves) < transfers:
        from_tensor, to_tensor = (bool(rng.integers(2)) for _ in range(2))
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
        opcode, values = store
        store = opcode, values | _tables(rng)
        sources = [_source(rng, count, from_tensor)]
        if store[1].get("operands") == 2:
            sources.append(_source(rng, count, bool(rng.integers(2))))
        # A transfer writes while it still reads.
        if None in sources or any(_overlap(each, store) for each in sources[1:]):
            continue
        if _overlap(sources[0], store) and not _in_time(sources[0], store):
            continue
        first, *rest = sources
        tail = _tail(tails, first)
        if tail is not None and not _overlap(tail, store):
            first |= {"head": first["count"] - tail["count"], "tail_address": tail["address"]}
            first["head"] //= first["run"]
        opcode, values = moves[-1][2].opcode, moves[-1][2].values
        follows = opcode == Opcode.STORE and values["address"] >= _TENSOR and rng.integers(4) > 0
        second = {f"second_{name}": value for each in rest for name, value in each.items()}
        ends = {name: first.get(name, 0) for name in ("head", "tail_address")}
        moves.append(
            moving(
                first["address"] % _TENSOR, count, store, len(moves), tensor=from_tensor,
                follows=follows, run=first["run"], skip=first["skip"], second=second | ends,
            )
        )  # fmt: skip
    return moves


def _tables(rng: np.random.Generator) -> dict[str, int]:
    """What a store says of the elementwise pass; nothing where there is none."""
    operands = int(rng.integers(3))
    if not operands:
        return {}
    minimum, maximum = sorted(int(each) for each in rng.integers(-128, 128, 2))
    if rng.integers(2):
        minimum, maximum = -128, 127
    return {
        "operands": operands, "rounding": int(rng.choice(list(Rounding))),
        "zero_point": int(rng.integers(-128, 128)), "minimum": minimum, "maximum": maximum,
        "output_unsigned": int(rng.integers(2)),
    }  # fmt: skip


def _pieces(source: dict[str, int]) -> list[dict[str, int]]:
    """The fields of a FETCH by itself of each piece of an image."""
    head = source.get("head", 0) * source["run"]
    runs = {name: source[name] for name in ("run", "skip")}
    if not head:
        return [{"address": source["address"], "count": source["count"], **runs}]
    return [
        {"address": source["address"], "count": head, **runs},
        {"address": source["tail_address"], "count": source["count"] - head, **runs},
    ]


def _tail(rng: np.random.Generator, source: dict[str, int]) -> dict[str, int] | None:
    """The fields of a FETCH by itself of the last runs of a source, at another place; ``None``
    where there are none."""
    count, run = source["count"], source["run"]
    if run >= count or not rng.integers(2):
        return None
    left = count - run * int(rng.integers(1, -(-count // run)))
    return _source(rng, left, bool(rng.integers(2)), run=run, skip=source["skip"])


def _source(
    rng: np.random.Generator, count: int, tensor: bool, **runs: int
) -> dict[str, int] | None:
    """The fields of a FETCH of so many words, in ``runs`` or any; ``None`` where they have no
    room."""
    size, base = (TINY.tensor_words, _TENSOR) if tensor else (MEMORY_WORDS - MOVED, MOVED)
    if not runs:
        runs = {"run": int(rng.integers(1, count + 1)), "skip": int(rng.integers(0, 6))}
    run, skip = runs["run"], runs["skip"]
    reach = count + (count - 1) // run * skip
    if reach > size:
        return None
    address = base + int(rng.integers(size - reach + 1))
    return {"address": address, "count": count, **runs}


def _in_time(source: dict[str, int], store: tuple[Opcode, dict[str, int]]) -> bool:
    """Whether each word of the tensor memory that is overwritten has been read before."""
    opcode, values = store
    if opcode != Opcode.STORE or source["address"] < _TENSOR:
        return False
    order = np.arange(source["count"])
    read = source["address"] + order + order // source["run"] * source["skip"]
    written = read - values["address"]
    return bool(((written < 0) | (written >= order)).all())


def _overlap(source: dict[str, int], store: tuple[Opcode, dict[str, int]]) -> bool:
    opcode, values = store
    reach = source["count"] + (source["count"] - 1) // source["run"] * source["skip"]
    if opcode == Opcode.STORE:
        first, last = values["address"], values["address"] + values["count"]
    else:
        span = values["rows"] * values["row_pitch"] + values["pixels"] * values["pixel_pitch"]
        first, last = values["address"] // WORD, (values["address"] + span) // WORD + 1
    return first < source["address"] + reach and source["address"] < last


def end(moves: int, *, loads: int = 0) -> Instruction:
    """The end of a program of so many transfers."""
    counts = dict.fromkeys((Engine.FETCH, Engine.COMPUTE, Engine.STORE), moves)
    return Instruction(opcode=Opcode.END, after={Engine.LOAD: loads, **counts})


def check_moves(seed: int, transfers: int, model: MemoryModel) -> None:
    """Random transfers on the RTL leave in memory what they must, and are counted."""
    check_these(random_moves(np.random.default_rng(seed), transfers), seed, model)


def check_these(moves: list[list[Instruction]], seed: int, model: MemoryModel) -> None:
    """As `check_moves`, of these transfers."""
    memory, [start] = memory_of(program_of(moves), seed=seed)
    expected = Expected(memory)
    for move in moves:
        expected.move(move)
    run = run_machine(TINY, memory, start, model=model, seed=seed)
    assert run.error == Error.DONE
    wrong = np.flatnonzero(run.memory.reshape(-1) != expected.outer)
    assert not wrong.size, f"byte {wrong[0]:#x} differs, of {wrong.size} (seed {seed})"
    fetched = sum(move[0].values["count"] for move in moves)
    assert run.counters["operands"] == sum(move[0].values["second_count"] for move in moves)
    assert (run.counters["fetch"], run.counters["store"]) == (fetched, fetched)
    assert run.stale_words == 0
