# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The digits on the RTL of a small machine: what is printed, and that one wrong byte is noticed."""

import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from macaw.arch.machines import MACHINES, machine_preset
from macaw.cli import digits as job
from macaw.compiler.machine import compile_network
from macaw.golden import evaluate, requantization
from macaw.golden.machine import Machine

TINY = machine_preset("tiny")
COUNT = 8
#: What the operators make of a digit: shape and values.
TENSORS = {
    "input_1#nhwc": ("8x8x1", 64),
    "first": ("8x8x16", 1024),
    "second": ("8x8x32", 2048),
    "largest": ("4x4x32", 512),
    "third": ("4x4x32", 512),
    "mean": ("1x1x32", 32),
    "flat": ("32", 32),
    "scores": ("10", 10),
}


def run(count=COUNT, **options):
    """What the job says and prints."""
    text = io.StringIO()
    console = Console(file=text, width=200, soft_wrap=True)
    equal = job.digits(TINY, count=count, console=console, **options)
    return equal, text.getvalue()


@pytest.fixture
def devices(monkeypatch):
    """The devices of the job."""
    kept = []

    class Kept(job.SimDevice):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            kept.append(self)

    monkeypatch.setattr(job, "SimDevice", Kept)
    return kept


def test_report(devices):
    recorded = []
    equal, text = run(record=recorded.append)
    assert equal is True
    lines = text.splitlines()
    assert lines[0] == (
        f"digits: a whole network on the machine tiny ({TINY.digest}), "
        "451,904 multiplications a digit"
    )
    rows = {words[1]: words for line in lines[2:10] if (words := line.split())}
    for name, (shape, values) in TENSORS.items():
        assert rows[name][2:] == [shape, f"{values:,}", "0"]
    assert lines[10:12] == [
        "  torch = RTL: 80 outputs of 8 held-back digits, 0 mismatches",
        "  accuracy: 100.00 % by the RTL (8 of 8), 100.00 % by torch (8)",
    ]
    [device] = devices
    # The prologue, and every digit behind it.
    assert len(device.last_run.programs) == 1 + COUNT
    cycles = device.last_run.programs[-1].cycles
    figures = re.match(r"  ([\d,]+) cycles a digit, ([\d.]+) % of the multipliers' peak", lines[12])
    assert int(figures[1].replace(",", "")) == cycles
    assert figures[2] == f"{100 * 451_904 / (32 * cycles):.1f}"
    assert float(figures[2]) > 70
    [entry] = recorded
    assert (entry["cycles"], entry["values"], entry["difference"]) == (cycles, 80, "")
    assert entry["recognised"] == {"rtl": COUNT, "torch": COUNT}
    assert list(entry["tensors"]) == list(TENSORS)
    assert lines[13:] == ["All tensors are equal."]


def with_another_weight(graph):
    """The graph with one bit of a weight the other way."""
    tensor = graph.tensors["third#weights"]
    data = tensor.data.copy()
    data.flat[data.size // 2] ^= 1 << 6
    return replace(graph, tensors={**graph.tensors, tensor.name: replace(tensor, data=data)})


@pytest.fixture
def wrong_byte(monkeypatch):
    """One byte of each program is that of another weight."""
    right = compile_network

    def wrong(graph, config, *rules, **options):
        found = right(graph, config, *rules, **options)
        other = right(with_another_weight(graph), config, *rules, **options)
        segments = []
        for segment, spoilt in zip(found.segments, other.segments, strict=True):
            if segment.program is not None:
                image, bytes_there = bytearray(segment.program.image), spoilt.program.image
                differ = [at for at, byte in enumerate(bytes_there) if byte != image[at]]
                image[differ[0]] = bytes_there[differ[0]]
                segment = replace(segment, program=replace(segment.program, image=bytes(image)))
            segments.append(segment)
        return replace(found, segments=tuple(segments))

    monkeypatch.setattr(job, "compile_network", wrong)


def test_one_wrong_byte_of_the_program_differs(wrong_byte):
    equal, text = run()
    assert equal is False
    rows = {words[1]: words[-1] for line in text.splitlines()[2:10] if (words := line.split())}
    assert next(name for name, verdict in rows.items() if verdict == "different") == "third"
    assert rows["largest"] == "0"
    assert re.search(r"^  'third': \d+ of 512 values differ; the first at axis 0 0", text, re.M)
    assert re.search(r"^  torch = RTL: \d+ of 80 values differ; the first at axis 0 \d", text, re.M)
    assert "equal" not in text


def test_a_wrong_digit_costs_accuracy(monkeypatch):
    """The accuracy is that of the RTL's own values."""
    right = job._outputs

    def wrong(*arguments):
        logits = right(*arguments)
        logits[3] = np.roll(logits[3], 1)
        return logits

    monkeypatch.setattr(job, "_outputs", wrong)
    equal, text = run()
    assert equal is False
    assert "accuracy: 87.50 % by the RTL (7 of 8), 100.00 % by torch (8)" in text


@pytest.mark.full
def test_all_digits_are_as_the_readme_has_them():
    equal, text = run(None)
    assert equal is True
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    lines = [line for line in text.splitlines() if line.startswith(("  torch", "  accuracy"))]
    assert len(lines) == 2
    assert "\n".join(lines) in readme


def test_without_the_files(monkeypatch, tmp_path):
    monkeypatch.setattr(job, "DIGITS_DATA", tmp_path)
    assert run() == (True, "  digits: skipped, for its files in examples/data are not here\n")


@pytest.mark.parametrize("name", MACHINES)
def test_every_machine_in_python_gives_pytorchs_logits(name):
    """Programs for the machines that take long to build, executed without their RTL."""
    graph, held_back = job.held_back_digits(job.DIGITS_DATA)
    config = machine_preset(name)
    [segment] = compile_network(graph, config, requantization, evaluate).segments
    program = segment.program
    machine = Machine(config)
    machine.load(program)
    machine.execute(program.prologue)
    for image, expected in zip(held_back.images[:24], held_back.logits, strict=False):
        machine.write(program.inputs[0], image.reshape(1, 8, 8))
        machine.execute(program.body)
        np.testing.assert_array_equal(machine.read(program.outputs[0]).ravel(), expected)


def test_all_of_the_network_is_one_program():
    """All that multiplies runs on the machine, in one program."""
    graph, _ = job.held_back_digits(job.DIGITS_DATA)
    network = compile_network(graph, TINY, requantization, evaluate)
    assert not network.refusals
    assert [each.program is None for each in network.segments] == [False]
