# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Exported Verilog lints, computes what the golden model does, and is what its JSON says."""

import hashlib
import json
import re
import subprocess

import numpy as np
import pytest
from amaranth.hdl import ClockSignal, Instance, Module, ResetSignal, Value
from amaranth.lib import wiring

from macaw.arch import Mode, Requantization, Technology, preset
from macaw.arch.changes import changed
from macaw.flow.export import export_verilog
from macaw.golden.requantize import requantize
from macaw.hw.blocks import BLOCKS, NARROW_BLOCKS, make_block
from macaw.hw.layouts import layer_values_layout
from macaw.sim import toolchain
from macaw.sim.build import cell_models
from macaw.sim.vectors import apply

SEED = 20261203
TINY = preset("tiny")
#: The device cells of an exported array.
_CELLS = {
    Technology.GENERIC: [],
    Technology.ECP5: ["MULT18X18D"],
    Technology.ICE40: ["SB_MAC16"],
    Technology.GOWIN: ["MULT9X9"],
}
LAYER = layer_values_layout(TINY).const({"mode": 0, "zero_point": 3, "minimum": -90, "maximum": 99})


def exported(block, config, folder):
    """(path of the Verilog, what the JSON says)."""
    path, interface = export_verilog(block, config, folder)
    return path, json.loads(interface.read_text())


def header_ports(text, module):
    """(direction, width) of the ports that the module declares, by name."""
    body = re.search(rf"^module {module}\s*\(.*?^endmodule", text, re.MULTILINE | re.DOTALL)[0]
    found = re.findall(r"^  (input|output) (?:\[(\d+):0\] )?\\?(\S+?) ?;", body, re.MULTILINE)
    return {name: (direction, int(high or 0) + 1) for direction, high, name in found}


def agrees(text, interface):
    """Whether the JSON names the ports of the Verilog, and no others."""
    said = {port["name"]: (port["direction"], port["width"]) for port in interface["ports"]}
    said |= {name: ("input", 1) for name in (interface["clock"], interface["reset"]) if name}
    return said == header_ports(text, interface["module"])


def lint(paths):
    """Verilator's warnings, but for the style of generated text and for widths that differ."""
    tools = toolchain.find()
    styles = "DECLFILENAME WIDTH UNUSED PROCASSINIT TIMESCALEMOD CMPCONST PINMISSING GENUNNAMED"
    quiet = [f"-Wno-{style}" for style in styles.split()]
    done = subprocess.run(
        [
            tools.verilator,
            "--lint-only",
            "-Wall",
            "--no-timing",
            *quiet,
            "--top-module",
            paths[0].stem,
            *paths,
        ],
        env={"VERILATOR_ROOT": str(tools.verilator_root)},
        capture_output=True,
        text=True,
    )
    return done.stderr


