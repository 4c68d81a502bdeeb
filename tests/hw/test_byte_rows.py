# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Result rows of the narrow core: bytes in the order of their groups, words in that of the
image."""

import random

import numpy as np
import pytest
from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from narrow_configs import NARROW

from macaw.arch.core import layer_fields
from macaw.hw.evaluations import Place
from macaw.hw.layouts import layer_layout
from macaw.hw.narrow.byte_rows import ByteRows
from macaw.sim.streams import run

SEED = 20261213
LANES = NARROW.array.lanes


class RowsWriting(wiring.Component):
    """Result rows of one layer after the other; a row's first result waits for its room."""

    def __init__(self):
        result = data.StructLayout({"value": 8, "place": Place, "first": 1})
        super().__init__(
            {
                "descriptor": In(stream.Signature(layer_layout(NARROW))),
                "results": In(stream.Signature(result)),
                "result": Out(stream.Signature(data.ArrayLayout(8, LANES))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.rows = rows = ByteRows(NARROW)
        connect(m, rows.result, flipped(self.result))
        layer = Signal(layer_layout(NARROW))
        running, claimed = Signal(), Signal()
        left = Signal(len(layer.output_rows) + 1)
        starts, waits = Signal(4), Signal(2)
        taken = self.descriptor.valid & self.descriptor.ready
        results = self.results
        begins = results.valid & results.payload.first & ~claimed
        moves = results.valid & results.ready
        m.d.comb += [
            self.descriptor.ready.eq(~running),
            rows.layer.eq(layer),
            rows.start.eq(starts[-1]),
            rows.claim.eq(
                begins & running & ~starts.any() & rows.room & (waits == 0) & (left != 0)
            ),
            results.ready.eq(running & ~starts.any() & (claimed | ~results.payload.first)),
            rows.valid.eq(moves),
            rows.value.eq(results.payload.value),
            rows.place.eq(results.payload.place),
        ]
        # Room speaks of the next row two clocks after a claim.
        m.d.sync += [starts.eq(Cat(taken, starts)), waits.eq(Cat(rows.claim, waits))]
        with m.If(rows.claim):
            m.d.sync += [claimed.eq(1), left.eq(left - 1)]
        with m.Elif(moves):
            m.d.sync += claimed.eq(0)
        with m.If(taken):
            m.d.sync += [layer.eq(self.descriptor.payload), running.eq(1)]
            m.d.sync += left.eq(self.descriptor.payload.output_rows + 1)
        with m.Elif(running & rows.finished & ~starts.any()):
            m.d.sync += running.eq(0)
        return m


def random_layer(generator):
    """A layer's descriptor, its results in order, and the rows that they make."""
    groups = [generator.randint(1, 5) for _ in range(generator.randint(1, 4))]
    channels = sum(groups)
    most = NARROW.memory.result_words
    pixels = generator.randint(1, min(12, most * LANES // channels))
    words = -(-pixels * channels // LANES)
    result_rows = min(most // words, generator.randint(1, 6))
    rows = generator.randint(1, 3 * result_rows)
    unsigned = generator.random() < 0.5
    fields = {field.name: 0 for field in layer_fields(NARROW)} | {
        "output_rows": rows - 1,
        "result_step": channels,
        "result_words": words - 1,
        "result_rows": result_rows,
        "output_unsigned": int(unsigned),
    }
    results, made = [], []
    for _ in range(rows):
        row = np.frombuffer(generator.randbytes(pixels * channels), np.uint8)
        first = 0
        for group, count in enumerate(groups):
            for pixel in range(pixels):
                for channel in range(count):
                    last, end = channel == count - 1, pixel == pixels - 1
                    results.append(
                        {
                            "value": int(row[pixel * channels + first + channel]),
                            "finish": int(last),
                            # What belongs to no pixel's last result means nothing.
                            "group_end": int(end) if last else generator.randint(0, 1),
                            "row_end": int(end and group == len(groups) - 1)
                            if last
                            else generator.randint(0, 1),
                            "first": int(group == pixel == channel == 0),
                        }
                    )
            first += count
        made.append(row ^ (0x80 if unsigned else 0))
    return fields, results, made, words


def check(layers, *, idle, stall):
    """All ``layers`` in one run."""
    results = [each for _, of_layer, _, _ in layers for each in of_layer]
    column = {name: np.array([each[name] for each in results]) for name in results[0]}
    sources = {
        "descriptor": {
            name: np.array([fields[name] for fields, _, _, _ in layers]) for name in layers[0][0]
        },
        "results": {
            "value": column["value"],
            "place": {name: column[name] for name in ("finish", "group_end", "row_end")},
            "first": column["first"],
        },
    }
    counts = [len(made) * words for _, _, made, words in layers]
    found = run(
        RowsWriting(), sources, {"result": sum(counts)},
        idle=idle, stall=stall, seed=SEED, quiet_cycles=2_000, drain_cycles=50,
    )  # fmt: skip
    parts = np.split(found.words["result"], np.cumsum(counts)[:-1])
    for index, ((_, _, made, words), part) in enumerate(zip(layers, parts, strict=True)):
        for number, row in enumerate(made):
            bytes_ = part[number * words : (number + 1) * words].reshape(-1)[: len(row)]
            wrong = np.flatnonzero(bytes_ != row)
            at = f"layer {index}, row {number}, seed {SEED}"
            assert not wrong.size, f"byte {wrong[0]} is {bytes_[wrong[0]]}: {at}"


@pytest.mark.parametrize(("idle", "stall"), [(0.0, 0.0), (0.0, 0.7), (0.3, 0.3)])
def test_rows_leave_as_words(idle, stall):
    generator = random.Random(SEED)
    check([random_layer(generator) for _ in range(30)], idle=idle, stall=stall)


@pytest.mark.parametrize("field", ["result_step", "output_unsigned"])
def test_another_descriptor_would_be_noticed(field):
    fields, results, made, words = random_layer(random.Random(SEED + 1))
    assert len(made[0]) > 2 * fields["result_step"]
    changed = fields | {field: fields[field] ^ 1}
    with pytest.raises(AssertionError, match=r"^byte \d+ is \d+: layer 0, row 0"):
        check([(changed, results, made, words)], idle=0.0, stall=0.0)


def test_refusals():
    with pytest.raises(TypeError, match=r"^config must be an AcceleratorConfig, not 8$"):
        ByteRows(8)
