# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The compute core: a stream of image rows in, a stream of result rows out."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from macaw.arch.checks import instance
from macaw.arch.config import AcceleratorConfig, Multiplier
from macaw.arch.core import EXCESS
from macaw.hw.accumulators import Accumulators
from macaw.hw.delay import delay
from macaw.hw.delay_line import delay_line
from macaw.hw.evaluations import Evaluation
from macaw.hw.fanout import fan_out, load
from macaw.hw.image_intake import ImageIntake
from macaw.hw.layer_relay import LayerRelay
from macaw.hw.layouts import layer_layout
from macaw.hw.line_buffer import LineBuffer
from macaw.hw.mac_array import MacArray
from macaw.hw.narrow.narrow_core import NarrowCore
from macaw.hw.parameter_intake import ParameterIntake
from macaw.hw.parameter_store import ParameterStore, parameter_write_layout
from macaw.hw.requantizer import Requantizer
from macaw.hw.result_buffer import ResultBuffer
from macaw.hw.result_collector import ResultCollector
from macaw.hw.step_fetcher import table_write_layout
from macaw.hw.weight_address import WeightAddress
from macaw.hw.weight_memory import WeightMemory
from macaw.hw.window_reader import WindowReader
from macaw.hw.zero_point import ZeroPointCorrection

__all__ = ["Conv2dCore"]

#: Clocks from a descriptor to its layer's start in compact hardware.
_SETTLE = 6

#: Clocks from the reader's last read to the next descriptor, at least.
_TAKE = 3

#: Parts of the descriptor, which is taken as a whole.
_PARTS = 8

#: What sees the reader's descriptor in compact hardware, where the next one waits for it.
_TOGETHER = {"weights", "array", "values"}


