# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Puts the bytes of a result's pixels wherever they belong in memory."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from macaw.arch.checks import instance
from macaw.arch.instructions import Opcode, instruction_fields
from macaw.arch.machine import MachineConfig
from macaw.hw.layouts import layout_of
from macaw.hw.machine.layouts import word_layout

__all__ = ["Scatter", "placed_layout"]


def placed_layout(config: MachineConfig) -> data.StructLayout:
    """A word to write: its address with the space as the top bit, and an enable for each byte."""
    return data.StructLayout(
        {
            "address": config.address_bits + 1,
            "data": word_layout(config),
            "enable": config.word_bytes,
        }
    )


class Scatter(wiring.Component):
    """Words of result rows in, writes of runs of their bytes out.

    A run is what lies in one pixel, in one word of the row and in one word of the memory: it is
    turned into place and written in two clocks.

    Parameters
    ----------
    config : MachineConfig
        The configuration.

    Members
    -------
    command : In
        The fields of a SCATTER.
    begin : In
        Begins it, for one clock, while `idle`.
    idle : Out
        All has been written.
    i : In
        Words; each row begins with a new one.
    o : Out
        Writes.
    """

    def __init__(self, config: MachineConfig):
        self._config = instance("config", config, MachineConfig)
        super().__init__(
            {
                "command": In(layout_of(instruction_fields(config, Opcode.SCATTER))),
                "begin": In(1),
                "idle": Out(1, init=1),
                "i": In(stream.Signature(word_layout(config))),
                "o": Out(stream.Signature(placed_layout(config))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        size = self._config.word_bytes
        fine = exact_log2(size)
        command = self.command

        layout = command.shape()
        kept = Signal(layout, reset_less=True)
        row_address = Signal.like(command.address, reset_less=True)
        pixel_address = Signal.like(command.address, reset_less=True)
        address = Signal.like(command.address, reset_less=True)
        rows_left = Signal.like(command.rows, reset_less=True)
        pixels_left = Signal.like(command.pixels, reset_less=True)
        bytes_left = Signal.like(command.pixel_bytes, reset_less=True)
        source = Signal(fine)  # the next byte of the row's word
        run = Signal(range(size + 1), reset_less=True)
        last_of_pixel = Signal()
        last_of_word = Signal()
        # Every run is a word: none needs to be measured but the first.
        words = Signal()

        word = self.i.payload.as_value()
        turn = (address[:fine] - source)[:fine]
        turned = Signal(8 * size)
        stage = word
        for bit in range(fine):
            stage = Mux(turn[bit], stage.rotate_left(8 << bit), stage)
        m.d.comb += turned.eq(stage)

        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.FSM():
            with m.State("idle"):
                with m.If(self.begin):
                    m.d.sync += [
                        self.idle.eq(0),
                        kept.eq(command),
                        row_address.eq(command.address),
                        pixel_address.eq(command.address),
                        address.eq(command.address),
                        rows_left.eq(command.rows),
                        pixels_left.eq(command.pixels),
                        bytes_left.eq(command.pixel_bytes),
                        source.eq(0),
                        words.eq(
                            ~Cat(
                                command[name][:fine].any()
                                for name in ("address", "pixel_bytes", "pixel_pitch", "row_pitch")
                            ).any()
                        ),
                    ]
                    m.next = "measure"
            with m.State("measure"):
                # The shortest of the three.
                of_word = size - source
                of_memory = size - address[:fine]
                both = Mux(of_word < of_memory, of_word, of_memory)
                m.d.sync += [
                    run.eq(Mux(bytes_left < both, bytes_left, both)),
                    last_of_pixel.eq(bytes_left <= both),
                    last_of_word.eq((of_word <= of_memory) & (of_word <= bytes_left)),
                ]
                m.next = "move"
            with m.State("move"):
                last_pixel, last_row = pixels_left == 1, rows_left == 1
                row_ends = last_of_pixel & last_pixel
                free = ~self.o.valid | self.o.ready
                m.d.comb += self.i.ready.eq(free & (last_of_word | row_ends))
                with m.If(self.i.valid & free):
                    first = address[:fine]
                    mask = ((1 << run) - 1) << first
                    m.d.sync += [
                        self.o.valid.eq(1),
                        self.o.payload.address.eq(address >> fine),
                        self.o.payload.data.eq(turned),
                        self.o.payload.enable.eq(mask),
                        source.eq(source + run),
                        address.eq(address + run),
                        bytes_left.eq(bytes_left - run),
                    ]
                    with m.If(words):
                        single = kept.pixel_bytes == size
                        m.d.sync += last_of_pixel.eq(
                            Mux(last_of_pixel, single, bytes_left == 2 * size)
                        )
                    with m.Else():
                        m.next = "measure"
                    with m.If(last_of_pixel):
                        following = pixel_address + kept.pixel_pitch
                        m.d.sync += [
                            pixel_address.eq(following),
                            address.eq(following),
                            bytes_left.eq(kept.pixel_bytes),
                            pixels_left.eq(pixels_left - 1),
                        ]
                    with m.If(row_ends):
                        following = row_address + kept.row_pitch
                        m.d.sync += [
                            row_address.eq(following),
                            pixel_address.eq(following),
                            address.eq(following),
                            pixels_left.eq(kept.pixels),
                            rows_left.eq(rows_left - 1),
                            source.eq(0),
                        ]
                        with m.If(last_row):
                            m.next = "drain"
            with m.State("drain"):
                with m.If(~self.o.valid):
                    m.d.sync += self.idle.eq(1)
                    m.next = "idle"
        return m
