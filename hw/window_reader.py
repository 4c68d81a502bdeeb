# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the windows of a convolution out of a line buffer, as operands of the MAC array."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance, integer
from macaw.arch.config import AcceleratorConfig
from macaw.arch.core import SIZE_BITS
from macaw.hw.delay import delay
from macaw.hw.evaluations import Evaluation, EvaluationIssuer
from macaw.hw.fanout import fan_out
from macaw.hw.layouts import layer_layout
from macaw.hw.padding import Padding
from macaw.hw.step_expander import StepExpander, read_layout
from macaw.hw.step_fetcher import StepFetcher, table_write_layout
from macaw.hw.window_registers import WindowRegisters

__all__ = ["WindowReader"]

#: Clocks in which the flags of a read spread to the window registers.
_FLAG_LEAD = 3


class WindowReader(wiring.Component):
    """Walks a layer's rows, column groups and pixels, reads the taps of each from the line
    buffer, and offers them to the MAC array.

    Kernel, stride, dilation, padding and groups are run-time values: the descriptor says how rows,
    groups and pixels follow each other, the step table how the taps of a pixel are read. Waits for
    image rows, room for results and parameters are all taken before a read is made; from the read
    on, everything has a fixed latency.

    Parameters
    ----------
    config : AcceleratorConfig
        The configuration.
    read_latency : int
        Latency of the line buffer's read.
    activation_lead : int
        Clocks by which the array takes activations before its other operands, at least 1 or,
        with ``config.compact``, 0.

    Members
    -------
    table : In
        Writes to the step table.
    layer : In
        The layer's descriptor, constant from two clocks before ``start`` until two clocks behind
        ``finished``.
    start : In
        Begins the layer, for one clock; not before eight clocks behind ``finished``.
    received, released : In, Out
        Credits of the line buffer: rows received, rows no longer needed.
    room, claim : In, Out
        Credit of the result buffer: room for a row, its use.
    loaded, enter : In, Out
        Credit of the parameter store: the next group's parameters are loaded, their use.
    rows, offset, four : Out
        Read port of the line buffer.
    runs : In
        What it read.
    activations : Out
        Operands of the array in dense mode, ``activation_lead`` clocks before ``window``.
    window : Out
        Operands of the array in window mode.
    evaluation : Out
        The evaluation, `evaluation_lead` clocks before ``window``.
    finished : Out
        All reads of the layer have been made.
    """

    def __init__(self, config: AcceleratorConfig, *, read_latency: int, activation_lead: int):
        self._config = instance("config", config, AcceleratorConfig)
        self._read_latency = integer("read_latency", read_latency, 4, 64)
        least = WindowRegisters.clocks(compact=config.compact) - 1
        self._activation_lead = integer("activation_lead", activation_lead, least, 16)
        lanes = config.array.lanes
        read = read_layout(config)
        super().__init__(
            {
                "table": In(stream.Signature(table_write_layout(config))),
                "layer": In(layer_layout(config)),
                "start": In(1),
                "received": In(SIZE_BITS),
                "released": Out(SIZE_BITS),
                "room": In(1),
                "claim": Out(1),
                "loaded": In(1),
                "enter": Out(1),
                "rows": Out(read["rows"].shape),
                "offset": Out(read["offset"].shape),
                "four": Out(1),
                "runs": In(data.ArrayLayout(data.ArrayLayout(8, lanes), 4)),
                "activations": Out(data.ArrayLayout(signed(8), lanes)),
                "window": Out(data.ArrayLayout(signed(8), config.array.multipliers)),
                "evaluation": Out(Evaluation),
                "finished": Out(1),
            }
        )

    #: Clocks from ``start`` to the first ``evaluation``, at least.
    lead = 13

    #: Clocks from ``finished`` to the last ``evaluation`` that a read begins.
    trail = 2

    @property
    def evaluation_lead(self) -> int:
        """Clocks from ``evaluation`` to ``window``."""
        return self._read_latency + 1 + self._activation_lead

    def elaborate(self, platform):
        m = Module()
        layer = self.layer
        m.submodules.fetcher = fetcher = StepFetcher(self._config)
        m.submodules.expander = expander = StepExpander(self._config)
        m.submodules.issuer = issuer = EvaluationIssuer(self._config)
        wiring.connect(m, fetcher.table, wiring.flipped(self.table))
        wiring.connect(m, fetcher.steps, expander.steps)
        read = expander.read
        m.d.comb += [
            fetcher.layer.eq(layer),
            fetcher.start.eq(self.start),
            fetcher.received.eq(self.received),
            fetcher.room.eq(self.room),
            fetcher.loaded.eq(self.loaded),
            self.claim.eq(fetcher.claim),
            self.enter.eq(fetcher.enter),
            expander.layer.eq(layer),
            expander.start.eq(self.start),
            self.released.eq(expander.released),
            self.finished.eq(expander.finished),
            self.rows.eq(read.rows),
            self.offset.eq(read.offset),
            self.four.eq(layer.window & read.four),
            issuer.window.eq(layer.window),
            issuer.valid.eq(expander.valid),
            issuer.read.eq(read),
            self.evaluation.eq(issuer.evaluation),
        ]

        # What was read for the layer before may still be on its way to the padding.
        zero_point = Signal.like(layer.input_zero_point, reset_less=True)
        with m.If(delay(m, self.start, 2, reset_less=False)):
            m.d.sync += zero_point.eq(layer.input_zero_point)
        m.submodules.padding = padding = Padding(
            lanes=self._config.array.lanes,
            offset_bits=len(self.offset),
            read_latency=self._read_latency,
            compact=self._config.compact,
        )
        m.d.comb += [
            padding.row_bytes.eq(layer.row_bytes),
            padding.zero_point.eq(zero_point),
            padding.inside.eq(read.inside),
            padding.offset.eq(read.offset),
            padding.runs.eq(self.runs),
        ]

        half = self._config.array.lanes // 2
        compact = self._config.compact
        paired = fan_out(
            m, "paired_copies", read.paired, half, clocks=self._read_latency + 1, compact=compact
        )
        for lane in range(half):
            m.d.sync += [
                self.activations[lane].eq(padding.padded[0][lane]),
                self.activations[half + lane].eq(
                    Mux(paired[lane], padding.padded[1][lane], padding.padded[0][half + lane])
                ),
            ]

        m.submodules.registers = registers = WindowRegisters(
            self._config.array, flag_lead=_FLAG_LEAD, compact=compact
        )
        wait = self._activation_lead + 1 - registers.latency
        run_clocks = self._read_latency + padding.latency + wait
        m.d.comb += registers.runs.eq(delay(m, padding.padded, wait))
        flags = {
            "four": read.four,
            "low": ~read.four & ~read.high,
            "high": read.high,
            "shift": read.shift,
            "capture": read.capture,
            "evaluate": read.evaluate,
        }
        for name, flag in flags.items():
            active = flag & expander.valid & layer.window
            m.d.comb += getattr(registers, name).eq(
                delay(m, active, run_clocks - _FLAG_LEAD, reset_less=False)
            )
        m.d.comb += [
            registers.next_phase.eq(
                delay(
                    m,
                    issuer.next_phase,
                    self.evaluation_lead - registers.latency - _FLAG_LEAD,
                    reset_less=False,
                )
            ),
            self.window.eq(registers.window),
        ]
        return m
