# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A design of your own from Macaw's blocks: pixels stream in, four int8 features of each out.

`LineBuffer` keeps the rows, `MacArray` computes four dot products of a pixel's eight channels in
each clock, `Requantizer` makes them int8: a 1x1 convolution. The array takes its weights with an
excess of 128 (its docstring says why), so each sum is too large by 128·Σ(channels): just what
`ZeroPointCorrection` gives, negated.

``python examples/my_own_top.py`` simulates it and compares every output with numpy.
"""

from dataclasses import replace

import numpy as np
from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out, connect, flipped

from macaw.arch import Mode, Requantization, RequantizerConfig, float32_multiplier, preset
from macaw.arch.core import EXCESS
from macaw.golden.requantize import requantize
from macaw.hw import LineBuffer, MacArray, Requantizer
from macaw.hw.delay import delay
from macaw.hw.zero_point import ZeroPointCorrection
from macaw.sim.streams import run

CONFIG = replace(preset("tiny"), requantizer=RequantizerConfig(lanes=4, modes=(Mode.FLOAT32,)))
LANES, COLUMNS = CONFIG.array.lanes, CONFIG.array.columns
HEIGHT, WIDTH, RING_ROWS = 20, 12, 2
QUEUE = 32  # results under way at most: a stalled output loses nothing

__all__ = ["Features", "main"]


class Features(wiring.Component):
    """Four features of each pixel of an int8 image of `HEIGHT` rows of `WIDTH` pixels.

    Parameters
    ----------
    weights : numpy.ndarray
        int8 (columns, lanes).
    requantization : Requantization
        Of four channels.

    Members
    -------
    image : In
        A pixel: the bytes of its eight channels.
    features : Out
        Its four results.
    """

    def __init__(self, weights, requantization):
        self._weights, self._requantization = weights, requantization
        super().__init__(
            {
                "image": In(stream.Signature(data.ArrayLayout(8, LANES))),
                "features": Out(stream.Signature(data.ArrayLayout(8, COLUMNS))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.buffer = buffer = LineBuffer(lanes=LANES, words=64)
        m.submodules.array = array = MacArray(CONFIG.array, CONFIG.technology, window=False)
        m.submodules.zero_point = zero_point = ZeroPointCorrection(lanes=LANES)
        m.submodules.requantizer = requantizer = Requantizer(CONFIG)
        m.submodules.queue = queue = SyncFIFOBuffered(width=8 * COLUMNS, depth=QUEUE)

        # The image begins a clock after the reset.
        started, start = Signal(2), Signal()
        m.d.sync += started.eq((started << 1) | 1)
        m.d.comb += start.eq(started == 1)
        connect(m, flipped(self.image), buffer.image)
        m.d.comb += [
            buffer.height.eq(HEIGHT),
            buffer.row_words.eq(WIDTH - 1),
            buffer.pitch.eq(WIDTH),
            buffer.ring_rows.eq(RING_ROWS),
            buffer.start.eq(start),
        ]

        # A pixel is read when its row is there, and when its results will have a place.
        row, column, odd = Signal(range(HEIGHT + 1)), Signal(range(WIDTH)), Signal()
        credits = Signal(range(QUEUE + 1), init=QUEUE)
        read, sent = Signal(), Signal()
        last = column == WIDTH - 1
        m.d.comb += [
            read.eq((row < buffer.received) & (credits != 0)),
            sent.eq(self.features.valid & self.features.ready),
            buffer.rows[0].eq(Mux(odd, WIDTH, 0)),
            buffer.offset.eq(column * LANES),
            # A row is given up once its last read has been made.
            buffer.released.eq(delay(m, row, buffer.latency, reset_less=False)),
        ]
        m.d.sync += credits.eq(credits - read + sent)
        with m.If(read):
            m.d.sync += [column.eq(Mux(last, 0, column + 1)), row.eq(row + last)]
            m.d.sync += odd.eq(odd ^ last)

        # The weights never change, so only the activations' way counts.
        pixel = buffer.runs[0]
        array_clocks = array.activation_lead + array.latency
        clocks = max(array_clocks, zero_point.latency)
        correction = delay(m, zero_point.correction, clocks - zero_point.latency)
        m.d.comb += [
            array.activations.eq(pixel),
            zero_point.activations.eq(pixel),
            zero_point.offset.eq(EXCESS),
        ]
        for index, weight in enumerate(self._weights.ravel().tolist()):
            m.d.comb += array.weights[index].eq(weight)

        of = self._requantization
        for channel in range(COLUMNS):
            sum_ = delay(m, array.sums[channel], clocks - array_clocks)
            entry = requantizer.parameters[channel]
            m.d.comb += [
                requantizer.accumulators[channel].eq(sum_ + correction),
                entry.bias.eq(of.bias[channel]),
                entry.multiplier.eq(of.multiplier[channel]),
                entry.shift.eq(of.shift[channel]),
            ]
        layer = requantizer.layer
        m.d.comb += [getattr(layer, name).eq(getattr(of, name))
                     for name in ("zero_point", "minimum", "maximum")]  # fmt: skip

        way = buffer.latency + clocks + requantizer.latency
        m.d.comb += [
            queue.w_en.eq(delay(m, read, way, reset_less=False)),
            queue.w_data.eq(requantizer.results.as_value()),
            self.features.payload.eq(queue.r_data),
            self.features.valid.eq(queue.r_rdy),
            queue.r_en.eq(self.features.ready),
        ]
        return m


def main() -> bool:
    """Simulates the design with random pauses; whether it equals numpy."""
    generator = np.random.default_rng(2026)
    weights = generator.integers(-128, 128, (COLUMNS, LANES), np.int8)
    image = generator.integers(-128, 128, (HEIGHT * WIDTH, LANES), np.int8)
    multiplier, shift = zip(*[float32_multiplier(2.0**-k * 1.25) for k in (8, 9, 9, 10)],
                            strict=True)  # fmt: skip
    requantization = Requantization(
        mode=Mode.FLOAT32, bias=(0, -300, 1000, 77), multiplier=multiplier, shift=shift,
        zero_point=3, minimum=-128, maximum=127,
    )  # fmt: skip
    done = run(
        Features(weights, requantization),
        {"image": image.view(np.uint8)},
        {"features": len(image)},
        idle=0.2,
        stall=0.3,
    )
    result = done.words["features"].view(np.int8)
    expected = requantize(image.astype(np.int64) @ weights.T.astype(np.int64), requantization)
    equal = np.array_equal(result, expected)
    print(f"{result.size} results in {done.cycles} cycles: {'equal' if equal else 'DIFFERENT'}")
    return equal


if __name__ == "__main__":
    raise SystemExit(not main())
