# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The models of ECP5 cells do what the data sheet says, against models in Python."""

import itertools

import numpy as np
import pytest
from sim_cells import FlipFlops, Multipliers, Rams

from macaw.sim.errors import BenchFailure, BuildFailure
from macaw.sim.vectors import apply

SEED = 20261125
COUNT = 2000

REGISTERS = ("INPUTA", "INPUTB", "PIPELINE", "OUTPUT")
CHOICES = [chosen for n in range(5) for chosen in itertools.combinations(REGISTERS, n)]
MULTIPLIERS = [{f"REG_{name}_CLK": "CLK0" for name in chosen} for chosen in CHOICES]


def factors(generator):
    """Random factors; the first 25 are all pairs of extremes."""
    values = generator.integers(0, 1 << 18, (2, COUNT))
    extremes = [0, 1, (1 << 17) - 1, 1 << 17, (1 << 18) - 1]
    values[:, :25] = np.array(list(itertools.product(extremes, repeat=2))).T
    return values


def number(value, is_signed):
    return value - (is_signed * (value >> 17 & 1) << 18)


def delayed(values, cycles):
    return np.r_[np.zeros(cycles, values.dtype), values][: len(values)]


def test_products_behind_any_registers():
    generator = np.random.default_rng(SEED)
    a, b = factors(generator)
    signed_a, signed_b = generator.integers(0, 2, (2, COUNT))
    inputs = {"a": a, "signed_a": signed_a, "b": b, "signed_b": signed_b}
    answers = apply(
        Multipliers(MULTIPLIERS), inputs | {"enable": 1, "reset": 0, "source": 0}, latency=0
    )
    a, b = number(a, signed_a), number(b, signed_b)
    for index, chosen in enumerate(CHOICES):
        behind = ("PIPELINE" in chosen) + ("OUTPUT" in chosen)
        product = delayed(a, behind + ("INPUTA" in chosen)) * delayed(
            b, behind + ("INPUTB" in chosen)
        )
        wanted = product & ((1 << 36) - 1)
        assert np.array_equal(answers["p"][:, index], wanted), f"{chosen}, seed {SEED}"


def test_clock_enable_holds_all_registers():
    generator = np.random.default_rng(SEED)
    a, b = factors(generator)
    enable = generator.integers(0, 2, COUNT)
    inputs = {"a": a, "b": b, "signed_a": 1, "signed_b": 1, "reset": 0, "source": 0}
    answers = apply(Multipliers(MULTIPLIERS), inputs | {"enable": enable}, latency=0)["p"][:, -1]
    held = product = output = 0
    for index in range(COUNT):
        assert answers[index] == output & ((1 << 36) - 1), f"vector {index}, seed {SEED}"
        if enable[index]:
            output, product = product, held
            held = int(number(a[index], 1) * number(b[index], 1))


def multiply_once(parameters, **inputs):
    values = dict.fromkeys(["b", "signed_a", "signed_b", "enable", "reset", "source"], 0)
    apply(Multipliers([parameters]), {"a": np.arange(4)} | values | inputs, latency=0)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"REG_INPUTA_CLK": "CLK1"}, "a register's clock must be NONE or CLK0"),
        ({"REG_INPUTC_CLK": "CLK0"}, "and that of C NONE"),
        ({"REG_OUTPUT_CE": "CE1"}, "registers must take CE0 and RST0"),
        ({"REG_PIPELINE_RST": "RST1"}, "registers must take CE0 and RST0"),
        ({"MULT_BYPASS": "ENABLED"}, "this mode has no model"),
        ({"HIGHSPEED_CLK": "CLK0"}, "this mode has no model"),
    ],
)
def test_multiplier_refuses_modes_that_it_does_not_have(parameters, message):
    with pytest.raises(BuildFailure, match=f"MULT18X18D: .*{message}"):
        multiply_once(parameters)


@pytest.mark.parametrize(
    ("name", "message"),
    [("reset", "RST0 has no model"), ("source", "shifted operands have no model")],
)
def test_multiplier_refuses_signals_that_it_does_not_have(name, message):
    multiply_once({})
    with pytest.raises(BenchFailure, match=f"MULT18X18D: {message}"):
        multiply_once({}, **{name: 1})


class RamModel:
    """What the data sheet says, in Python: 2048 nine-bit cells, and two ports."""

    def __init__(self, widths, outreg, old, cells):
        self.cells, self.widths, self.outreg, self.old = list(cells), widths, outreg, old
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
            if enable and (not write or self.old[port]):
                word = sum(self.cells[place] << 9 * i for i, place in enumerate(places))
                # The data sheet says nothing of this word; the model gives the complement.
                undefined = written[1 - port] & set(places)
                mask = (1 << self.widths[port]) - 1
                self.latch[port] = word ^ mask if undefined else word
        self.cells = cells


RAMS = [
    (widths, outreg, old)
    for widths in itertools.product((9, 18), repeat=2)
    for outreg, old in (
        ((False, True), (False, False)),
        ((True, False), (False, False)),
        ((False, True), (True, False)),
        ((False, False), (False, True)),
    )
]


def ram_inputs(**changes):
    values = {f"{name}_{port}": 0 for name in Rams.NAMES for port in "ab"}
    values |= {f"{name}_{port}": 1 for name in ("enable", "output_enable") for port in "ab"}
    return values | {"address_a": np.full(4, 0x13)} | changes


