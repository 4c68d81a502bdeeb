# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A component of Gowin's block RAMs with the same inputs, each with widths of its own."""

from amaranth.hdl import ClockSignal, Const, Instance, Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out


class GowinRams(wiring.Component):
    """A SDPX9B for each pair of ``widths``, with the output ``q[index]``; ``initial`` are its
    2048 words of nine bits, ``mode`` is READ_MODE."""

    def __init__(self, widths, initial=(), mode=0):
        self._widths, self._mode = widths, mode
        self._initial = {
            f"p_INIT_RAM_{row:02X}": Const(
                sum(word << 9 * i for i, word in enumerate(initial[32 * row : 32 * row + 32])), 288
            )
            for row in range(64 if initial else 0)
        }
        inputs = {"write_address": 14, "read_address": 14, "data": 36}
        inputs |= {"select_a": 3, "select_b": 3}
        inputs |= dict.fromkeys(("write", "read", "reset_a", "reset_b"), 1)
        super().__init__(
            {name: In(width) for name, width in inputs.items()}
            | {"q": Out(data.ArrayLayout(36, len(widths)))}
        )

    def elaborate(self, platform):
        m = Module()
        for index, (written, read) in enumerate(self._widths):
            m.submodules[f"cell_{index}"] = Instance(
                "SDPX9B",
                p_READ_MODE=Const(self._mode, 1),
                p_BIT_WIDTH_0=written,
                p_BIT_WIDTH_1=read,
                p_BLK_SEL_0=Const(0, 3),
                p_BLK_SEL_1=Const(0, 3),
                p_RESET_MODE="ASYNC",
                **self._initial,
                i_DI=self.data,
                i_ADA=self.write_address,
                i_ADB=self.read_address,
                i_BLKSELA=self.select_a,
                i_BLKSELB=self.select_b,
                i_CLKA=ClockSignal(),
                i_CEA=self.write,
                i_RESETA=self.reset_a,
                i_CLKB=ClockSignal(),
                i_CEB=self.read,
                i_OCE=1,
                i_RESETB=self.reset_b,
                o_DO=self.q[index],
            )
        return m