@pytest.mark.parametrize(
    "block",
    [pytest.param(name, marks=[pytest.mark.full] * (name == "Conv2dCore")) for name in BLOCKS],
)
def test_every_block_is_what_its_interface_says(tmp_path, block):
    path, interface = exported(block, TINY, tmp_path)
    text = path.read_text()
    assert interface["verilog"] == path.name
    assert interface["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert (interface["configuration"], interface["digest"]) == ("tiny", TINY.digest)
    array = {"lanes": 8, "columns": 4, "lut_pairs": 0, "window": "pairs"}
    assert interface["parameters"]["array"] == array
    assert interface["cells"] == []
    assert agrees(text, interface)
    assert lint([path]) == ""
    for name, direction in interface["streams"].items():
        roles = {port["role"]: port for port in interface["ports"] if port.get("stream") == name}
        assert set(roles) == {"payload", "valid", "ready"}
        assert roles["valid"]["direction"] == roles["payload"]["direction"] == direction
        assert roles["ready"]["direction"] != direction


def test_signals_without_bits_are_left_out(tmp_path):
    """A collector that takes all columns at once counts a single place."""
    path, _ = exported("ResultCollector", preset("ecp5_85f"), tmp_path)
    assert "[-1:0]" not in path.read_text()
    assert lint([path]) == ""


def test_a_port_that_differs_is_noticed(tmp_path):
    path, interface = exported("LineBuffer", TINY, tmp_path)
    text = path.read_text()
    assert interface["streams"] == {"image": "input"}
    assert interface["timing"] == {"latency": 8, "write_latency": 4}
    for port in interface["ports"]:
        original = dict(port)
        for change in ({"width": port["width"] + 1}, {"name": "other"}, {"direction": "inout"}):
            port.update(change)
            assert not agrees(text, interface), change
            port.clear()
            port.update(original)
    assert agrees(text, interface)


def test_lint_notices_a_fault(tmp_path):
    path, _ = exported("SkidBuffer", TINY, tmp_path)
    path.write_text(path.read_text().replace("input i__valid", "input i__invalid"))
    assert "i__valid" in lint([path])


def test_layouts_are_those_of_the_signature(tmp_path):
    _, interface = exported("ParameterStore", TINY, tmp_path)
    store = make_block("ParameterStore", TINY)
    [payload] = [port for port in interface["ports"] if port["name"] == "write__payload"]
    layout = store.write.payload.shape()
    assert [(field["name"], field["offset"], field["width"]) for field in payload["fields"]] == [
        (name, field.offset, field.width) for name, field in layout
    ]
    entry = payload["fields"][1]
    assert {field["name"]: field["signed"] for field in entry["fields"]} == {
        "bias": True,
        "multiplier": False,
        "shift": True,
    }


class Exported(wiring.Component):
    """A block's interface around its exported file, connected as the JSON says."""

    def __init__(self, block, interface):
        self._interface = interface
        super().__init__(block.signature)

    def elaborate(self, platform):
        m = Module()
        values = {
            "__".join(map(str, path)): Value.cast(value)
            for path, _, value in self.signature.flatten(self)
        }
        ports = {}
        for port in self._interface["ports"]:
            ports[f"{port['direction'][0]}_{port['name']}"] = values[port["name"]]
        if self._interface["clock"]:
            ports[f"i_{self._interface['clock']}"] = ClockSignal()
        if self._interface["reset"]:
            ports[f"i_{self._interface['reset']}"] = ResetSignal()
        m.submodules.exported = Instance(self._interface["module"], **ports)
        return m


@pytest.mark.parametrize("technology", Technology)
def test_exported_array_sums_exactly(tmp_path, technology):
    config = changed(TINY, {"technology": technology.value})
    path, interface = exported("MacArray", config, tmp_path)
    assert interface["cells"] == _CELLS[technology]
    assert lint([path, *cell_models(path.read_text())]) == ""
    generator = np.random.default_rng(SEED)
    activations = generator.integers(-128, 128, (2000, 8), np.int8)
    weights = generator.integers(-128, 128, (2000, 4, 8), np.int8)
    found = apply(
        Exported(make_block("MacArray", config), interface),
        {
            "activations": activations,
            "weights": weights.reshape(2000, -1),
            "window": np.zeros((2000, 32), np.int8),
            "window_mode": 0,
        },
        latency=interface["timing"]["latency"],
        early={"activations": interface["timing"]["activation_lead"]},
        texts={path.name: path.read_text()},
    )["sums"]
    expected = np.einsum("nl,ncl->nc", activations, weights + np.int64(128), dtype=np.int64)
    np.testing.assert_array_equal(found, expected, f"{SEED=}")


def test_exported_requantizer_equals_golden(tmp_path):
    path, interface = exported("Requantizer", TINY, tmp_path)
    generator = np.random.default_rng(SEED)
    accumulators = generator.integers(-(1 << 26), 1 << 26, (4000, 2))
    bias, multiplier, shift = [1000, -77], [12582913, 9000001], [40, 39]
    found = apply(
        Exported(make_block("Requantizer", TINY), interface),
        {
            "accumulators": accumulators,
            "parameters": {
                name: np.tile(np.array(values), (4000, 1))
                for name, values in (("bias", bias), ("multiplier", multiplier), ("shift", shift))
            },
            "layer": LAYER.as_bits(),
        },
        latency=interface["timing"]["latency"],
        texts={path.name: path.read_text()},
    )["results"]
    expected = requantize(
        accumulators,
        Requantization(
            mode=Mode.FLOAT32, bias=bias, multiplier=multiplier, shift=shift, zero_point=3,
            minimum=-90, maximum=99,
        ),
    )  # fmt: skip
    assert len(np.unique(expected)) > 100
    np.testing.assert_array_equal(found, expected, f"{SEED=}")


def test_unknown_block_is_refused(tmp_path):
    message = f"^block must be one of {', '.join(BLOCKS)}, not 'Mac'$"
    with pytest.raises(ValueError, match=message):
        export_verilog("Mac", TINY, tmp_path)
    # A narrow configuration has other blocks.
    message = f"^block must be one of {', '.join(NARROW_BLOCKS)}, not 'WindowReader'$"
    with pytest.raises(ValueError, match=message):
        export_verilog("WindowReader", preset("up5k"), tmp_path)
    assert list(tmp_path.iterdir()) == []
