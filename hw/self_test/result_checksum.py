# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A checksum of the core's results and their number."""

from amaranth import *
from amaranth.lib import crc, data, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance
from macaw.arch.config import AcceleratorConfig
from macaw.arch.self_test import expectation_fields
from macaw.hw.layouts import layout_of

__all__ = ["ResultChecksum"]


class ResultChecksum(wiring.Component):
    """CRC-32 (that of zlib) of a layer's result words and their number, for ``config``.

    Bytes of a row's last word that hold no result count as zeros. All is up to date `latency`
    clocks after a word.

    Members
    -------
    expectation : In(layout_of(expectation_fields(config)))
        Tells the words of a row and the bytes in use; constant from ``clear`` on.
    clear : In(1)
        A new result begins.
    valid : In(1)
        ``word`` is a word of the result.
    word : In(ArrayLayout(8, lanes))
        The word.
    crc : Out(32)
        The checksum of the words so far.
    words : Out
        Their number, as wide as the expected one; one more than it stays one more.
    """

    #: Clocks from a word to the checksum.
    latency = 2

    def __init__(self, config: AcceleratorConfig):
        self._config = instance("config", config, AcceleratorConfig)
        expectation = layout_of(expectation_fields(config))
        super().__init__(
            {
                "expectation": In(expectation),
                "clear": In(1),
                "valid": In(1),
                "word": In(data.ArrayLayout(8, config.array.lanes)),
                "crc": Out(32),
                "words": Out(expectation["result_words"].shape),
            }
        )

    def elaborate(self, platform):
        m = Module()
        lanes = self._config.array.lanes
        place = Signal.like(self.expectation.row_words)
        word, valid = Signal.like(self.word, reset_less=True), Signal()
        last = place == self.expectation.row_words
        for lane in range(lanes):
            used = ~last | self.expectation.last_bytes[lane]
            m.d.sync += word[lane].eq(Mux(used, self.word[lane], 0))
        m.d.sync += valid.eq(self.valid & ~self.clear)
        with m.If(self.clear):
            m.d.sync += [place.eq(0), self.words.eq(0)]
        with m.Elif(self.valid):
            m.d.sync += place.eq(Mux(last, 0, place + 1))
            with m.If(self.words <= self.expectation.result_words):
                m.d.sync += self.words.eq(self.words + 1)

        parameters = crc.catalog.CRC32_ISO_HDLC(data_width=8 * lanes)
        m.submodules.crc = checksum = parameters.create()
        m.d.comb += [
            checksum.start.eq(self.clear),
            checksum.data.eq(word),
            checksum.valid.eq(valid & ~self.clear),
            self.crc.eq(checksum.crc),
        ]
        return m
