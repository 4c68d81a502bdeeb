# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The machine around its engines: what is counted of instructions, and the port to memory."""

from functools import partial

from amaranth.hdl import Cat, Signal
from amaranth.lib import data

from macaw.arch import preset
from macaw.arch.instructions import WAIT_BITS
from macaw.arch.machine import Engine, Error, MachineConfig
from macaw.hw.machine.accelerator import Accelerator
from macaw.hw.machine.instruction_queue import MOST_COMMANDS
from macaw.prove.harness import Harness
from macaw.prove.properties import stated
from macaw.prove.solver import Method
from macaw.prove.streams import KEEPS, keeps

__all__ = ["ACCELERATOR"]

_TINY = preset("tiny")
_CONFIG = MachineConfig(name="tiny", core=_TINY, tensor_words=192, queue=2)
_ENGINES = {
    Engine.LOAD: "loader",
    Engine.FETCH: "fetcher",
    Engine.COMPUTE: "compute",
    Engine.STORE: "storer",
}


class _Machine:
    """The machine with any words of programs, and engines that complete what they have begun; it
    is not started again after an error."""

    def __init__(self) -> None:
        self.harness = harness = Harness(Accelerator(_CONFIG))
        self.machine = machine = harness.component
        m, signal = harness.m, harness.opened.signal
        state = harness.opened.state
        begins = harness.free(1, "begins") & (machine.error == Error.DONE)
        harness.drive(machine.start, begins)
        for name in ("tensor_memory", "watchdog", "counters", "arbiter"):
            harness.stand_in(name)
        program = harness.stand_in("program_reader")
        harness.offer(program.o, "word")
        dispatched = data.View(
            data.ArrayLayout(WAIT_BITS, len(Engine)), signal("sequencer.dispatched")
        )
        ended = signal("sequencer.ended")
        agree, inside, empty, stored, pendings = [], [], [], [], []
        for number, (engine, name) in enumerate(_ENGINES.items()):
            queue = f"{engine}_queue"
            part = harness.stand_in(name)
            executes = Signal(2, name=f"{engine}_executes")
            done = harness.free(1, f"{engine}_completes") & (executes != 0)
            harness.drive(part.done, done)
            takes = part.command.valid & part.command.ready
            m.d.sync += executes.eq(executes + takes - part.done)
            held, waiting = signal(f"{queue}.room.stored"), signal(f"{queue}.room.o__valid")
            level = held + waiting + executes
            completed = signal(f"{queue}.completed")
            inside.append((dispatched[number] - completed)[:WAIT_BITS] == level)
            stored.append(held)
            pendings.append(signal(f"{queue}.pending"))
            empty.append(level == 0)
            agree += [
                signal(f"{queue}.running") == executes,
                executes <= MOST_COMMANDS.get(engine, 1),
                ~signal(f"{queue}.settled") | waiting,
                signal(f"{queue}.room.some") == (held != 0),
                signal(f"{queue}.room.full") == (held == _CONFIG.queue - 1),
            ]
        self.inside = Cat(inside).all()
        self.empty = Cat(empty).all()
        self.begin = machine.start & ~machine.busy
        self.agree = Cat(
            *agree,
            ended == state("sequencer.fsm_state", "ended"),
            machine.busy | (machine.error != Error.DONE) | (self.empty & ended),
            # An instruction that has left the sequencer is pending soon.
            ~(signal("quiet")[0] & ended & ~Cat(pendings).any()) | (Cat(stored) == 0),
        ).all()


def _counts(mutant: bool) -> Harness:
    machine = _Machine()
    harness = machine.harness
    if mutant:
        completed = harness.opened.signal("load_queue.completed")
        odd = machine.machine.start & ~machine.begin
        harness.opened.override("load_queue.completed", completed + 1, when=odd)
    harness.check(machine.inside, helper=machine.agree)
    return harness


def _restarts(mutant: bool) -> Harness:
    machine = _Machine()
    harness = machine.harness
    if mutant:
        harness.opened.override("busy", 0, when=harness.opened.signal("sequencer.ended"))
    harness.check(machine.empty, when=machine.begin, helper=machine.agree)
    return harness


def _stays(mutant: bool) -> Harness:
    """What programs and engines ask of memory is anything."""
    harness = Harness(Accelerator(_CONFIG))
    memory = harness.component.memory
    for name in ("sequencer", "tensor_memory", "watchdog", "counters"):
        harness.stand_in(name)
    for engine in Engine:
        harness.stand_in(f"{engine}_queue")
    compute, loader, fetcher, program = (
        harness.stand_in(name) for name in ("compute", "loader", "fetcher", "program_reader")
    )
    harness.offer(compute.o, "result")
    reads = (loader.read, program.read, *fetcher.reads)
    for number, read in enumerate(reads):
        harness.offer(read, f"read_{number}")
    harness.offer(memory.words, "word")
    if mutant:
        harness.opened.override("storer.write__valid", 0, when=memory.words.valid)
    keeps(harness, memory.read, memory.write)
    return harness


_of = partial(stated, config=_TINY)

#: The properties of the whole machine.
ACCELERATOR = (
    _of("Accelerator", "output stays", KEEPS, _stays),
    _of(
        "Accelerator",
        "counts",
        "instructions that have left the sequencer are complete or in their queues",
        _counts,
        method=Method.INDUCTION,
    ),
    _of(
        "Accelerator",
        "restarts",
        "a program begins when all instructions of the last one are complete",
        _restarts,
        method=Method.INDUCTION,
    ),
)
