# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Instructions on their way to the engines: none is lost, and none begins before its turn."""

from functools import partial

from amaranth.hdl import Cat, Mux, Signal, Value
from amaranth.lib import data

from macaw.arch import preset
from macaw.arch.instructions import (
    WAIT_BITS,
    Opcode,
    engine_of,
    instruction_fields,
    instruction_words,
)
from macaw.arch.machine import Engine, Error, MachineConfig
from macaw.hw.layouts import layout_of
from macaw.hw.machine.instruction_queue import InstructionQueue
from macaw.hw.machine.layouts import INDEX_BITS, header_layout, queued_layout
from macaw.hw.machine.sequencer import Sequencer
from macaw.prove.harness import Harness
from macaw.prove.properties import stated
from macaw.prove.solver import Method
from macaw.prove.streams import KEEPS, WAITS, keeps, waits_not

__all__ = ["INSTRUCTIONS"]

_TINY = preset("tiny")
_CONFIG = MachineConfig(name="tiny", core=_TINY, tensor_words=192, queue=2)

_STORE = [*Engine].index(Engine.STORE)

#: Clocks from an instruction's being the first one, with its waits met, to its offer.
_BEGIN_CLOCKS = 2

#: Clocks in which the sequencer takes no word and offers no instruction, at most.
_LOOK_CLOCKS = 4


class _Queue:
    """The queue of the fetches, whose engine completes what it has begun; the other engines begin
    and complete instructions at any time. Each has at most 2**14 - 1 in a program."""

    def __init__(self) -> None:
        self.harness = harness = Harness(InstructionQueue(_CONFIG, Engine.FETCH))
        self.queue = queue = harness.component
        m, signal = harness.m, harness.opened.signal
        harness.offer(queue.i, "instruction")
        # The command that the engine is executing.
        self.running = Signal(name="executes")
        begins = queue.o.valid & queue.o.ready
        more = self.running & ~queue.completed.all()
        harness.drive(queue.done, harness.free(1, "completes") & more)
        m.d.sync += self.running.eq((self.running | begins) & ~queue.done)
        # A program begins when the last one's instructions are complete.
        harness.drive(queue.start, harness.free(1, "begin") & ~queue.pending & ~signal("room.some"))

        def counted(name: str) -> Signal:
            count = Signal(WAIT_BITS, name=name)
            more = harness.free(1, f"{name}_more") & ~count.all()
            m.d.sync += count.eq(Mux(queue.start, 0, count + more))
            return count

        counts = [
            queue.completed if engine is Engine.FETCH else counted(f"{engine}_completed")
            for engine in Engine
        ]
        begun = counted("stores_begun")
        harness.drive(queue.all_completed, Cat(counts))
        harness.drive(queue.stores_begun, begun)
        # What it waits for; what is said to be complete, or begun, is.
        self.waiting = signal("room.o__valid")
        first = data.View(queued_layout(_CONFIG, Engine.FETCH), signal("room.o__payload"))
        follows = first.command.fields.fetch.follows & (begun >= first.after[_STORE])
        self.reached = Cat(
            (count >= after) | (follows if place == _STORE else 0)
            for place, (count, after) in enumerate(zip(counts, first.after, strict=True))
        )
        self.true = (
            ~signal("settled") | (self.waiting & ((signal("met") & ~self.reached) == 0))
        ) & (signal("running") == self.running)


def _queue_stays(mutant: bool) -> Harness:
    queue = _Queue()
    harness = queue.harness
    if mutant:
        harness.opened.override("o__valid", 0, when=queue.queue.i.valid)
    keeps(harness, queue.queue.o, helper=queue.true)
    return harness


def _queue_waits(mutant: bool) -> Harness:
    queue = _Queue()
    harness = queue.harness
    if mutant:
        harness.opened.override("settled", 1)
    harness.check(queue.reached.all(), when=queue.queue.o.valid, helper=queue.true)
    return harness


def _queue_begins(mutant: bool) -> Harness:
    queue = _Queue()
    harness, block = queue.harness, queue.queue
    if mutant:
        harness.opened.override("o__valid", 0, when=~block.o.ready)
    owed = queue.waiting & ~queue.running & queue.reached.all()
    waits_not(harness, block.o, owed=owed, clocks=_BEGIN_CLOCKS, helper=queue.true)
    return harness


