# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Components that are multipliers of small devices with the same inputs, each with parameters
of its own."""

from amaranth.hdl import ClockSignal, Const, Instance, Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out


class DualMultipliers(wiring.Component):
    """A SB_MAC16 for each of ``parameters``, with the output ``o[index]``; ``signals`` names its
    further inputs, of one bit each."""

    SIGNALS = (
        *("AHOLD", "BHOLD", "CHOLD", "DHOLD", "IRSTTOP", "IRSTBOT", "ORSTTOP", "ORSTBOT"),
        *("OLOADTOP", "OLOADBOT", "ADDSUBTOP", "ADDSUBBOT", "OHOLDTOP", "OHOLDBOT"),
        *("CI", "ACCUMCI", "SIGNEXTIN"),
    )

    def __init__(self, parameters):
        self._parameters = parameters
        super().__init__(
            {name: In(16) for name in "abcd"}
            | {"enable": In(1)}
            | {name.lower(): In(1) for name in self.SIGNALS}
            | {"o": Out(data.ArrayLayout(32, len(parameters)))}
        )

    def elaborate(self, platform):
        m = Module()
        for index, parameters in enumerate(self._parameters):
            chosen = {"MODE_8x8": 1, "TOPOUTPUT_SELECT": 2, "BOTOUTPUT_SELECT": 2} | parameters
            m.submodules[f"cell_{index}"] = Instance(
                "SB_MAC16",
                **{
                    f"p_{name}": Const(value, 2 if name.endswith(("SELECT", "LOWERINPUT")) else 1)
                    for name, value in chosen.items()
                },
                **{f"i_{name}": getattr(self, name.lower()) for name in (*"ABCD", *self.SIGNALS)},
                i_CLK=ClockSignal(),
                i_CE=self.enable,
                o_O=self.o[index],
            )
        return m


class GowinMultipliers(wiring.Component):
    """A MULT9X9, MULT18X18 or MULT36X36 for each of ``parameters``, with the product in the lower
    and the upper half ``p[index]``."""

    def __init__(self, bits, parameters):
        self._bits, self._parameters = bits, parameters
        self._shifts = bits < 36
        inputs = {"a": bits, "b": bits}
        inputs |= dict.fromkeys(("signed_a", "signed_b", "enable", "reset"), 1)
        if self._shifts:
            inputs |= {"shifted": bits, "select": 1}
        halves = data.ArrayLayout(bits, 2)
        super().__init__(
            {name: In(width) for name, width in inputs.items()}
            | {"p": Out(data.ArrayLayout(halves, len(parameters)))}
        )

    def elaborate(self, platform):
        m = Module()
        shifted = {}
        if self._shifts:
            shifted = {"i_SIA": self.shifted, "i_SIB": 0, "i_ASEL": self.select, "i_BSEL": 0}
        for index, parameters in enumerate(self._parameters):
            m.submodules[f"cell_{index}"] = Instance(
                f"MULT{self._bits}X{self._bits}",
                **{
                    f"p_{name}": value if isinstance(value, str) else Const(value, 1)
                    for name, value in parameters.items()
                },
                **shifted,
                i_A=self.a,
                i_B=self.b,
                i_ASIGN=self.signed_a,
                i_BSIGN=self.signed_b,
                i_CE=self.enable,
                i_CLK=ClockSignal(),
                i_RESET=self.reset,
                o_DOUT=self.p[index],
            )
        return m
