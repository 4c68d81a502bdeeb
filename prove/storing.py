# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The STORE engine and the elementwise pass in it: which words go through, and which go by."""

from collections.abc import Callable
from functools import partial

from amaranth.hdl import Cat, Mux, Signal

from macaw.arch import preset
from macaw.arch.instructions import Opcode
from macaw.arch.machine import Engine, MachineConfig
from macaw.hw.machine.storer import Storer
from macaw.prove.commands import Commands
from macaw.prove.harness import Harness
from macaw.prove.properties import stated
from macaw.prove.streams import KEEPS, keeps

__all__ = ["STORING"]

_TINY = preset("tiny")
_CONFIG = MachineConfig(name="tiny", core=_TINY, tensor_words=192, queue=2)


def _stays(mutant: bool) -> Harness:
    harness = Harness(Storer(_CONFIG))
    storer, opened = harness.component, harness.opened
    harness.offer(storer.i, "input")
    harness.offer(storer.command, "command")
    harness.cut("scatter", "elementwise")
    if mutant:
        opened.override("goes", 1)
    keeps(harness, storer.write)
    return harness


class _Store:
    """A storer beside an elementwise pass and a scatter that take as many words as they are asked
    for; the pass is idle again three clocks after its last word has left, at the latest.

    ``looks`` says that the command has operands, ``two`` that it has two.
    """

    def __init__(self) -> None:
        few = (Opcode.STORE, Opcode.SCATTER)
        self.commands = commands = Commands(Storer(_CONFIG), _CONFIG, Engine.STORE, few=few)
        self.harness = harness = commands.harness
        self.storer = storer = commands.component
        self.opened = harness.opened
        self._passes()
        self._scatters()
        harness.offer(storer.i, "input")
        harness.offer(storer.second, "operand")
        fields = commands.fields
        operands = Mux(
            storer.command.payload.opcode == Opcode.SCATTER,
            fields.scatter.operands,
            fields.store.operands,
        )
        self.looks, self.two = Signal(name="looks"), Signal(name="two")
        with harness.m.If(commands.begins):
            harness.m.d.sync += [self.looks.eq(operands != 0), self.two.eq(operands[1])]

    def _passes(self) -> None:
        harness, m = self.harness, self.harness.m
        self.unit = unit = harness.stand_in("elementwise")
        lacking, inside = Signal(2, name="lacking"), Signal(2, name="inside_pass")
        idle, clocks = Signal(name="pass_idle", init=1), Signal(2, name="pass_clocks")
        two = Signal(name="pass_two")
        harness.drive(unit.idle, idle)
        harness.drive(unit.operation.ready, idle)
        together = harness.free(1, "together") & (lacking != 0)
        harness.drive(unit.first.ready, together & (unit.second.valid | ~two))
        harness.drive(unit.second.ready, together & unit.first.valid & two)
        harness.offer(unit.result, "result", when=inside != 0)
        taken = unit.first.valid & unit.first.ready
        left = unit.result.valid & unit.result.ready
        m.d.sync += [lacking.eq(lacking - taken), inside.eq(inside + taken - left)]
        over = ~idle & (lacking == 0) & (inside == 0)
        m.d.sync += clocks.eq(Mux(over, clocks + 1, 0))
        with m.If(unit.operation.valid & idle):
            operation = unit.operation.payload
            m.d.sync += [lacking.eq(operation.count), two.eq(operation.operands[1]), idle.eq(0)]
        with m.Elif(over & (harness.free(1, "rests") | (clocks == 2))):
            m.d.sync += idle.eq(1)

    def _scatters(self) -> None:
        harness, m = self.harness, self.harness.m
        self.scatter = scatter = harness.stand_in("scatter")
        lacking, idle = Signal(2, name="scatter_lacks"), Signal(name="scatter_idle", init=1)
        harness.drive(scatter.idle, idle)
        harness.drive(scatter.i.ready, harness.free(1, "scatters_word") & (lacking != 0))
        harness.offer(scatter.o, "scattered", when=~idle)
        m.d.sync += lacking.eq(lacking - (scatter.i.valid & scatter.i.ready))
        with m.If(scatter.begin):
            m.d.sync += [lacking.eq(self.commands.fields.scatter.count), idle.eq(0)]
        with m.Elif((lacking == 0) & ~scatter.o.valid & harness.free(1, "scattered_all")):
            m.d.sync += idle.eq(1)


