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

    A board without a PLL runs in the domain that its platform makes of the oscillator, with a
    reset at start; a PLL's domain has none, see `Ecp5Clock`.
    """

    def __init__(self, top: SelfTestTop, board: Board):
        self._top = instance("top", top, SelfTestTop)
        self._board = instance("board", board, Board)

    def elaborate(self, platform):
        m = Module()
        board = self._board
        m.submodules.top = top = self._top
        if board.pll is not None:
            m.submodules.oscillator_pin = oscillator = io.Buffer(
                "i", platform.request(platform.default_clk, dir="-")
            )
            m.submodules.clock_source = clock = Ecp5Clock(board.pll)
            m.domains.sync = domain = ClockDomain(reset_less=True)
            m.d.comb += [clock.oscillator.eq(oscillator.i), domain.clk.eq(clock.clock)]

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