def _queue_turns(mutant: bool) -> Harness:
    queue = _Queue()
    harness, block, m = queue.harness, queue.queue, queue.harness.m
    if mutant:
        harness.opened.override("running", 0, when=block.i.valid)
    # One that has come and is not complete is in the queue, or is executed.
    inside = Signal(range(8))
    m.d.sync += inside.eq(inside + (block.i.valid & block.i.ready) - block.done)
    stored = harness.opened.signal("room.stored")
    some, full = harness.opened.signal("room.some"), harness.opened.signal("room.full")
    agree = (
        (inside == stored + queue.waiting + queue.running)
        & (some == (stored != 0))
        & (full == (stored == _CONFIG.queue - 1))
    )
    harness.check(
        agree & (inside <= _CONFIG.queue + 1) & ~(block.o.valid & queue.running), helper=queue.true
    )
    return harness


class _Program:
    """The sequencer with any words, and what is told of the instruction that has come by a count
    of its words; with ``fields``, of all of it, otherwise of its header."""

    def __init__(self, *, fields: bool = False) -> None:
        self.harness = harness = Harness(Sequencer(_CONFIG))
        self.sequencer = sequencer = harness.component
        m, signal = harness.m, harness.opened.signal
        harness.offer(sequencer.words, "word")
        self.outputs = {engine: getattr(sequencer, engine) for engine in Engine}
        lengths = {opcode: instruction_words(_CONFIG, opcode) for opcode in Opcode}
        most = max(lengths.values())
        self.taken = sequencer.words.valid & sequencer.words.ready & ~sequencer.ended
        word = sequencer.words.payload.as_value()
        self.words = Signal(len(word) * most, name="words", reset_less=True)
        self.count = Signal(range(most + 1), name="words_count")
        self.header = data.View(header_layout(), self.words[: header_layout().size])
        # Instructions that have left, all of them and each engine's.
        self.left = Signal(INDEX_BITS, name="instructions_left")
        self.counts = [Signal(WAIT_BITS, name=f"{engine}_left") for engine in Engine]
        leaves = [each.valid & each.ready for each in self.outputs.values()]
        begins = sequencer.start & sequencer.ended
        for place in range(most):
            with m.If(self.taken & (self.count == place)):
                m.d.sync += self.words.word_select(place, len(word)).eq(word)
        m.d.sync += [
            self.count.eq(Mux(begins | Cat(leaves).any(), 0, self.count + self.taken)),
            self.left.eq(Mux(begins, 0, self.left + Cat(leaves).any())),
            *(
                count.eq(Mux(begins, 0, count + leave))
                for count, leave in zip(self.counts, leaves, strict=True)
            ),
        ]
        self.opcode = opcode = self.header.opcode
        self.length = Signal(range(most + 1))
        for each, words in lengths.items():
            with m.If(opcode == each):
                m.d.comb += self.length.eq(words)
        self.known = known = self.length != 0
        self.early = Cat(
            after > count for after, count in zip(self.header.after, self.counts, strict=True)
        )
        dispatched = data.View(data.ArrayLayout(WAIT_BITS, len(Engine)), signal("dispatched"))
        # What helps the proofs: the sequencer has the same words and counts as are told here.
        compared = len(self.words) if fields else header_layout().size
        state = partial(harness.opened.state, "fsm_state")
        some = self.count != 0
        late = state("check") | state("checked") | state("dispatch")
        complete = some & (self.count == self.length)
        self.agree = Cat(
            signal("held")[:compared] == self.words[:compared],
            (signal("count") == self.count) | state("first") | state("ended"),
            (signal("kind") == opcode) | ~some,
            Cat(count == self.counts[place] for place, count in enumerate(dispatched)).all(),
            sequencer.index == self.left,
            sequencer.ended == state("ended"),
            sequencer.ended | (sequencer.error == Error.DONE),
            state("ended") | (some ^ state("first")),
            (self.count == 1) | ~state("look"),
            ((signal("length") == self.length) & known & (self.count <= self.length))
            | ~state("rest"),
            complete | ~late,
            (opcode != Opcode.END) | ~(late | state("rest")),
            (signal("early") == self.early) | ~(state("checked") | state("dispatch")),
            ~self.early.any() | ~state("dispatch"),
        ).all()