def test_block_rams_of_all_widths():
    generator = np.random.default_rng(SEED)
    # Few addresses, so that words are written, read, and hit by both ports often.
    addresses = generator.integers(0, 8, (2, COUNT)) << 3 | generator.integers(0, 4, (2, COUNT))
    addresses |= generator.integers(0, 2, (2, COUNT)) << 13
    data = generator.integers(0, 1 << 18, (2, COUNT))
    write, enable, output_enable = (
        generator.random((2, COUNT)) < probability for probability in (0.4, 0.9, 0.9)
    )
    # What two ports make of a word that both write is undefined: keep them apart.
    write[1] &= ~((addresses[0] >> 4 == addresses[1] >> 4) & write[0])
    initial = [int(word) for word in generator.integers(0, 1 << 18, 1024)]
    parameters = [
        {
            **{f"DATA_WIDTH_{port}": width for port, width in zip("AB", widths, strict=True)},
            **{
                f"REGMODE_{port}": "OUTREG" if registered else "NOREG"
                for port, registered in zip("AB", outreg, strict=True)
            },
            **{
                f"WRITEMODE_{port}": "READBEFOREWRITE" if first else "NORMAL"
                for port, first in zip("AB", old, strict=True)
            },
        }
        for widths, outreg, old in RAMS
    ]
    inputs = {}
    for index, port in enumerate("ab"):
        inputs |= {
            f"address_{port}": addresses[index],
            f"data_{port}": data[index],
            f"write_{port}": write[index],
            f"enable_{port}": enable[index],
            f"output_enable_{port}": output_enable[index],
        }
    answers = apply(Rams(parameters, initial), ram_inputs(**inputs), latency=0)
    for place, (widths, outreg, old) in enumerate(RAMS):
        cells = [half for word in initial for half in (word & 0x1FF, word >> 9)]
        model = RamModel(widths, outreg, old, cells)
        for index in range(COUNT):
            found = [int(answers[name][index, place]) for name in ("q_a", "q_b")]
            assert found == model.outputs(), f"{RAMS[place]}, vector {index}, seed {SEED}"
            model.clock(
                [
                    tuple(
                        int(values[port][index])
                        for values in (addresses, data, write, enable, output_enable)
                    )
                    for port in (0, 1)
                ]
            )


@pytest.mark.parametrize("select", [0, 1, 2, 4])
def test_only_a_selected_block_ram_writes(select):
    inputs = ram_inputs(write_a=[1, 0, 0, 0], data_a=0x2AAAA, address_b=0x10, select_a=select)
    words = apply(Rams([{}]), inputs, latency=0)["q_b"][:, 0]
    assert words.tolist() == [0, 0x3FFFF if not select else 0, *[0x2AAAA * (not select)] * 2]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"DATA_WIDTH_A": 36}, "the widths must be 9 or 18"),
        ({"REGMODE_B": "REG"}, "the register modes must be NOREG or OUTREG"),
        ({"CSDECODE_A": "0b001"}, "this mode has no model"),
        ({"WRITEMODE_B": "WRITETHROUGH"}, "this mode has no model"),
        ({"CLKAMUX": "INV"}, "this mode has no model"),
    ],
)
def test_block_ram_refuses_modes_that_it_does_not_have(parameters, message):
    with pytest.raises(BuildFailure, match=f"DP16KD: {message}"):
        apply(Rams([parameters]), ram_inputs(), latency=0)


@pytest.mark.parametrize("port", ["a", "b"])
def test_block_ram_refuses_a_reset(port):
    with pytest.raises(BenchFailure, match=f"DP16KD: RST{port.upper()} has no model"):
        apply(Rams([{}]), ram_inputs(**{f"reset_{port}": 1}), latency=0)


def test_flip_flops():
    generator = np.random.default_rng(SEED)
    d, enable = generator.integers(0, 2, (2, COUNT))
    reset = (generator.random(COUNT) < 0.2).astype(int)
    kinds = list(itertools.product(("1", "CE"), ("SET", "RESET")))
    parameters = [{"CEMUX": mux, "REGSET": value, "GSR": "DISABLED"} for mux, value in kinds]
    answers = apply(
        FlipFlops(parameters), {"d": d, "enable": enable, "reset": reset}, latency=1
    )["q"]  # fmt: skip
    for place, (mux, value) in enumerate(kinds):
        # Before the first vector the inputs are zero.
        q = int(value == "SET") if mux == "CE" else 0
        for index in range(COUNT):
            if reset[index]:
                q = int(value == "SET")
            elif mux == "1" or enable[index]:
                q = d[index]
            assert answers[index, place] == q, f"{mux}, {value}, vector {index}, seed {SEED}"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"CEMUX": "INV"}, "CEMUX must be 1 or CE"),
        ({"CLKMUX": "INV"}, "this mode has no model"),
        ({"SRMODE": "ASYNC"}, "this mode has no model"),
        ({"REGSET": "NONE"}, "REGSET must be SET or RESET"),
    ],
)
def test_flip_flop_refuses_modes_that_it_does_not_have(parameters, message):
    with pytest.raises(BuildFailure, match=f"TRELLIS_FF: {message}"):
        apply(FlipFlops([parameters]), {"d": [1], "enable": 1, "reset": 0}, latency=0)
