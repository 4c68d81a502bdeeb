# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The engines: each command is executed once, and moves just the words that it is for."""

from collections.abc import Callable
from functools import partial

from amaranth.hdl import Cat, Mux, Signal

from macaw.arch import preset
from macaw.arch.instructions import Opcode
from macaw.arch.loading import load_format
from macaw.arch.machine import Engine, LoadTarget, MachineConfig
from macaw.hw.machine.compute import ComputeUnit
from macaw.hw.machine.fetcher import Fetcher
from macaw.hw.machine.instruction_queue import MOST_COMMANDS
from macaw.hw.machine.layouts import command_layout
from macaw.hw.machine.loader import Loader
from macaw.hw.machine.storer import Storer
from macaw.prove.harness import Harness
from macaw.prove.properties import stated
from macaw.prove.solver import Method
from macaw.prove.streams import KEEPS, keeps

__all__ = ["ENGINES"]

_TINY = preset("tiny")
_CONFIG = MachineConfig(name="tiny", core=_TINY, tensor_words=256, queue=2)

#: Clocks from the last write of a LOAD to its end, at least: the memories' latency.
_SETTLE_CLOCKS = 12


class _Commands:
    """An engine with any commands, those of the opcode ``few`` for up to three words, and how many
    of them it has: up to ``most``.

    ``begins`` says that it takes a command, ``fields`` are those of the command that it takes.
    """

    def __init__(self, component, engine: Engine, *, few: Opcode | None = None):
        self.harness = harness = Harness(component)
        self.component = component
        m = harness.m
        layout = command_layout(_CONFIG, engine)
        command = Signal(layout, name="small_command")
        m.d.comb += command.eq(harness.free(layout, "any_command"))
        if few is not None:
            m.d.comb += command.fields[few.name.lower()].count.eq(harness.free(2, "count"))
        harness.offer(component.command, "command", word=command)
        self.fields = component.command.payload.fields
        self.begins = component.command.valid & component.command.ready
        self.most = MOST_COMMANDS.get(engine, 1)
        self.inside = Signal(2, name="inside")
        m.d.sync += self.inside.eq(self.inside + self.begins - component.done)
        self.executes = self.inside != 0
        signal = harness.opened.signal
        # What helps the proofs: the engine knows of them.
        self.agree = (signal("busy") == self.executes) & (self.inside <= self.most)
        if self.most > 1:
            second = signal("second")
            self.agree &= (second == (self.inside == 2)) & (
                ~second | (signal("opcode") == Opcode.CONV)
            )


def _turns(component: Callable, engine: Engine, cut: tuple[str, ...]) -> Callable[[bool], Harness]:
    def build(mutant: bool) -> Harness:
        commands = _Commands(component(_CONFIG), engine)
        harness = commands.harness
        harness.cut(*cut)
        if mutant:
            harness.opened.override("done", 1, when=commands.begins)
        full = commands.inside == commands.most
        harness.check(
            ~(commands.begins & full) & (~commands.component.done | commands.executes),
            helper=commands.agree,
        )
        return harness

    return build


def _loader_stays(mutant: bool) -> Harness:
    harness = Harness(Loader(_CONFIG))
    loader = harness.component
    harness.offer(loader.command, "command")
    harness.offer(loader.words, "word")
    if mutant:
        harness.opened.override("reader.read__valid", 0, when=loader.words.valid)
    keeps(harness, loader.read)
    return harness


class _Load:
    """A loader beside a reader that gives as many words as it is asked for."""

    def __init__(self) -> None:
        self.commands = commands = _Commands(Loader(_CONFIG), Engine.LOAD)
        self.harness = harness = commands.harness
        m, signal = harness.m, harness.opened.signal
        loader = commands.component
        reader = harness.stand_in("reader")
        fields = commands.fields.load
        due = Signal.like(fields.count, name="due")
        harness.offer(reader.o, "read", when=due != 0)
        comes = reader.o.valid & reader.o.ready
        # What is written, by its target's stream, and how much of the command that is.
        self.target = Signal(LoadTarget, name="of_target")
        self.count = Signal.like(fields.count, name="of_count")
        self.address = Signal.like(fields.start, name="of_address")
        self.written = Signal(len(fields.count) + 1, name="written")
        outputs = {
            LoadTarget.WEIGHTS: loader.weights, LoadTarget.PARAMETERS: loader.parameters,
            LoadTarget.TABLE: loader.table, LoadTarget.LOOKUP: loader.lookup,
        }  # fmt: skip
        self.outputs = outputs
        self.writes = Cat(each.valid for each in outputs.values()).any()
        m.d.sync += [
            due.eq(due - comes),
            self.address.eq(self.address + self.writes),
            self.written.eq(self.written + self.writes),
        ]
        with m.If(commands.begins):
            m.d.sync += [
                due.eq(fields.count), self.count.eq(fields.count), self.address.eq(fields.start),
                self.target.eq(fields.target), self.written.eq(0),
            ]  # fmt: skip
        # What helps the proofs: the units that are written are those of the words that have come.
        part, place, left = signal("part"), signal("place"), signal("left")
        writing = signal("writing")
        self.right = (signal("target") == self.target) & (signal("unit") == self.address)
        self.right &= (left == due) & (due <= self.count)
        self.right &= commands.executes | ((left == 0) & ~writing)
        self.right &= commands.agree
        self.right &= (due != 0) | ~reader.o.valid
        for target in LoadTarget:
            form = load_format(_CONFIG, target)
            mine = self.target == target
            agree = (self.written + writing) * form.words + part == (
                (self.count - due) * form.units + place
            )
            agree &= (part < form.words) & (place < form.units)
            agree &= (left != 0) | (place == 0)
            self.right &= ~mine | ~commands.executes | agree


