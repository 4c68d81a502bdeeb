# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Random graphs, or random moves of words, notice what is wrong with the engines: each mutant is
found on the RTL."""

from pathlib import Path
from types import FunctionType, ModuleType

import pytest
from accelerator_programs import MODELS, TINY, check_moves
from machine_fuzz import Findings, fuzz
from random_graphs import COMPACT, FIXED

import macaw.sim.machine
from macaw.arch.machine import MachineConfig
from macaw.hw import conv2d_core, image_intake
from macaw.hw.machine import (
    Accelerator,
    accelerator,
    compute,
    fetcher,
    loader,
    scatter,
    storer,
    word_reader,
)
from macaw.sim.verilog import Verilog, convert

pytestmark = pytest.mark.full

#: Graphs among which a mutant must be found.
SEEDS = range(30)

#: A class, and what stands in its source in the place of what.
MUTANTS: dict[str, tuple[ModuleType, str, str, str]] = {
    "a byte more than a run has": (
        scatter, "Scatter", "mask = ((1 << run) - 1) << first", "mask = ((2 << run) - 1) << first",
    ),
    "words left behind a SCATTER": (
        storer, "Storer", "left.eq(Mux(is_scatter, 0, fields.store.count))",
        "left.eq(fields.store.count)",
    ),
    "words that are not stored yet": (
        word_reader, "WordReader", "(credit != 0) & written)", "(credit != 0))",
    ),
    "words that a run skips": (word_reader, "WordReader", "address + skip", "address"),
    "images before the last one's end": (image_intake, "ImageIntake", "& whole", ""),
    "rows received of another image": (
        image_intake, "ImageIntake", "Mux(ahead, self.height, self.arrived)", "self.arrived",
    ),
    "a layer behind another that never ends": (
        compute, "ComputeUnit", "with m.If(core.replaced):", "with m.If(0):",
    ),
    "units from the first on": (
        loader, "Loader", "unit.eq(fields.start),", "unit.eq(0),",
    ),
}  # fmt: skip

#: Those that graphs on a compact core must find.
OF_COMPACT: dict[str, tuple[ModuleType, str, str, str]] = {
    "a layer in front of the last one's sums": (
        conv2d_core, "Conv2dCore",
        "pause = max(pause, reader.trail + last_of_pair + last + 1 - _TAKE - changes)", "pass",
    ),
    "results by the next layer's descriptor": (
        conv2d_core, "Conv2dCore", "clocks[index] = changes + LayerRelay.settle",
        "clocks[index] = least",
    ),
}  # fmt: skip

#: Those that moves of words must find.
OF_MOVES: dict[str, tuple[ModuleType, str, str, str]] = {
    "a second operand with the skips of the first": (
        fetcher, "Fetcher", 'fields[f"{prefix}{name}"]',
        'fields[name if name == "skip" else f"{prefix}{name}"]',
    ),
    "a FETCH that waits for its own STORE": (
        accelerator, "Accelerator", "fetches.begun == stores.begun", "0",
    ),
    "a tail that follows its head's words too early": (
        word_reader, "WordReader", "settled | ~last", "1",
    ),
    "a tail that stands behind its head": (
        word_reader, "WordReader", "with m.If(turns):", "with m.If(0):",
    ),
    "tables for words of a STORE only": (
        storer, "Storer", "passes.eq(operation.operands.any())", "passes.eq(store.operands.any())",
    ),
}  # fmt: skip

#: One that only words at the end of the tensor memory find.
OF_ENDS = (
    storer, "Storer", "store.address[: config.tensor_address_bits]",
    "store.address[: config.tensor_address_bits - 1]",
)  # fmt: skip


def verilog_of(
    mutant: tuple[ModuleType, str, str, str],
    patch: pytest.MonkeyPatch,
    config: MachineConfig,
) -> Verilog:
    """The machine with a class changed."""
    module, name, old, new = mutant
    source = Path(str(module.__file__)).read_text()
    assert source.count(old) == 1
    namespace = dict(vars(module))
    exec(compile(source.replace(old, new), str(module.__file__), "exec"), namespace)
    for method, function in vars(namespace[name]).items():
        if isinstance(function, FunctionType) and method != "__init__":
            patch.setattr(getattr(module, name), method, function)
    return convert(Accelerator(config))


@pytest.mark.parametrize(
    ("mutant", "machine"),
    [
        *(pytest.param(mutant, FIXED[0], id=name) for name, mutant in MUTANTS.items()),
        *(pytest.param(mutant, COMPACT, id=name) for name, mutant in OF_COMPACT.items()),
    ],
)
def test_mutants_are_found(mutant, machine, monkeypatch):
    verilog = verilog_of(mutant, monkeypatch, machine)
    monkeypatch.setattr(macaw.sim.machine, "convert", lambda *_, **__: verilog)
    findings = Findings()
    for seed in SEEDS:
        fuzz(seed, findings, rtl=True, machines=(machine,))
        if findings.differences:
            break
    assert findings.differences
    assert " on the RTL of " in findings.differences[0]


@pytest.mark.parametrize("name", OF_MOVES)
def test_mutants_are_found_by_moves(name, monkeypatch):
    verilog = verilog_of(OF_MOVES[name], monkeypatch, TINY)
    monkeypatch.setattr(macaw.sim.machine, "convert", lambda *_, **__: verilog)
    with pytest.raises(AssertionError):
        check_moves(3, 25, MODELS["ideal"])


def test_the_mutant_that_knows_ends_of_a_half_is_found(monkeypatch):
    verilog = verilog_of(OF_ENDS, monkeypatch, TINY)
    monkeypatch.setattr(macaw.sim.machine, "convert", lambda *_, **__: verilog)
    check_moves(3, 25, MODELS["ideal"])
    with pytest.raises(AssertionError):
        check_moves(104, 40, MODELS["ideal"])
