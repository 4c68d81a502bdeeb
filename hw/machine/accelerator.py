# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The accelerator: a sequencer, four engines, the core, and one port to memory."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from macaw.arch.checks import instance
from macaw.arch.machine import Engine, Error, MachineConfig
from macaw.hw.machine.compute import ComputeUnit
from macaw.hw.machine.counters import Counters, counters_layout
from macaw.hw.machine.fetcher import Fetcher
from macaw.hw.machine.instruction_queue import InstructionQueue
from macaw.hw.machine.layouts import INDEX_BITS
from macaw.hw.machine.loader import Loader
from macaw.hw.machine.read_arbiter import ReadArbiter
from macaw.hw.machine.sequencer import Sequencer
from macaw.hw.machine.storer import Storer
from macaw.hw.machine.tensor_memory import TensorMemory
from macaw.hw.machine.watchdog import Watchdog
from macaw.hw.machine.word_reader import WordReader
from macaw.hw.memory_port import memory_signature

__all__ = ["Accelerator"]

#: Words of the program that are read ahead.
_PROGRAM_DEPTH = 32


class Accelerator(wiring.Component):
    """Runs programs of `macaw.arch.instructions` on the tensors in its memory.

    Parameters
    ----------
    config : MachineConfig
        The configuration.

    Members
    -------
    memory : Out
        The memory outside.
    start : In
        Begins a program, for one clock, while not ``busy``.
    program : In
        The word of its first instruction.
    busy : Out
        A program runs.
    error : Out
        Why the last one ended: `macaw.arch.machine.Error`. After an error the machine needs a
        reset.
    error_index : Out
        The instruction that ended it.
    counters : Out
        What `macaw.arch.machine.COUNTERS` lists, from the start of the program on.
    """

    def __init__(self, config: MachineConfig):
        self._config = instance("config", config, MachineConfig)
        super().__init__(
            {
                "memory": Out(memory_signature(config)),
                "start": In(1),
                "program": In(config.address_bits),
                "busy": Out(1),
                "error": Out(Error),
                "error_index": Out(INDEX_BITS),
                "counters": Out(counters_layout()),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self._config
        m.submodules.sequencer = sequencer = Sequencer(config)
        m.submodules.program_reader = program = WordReader(config, depth=_PROGRAM_DEPTH)
        m.submodules.loader = loader = Loader(config)
        m.submodules.fetcher = fetcher = Fetcher(config)
        m.submodules.compute = compute = ComputeUnit(config)
        m.submodules.storer = storer = Storer(config)
        m.submodules.watchdog = watchdog = Watchdog(config)
        m.submodules.counters = counters = Counters()

        begin = self.start & ~self.busy
        queues = self._queues(m, sequencer, (loader, fetcher, compute, storer), begin)

        # The memory outside, the program's words first. While words of an image are waited for, no
        # others are loaded: of two that always ask, each gets half of the words.
        m.submodules.arbiter = arbiter = ReadArbiter(config, 4)
        readers = ((program.read, program.words), *zip(fetcher.reads, fetcher.words, strict=True),
                   (loader.read, loader.words))  # fmt: skip
        for index, (read, words) in enumerate(readers):
            connect(m, read, arbiter.reads[index])
            connect(m, arbiter.words[index], words)
        m.d.comb += arbiter.hold.eq(fetcher.hungry)
        connect(m, arbiter.read, flipped(self.memory.read))
        connect(m, flipped(self.memory.words), arbiter.arriving)
        connect(m, storer.write, flipped(self.memory.write))

        # The tensor memory.
        if config.tensor_words:
            m.submodules.tensor_memory = tensors = TensorMemory(config)
            for index in range(2):
                m.d.comb += [
                    tensors.addresses[index].eq(fetcher.addresses[index]),
                    tensors.addresses_valid[index].eq(fetcher.addresses_valid[index]),
                    fetcher.addresses_ready[index].eq(tensors.addresses_ready[index]),
                    fetcher.arrives[index].eq(tensors.arrives[index]),
                ]
            _, fetches, _, stores = queues
            own = fetches.begun == stores.begun
            m.d.comb += [
                fetcher.arrived.eq(tensors.arrived),
                # What a STORE writes of its own image has been taken: nothing is to be waited for.
                fetcher.storing.eq(storer.storing),
                fetcher.storing.busy.eq(storer.storing.busy & ~own),
                tensors.write_address.eq(storer.tensor_address),
                tensors.write_data.eq(storer.tensor_data),
                tensors.write_enable.eq(storer.tensor_enable),
            ]

        # The streams between the engines.
        connect(m, fetcher.o, compute.i)
        connect(m, compute.o, storer.i)
        for name in ("weights", "parameters", "table"):
            connect(m, getattr(loader, name), getattr(compute, name))
        if config.elementwise_lanes:
            connect(m, fetcher.second, storer.second)
            connect(m, loader.lookup, storer.lookup)

        # A program runs from its start until all of its instructions are complete and the words
        # that were read ahead of its end have come.
        running = Signal()
        m.d.comb += [
            sequencer.start.eq(begin),
            # Its end is where it ends: from there on no words are asked for.
            program.span.payload.address.eq(self.program),
            program.span.payload.count.eq(-1),
            program.span.valid.eq(begin),
            program.cancel.eq(sequencer.ended & ~begin),
            self.busy.eq(running),
        ]
        connect(m, program.o, sequencer.words)
        pending = Cat(queue.pending for queue in queues).any()
        quiet = Signal(4)
        ended = sequencer.ended & ~pending & program.idle & ~program.o.valid
        m.d.sync += quiet.eq(Cat(running & ended, quiet))
        with m.If(begin):
            m.d.sync += [running.eq(1), self.error.eq(Error.DONE), quiet.eq(0)]
        with m.Elif(running & watchdog.stuck):
            m.d.sync += [
                running.eq(0),
                self.error.eq(Error.STUCK),
                self.error_index.eq(watchdog.index),
            ]
        with m.Elif(running & sequencer.ended & (sequencer.error != Error.DONE)):
            m.d.sync += [
                running.eq(0),
                self.error.eq(sequencer.error),
                self.error_index.eq(sequencer.index),
            ]
        with m.Elif(running & ended & quiet.all()):
            m.d.sync += running.eq(0)

        moves = {
            "outer_reads": self.memory.words.valid & self.memory.words.ready,
            "outer_writes": self.memory.write.valid & self.memory.write.ready,
            "load": loader.words.valid & loader.words.ready,
            "fetch": fetcher.o.valid & fetcher.o.ready,
            "operands": fetcher.second.valid & fetcher.second.ready,
            "store": compute.o.valid & compute.o.ready,
        }
        m.d.comb += [
            watchdog.running.eq(running),
            watchdog.moves.eq(Cat(moves.values()).any() | Cat(q.done for q in queues).any()),
            counters.clear.eq(begin),
            self.counters.eq(counters.values),
            *(getattr(counters, name).eq(value) for name, value in moves.items()),
            counters.cycles.eq(running),
            counters.core.eq(compute.core_busy),
            counters.starved.eq(compute.core_busy & compute.i.ready & ~compute.i.valid),
            counters.blocked.eq(storer.waits),
        ]
        for index, queue in enumerate(queues):
            m.d.comb += [
                watchdog.pending[index].eq(queue.pending),
                watchdog.indices[index].eq(queue.index),
            ]
        return m

    def _queues(self, m, sequencer, engines, begin):
        """One queue of instructions in front of each engine."""
        queues = []
        for name, engine in zip(Engine, engines, strict=True):
            queue = InstructionQueue(self._config, name)
            m.submodules[f"{name}_queue"] = queue
            connect(m, getattr(sequencer, name), queue.i)
            connect(m, queue.o, engine.command)
            m.d.comb += [queue.done.eq(engine.done), queue.start.eq(begin)]
            queues.append(queue)
        for queue in queues:
            m.d.comb += [
                queue.all_completed[index].eq(other.completed) for index, other in enumerate(queues)
            ]
        _, fetches, _, stores = queues
        m.d.comb += fetches.stores_begun.eq(stores.begun)
        return queues