def _loader_units(mutant: bool) -> Harness:
    load = _Load()
    harness = load.harness
    if mutant:
        harness.opened.override("place", 0, when=load.target == LoadTarget.LOOKUP)
    right = []
    for target, output in load.outputs.items():
        form = load_format(_CONFIG, target)
        mine = load.target == target
        address = output.payload.address
        right += [
            ~output.valid | (mine & (address == load.address[: len(address)])),
            ~(mine & load.commands.component.done)
            | (load.written == load.count * form.units // form.words),
        ]
    harness.check(Cat(right).all(), helper=load.right)
    return harness


def _loader_settles(mutant: bool) -> Harness:
    load = _Load()
    harness = load.harness
    if mutant:
        harness.opened.override("settle", 0, when=load.writes)
    quiet = Signal(range(_SETTLE_CLOCKS + 1), name="quiet")
    most = quiet == _SETTLE_CLOCKS
    begins = load.commands.begins
    harness.m.d.sync += quiet.eq(Mux(load.writes | begins, 0, Mux(most, quiet, quiet + 1)))
    settle = harness.opened.signal("settle")
    signal = harness.opened.signal
    over = (signal("left") == 0) & ~signal("writing")
    waits = ~load.commands.executes | (
        (settle + quiet >= _SETTLE_CLOCKS)
        & (quiet <= _SETTLE_CLOCKS)
        & (over | (settle == _SETTLE_CLOCKS))
    )
    harness.check(most, when=load.commands.component.done, helper=load.right & waits)
    return harness


class _Fetch:
    """A fetcher beside readers that give as many words as they are asked for."""

    def __init__(self) -> None:
        self.commands = commands = _Commands(Fetcher(_CONFIG), Engine.FETCH, few=Opcode.FETCH)
        self.harness = harness = commands.harness
        self.levels = []
        for index in range(2):
            reader = harness.stand_in(f"reader_{index}")
            level = Signal(4, name=f"level_{index}")
            harness.offer(reader.o, f"read_{index}", when=level != 0)
            idle = harness.free(1, f"idle_{index}") & (level < 4)
            harness.drive(reader.idle, idle)
            harness.drive(reader.span.ready, idle)
            asks = reader.span.valid & reader.span.ready
            leaves = reader.o.valid & reader.o.ready
            harness.m.d.sync += level.eq(level + Mux(asks, reader.span.payload.count, 0) - leaves)
            self.levels.append(level)


def _fetcher_stays(mutant: bool) -> Harness:
    fetch = _Fetch()
    harness = fetch.harness
    if mutant:
        harness.opened.override("turn", 0, when=fetch.commands.component.command.valid)
    keeps(harness, fetch.commands.component.o)
    return harness


def _fetcher_operands(mutant: bool) -> Harness:
    fetch = _Fetch()
    harness, signal = fetch.harness, fetch.harness.opened.signal
    if mutant:
        harness.opened.override("owed", 0)
    first, second = fetch.levels
    turn, owed = signal("turn"), signal("owed")
    pairs = (first + turn == second) & (owed == second)
    single = ~turn & (second == 0) & (owed == first)
    harness.check(Mux(signal("pairs"), pairs, single) & (first < 8))
    return harness


class _Compute:
    """A compute unit whose units begin what they are given within the clocks that they have, and
    are idle again when their last word has left."""

    def __init__(self) -> None:
        self.commands = commands = _Commands(ComputeUnit(_CONFIG), Engine.COMPUTE)
        self.harness = harness = commands.harness
        self.unit = unit = commands.component
        harness.offer(unit.i, "word")
        core, elementwise = (harness.stand_in(name) for name in ("core", "elementwise"))
        self.operations = (core.descriptor, elementwise.operation)
        for each, operation, result in (
            (core, core.descriptor, core.result),
            (elementwise, elementwise.operation, elementwise.result),
        ):
            self._idle(each, operation, result)

    def _idle(self, unit, operation, result) -> None:
        harness, m = self.harness, self.harness.m
        idle, clocks = Signal(name="unit_idle", init=1), Signal(2, name="idle_clocks")
        harness.drive(unit.idle, idle)
        begins = operation.valid & operation.ready
        harness.offer(result, "result", when=~idle)
        # It goes on being idle for up to two clocks.
        m.d.sync += clocks.eq(Mux(begins, 2, Mux(clocks == 0, 0, clocks - 1)))
        late = harness.free(1, "late") | (clocks == 1)
        with m.If((clocks != 0) & late):
            m.d.sync += [idle.eq(0), clocks.eq(0)]
        with m.Elif(~result.valid & harness.free(1, "rests")):
            m.d.sync += idle.eq(1)


def _compute_stays(mutant: bool) -> Harness:
    compute = _Compute()
    harness = compute.harness
    if mutant:
        harness.opened.override("settle", 0)
    keeps(harness, compute.unit.o)
    return harness


def _compute_operations(mutant: bool) -> Harness:
    compute = _Compute()
    harness = compute.harness
    if mutant:
        harness.opened.override("offered", 0, when=compute.unit.i.valid)
    keeps(harness, *compute.operations)
    return harness


def _compute_words(mutant: bool) -> Harness:
    compute = _Compute()
    harness, commands = compute.harness, compute.commands
    if mutant:
        harness.opened.override("count", 1, when=commands.component.done)
    signal = harness.opened.signal
    copies = commands.executes & (signal("opcode") == Opcode.COPY)
    helper = commands.agree & (copies | (signal("count") == 0))
    taken = compute.unit.i.valid & compute.unit.i.ready
    harness.check(commands.executes, when=taken, helper=helper)
    return harness


def _compute_copies(mutant: bool) -> Harness:
    """A COPY's count, and the words that leave."""
    compute = _Compute()
    harness, commands, unit = compute.harness, compute.commands, compute.unit
    signal = harness.opened.signal
    if mutant:
        harness.opened.override("count", 0, when=signal("count") == 2)
    left = Signal.like(commands.fields.copy.count, name="left")
    copies = Signal(name="copies")
    moves = unit.o.valid & unit.o.ready
    with harness.m.If(commands.begins):
        harness.m.d.sync += [
            copies.eq(unit.command.payload.opcode == Opcode.COPY),
            left.eq(commands.fields.copy.count),
        ]
    with harness.m.Elif(moves & copies):
        harness.m.d.sync += left.eq(left - 1)
    executes, opcode = commands.executes, signal("opcode")
    helper = commands.agree & (executes | (signal("count") == 0))
    helper &= ~executes | ~copies | ((signal("count") == left) & ~signal("offered"))
    helper &= ~executes | (copies == (opcode == Opcode.COPY))
    helper &= copies | (signal("count") == 0)
    harness.check(left == 0, when=unit.done & copies, helper=helper)
    return harness


_of = partial(stated, config=_TINY, method=Method.INDUCTION)

#: The engines, and what their turns do not need of them.
_INSIDE = {
    Loader: (Engine.LOAD, ("reader",)),
    Fetcher: (Engine.FETCH, ("reader_0", "reader_1")),
    ComputeUnit: (Engine.COMPUTE, ("core", "elementwise")),
    Storer: (Engine.STORE, ("scatter",)),
}
_COUNTS = "commands of up to 3 words"

#: The properties of the engines.
ENGINES = (
    _of("Loader", "output stays", KEEPS, _loader_stays, method=Method.PROOF),
    _of(
        "Loader", "units",
        "as many units are written as words have come for, one behind the other, to one target",
        _loader_units,
    ),
    _of(
        "Loader", "settles",
        f"a LOAD is complete when nothing was written for {_SETTLE_CLOCKS} clocks", _loader_settles,
    ),
    _of("Fetcher", "output stays", KEEPS, _fetcher_stays, _COUNTS, method=Method.PROOF),
    _of(
        "Fetcher", "operands",
        "words of two operands leave in turn, and none of another command between them",
        _fetcher_operands, _COUNTS, method=Method.PROOF,
    ),
    _of("ComputeUnit", "output stays", KEEPS, _compute_stays, method=Method.PROOF),
    _of(
        "ComputeUnit", "operations stay",
        "what the core and the elementwise pass are asked for stays until they take it",
        _compute_operations, method=Method.PROOF,
    ),
    _of("ComputeUnit", "words", "words are taken only for a command", _compute_words),
    _of("ComputeUnit", "copies", "a COPY is complete when its words have left", _compute_copies),
    *(
        _of(
            kind.__name__, "turns",
            "a command is taken when there is room for it, and each is complete once",
            _turns(kind, engine, inside),
        )
        for kind, (engine, inside) in _INSIDE.items()
    ),
)  # fmt: skip
