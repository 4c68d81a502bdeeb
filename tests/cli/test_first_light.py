# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The main job on a small photograph: what it prints, and that one wrong bit ends it."""

import io
import re
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from click.testing import CliRunner
from rich.console import Console
from small_core import SMALL

from macaw.arch import PRESETS, Mode, RequantizerConfig, preset
from macaw.cli import first_light as job
from macaw.cli import torch_oracle
from macaw.cli.main import main
from macaw.cli.workloads import Workload, first_light_workloads

SIZE = 20
#: What the three layers compute: two of 10x10 pixels, one of 9x5.
OUTPUTS = (10 * 10 * 64, 10 * 10 * 64, 9 * 5 * 192)
MACS = (10 * 10 * 64 * 147, 10 * 10 * 64 * 147, 9 * 5 * 192 * 9)
#: The bit that is flipped.
PLACE, BIT = (3, 7, 41), 4


def run(config, **options):
    """What the job says and prints."""
    text = io.StringIO()
    console = Console(file=text, width=200, soft_wrap=True)
    equal = job.first_light(config, console=console, size=SIZE, **options)
    return equal, text.getvalue()


def flipped(result):
    wrong = result.copy()
    wrong[PLACE] ^= 1 << BIT
    return wrong


@pytest.fixture
def wrong_expectation(monkeypatch):
    """One bit of what is expected of the first layer is wrong; the right and the wrong byte."""
    golden = Workload.golden
    bytes_there = []

    def expected(workload, requantization=None):
        right = golden(workload, requantization)
        wrong = flipped(right)
        bytes_there.extend((int(right[PLACE]), int(wrong[PLACE])))
        return wrong

    monkeypatch.setattr(Workload, "golden", expected)
    return bytes_there


def sentence(expected, actual):
    return (
        f"1 of {OUTPUTS[0]} values differ; the first at y {PLACE[0]}, x {PLACE[1]}, "
        f"channel {PLACE[2]}: expected {expected}, got {actual}"
    )


def check_report(text, runs, config):
    """Every layer is equal in all of its outputs; cycles and utilisation are those measured."""
    assert text.startswith(
        f"Macaw on configuration {config.name} ({config.digest}): "
        f"{config.array.multipliers} multipliers, {config.requantizer.lanes} requantiser lanes\n"
    )
    assert text.endswith("All outputs are equal.\n")
    counts = re.findall(r"golden = RTL: ([\d,]+) outputs, 0 mismatches$", text, re.MULTILINE)
    assert [int(count.replace(",", "")) for count in counts] == list(OUTPUTS)
    figures = re.findall(
        r"^  ([\d,]+) cycles, ([\d.]+) % of the multipliers' peak, [\d,]+ cycles a second", text,
        re.MULTILINE,
    )  # fmt: skip
    cycles = [result.cycles for _, result in runs]
    assert [int(count.replace(",", "")) for count, _ in figures] == cycles
    shares = [100 * macs / (config.array.multipliers * count)
              for macs, count in zip(MACS, cycles, strict=True)]  # fmt: skip
    assert [share for _, share in figures] == [f"{share:.1f}" for share in shares]


@pytest.fixture
def others():
    """The modes that the RTL ran in beside ``float32``."""
    return []


@pytest.fixture
def runs(monkeypatch, others):
    """The images and what the RTL made of them in mode ``float32``, in order."""
    kept = []
    run_conv2d = job.run_conv2d

    def record(program, image, **options):
        result = run_conv2d(program, image, **options)
        mode = program.layer.requantization.mode
        if mode is Mode.FLOAT32:
            kept.append((image, result))
        else:
            others.append(str(mode))
        return result

    monkeypatch.setattr(job, "run_conv2d", record)
    return kept


def test_report(runs):
    recorded = []
    equal, text = run(SMALL, record=recorded.append)
    assert equal is True
    check_report(text, runs, SMALL)
    assert [each["values"] for each in recorded[::2]] == list(OUTPUTS)
    assert [each["difference"] for each in recorded[::2]] == [""] * 3
    assert [each["cycles"] for each in recorded[1::2]] == [result.cycles for _, result in runs]
    assert "torch" not in text
    # The depthwise layer takes the first layer's result, three times side by side.
    assert np.array_equal(runs[2][0], np.concatenate([runs[0][1].result] * 3, axis=2))
    assert not np.array_equal(runs[0][1].result, runs[1][1].result)


def test_depthwise_workload():
    make = first_light_workloads(SIZE)[2]
    result = np.arange(10 * 10 * 64, dtype=np.uint8).reshape(10, 10, 64)
    workload = make(result)
    assert np.array_equal(workload.image, np.concatenate([result] * 3, axis=2))
    assert (workload.shape.groups, workload.shape.padding) == (192, (5, 5, 1, 1))
    assert workload.input_zero_point != 0
    assert (workload.output_scale, workload.output_zero_point) == (0.06603512912988663, 0)
    with pytest.raises(ValueError, match=r"^result must be the first workload's, not None$"):
        make(None)


