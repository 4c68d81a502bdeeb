# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Components that are device cells with the same inputs, each with parameters of its own."""

from amaranth.hdl import ClockSignal, Const, Instance, Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out


def bits(prefix, value, direction="i"):
    return {f"{direction}_{prefix}{index}": bit for index, bit in enumerate(value)}


def named(parameters):
    return {f"p_{name}": value for name, value in parameters.items()}


class Multipliers(wiring.Component):
    """A MULT18X18D for each of ``parameters``, with the product ``p[index]``."""

    def __init__(self, parameters):
        self._parameters = parameters
        inputs = {"a": 18, "b": 18, "signed_a": 1, "signed_b": 1}
        inputs |= {"enable": 1, "reset": 1, "source": 1}
        super().__init__(
            {name: In(width) for name, width in inputs.items()}
            | {"p": Out(data.ArrayLayout(36, len(parameters)))}
        )

    def elaborate(self, platform):
        m = Module()
        for index, parameters in enumerate(self._parameters):
            m.submodules[f"cell_{index}"] = Instance(
                "MULT18X18D",
                **named(parameters),
                **bits("A", self.a),
                **bits("B", self.b),
                **bits("P", self.p[index], "o"),
                i_SIGNEDA=self.signed_a,
                i_SIGNEDB=self.signed_b,
                i_SOURCEA=self.source,
                i_SOURCEB=0,
                i_CLK0=ClockSignal(),
                i_CE0=self.enable,
                i_RST0=self.reset,
            )
        return m


class Rams(wiring.Component):
    """A DP16KD for each of ``parameters``, with the outputs ``q_a[index]`` and ``q_b[index]``
    of its two ports; ``initial`` are its 1024 words of 18 bits."""

    NAMES = ("address", "data", "write", "enable", "output_enable", "select", "reset")

    def __init__(self, parameters, initial=()):
        self._initial = {
            f"INITVAL_{row:02X}": Const(
                sum(word << 20 * i for i, word in enumerate(initial[16 * row : 16 * row + 16])),
                320,
            )
            for row in range(64 if initial else 0)
        }
        self._parameters = parameters
        widths = dict(zip(self.NAMES, (14, 18, 1, 1, 1, 3, 1), strict=True))
        outputs = data.ArrayLayout(18, len(parameters))
        super().__init__(
            {f"{name}_{port}": In(width) for port in "ab" for name, width in widths.items()}
            | {"q_a": Out(outputs), "q_b": Out(outputs)}
        )

    def elaborate(self, platform):
        m = Module()
        for index, parameters in enumerate(self._parameters):
            ports = {}
            for port in "AB":
                pick = {name: getattr(self, f"{name}_{port.lower()}") for name in self.NAMES}
                ports |= bits(f"AD{port}", pick["address"]) | bits(f"DI{port}", pick["data"])
                ports |= bits(f"CS{port}", pick["select"])
                ports |= bits(f"DO{port}", getattr(self, f"q_{port.lower()}")[index], "o")
                ports |= {
                    f"i_CLK{port}": ClockSignal(),
                    f"i_WE{port}": pick["write"],
                    f"i_CE{port}": pick["enable"],
                    f"i_OCE{port}": pick["output_enable"],
                    f"i_RST{port}": pick["reset"],
                }
            m.submodules[f"cell_{index}"] = Instance(
                "DP16KD", **named(parameters), **named(self._initial), **ports
            )
        return m


class FlipFlops(wiring.Component):
    """A TRELLIS_FF for each of ``parameters``, with the output ``q[index]``."""

    def __init__(self, parameters):
        self._parameters = parameters
        super().__init__(
            {name: In(1) for name in ("d", "enable", "reset")}
            | {"q": Out(data.ArrayLayout(1, len(parameters)))}
        )

    def elaborate(self, platform):
        m = Module()
        for index, parameters in enumerate(self._parameters):
            m.submodules[f"cell_{index}"] = Instance(
                "TRELLIS_FF",
                **named(parameters),
                i_CLK=ClockSignal(),
                i_DI=self.d,
                i_CE=self.enable,
                i_LSR=self.reset,
                o_Q=self.q[index],
            )
        return m
