# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Row buffer, sequencer and weight addresses of the narrow core walk a convolution as it is
defined."""

import numpy as np
import pytest
from amaranth.hdl import Module, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from conv2d_layers import paths, random_case
from narrow_configs import NARROW, WIDE_LANES
from window_reading import expected_evaluations

from macaw.hw.delay import delay
from macaw.hw.evaluations import Evaluation
from macaw.hw.layouts import layer_layout
from macaw.hw.narrow.loop_address import LoopAddress
from macaw.hw.narrow.row_buffer import RowBuffer
from macaw.hw.narrow.run_sequencer import RunSequencer
from macaw.hw.step_fetcher import table_write_layout
from macaw.sim.conv2d import core_streams
from macaw.sim.streams import run

FLAGS = ("first", "last", "finish", "group_end", "row_end")
COVERS = {
    "dense unpaired", "block-diagonal", "wide groups", "several column groups", "split weights",
    "window of channels", "ring wraps",
}  # fmt: skip


class RunReading(wiring.Component):
    """Row buffer, sequencer and weight address for one layer after the other, each with its own
    table; a word of ``rooms`` is room for a result row."""

    def __init__(self, config):
        self._config = config
        evaluation = {
            "cycle": 24,
            **dict.fromkeys(FLAGS, 1),
            "channels": layer_layout(config)["group_channels"].shape,
            "address": layer_layout(config)["weight_start"].shape,
            "activations": data.ArrayLayout(signed(8), config.array.lanes),
        }
        super().__init__(
            {
                "table": In(stream.Signature(table_write_layout(config))),
                "descriptor": In(stream.Signature(layer_layout(config))),
                "image": In(stream.Signature(data.ArrayLayout(8, config.array.lanes))),
                "rooms": In(stream.Signature(1)),
                "evaluations": Out(stream.Signature(data.StructLayout(evaluation))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.buffer = buffer = RowBuffer(self._config)
        m.submodules.sequencer = sequencer = RunSequencer(self._config)
        out = self.evaluations.payload
        m.submodules.address = address = LoopAddress(len(out.address))
        layer, start = self._control(m, buffer, sequencer)
        connect(m, flipped(self.image), buffer.image)
        lead = buffer.latency
        evaluation, made = Signal(Evaluation), sequencer.evaluation
        m.d.comb += [
            *(block.layer.eq(layer) for block in (buffer, sequencer)),
            *(block.start.eq(start) for block in (buffer, sequencer, address)),
            buffer.released.eq(sequencer.released),
            buffer.row.eq(sequencer.row),
            buffer.offset.eq(sequencer.offset),
            buffer.inside.eq(sequencer.inside),
            sequencer.received.eq(buffer.received),
            sequencer.complete.eq(buffer.complete),
            sequencer.room.eq(self.rooms.valid),
            self.rooms.ready.eq(sequencer.claim),
            evaluation.eq(delay(m, made, lead, reset_less=False)),
            address.begin.eq(layer.weight_start),
            address.step.eq(evaluation.valid),
            address.place.eq(evaluation.place),
        ]
        cycle = Signal.like(out.cycle)
        m.d.sync += cycle.eq(cycle + 1)
        m.d.comb += [
            self.evaluations.valid.eq(evaluation.valid),
            out.cycle.eq(cycle),
            out.first.eq(evaluation.first),
            out.last.eq(evaluation.last),
            *(out[name].eq(evaluation.place[name]) for name in FLAGS[2:]),
            out.channels.eq(delay(m, sequencer.channels, lead)),
            out.address.eq(address.address),
            out.activations.eq(buffer.run),
        ]
        return m

    def _control(self, m, buffer, sequencer):
        """Takes a descriptor once the layer before has left every register, then the entries of
        its table, of which a pixel's last is the last."""
        layer = Signal(layer_layout(self._config))
        busy, loading, started, start = Signal(), Signal(), Signal(), Signal()
        left = Signal(range(16))
        m.d.comb += [
            self.descriptor.ready.eq(~busy),
            self.table.ready.eq(loading),
            sequencer.table.payload.eq(self.table.payload),
            sequencer.table.valid.eq(self.table.valid & loading),
        ]
        m.d.sync += start.eq(0)
        with m.If(self.descriptor.valid & ~busy):
            m.d.sync += [layer.eq(self.descriptor.payload), busy.eq(1), loading.eq(1)]
            m.d.sync += started.eq(0)
        with m.Elif(loading):
            with m.If(self.table.valid):
                m.d.sync += [loading.eq(~self.table.payload.entry.last), left.eq(15)]
        with m.Elif(busy):
            done = sequencer.finished & buffer.complete & started
            with m.If(done | ~started):
                m.d.sync += left.eq(left - 1)
            with m.If(left == 0):
                m.d.sync += [start.eq(~started), started.eq(1), left.eq(15), busy.eq(~started)]
        return layer, start


