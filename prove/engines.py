# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The engines: each command is executed once, and moves just the words that it is for."""

from collections.abc import Callable
from functools import partial

from amaranth.hdl import Cat, Mux, Signal, Value

from macaw.arch import preset
from macaw.arch.instructions import Opcode
from macaw.arch.loading import load_format
from macaw.arch.machine import Engine, LoadTarget, MachineConfig
from macaw.hw.machine.compute import ComputeUnit
from macaw.hw.machine.fetcher import Fetcher
from macaw.hw.machine.loader import Loader
from macaw.hw.machine.storer import Storer
from macaw.prove.commands import Commands
from macaw.prove.harness import Harness
from macaw.prove.properties import stated
from macaw.prove.solver import Method
from macaw.prove.streams import KEEPS, keeps

__all__ = ["ENGINES"]

_TINY = preset("tiny")
_CONFIG = MachineConfig(name="tiny", core=_TINY, tensor_words=192, queue=2)

#: Clocks from the last write of a LOAD to its end, at least: the memories' latency.
_SETTLE_CLOCKS = 12


def _turns(component: Callable, engine: Engine, cut: tuple[str, ...]) -> Callable[[bool], Harness]:
    def build(mutant: bool) -> Harness:
        commands = Commands(component(_CONFIG), _CONFIG, engine)
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
        self.commands = commands = Commands(Loader(_CONFIG), _CONFIG, Engine.LOAD)
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
    """A fetcher beside readers that give as many words as they are asked for.

    ``due`` are words of each that are still to come, ``owed`` those that have still to leave.
    """

    def __init__(self) -> None:
        few = (Opcode.FETCH,)
        self.commands = commands = Commands(Fetcher(_CONFIG), _CONFIG, Engine.FETCH, few=few)
        self.harness = harness = commands.harness
        self.fetcher = fetcher = commands.component
        self.readers = [harness.stand_in(f"reader_{index}") for index in range(2)]
        self.outputs = (fetcher.o, fetcher.second)
        self.due = [Signal(2, name=f"due_{index}") for index in range(2)]
        self.owed = [Signal(4, name=f"owed_{index}") for index in range(2)]
        for index, reader in enumerate(self.readers):
            due, owed, output = self.due[index], self.owed[index], self.outputs[index]
            idle = Signal(name=f"idle_{index}")
            # Few enough words wait for those of another command.
            harness.m.d.comb += idle.eq((due == 0) & (owed < 4))
            harness.drive(reader.idle, idle)
            harness.drive(reader.span.ready, idle)
            harness.offer(reader.o, f"read_{index}", when=owed != due)
            asked = Mux(reader.span.valid & idle, reader.span.payload.count, 0)
            comes = harness.free(1, f"comes_{index}") & (due != 0)
            leaves = output.valid & output.ready
            harness.m.d.sync += [due.eq(due + asked - comes), owed.eq(owed + asked - leaves)]


def _fetcher_stays(mutant: bool) -> Harness:
    fetch = _Fetch()
    if mutant:
        fetch.harness.opened.override("second__valid", 0, when=fetch.fetcher.command.valid)
    keeps(fetch.harness, *fetch.outputs)
    return fetch.harness


def _fetcher_operands(mutant: bool) -> Harness:
    fetch = _Fetch()
    harness, commands = fetch.harness, fetch.commands
    if mutant:
        harness.opened.override("second__valid", 1, when=fetch.fetcher.o.valid)
    right = []
    for index, prefix in enumerate(("", "second_")):
        span, output = fetch.readers[index].span, fetch.outputs[index]
        fields = [commands.fields.fetch[f"{prefix}{name}"] for name, _ in span.payload.shape()]
        some = commands.begins & (fields[1] != 0) if index else commands.begins
        same = Value.cast(span.payload) == Cat(Value.cast(each) for each in fields)
        right += [(span.valid & span.ready) == some, ~some | same]
        right.append(~output.valid | (fetch.owed[index] != 0))
    harness.check(Cat(right).all())
    return harness


def _fetcher_completes(mutant: bool) -> Harness:
    fetch = _Fetch()
    if mutant:
        fetch.harness.opened.override("done", 1, when=fetch.harness.opened.signal("starting"))
    fetch.harness.check(Cat(fetch.due) == 0, when=fetch.fetcher.done)
    return fetch.harness


class _Compute:
    """A compute unit whose core begins a layer within the clocks that it has, and is idle again
    when its last word has left."""

    def __init__(self) -> None:
        self.commands = commands = Commands(ComputeUnit(_CONFIG), _CONFIG, Engine.COMPUTE)
        self.harness = harness = commands.harness
        self.unit = unit = commands.component
        harness.offer(unit.i, "word")
        self.core = core = harness.stand_in("core")
        m = harness.m
        idle, clocks = Signal(name="core_idle", init=1), Signal(2, name="idle_clocks")
        harness.drive(core.idle, idle)
        begins = core.descriptor.valid & core.descriptor.ready
        harness.offer(core.result, "result", when=~idle)
        # It goes on being idle for up to two clocks.
        m.d.sync += clocks.eq(Mux(begins, 2, Mux(clocks == 0, 0, clocks - 1)))
        late = harness.free(1, "late") | (clocks == 1)
        with m.If((clocks != 0) & late):
            m.d.sync += [idle.eq(0), clocks.eq(0)]
        with m.Elif(~core.result.valid & harness.free(1, "rests")):
            m.d.sync += idle.eq(1)


def _compute_stays(mutant: bool) -> Harness:
    compute = _Compute()
    harness = compute.harness
    if mutant:
        harness.opened.override("settle", 0)
    keeps(harness, compute.unit.o)
    return harness


def _compute_layers(mutant: bool) -> Harness:
    compute = _Compute()
    harness = compute.harness
    if mutant:
        harness.opened.override("offered", 0, when=compute.unit.i.valid)
    keeps(harness, compute.core.descriptor)
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
    ComputeUnit: (Engine.COMPUTE, ("core",)),
    Storer: (Engine.STORE, ("scatter", "elementwise")),
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
        "both readers are asked for what a command says, the second one only for a second operand, "
        "and no other words leave", _fetcher_operands, _COUNTS, method=Method.PROOF,
    ),
    _of(
        "Fetcher", "completes", "a FETCH is complete when the words of both operands have come",
        _fetcher_completes, _COUNTS, method=Method.PROOF,
    ),
    _of("ComputeUnit", "output stays", KEEPS, _compute_stays, method=Method.PROOF),
    _of(
        "ComputeUnit", "layers stay", "a layer that the core is asked for stays until it takes it",
        _compute_layers, method=Method.PROOF,
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
