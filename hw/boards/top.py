# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A self-test on the pins and the clock of a board."""

from amaranth import *
from amaranth.lib import io

from macaw.arch.checks import instance
from macaw.hw.boards.board import Board
from macaw.hw.boards.pll import Ecp5Clock
from macaw.hw.self_test.top import SelfTestTop

__all__ = ["BoardTop"]


class BoardTop(Elaboratable):
    """The ``top`` of a self-test on ``board``: no port of its own, for its pins and its clock are
    those that the platform gives.

    Its domain has no reset: registers begin as the bitstream sets them, with a PLL's first clock
    (`Ecp5Clock`) or the oscillator's.
    """

    def __init__(self, top: SelfTestTop, board: Board):
        self._top = instance("top", top, SelfTestTop)
        self._board = instance("board", board, Board)

    def elaborate(self, platform):
        m = Module()
        board = self._board
        m.submodules.top = top = self._top
        m.submodules.oscillator_pin = oscillator = io.Buffer(
            "i", platform.request(platform.default_clk, dir="-")
        )
        m.domains.sync = domain = ClockDomain(reset_less=True)
        if board.pll is not None:
            m.submodules.clock_source = clock = Ecp5Clock(board.pll)
            m.d.comb += [clock.oscillator.eq(oscillator.i), domain.clk.eq(clock.clock)]
        else:
            m.d.comb += domain.clk.eq(oscillator.i)

        pins = {
            "tx": (_request(platform, "uart", 0).tx, top.tx),
            **{
                name: (platform.request(*getattr(board, name), dir="-"), getattr(top, name))
                for name in ("alive", "passed", "failed")
            },
        }
        for resource, number, subsignal in board.tied_high:
            group = _request(platform, resource, number)
            pins[f"{resource}_{subsignal}"] = (getattr(group, subsignal), Const(1))
        for name, (pin, value) in pins.items():
            m.submodules[f"{name}_pin"] = buffer = io.Buffer("o", pin)
            m.d.comb += buffer.o.eq(value)
        return m


def _request(platform, resource: str, number: int):
    """A resource with subsignals, each as a bare port."""
    bare = {each.name: "-" for each in platform.lookup(resource, number).ios}
    return platform.request(resource, number, dir=bare)