def expected(case):
    flip = 0 if case.layer.input_signed else -128
    image = (case.image.astype(np.int16) + flip).astype(np.int8)
    return list(expected_evaluations(case.program, image))


def first_difference(case, words):
    """A sentence about the first evaluation that is not as expected, or ``None``."""
    for index, model in enumerate(expected(case)):
        name = "evaluation {}, of row {}, pixel {}, channel {}".format(index, *model.where)
        for field in (*FLAGS, "address"):
            # The ends say something of complete sums only.
            if model.last or not field.endswith("_end"):
                found, wanted = int(words[field][index]), int(getattr(model, field))
                if found != wanted:
                    return f"{name}: {field} is {found}, not {wanted}"
        wrong = np.flatnonzero(words["activations"][index] != model.operands)
        if wrong.size:
            found, wanted = (values[wrong[0]] for values in (words["activations"][index],
                                                             model.operands))  # fmt: skip
            return f"{name}: operand {wrong[0]} is {found}, not {wanted}"
    return None


def joined(parts):
    if isinstance(parts[0], dict):
        return {name: joined([part[name] for part in parts]) for name in parts[0]}
    return np.concatenate(parts)


def check(cases, config, *, idle=0.0, no_room=0.0):
    """All ``cases``, each twice, in one run."""
    cases = [case for case in cases for _ in range(2)]
    streams = [core_streams(case.program, case.image) for case in cases]
    sources = {
        name: joined([stream[name] for stream in streams])
        for name in ("table", "descriptor", "image")
    }
    sources["rooms"] = np.zeros(sum(case.layer.shape.output_height for case in cases), np.uint8)
    counts = [len(expected(case)) for case in cases]
    result = run(
        RunReading(config),
        sources,
        {"evaluations": sum(counts)},
        idle={"image": idle, "rooms": no_room},
        seed=cases[0].seed,
        quiet_cycles=10_000,
        drain_cycles=200,
    )
    words, start = result.words["evaluations"], 0
    for case, count in zip(cases, counts, strict=True):
        part = {name: values[start : start + count] for name, values in words.items()}
        wrong = first_difference(case, part)
        assert wrong is None, f"{wrong} ({case})"
        channels = [each for _, _, each in case.program.walk.groups]
        completed = np.flatnonzero(part["last"])
        pixels = case.program.walk.pixels
        wanted = np.tile(np.repeat(channels, pixels), case.layer.shape.output_height)
        np.testing.assert_array_equal(part["channels"][completed], wanted, str(case))
        start += count
    last = np.flatnonzero(words["last"])
    apart = np.diff(words["cycle"][last].astype(np.int64))
    least = words["channels"][last][:-1].astype(np.int64) * config.requantizer.interval
    assert (apart >= least).all(), f"sums complete too soon (seed {cases[0].seed})"
    # Among many layers the requantiser sets the pace of some, and is kept busy by them.
    assert (apart == least).any() or len(cases) < 10
    for name in ("image", "rooms"):
        assert result.transfers[name].words == len(sources[name]), name


@pytest.mark.parametrize(
    ("config", "first", "idle", "no_room"),
    [
        (NARROW, 100, 0.0, 0.0),
        (NARROW, 200, 0.4, 0.8),
        pytest.param(WIDE_LANES, 300, 0.2, 0.4, marks=pytest.mark.full),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_random_layers(config, first, idle, no_room):
    cases = [random_case(seed, config) for seed in range(first, first + 20)]
    missing = COVERS - set().union(*(paths(case.program) for case in cases))
    assert not missing, f"no layer took {missing}"
    check(cases, config, idle=idle, no_room=no_room)


@pytest.mark.parametrize("field", ["row_start", "row_step", "group_step", "position", "pixel_step"])
def test_another_descriptor_would_be_noticed(field):
    """Each of these fields matters to some read of the layer."""
    case = next(case for case in (random_case(seed, NARROW) for seed in range(1000))
                if min(case.layer.shape.output_height, case.layer.shape.output_width) > 2
                and case.program.walk.groups.outer > 1
                and len(np.unique(case.image)) > 50)  # fmt: skip
    case.program.descriptor[field] += 1
    with pytest.raises(AssertionError, match="operand|were taken"):
        check([case], NARROW)


@pytest.mark.parametrize("block", [RowBuffer, RunSequencer])
def test_refusals(block):
    with pytest.raises(TypeError, match=r"^config must be an AcceleratorConfig, not 8$"):
        block(8)
