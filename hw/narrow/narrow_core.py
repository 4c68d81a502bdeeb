# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The narrow core's blocks, put together."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from macaw.arch.checks import instance
from macaw.arch.config import AcceleratorConfig
from macaw.hw.delay import delay
from macaw.hw.delay_line import delay_line
from macaw.hw.evaluations import Evaluation
from macaw.hw.layouts import channel_parameters_layout, layer_layout
from macaw.hw.narrow.byte_rows import ByteRows
from macaw.hw.narrow.lane_accumulators import LaneAccumulators
from macaw.hw.narrow.lane_array import LaneArray
from macaw.hw.narrow.loop_address import LoopAddress
from macaw.hw.narrow.row_buffer import RowBuffer
from macaw.hw.narrow.run_sequencer import RunSequencer
from macaw.hw.parameter_store import parameter_write_layout
from macaw.hw.ram import BlockRam
from macaw.hw.requantizer import Requantizer
from macaw.hw.step_fetcher import table_write_layout
from macaw.hw.weight_memory import WeightMemory

__all__ = ["NarrowCore"]

#: Clocks from a new descriptor to its layer's start, so that what follows from it is known.
_SETTLE = 3


class NarrowCore(wiring.Component):
    """What `macaw.hw.Conv2dCore` is for a narrow configuration, with the same members.

    A read brings one run of bytes, for dense layers and for depthwise ones alike; one requantiser
    lane takes the sums one by one, with parameters straight from their memory, and its results
    are written one by one.

    Parameters
    ----------
    config : AcceleratorConfig
        The configuration, a narrow one.

    Members
    -------
    weights, parameters, table, descriptor : In
    replaced, idle : Out
    image : In
    result : Out
        As `macaw.hw.Conv2dCore` has them.
    """

    def __init__(self, config: AcceleratorConfig):
        self._config = instance("config", config, AcceleratorConfig)
        self._weights = WeightMemory(
            config.array, config.memory.weight_words, config.technology,
            compact=True, registered=False,
        )  # fmt: skip
        word = data.ArrayLayout(8, config.array.lanes)
        super().__init__(
            {
                "weights": In(stream.Signature(self._weights.write.payload.shape())),
                "parameters": In(stream.Signature(parameter_write_layout(config))),
                "table": In(stream.Signature(table_write_layout(config))),
                "descriptor": In(stream.Signature(layer_layout(config))),
                "replaced": Out(1),
                "idle": Out(1, init=1),
                "image": In(stream.Signature(word)),
                "result": Out(stream.Signature(word)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self._config
        m.submodules.weight_memory = weight_memory = self._weights
        m.submodules.row_buffer = row_buffer = RowBuffer(config)
        m.submodules.sequencer = sequencer = RunSequencer(config)
        m.submodules.array = array = LaneArray(config)
        m.submodules.accumulators = accumulators = LaneAccumulators(config)
        m.submodules.requantizer = requantizer = Requantizer(config)
        m.submodules.rows = rows = ByteRows(config)
        layer, start = self._control(m, row_buffer, sequencer, rows)
        for block in (row_buffer, sequencer, rows):
            m.d.comb += [block.layer.eq(layer), block.start.eq(start)]

        connect(m, flipped(self.image), row_buffer.image)
        connect(m, rows.result, flipped(self.result))
        connect(m, flipped(self.weights), weight_memory.write)
        connect(m, flipped(self.table), sequencer.table)
        m.d.comb += [
            sequencer.received.eq(row_buffer.received),
            sequencer.complete.eq(row_buffer.complete),
            sequencer.room.eq(rows.room),
            rows.claim.eq(sequencer.claim),
            row_buffer.released.eq(sequencer.released),
            row_buffer.row.eq(sequencer.row),
            row_buffer.offset.eq(sequencer.offset),
            row_buffer.inside.eq(sequencer.inside),
        ]

        # Run and weights meet at the array; the evaluation follows them to the accumulators.
        looked_up = row_buffer.latency - weight_memory.latency
        addressed = _later(m, "addressed", sequencer.evaluation, looked_up, config)
        m.submodules.weight_address = weight_address = LoopAddress(len(weight_memory.address))
        m.d.comb += [
            weight_address.begin.eq(layer.weight_start),
            weight_address.start.eq(start),
            weight_address.step.eq(addressed.valid),
            weight_address.place.eq(addressed.place),
            weight_memory.address.eq(weight_address.address),
            array.activations.eq(row_buffer.run),
            array.weights.eq(weight_memory.weights),
        ]
        found = row_buffer.latency + array.latency - looked_up
        in_window = _later(m, "found", addressed, found, config)
        summed = _later(m, "summed", in_window, array.sum_lag, config)
        count = sequencer.channels
        count_in_window = delay_line(m, "count", count, looked_up + found + 1, config=config)
        count_dense = delay_line(m, "count_dense", count_in_window, array.sum_lag, config=config)
        evaluation = Signal(Evaluation)
        m.d.comb += [
            evaluation.eq(Mux(layer.window, in_window, summed)),
            accumulators.window.eq(layer.window),
            accumulators.channels.eq(array.channels),
            accumulators.sums.eq(array.sums),
            accumulators.valid.eq(evaluation.valid),
            accumulators.first.eq(evaluation.first),
            accumulators.last.eq(evaluation.last),
            accumulators.place.eq(delay(m, evaluation.place, 1)),
            accumulators.count.eq(Mux(layer.window, count_in_window, count_dense)),
        ]
        self._requantize(m, layer, start, accumulators, requantizer, rows)
        return m

    def _requantize(self, m, layer, start, accumulators, requantizer, rows):
        """Sums one by one, with the parameters of their channels, to results."""
        config = self._config
        entry = channel_parameters_layout(config)
        m.submodules.parameter_memory = memory = BlockRam(
            width=-(-entry.size // 8),
            depth=config.memory.parameter_entries,
            technology=config.technology,
            registered=False,
        )
        m.submodules.parameter_address = address = LoopAddress(len(memory.read_address))
        announced, place = accumulators.announced, accumulators.announced_place
        # Parameters stay as long as their sum does.
        hold = config.requantizer.interval - 1
        wait = memory.latency + requantizer.latency
        m.d.comb += [
            self.parameters.ready.eq(1),
            memory.write_address.eq(self.parameters.payload.address),
            memory.write_data.eq(self.parameters.payload.parameters.as_value()),
            memory.write_enable.eq(self.parameters.valid.replicate(len(memory.write_enable))),
            address.begin.eq(layer.parameter_start),
            address.start.eq(start),
            address.step.eq(delay(m, announced, hold, reset_less=False)),
            address.place.eq(delay(m, place, hold)),
            memory.read_address.eq(address.address),
            requantizer.accumulators[0].eq(accumulators.value),
            requantizer.parameters[0].eq(memory.read_data.as_value()[: entry.size]),
            *(requantizer.layer[name].eq(layer[name]) for name, _ in requantizer.layer.shape()),
            rows.valid.eq(delay(m, announced, wait, reset_less=False)),
            rows.value.eq(requantizer.results[0]),
            Value.cast(rows.place).eq(delay_line(m, "places", place, wait, config=config)),
        ]
        if hold:
            m.d.comb += requantizer.start.eq(delay(m, announced, memory.latency, reset_less=False))

    def _control(self, m, row_buffer, sequencer, rows):
        """Takes descriptors, one layer after the other; gives (layer, start)."""
        layer = Signal(layer_layout(self._config), reset_less=True)
        starts = Signal(_SETTLE)
        taken = self.idle & self.descriptor.valid
        m.d.comb += [self.descriptor.ready.eq(self.idle), self.replaced.eq(starts[-1])]
        m.d.sync += starts.eq(Cat(taken, starts))
        running = Signal()
        start = starts[-1]
        done = running & sequencer.finished & rows.finished & row_buffer.complete
        with m.If(taken):
            m.d.sync += [layer.eq(self.descriptor.payload), self.idle.eq(0)]
        with m.If(start):
            m.d.sync += running.eq(1)
        with m.Elif(done):
            m.d.sync += [self.idle.eq(1), running.eq(0)]
        return layer, start


def _later(m, name, evaluation, clocks, config):
    """An evaluation some clocks later; only its ``valid`` needs a reset."""
    later = Signal(Evaluation, name=name)
    line = delay_line(m, f"{name}_line", evaluation, clocks, config=config)
    m.d.comb += later.eq(line)
    m.d.comb += later.valid.eq(delay(m, evaluation.valid, clocks, reset_less=False))
    return later