class Conv2dCore(wiring.Component):
    """Quantised two-dimensional convolutions, equal to the golden model to the bit.

    Weights, parameters and step table are written first; a descriptor then starts a layer, and
    the image's rows are taken as the line buffer has room. The next descriptor is taken when the
    last window has been read, in compact cores when its sums have been handed on, and in narrow
    ones when the last result has been computed. If it is offered before, and its ``ahead`` is set,
    its image follows the one before without a pause. `macaw.compiler.conv2d` makes what these
    streams carry.

    Parameters
    ----------
    config : AcceleratorConfig
        The configuration.

    Members
    -------
    weights : In
        Writes to the weight memory.
    parameters : In
        Writes to the parameter memory.
    table : In
        Writes to the step table.
    descriptor : In
        Starts a layer.
    replaced : Out
        The layer whose descriptor was taken last has taken the place of the one before, for one
        clock: what was written for that one may be replaced.
    idle : Out
        No layer runs, and all results have left: what has been written may be replaced.
    image : In
        Rows of the NHWC image, each beginning with a new word of ``config.array.lanes`` bytes.
    result : Out
        Rows of the NHWC result, each beginning with a new word.
    """

    def __init__(self, config: AcceleratorConfig):
        self._config = instance("config", config, AcceleratorConfig)
        word = data.ArrayLayout(8, config.array.lanes)
        if config.narrow:
            self._narrow = NarrowCore(config)
            weights = self._narrow.weights
        else:
            self._weights = WeightMemory(
                config.array, config.memory.weight_words, config.technology, compact=config.compact
            )
            weights = self._weights.write
        super().__init__(
            {
                "weights": In(stream.Signature(weights.payload.shape())),
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
        if config.narrow:
            m.submodules.narrow = self._narrow
            connect(m, flipped(self), self._narrow)
            return m
        m.submodules.weight_memory = weight_memory = self._weights
        m.submodules.array = array = MacArray(
            config.array, config.technology, compact=config.compact
        )
        m.submodules.line_buffer = line_buffer = LineBuffer(
            lanes=config.array.lanes,
            words=config.memory.activation_words,
            technology=config.technology,
            compact=config.compact,
        )
        m.submodules.intake = intake = ImageIntake(config)
        m.submodules.reader = reader = WindowReader(
            config, read_latency=line_buffer.latency, activation_lead=array.activation_lead
        )
        m.submodules.weight_address = weight_address = WeightAddress(config)
        m.submodules.accumulators = accumulators = Accumulators(config)
        m.submodules.parameter_store = parameter_store = ParameterStore(config)
        m.submodules.requantizer = requantizer = Requantizer(config)
        m.submodules.collector = collector = ResultCollector(config)
        m.submodules.result_buffer = result_buffer = ResultBuffer(config)

        # Clocks from an evaluation to its weights, sums, values and results.
        addressed = reader.evaluation_lead - weight_memory.latency - weight_address.latency
        # The quicker one waits: the array's sums or the zero point's correction, which spreads to
        # all columns meanwhile.
        m.submodules.zero_point = zero_point = ZeroPointCorrection(
            lanes=config.array.lanes,
            technology=config.technology,
            excess_only=config.compact and not config.weight_zero_point,
        )
        ready = array.activation_lead + array.latency + accumulators.correction_lag
        early = ready - zero_point.latency
        late = max(0, -early)
        summed = reader.evaluation_lead + array.latency + late - 1
        valued = summed + 1 + accumulators.latency - accumulators.announcement
        requantised = valued + parameter_store.latency
        collected = requantised + requantizer.latency
        portions = config.beats - 1
        begin, behind, taking, settled = self._relay(
            m,
            (intake, reader, result_buffer.empty),
            {
                "weights": (addressed - 3, addressed + 2),
                "array": (reader.evaluation_lead - array.mode_lead, summed),
                "values": (valued - 3, valued + portions + 2),
                "quantise": (requantised + 1, collected + portions),
                "results": (collected - 3, collected + portions + collector.latency),
                "rows": (collected + 2, collected + portions + collector.latency + 8),
            },
        )
        layer, start = begin
        m.d.comb += [reader.layer.eq(layer), reader.start.eq(start)]
        if config.compact:
            m.d.comb += [parameter_store.layer.eq(layer), parameter_store.start.eq(start)]
        else:
            m.submodules.parameter_intake = parameters = ParameterIntake(config)
            m.d.comb += [
                parameters.offered.eq(self.descriptor.payload),
                parameters.valid.eq(self.descriptor.valid),
                parameters.taking.eq(taking),
                parameters.settled.eq(settled),
                parameters.complete.eq(parameter_store.complete),
                parameter_store.layer.eq(parameters.layer),
                parameter_store.start.eq(parameters.start),
            ]
        for name, block in (("weights", weight_address), ("results", collector)):
            m.d.comb += [block.layer.eq(behind[name][0]), block.start.eq(behind[name][1])]
        (value_layer, value_start), (array_layer, _) = behind["values"], behind["array"]
        m.d.comb += [
            parameter_store.enter_start.eq(start),
            parameter_store.value_layer.eq(value_layer),
            parameter_store.value_start.eq(value_start),
            result_buffer.layer.eq(behind["rows"][0]),
            result_buffer.claimed_words.eq(layer.result_words),
        ]
        quantise_layer, _ = behind["quantise"]

        # Streams in and out.
        connect(m, flipped(self.image), line_buffer.image)
        connect(m, result_buffer.result, flipped(self.result))
        connect(m, flipped(self.weights), weight_memory.write)
        connect(m, flipped(self.parameters), parameter_store.write)
        connect(m, flipped(self.table), reader.table)

        # The line buffer and its reader.
        m.d.comb += [
            line_buffer.start.eq(intake.start),
            line_buffer.height.eq(intake.image.height),
            line_buffer.row_words.eq(intake.image.row_words),
            line_buffer.pitch.eq(intake.image.pitch),
            line_buffer.ring_rows.eq(intake.image.ring_rows),
            line_buffer.base.eq(intake.image.ring_base),
            line_buffer.image_unsigned.eq(intake.image.input_unsigned),
            line_buffer.released.eq(intake.spared),
            intake.arrived.eq(line_buffer.received),
            intake.released.eq(reader.released),
            reader.received.eq(intake.received),
            line_buffer.read_base.eq(layer.ring_base),
            line_buffer.rows.eq(reader.rows),
            line_buffer.offset.eq(reader.offset),
            line_buffer.four.eq(reader.four),
            reader.runs.eq(line_buffer.runs),
        ]

        # Credits that a row and a column group need before they begin.
        m.d.comb += [
            reader.room.eq(result_buffer.room),
            result_buffer.claim.eq(reader.claim),
            reader.loaded.eq(parameter_store.loaded),
            parameter_store.enter.eq(reader.enter),
        ]

        # The operands meet at the array; the evaluation follows them to the accumulators.
        at_weights = _later(m, "addressed", reader.evaluation, addressed, config)
        m.d.comb += [
            weight_address.evaluation.eq(at_weights),
            weight_memory.address.eq(weight_address.address),
            array.weights.eq(weight_memory.weights),
            array.window.eq(reader.window),
            array.activations.eq(reader.activations),
            array.window_mode.eq(array_layer.window),
            accumulators.window.eq(array_layer.window),
        ]
        if config.max_pooling:
            m.d.comb += accumulators.largest.eq(array_layer.largest)
        pairs = config.array.columns // 2
        corrections = fan_out(
            m,
            "correction_copies",
            zero_point.correction,
            pairs,
            clocks=max(0, early),
            compact=config.compact,
        )
        # Without zero points of weights the offset is `EXCESS` or nothing.
        offset = array_layer.weight_offset
        if not config.weight_zero_point:
            offset &= EXCESS
        m.d.comb += [
            zero_point.activations.eq(reader.activations),
            zero_point.offset.eq(offset),
            *(
                accumulators.corrections[column].eq(corrections[column % pairs])
                for column in range(config.array.columns)
            ),
        ]
        evaluation = _later(m, "summed", reader.evaluation, summed, config)
        m.d.comb += [
            accumulators.sums.eq(delay(m, array.sums, late)),
            accumulators.valid.eq(evaluation.valid),
            accumulators.first.eq(evaluation.first),
            accumulators.last.eq(evaluation.last),
            accumulators.place.eq(evaluation.place),
        ]

        # Values and parameters meet at the requantiser; the place follows them to the collector.
        # A group is entered before its first evaluation, so its parameters have come by then.
        assert parameter_store.lead <= valued
        ahead = parameter_store.latency - accumulators.announcement
        valid, last, place = (
            accumulators.values_valid,
            accumulators.values_last,
            accumulators.values_place,
        )
        m.d.comb += [
            parameter_store.valid.eq(valid),
            parameter_store.last.eq(last),
            parameter_store.finish.eq(place.finish),
            parameter_store.leave.eq(valid & last & place.finish & place.group_end),
            requantizer.accumulators.eq(delay(m, accumulators.values, ahead)),
            requantizer.parameters.eq(parameter_store.parameters),
            *(
                requantizer.layer[name].eq(quantise_layer[name])
                for name, _ in requantizer.layer.shape()
            ),
        ]
        if config.requantizer.multiplier == Multiplier.SERIAL:
            start = delay(m, valid, parameter_store.latency, name="taken", reset_less=False)
            m.d.comb += requantizer.start.eq(start)
        wait = parameter_store.latency + requantizer.latency
        m.d.comb += [
            collector.results.eq(requantizer.results),
            collector.valid.eq(delay(m, valid, wait, reset_less=False)),
            collector.last.eq(delay_line(m, "last_line", last, wait, config=config)),
            collector.place.eq(delay_line(m, "place_line", place, wait, config=config)),
            result_buffer.write_valid.eq(collector.write_valid),
            result_buffer.write.eq(collector.write),
        ]
        return m

    def _relay(self, m, sequence, uses):
        """Takes descriptors, one layer after the other. Gives the reader's (layer, start), those of
        what stands behind it, by name, whether one is taken in the next clock, and whether they are
        all of the layer that runs.

        ``uses`` has the clocks behind an evaluation in which the descriptor is first looked at for
        it, and last. Each has a descriptor of its own, but what stands `_TOGETHER` with the reader
        in compact hardware.
        """
        config, compact = self._config, self._config.compact
        intake, reader, empty = sequence
        least = _SETTLE if compact else LayerRelay.least
        clocks = [least] * (1 + len(uses))
        own = [not compact, *(not compact or name not in _TOGETHER for name in uses)]
        # A pair of pixels has further evaluations, which no read begins.
        last_of_pair = (config.array.phases - 1) * config.beats
        pause = 0
        for index, (first, last) in enumerate(uses.values(), start=1):
            changes = 1
            if own[index]:
                changes = least + reader.lead + first - 1
                clocks[index] = changes + LayerRelay.settle
            pause = max(pause, reader.trail + last_of_pair + last + 1 - _TAKE - changes)
        m.submodules.relay = relay = LayerRelay(config, clocks=tuple(clocks), own=tuple(own))

        layer = Signal(layer_layout(config), reset_less=True)
        free = Signal(init=1)
        taking, taken, done = Signal(name="taking"), Signal(name="taken"), Signal(name="done")
        # Clocks in which the start is under way, and `done` may speak of the layer before.
        way = max(*clocks, least + 3)
        left = Signal(range(way + 1))
        under_way = Signal()
        over = reader.finished & intake.complete
        for clock in range(pause):
            over = delay(m, over, 1, name=f"over_{clock}", reset_less=False) & reader.finished
        m.d.comb += [
            self.descriptor.ready.eq(taken),
            intake.offered.eq(self.descriptor.payload),
            intake.valid.eq(self.descriptor.valid),
            intake.taking.eq(taking),
            intake.running.eq(~free),
            intake.height.eq(layer.height),
            self.replaced.eq(left == 1),
            self.idle.eq(free & empty),
            relay.taken.eq(taken),
            relay.layer.eq(layer),
        ]
        rests = free | (done & ~under_way)
        m.d.sync += [
            done.eq(over),
            taking.eq(rests & ~under_way & self.descriptor.valid & ~taking & ~taken),
            taken.eq(taking),
            free.eq(rests & ~taking & ~taken),
        ]
        with m.If(taken):
            m.d.sync += [left.eq(way), under_way.eq(1)]
        with m.Elif(under_way):
            m.d.sync += [left.eq(left - 1), under_way.eq(left != 1)]
        payload = self.descriptor.payload
        load(m, "taken_copies", layer, payload, following=taking, parts=_PARTS, compact=compact)
        begin, *behind = zip(relay.layers, relay.starts, strict=True)
        settled = ~free & ~under_way
        return begin, dict(zip(uses, behind, strict=True)), taking, settled


def _later(m, name, evaluation, clocks, config):
    """An evaluation some clocks later; only its ``valid`` needs a reset."""
    later = Signal(Evaluation)
    m.d.comb += later.eq(delay_line(m, name, evaluation, clocks, config=config))
    m.d.comb += later.valid.eq(delay(m, evaluation.valid, clocks, reset_less=False))
    return later
