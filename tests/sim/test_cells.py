# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The models of ECP5 cells do what the data sheet says, against models in Python."""

import itertools

import numpy as np
import pytest
from amaranth.hdl import ClockSignal, Const, Instance, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.sim.errors import BenchFailure
from macaw.sim.vectors import apply

SEED = 20261125
COUNT = 2000


def bits(prefix, value, direction="i"):
    return {f"{direction}_{prefix}{index}": bit for index, bit in enumerate(value)}


class Multiplier(wiring.Component):
    """MULT18X18D with the parameters given."""

    def __init__(self, **parameters):
        self._parameters = {f"p_{name}": value for name, value in parameters.items()}
        super().__init__(
            {
                "a": In(18),
                "b": In(18),
                "signed_a": In(1),
                "signed_b": In(1),
                "enable": In(1),
                "reset": In(1),
                "source": In(1),
                "p": Out(36),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.cell = Instance(
            "MULT18X18D",
            **self._parameters,
            **bits("A", self.a),
            **bits("B", self.b),
            **bits("P", self.p, "o"),
            i_SIGNEDA=self.signed_a,
            i_SIGNEDB=self.signed_b,
            i_SOURCEA=self.source,
            i_SOURCEB=0,
            i_CLK0=ClockSignal(),
            i_CE0=self.enable,
            i_RST0=self.reset,
        )
        return m


REGISTERS = ("INPUTA", "INPUTB", "PIPELINE", "OUTPUT")


def clocked(*registers):
    return {f"REG_{name}_CLK": "CLK0" for name in registers}


def factors(generator):
    """Random factors; the first 25 are all pairs of extremes."""
    values = generator.integers(0, 1 << 18, (2, COUNT))
    extremes = [0, 1, (1 << 17) - 1, 1 << 17, (1 << 18) - 1]
    values[:, :25] = np.array(list(itertools.product(extremes, repeat=2))).T
    return values


def number(value, is_signed):
    return value - (is_signed * (value >> 17 & 1) << 18)


@pytest.mark.parametrize(
    "registers", [chosen for n in range(5) for chosen in itertools.combinations(REGISTERS, n)]
)
def test_product_behind_any_registers(registers):
    generator = np.random.default_rng(SEED)
    a, b = factors(generator)
    signed_a, signed_b = generator.integers(0, 2, (2, COUNT))
    product = number(a, signed_a) * number(b, signed_b)
    behind = ("PIPELINE" in registers) + ("OUTPUT" in registers)
    early_a, early_b = (int(name in registers) for name in ("INPUTA", "INPUTB"))
    answers = apply(
        Multiplier(**clocked(*registers)),
        {"a": a, "signed_a": signed_a, "b": b, "signed_b": signed_b}
        | {"enable": 1, "reset": 0, "source": 0},
        latency=behind,
        early={"a": early_a, "signed_a": early_a, "b": early_b, "signed_b": early_b},
    )
    assert np.array_equal(answers["p"], product & ((1 << 36) - 1)), f"seed {SEED}"


def test_clock_enable_holds_all_registers():
    generator = np.random.default_rng(SEED)
    a, b = factors(generator)
    enable = generator.integers(0, 2, COUNT)
    inputs = {"a": a, "b": b, "signed_a": 1, "signed_b": 1, "reset": 0, "source": 0}
    answers = apply(Multiplier(**clocked(*REGISTERS)), inputs | {"enable": enable}, latency=0)
    held = product = output = 0
    for index in range(COUNT):
        assert answers["p"][index] == output & ((1 << 36) - 1), f"vector {index}, seed {SEED}"
        if enable[index]:
            output, product = product, held
            held = int(number(a[index], 1) * number(b[index], 1))


@pytest.mark.parametrize(
    ("parameters", "inputs", "message"),
    [
        ({"REG_INPUTA_CLK": "CLK1"}, {}, "a register's clock must be NONE or CLK0"),
        ({"REG_INPUTC_CLK": "CLK0"}, {}, "and that of C NONE"),
        ({"REG_OUTPUT_CE": "CE1"}, {}, "registers must take CE0 and RST0"),
        ({"REG_PIPELINE_RST": "RST1"}, {}, "registers must take CE0 and RST0"),
        ({"MULT_BYPASS": "ENABLED"}, {}, "this mode has no model"),
        ({"HIGHSPEED_CLK": "CLK0"}, {}, "this mode has no model"),
        ({}, {"reset": 1}, "RST0 has no model"),
        ({}, {"source": 1}, "shifted operands have no model"),
    ],
)
def test_multiplier_refuses_what_it_does_not_model(parameters, inputs, message):
    values = dict.fromkeys(["b", "signed_a", "signed_b", "enable", "reset", "source"], 0)
    with pytest.raises(BenchFailure, match=f"MULT18X18D: .*{message}"):
        apply(Multiplier(**parameters), {"a": np.arange(4)} | values | inputs, latency=0)


class Ram(wiring.Component):
    """DP16KD with the parameters given; ``a`` and ``b`` are its ports."""

    NAMES = ("address", "data", "write", "enable", "output_enable", "select", "reset")

    def __init__(self, **parameters):
        self._parameters = {f"p_{name}": value for name, value in parameters.items()}
        widths = dict(zip(self.NAMES, (14, 18, 1, 1, 1, 3, 1), strict=True))
        super().__init__(
            {f"{name}_{port}": In(width) for port in "ab" for name, width in widths.items()}
            | {"q_a": Out(18), "q_b": Out(18)}
        )

    def elaborate(self, platform):
        m = Module()
        ports = {}
        for port in "AB":
            pick = {name: getattr(self, f"{name}_{port.lower()}") for name in self.NAMES}
            ports |= bits(f"AD{port}", pick["address"]) | bits(f"DI{port}", pick["data"])
            ports |= bits(f"CS{port}", pick["select"])
            ports |= bits(f"DO{port}", getattr(self, f"q_{port.lower()}"), "o")
            ports[f"i_CLK{port}"] = ClockSignal()
            ports |= {
                f"i_WE{port}": pick["write"],
                f"i_CE{port}": pick["enable"],
                f"i_OCE{port}": pick["output_enable"],
                f"i_RST{port}": pick["reset"],
            }
        m.submodules.cell = Instance("DP16KD", **self._parameters, **ports)
        return m


class RamModel:
    """What the data sheet says, in Python: 2048 nine-bit cells, and two ports."""

    def __init__(self, widths, outreg, cells):
        self.cells, self.widths, self.outreg = list(cells), widths, outreg
        self.latch, self.register = [0, 0], [0, 0]

    def places(self, port, address):
        first = address >> 3 if self.widths[port] == 9 else address >> 4 << 1
        return range(first, first + self.widths[port] // 9)

    def outputs(self):
        return [self.register[p] if self.outreg[p] else self.latch[p] for p in (0, 1)]

    def clock(self, ports):
        """One edge; each port is (address, data, write, enable, output enable)."""
        cells = list(self.cells)
        written = [set(), set()]
        for port, (address, data, write, enable, _) in enumerate(ports):
            for index, place in enumerate(self.places(port, address)):
                enabled = self.widths[port] == 9 or address >> index & 1
                if write and enable and enabled:
                    cells[place] = data >> 9 * index & 0x1FF
                    written[port].add(place)
        for port, (address, _, write, enable, output_enable) in enumerate(ports):
            places = self.places(port, address)
            if output_enable:
                self.register[port] = self.latch[port]
            if enable and not write:
                word = sum(self.cells[place] << 9 * i for i, place in enumerate(places))
                undefined = written[1 - port] & set(places)
                mask = (1 << self.widths[port]) - 1
                self.latch[port] = word ^ mask if undefined else word
        self.cells = cells


@pytest.mark.parametrize("widths", list(itertools.product((9, 18), repeat=2)))
@pytest.mark.parametrize("outreg", [(False, True), (True, False)])
def test_block_ram(widths, outreg):
    generator = np.random.default_rng(SEED)
    # Few addresses, so that words are written, read and hit by both ports often.
    addresses = generator.integers(0, 8, (2, COUNT)) << 3 | generator.integers(0, 4, (2, COUNT))
    addresses |= generator.integers(0, 2, (2, COUNT)) << 13
    data = generator.integers(0, 1 << 18, (2, COUNT))
    write, enable, output_enable = (
        generator.random((2, COUNT)) < probability for probability in (0.4, 0.9, 0.9)
    )
    initial = generator.integers(0, 1 << 18, 1024)
    contents = {
        f"INITVAL_{row:02X}": "0x" + "".join(
            f"{initial[16 * row + column]:05X}" for column in reversed(range(16))
        )
        for row in range(64)
    }  # fmt: skip
    parameters = {name: Const(int(text, 16), 320) for name, text in contents.items()}
    for port, width, registered in zip("AB", widths, outreg, strict=True):
        parameters[f"DATA_WIDTH_{port}"] = width
        parameters[f"REGMODE_{port}"] = "OUTREG" if registered else "NOREG"
    inputs = {}
    for port, name in enumerate("ab"):
        inputs |= {
            f"address_{name}": addresses[port],
            f"data_{name}": data[port],
            f"write_{name}": write[port],
            f"enable_{name}": enable[port],
            f"output_enable_{name}": output_enable[port],
            f"select_{name}": 0,
            f"reset_{name}": 0,
        }
    # Two ports that write one word at once are refused by the data sheet: keep them apart.
    same = (addresses[0] >> 4 == addresses[1] >> 4) & write[0] & write[1]
    inputs["write_b"] = write[1] = write[1] & ~same
    answers = apply(Ram(**parameters), inputs, latency=0)
    model = RamModel(widths, outreg, [half for word in initial for half in
                                      (int(word) & 0x1FF, int(word) >> 9)])  # fmt: skip
    for index in range(COUNT):
        found = [int(answers[name][index]) for name in ("q_a", "q_b")]
        assert found == model.outputs(), f"vector {index}, seed {SEED}"
        model.clock(
            [
                (
                    int(addresses[port][index]), int(data[port][index]), write[port][index],
                    enable[port][index], output_enable[port][index],
                )
                for port in (0, 1)
            ]
        )  # fmt: skip


def ram_inputs(**changes):
    values = {f"{name}_{port}": 0 for name in Ram.NAMES for port in "ab"}
    values |= {f"{name}_{port}": 1 for name in ("enable", "output_enable") for port in "ab"}
    return values | {"address_a": np.full(4, 0x13)} | changes


@pytest.mark.parametrize("select", [1, 2, 4])
def test_block_ram_that_is_not_selected_keeps_its_word(select):
    inputs = ram_inputs(write_a=1, data_a=0x2AAAA, address_b=0x10, select_a=select)
    assert not apply(Ram(), inputs, latency=0)["q_b"].any()
    assert apply(Ram(), ram_inputs(**inputs | {"select_a": 0, "write_a": [1, 0, 0, 0]}),
                 latency=0)["q_b"][2] == 0x2AAAA  # fmt: skip


@pytest.mark.parametrize(
    ("parameters", "inputs", "message"),
    [
        ({"DATA_WIDTH_A": 36}, {}, "the widths must be 9 or 18"),
        ({"REGMODE_B": "REG"}, {}, "the register modes must be NOREG or OUTREG"),
        ({"CSDECODE_A": "0b001"}, {}, "this mode has no model"),
        ({"WRITEMODE_B": "READBEFOREWRITE"}, {}, "this mode has no model"),
        ({"CLKAMUX": "INV"}, {}, "this mode has no model"),
        ({}, {"reset_a": 1}, "RSTA has no model"),
        ({}, {"reset_b": 1}, "RSTB has no model"),
    ],
)
def test_block_ram_refuses_what_it_does_not_model(parameters, inputs, message):
    with pytest.raises(BenchFailure, match=f"DP16KD: {message}"):
        apply(Ram(**parameters), ram_inputs(**inputs), latency=0)


class FlipFlop(wiring.Component):
    """TRELLIS_FF with the parameters given."""

    d: In(1)
    enable: In(1)
    reset: In(1)
    q: Out(1)

    def __init__(self, **parameters):
        self._parameters = {f"p_{name}": value for name, value in parameters.items()}
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.submodules.cell = Instance(
            "TRELLIS_FF", **self._parameters, i_CLK=ClockSignal(), i_DI=self.d, i_CE=self.enable,
            i_LSR=self.reset, o_Q=self.q,
        )  # fmt: skip
        return m


@pytest.mark.parametrize("enabled", ["1", "CE"])
@pytest.mark.parametrize("value", ["SET", "RESET"])
def test_flip_flop(enabled, value):
    generator = np.random.default_rng(SEED)
    d, enable = generator.integers(0, 2, (2, COUNT))
    reset = (generator.random(COUNT) < 0.2).astype(int)
    answers = apply(
        FlipFlop(CEMUX=enabled, REGSET=value, GSR="DISABLED"),
        {"d": d, "enable": enable, "reset": reset},
        latency=1,
    )["q"]
    # Before the first vector the inputs are zero.
    q = int(value == "SET") if enabled == "CE" else 0
    for index in range(COUNT):
        if reset[index]:
            q = int(value == "SET")
        elif enabled == "1" or enable[index]:
            q = d[index]
        assert answers[index] == q, f"vector {index}, seed {SEED}"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"CEMUX": "INV"}, "CEMUX must be 1 or CE"),
        ({"CLKMUX": "INV"}, "this mode has no model"),
        ({"SRMODE": "ASYNC"}, "this mode has no model"),
        ({"REGSET": "NONE"}, "REGSET must be SET or RESET"),
    ],
)
def test_flip_flop_refuses_what_it_does_not_model(parameters, message):
    with pytest.raises(BenchFailure, match=f"TRELLIS_FF: {message}"):
        apply(FlipFlop(**parameters), {"d": [1], "enable": 1, "reset": 0}, latency=0)
