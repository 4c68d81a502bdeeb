# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A checksum of the core's results and their number."""

from amaranth import *
from amaranth.lib import crc, data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from macaw.arch.checks import instance
from macaw.arch.config import AcceleratorConfig
from macaw.arch.self_test import WORD_DIGITS, expectation_fields
from macaw.hw.layouts import layout_of
from macaw.hw.self_test.decimal_counter import DecimalCounter

__all__ = ["ResultChecksum"]


class ResultChecksum(wiring.Component):
    """CRC-32 (that of zlib) of a layer's result words and their number, for ``config``.

    Bytes of a row's last word that hold no result count as zeros. A word takes `parts` clocks, in
    each as many bits as the requantiser gives, so that the checksum keeps up with the core. All is
    up to date `latency` clocks after a word was taken.

    Members
    -------
    expectation : In(layout_of(expectation_fields(config)))
        Tells the words of a row and the bytes in use; constant while ``enable``.
    clear : In(1)
        A new result begins; not with ``enable``.
    enable : In(1)
        Words are taken.
    result : In(stream.Signature(ArrayLayout(8, lanes)))
        The words.
    crc : Out(32)
        The checksum of the words so far.
    words : Out(ArrayLayout(4, WORD_DIGITS))
        Their number, decimal digits, the lowest first.
    complete : Out(1)
        It is the expected one.
    """

    #: Clocks from the last part of a word to the checksum.
    latency = 2

    def __init__(self, config: AcceleratorConfig):
        self._config = instance("config", config, AcceleratorConfig)
        super().__init__(
            {
                "expectation": In(layout_of(expectation_fields(config))),
                "clear": In(1),
                "enable": In(1),
                "result": In(stream.Signature(data.ArrayLayout(8, config.array.lanes))),
                "crc": Out(32),
                "words": Out(data.ArrayLayout(4, WORD_DIGITS)),
                "complete": Out(1),
            }
        )

    @property
    def parts(self) -> int:
        """Clocks of a word."""
        return 8 * self._config.array.lanes // self._bits

    @property
    def _bits(self) -> int:
        """Bits that are looked at in a clock."""
        requantizer, lanes = self._config.requantizer, self._config.array.lanes
        return min(8 * lanes, 1 << ceil_log2(-(-8 * requantizer.lanes // requantizer.interval)))

    def elaborate(self, platform):
        m = Module()
        bits = self._bits
        part = Signal(range(self.parts))
        place = Signal.like(self.expectation.row_words)
        last = place == self.expectation.row_words
        valid, moves = Signal(), Signal()
        taken = Signal(bits, reset_less=True)
        word = self.result.payload.as_value().word_select(part, bits)
        used = self.expectation.last_bytes
        used = Cat(each.replicate(8) for each in used).word_select(part, bits)
        m.d.sync += [
            valid.eq(self.enable & self.result.valid),
            taken.eq(Mux(last, word & used, word)),
        ]
        m.d.comb += [
            self.result.ready.eq(self.enable & (part == self.parts - 1)),
            moves.eq(self.result.valid & self.result.ready),
        ]
        # Parts are a power of two: the last one is followed by the first.
        with m.If(self.clear):
            m.d.sync += [part.eq(0), place.eq(0)]
        with m.Elif(self.enable & self.result.valid):
            m.d.sync += part.eq(part + 1)
            with m.If(moves):
                m.d.sync += place.eq(Mux(last, 0, place + 1))

        m.submodules.counter = counter = DecimalCounter(WORD_DIGITS)
        parameters = crc.catalog.CRC32_ISO_HDLC(data_width=bits)
        # Reset, its register needs no choice of what a word is added to.
        m.submodules.crc = ResetInserter(self.clear)(checksum := parameters.create())
        m.d.comb += [
            counter.clear.eq(self.clear),
            counter.enable.eq(moves),
            self.words.eq(counter.count),
            self.complete.eq(counter.count.as_value() == self.expectation.result_words),
            checksum.data.eq(taken),
            checksum.valid.eq(valid),
            self.crc.eq(checksum.crc),
        ]
        return m