def _operations(mutant: bool) -> Harness:
    store = _Store()
    if mutant:
        store.opened.override("settle", 0)
    operation = store.unit.operation
    fields = store.commands.fields
    scatters = store.storer.command.payload.opcode == Opcode.SCATTER
    right = [operation.ready & store.commands.begins]
    for name, _ in operation.payload.shape():
        wanted = Mux(scatters, fields.scatter[name], fields.store[name])
        right.append(operation.payload[name] == wanted)
    store.harness.check(Cat(right).all(), when=operation.valid)
    return store.harness


def _routes(mutant: bool) -> Harness:
    store = _Store()
    storer, unit, scatter = store.storer, store.unit, store.scatter
    if mutant:
        store.opened.override("passes", 0, when=storer.second.valid)
    stored = Mux(
        store.opened.signal("scatters"),
        scatter.i.valid & scatter.i.ready,
        store.opened.signal("some") & store.opened.signal("goes"),
    )
    taken = storer.i.valid & storer.i.ready
    passed = unit.first.valid & unit.first.ready
    result = unit.result.valid & unit.result.ready
    second = storer.second.valid & storer.second.ready
    store.harness.check(
        (taken == Mux(store.looks, passed, stored))
        & (result == (store.looks & stored))
        & (second == (taken & store.two))
        & (~taken | store.commands.executes)
    )
    return store.harness


def _completes(mutant: bool) -> Harness:
    """Of STORE and SCATTER both: the words that come, and those that are stored."""
    store = _Store()
    storer, m, fields = store.storer, store.harness.m, store.commands.fields
    if mutant:
        store.opened.override("left", 0, when=store.opened.signal("left") == 2)
    count = Mux(
        storer.command.payload.opcode == Opcode.SCATTER, fields.scatter.count, fields.store.count
    )
    left = Signal(2, name="to_come")
    taken = storer.i.valid & storer.i.ready
    m.d.sync += left.eq(Mux(store.commands.begins, count, left - taken))
    store.harness.check(
        (~taken | (left != 0)) & (~storer.done | ((left == 0) & ~storer.write.valid))
    )
    return store.harness


def _announces(mutant: bool) -> Harness:
    store = _Store()
    storing, opened = store.storer.storing, store.opened
    if mutant:
        opened.override("left", 0, when=opened.signal("left") == 2)
    stores = opened.signal("busy") & ~opened.signal("scatters")
    behind = (storing.next + opened.signal("left"))[: len(storing.end)]
    store.harness.check(behind == storing.end, when=stores)
    return store.harness


_of: Callable = partial(stated, "Storer", config=_TINY)
_COUNTS = "commands of up to 3 words"

#: The properties of the STORE engine, but for its turns.
STORING = (
    _of("output stays", KEEPS, _stays),
    _of(
        "operations",
        "the elementwise pass is idle when it is asked for what a command says of it",
        _operations,
        _COUNTS,
    ),
    _of(
        "routes",
        "words go through the elementwise pass where their command has operands, otherwise past "
        "it, and second operands come with them",
        _routes,
        _COUNTS,
    ),
    _of(
        "completes",
        "a command is complete when its words have come, all of them, and have been written",
        _completes,
        _COUNTS,
    ),
    _of(
        "announces",
        "what is told of a STORE ends behind its last word, wherever in the tensor memory that is",
        _announces,
        _COUNTS,
    ),
)