def test_one_wrong_bit_ends_the_job(runs, wrong_expectation):
    equal, text = run(SMALL)
    assert equal is False
    right, wrong = wrong_expectation
    assert f"golden = RTL: {sentence(wrong, right)}\n" in text
    assert "All outputs are equal" not in text
    assert len(runs) == 1


def test_one_wrong_bit_is_the_commands_failure(monkeypatch, wrong_expectation):
    monkeypatch.setitem(PRESETS, "tiny", SMALL)
    monkeypatch.setattr(job, "first_light", partial(job.first_light, size=SIZE))
    result = CliRunner().invoke(main, ["sim", "--preset", "tiny"])
    assert result.exit_code == 1
    right, wrong = wrong_expectation
    assert sentence(wrong, right) in result.output


#: The configuration on which PyTorch's engines are compared.
TORCH = replace(
    SMALL,
    name="small with float32_bias, float32_chain",
    requantizer=RequantizerConfig(
        lanes=2, modes=(Mode.FLOAT32, Mode.FLOAT32_BIAS, Mode.FLOAT32_CHAIN)
    ),
)


def test_torch(oracle, monkeypatch, runs, others):
    torch = oracle("torch")
    # Neither the default nor the last one that the job asks.
    monkeypatch.setattr(torch.backends.quantized, "engine", "fbgemm")
    vnni, saturates = torch_oracle._vnni(torch), torch_oracle._saturates
    lost: dict[str, bool] = {}  # whether sums of a layer may saturate on this processor

    def noted(workload):
        lost[workload.name] = saturates(workload)
        return lost[workload.name]

    monkeypatch.setattr(torch_oracle, "_saturates", noted)
    equal, text = run(SMALL, oracle="torch")
    assert equal is True
    check_report(text, runs, TORCH)
    assert torch.backends.quantized.engine == "fbgemm"
    found = re.findall(r"torch (\w+)(?: = RTL, (\w+))?: (.*)$", text, re.MULTILINE)
    assert len(lost) == (0 if vnni else len(OUTPUTS))
    modes = []
    for layer, count in enumerate(OUTPUTS):
        verdict = f"{count:,} outputs, 0 mismatches"
        x86 = "float32_chain" if vnni and layer == 0 else "float32_bias"
        expected = [("fbgemm", "float32_bias"), ("onednn", "float32_chain"), ("x86", x86)]
        if not vnni and [*lost.values()][layer]:
            sentence = "saturates sums on this processor, which has no VNNI"
            results = [(engine, "", sentence) for engine, _ in expected]
        else:
            results = [(engine, mode, verdict) for engine, mode in expected]
        if layer == 1:
            results[1] = ("onednn", "", "refuses weight zero points")
        results.insert(0, ("qnnpack", "float32", verdict))
        assert found[4 * layer : 4 * layer + 4] == results
        modes += {mode for engine, mode, _ in results if mode and engine != "qnnpack"}
    assert len(found) == 12
    # One run for each arithmetic of a layer.
    assert sorted(others) == sorted(modes)
    assert not vnni or sorted(others) == ["float32_bias"] * 3 + ["float32_chain"] * 2


def test_modes_are_added_once():
    assert SMALL.with_modes(job._TORCH_MODES) == TORCH
    assert TORCH.with_modes(job._TORCH_MODES) is TORCH


@pytest.mark.parametrize("engine", ["qnnpack", "onednn"])
def test_one_wrong_bit_of_torch_ends_the_job(oracle, monkeypatch, runs, engine):
    oracle("torch")
    module_result = torch_oracle._module_result

    def right_result(torch, name, workload):
        if name == "qnnpack" or torch_oracle._vnni(torch):
            return module_result(torch, name, workload)
        # Sums of the others may saturate on this processor.
        return workload.golden(torch_oracle._requantization(torch, name, workload))

    def wrong_result(torch, name, workload):
        result = right_result(torch, name, workload)
        return flipped(result) if name == engine else result

    monkeypatch.setattr(torch_oracle, "_module_result", wrong_result)
    monkeypatch.setattr(torch_oracle, "_saturates", lambda workload: False)
    equal, text = run(SMALL, oracle="torch")
    assert equal is False
    mode = "float32" if engine == "qnnpack" else "float32_chain"
    assert f"torch {engine} = RTL, {mode}: {OUTPUTS[0]:,} outputs" not in text
    assert re.search(
        rf"torch {engine} = RTL, {mode}: 1 of {OUTPUTS[0]} values differ; the first at y "
        rf"{PLACE[0]}, x {PLACE[1]}, channel {PLACE[2]}: expected \d+, got \d+\n",
        text,
    )
    if engine == "qnnpack":
        actual = int(runs[0][1].result[PLACE])
        assert sentence(actual ^ (1 << BIT), actual) in text
    assert len(runs) == 1


@pytest.mark.full
def test_report_of_ecp5_85f(runs):
    config = preset("ecp5_85f")
    equal, text = run(config)
    assert equal is True
    check_report(text, runs, config)