def _sequencer_stays(mutant: bool) -> Harness:
    program = _Program()
    harness = program.harness
    if mutant:
        harness.opened.override("load__valid", 0, when=program.sequencer.words.valid)
    keeps(harness, *program.outputs.values(), helper=program.agree)
    return harness


def _sequencer_instructions(mutant: bool) -> Harness:
    """Each goes to the engine that executes it, as it stands in its words."""
    program = _Program(fields=True)
    harness = program.harness
    if mutant:
        harness.opened.override("fetch__valid", 1, when=program.opcode == Opcode.LOAD)
    right = []
    behind = program.words[header_layout().size :]
    for engine, output in program.outputs.items():
        mine = [opcode for opcode in Opcode if engine_of(opcode) == engine]
        same = Cat(
            (program.opcode == each)
            & (output.payload.command.fields.as_value()[:size] == behind[:size])
            for each in mine
            for size in [layout_of(instruction_fields(_CONFIG, each)).size]
        ).any()
        payload = output.payload
        same &= (payload.index == program.left) & (payload.command.opcode == program.opcode)
        same &= Value.cast(payload.after) == Value.cast(program.header.after)
        right.append(~output.valid | (same & (program.count == program.length)))
    harness.check(Cat(right).all(), helper=program.agree)
    return harness


def _sequencer_waits(mutant: bool) -> Harness:
    program = _Program()
    harness = program.harness
    if mutant:
        harness.opened.override("early", 0, when=program.sequencer.words.valid)
    harness.check(
        ~Cat(each.valid for each in program.outputs.values()).any() | ~program.early.any(),
        helper=program.agree,
    )
    return harness


def _sequencer_errors(mutant: bool) -> Harness:
    """Why it has ended, when it has just done so."""
    program = _Program()
    harness, sequencer = program.harness, program.sequencer
    if mutant:
        harness.opened.override("error", Error.DONE, when=program.early.any())
    expected = Mux(
        ~program.known, Error.OPCODE, Mux(program.opcode == Opcode.END, Error.DONE, Error.WAIT)
    )
    lawful = program.early.any() | (expected != Error.WAIT)
    ends = sequencer.ended & harness.past(~sequencer.ended, "ran")
    harness.check((sequencer.error == expected) & lawful, when=ends, helper=program.agree)
    return harness


def _sequencer_goes_on(mutant: bool) -> Harness:
    program = _Program()
    harness, sequencer = program.harness, program.sequencer
    if mutant:
        harness.opened.override("words__ready", 0, when=program.count == 2)
    offers = Cat(each.valid for each in program.outputs.values()).any()
    waits = ~sequencer.ended & ~offers & ~sequencer.words.ready
    count = Signal(range(_LOOK_CLOCKS + 1), name="waited")
    harness.m.d.sync += count.eq(Mux(waits, count + 1, 0))
    harness.check(count < _LOOK_CLOCKS)
    return harness


_of = partial(stated, config=_TINY, method=Method.INDUCTION)

#: The properties of what brings instructions to their engines.
INSTRUCTIONS = (
    _of("InstructionQueue", "output stays", KEEPS, _queue_stays),
    _of(
        "InstructionQueue", "valid first",
        f"{WAITS}: an instruction whose waits are over is offered within {_BEGIN_CLOCKS} clocks",
        _queue_begins,
    ),
    _of(
        "InstructionQueue", "waits",
        "a command is offered only when all that it waits for is complete", _queue_waits,
    ),
    _of(
        "InstructionQueue", "turns",
        "no command is offered while another is executed, and none is lost", _queue_turns,
    ),
    _of(
        "Sequencer", "waits", "an instruction that leaves waits for such as have left before it",
        _sequencer_waits,
    ),
    _of("Sequencer", "output stays", KEEPS, _sequencer_stays),
    _of(
        "Sequencer", "instructions",
        "an instruction goes to its engine only, as its words say, and once they have come",
        _sequencer_instructions,
    ),
    _of(
        "Sequencer", "errors",
        "an unknown opcode and an illegal wait, and they alone, end the program with their error",
        _sequencer_errors,
    ),
    _of(
        "Sequencer", "goes on",
        f"in a program a word is taken or an instruction offered every {_LOOK_CLOCKS} clocks",
        _sequencer_goes_on, method=Method.PROOF,
    ),
)  # fmt: skip
