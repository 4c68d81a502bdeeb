# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated device: inputs in, outputs out, the prologue once, and every refusal."""

import re

import numpy as np
import pytest
from sim_copier import CONFIG, COPY, END, KEY, Copier, instruction

from macaw.arch import preset
from macaw.arch.container import Program, ProgramError, TensorPlace
from macaw.arch.machine import COUNTERS, Error, MachineConfig
from macaw.host import Device, DeviceError
from macaw.sim.device import SimDevice
from macaw.sim.memory_model import MEMORY_MODELS

SEED = 20261128
SHAPE = (3, 3, 3)
PROLOGUE, BODY, INPUT, OUTPUT = 0, 4, 40, 60
ROWS = 6


def program_of(body=(), prologue=PROLOGUE, digest=CONFIG.digest):
    """A program that copies a tensor, XOR-ed with 0x5A by the prologue."""
    words = np.zeros((8, CONFIG.word_bytes), np.uint8)
    body = body or [instruction(COPY, source=INPUT, to=OUTPUT, count=ROWS), instruction(END)]
    for first, instructions in (
        (PROLOGUE, [instruction(KEY, source=0x5A), instruction(END)]),
        (BODY, body),
    ):
        for index, each in enumerate(instructions):
            words[first + index] = each
    height, width, channels = SHAPE
    source, to = (
        TensorPlace(
            name=name, address=address, height=height, width=width, channels=channels, signed=signed
        )
        for name, address, signed in (("image", INPUT, True), ("result", OUTPUT, False))
    )
    return Program(
        name="net", config_digest=digest, image=words.tobytes(), body=BODY, memory_words=80,
        inputs=(source,), outputs=(to,), prologue=prologue,
    )  # fmt: skip


def device_of(program, **options):
    device = SimDevice(CONFIG, machine=Copier(), **options)
    device.load(program)
    return device


def images(count):
    generator = np.random.default_rng(SEED)
    return [generator.integers(-128, 128, SHAPE, np.int8) for _ in range(count)]


@pytest.mark.parametrize("model", MEMORY_MODELS.values())
def test_an_inference(model):
    device = device_of(program_of(), model=model)
    assert isinstance(device, Device)
    assert not isinstance(device.last_run, Device)
    assert device.config is CONFIG
    assert device.counters == dict.fromkeys(COUNTERS, 0)
    for image in images(2):
        results = device.run({"image": image})
        assert list(results) == ["result"]
        assert results["result"].dtype == np.uint8
        assert np.array_equal(results["result"], image.view(np.uint8) ^ 0x5A), f"seed {SEED}"
    assert device.counters["outer_writes"] == ROWS


def test_many_inferences_after_one_prologue():
    device = device_of(program_of())
    inputs = images(4)
    results = device.run_all([{"image": image} for image in inputs])
    for image, result in zip(inputs, results, strict=True):
        assert np.array_equal(result["result"], image.view(np.uint8) ^ 0x5A), f"seed {SEED}"
    assert len(device.last_run.programs) == 1 + 4
    assert device.run_all([]) == []


def test_without_a_prologue():
    device = device_of(program_of(prologue=None))
    [image] = images(1)
    assert np.array_equal(device.run({"image": image})["result"], image.view(np.uint8))
    assert len(device.last_run.programs) == 1


def test_memory_behind_the_program_is_random():
    """So that what reads before it writes gives other results with another seed."""
    body = [instruction(COPY, source=20, to=OUTPUT, count=ROWS), instruction(END)]
    [image] = images(1)
    results = [
        device_of(program_of(body), seed=seed).run({"image": image})["result"] for seed in (1, 1, 2)
    ]
    assert np.array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[2])


def test_an_error_is_described():
    device = device_of(program_of([instruction(0)]))
    message = "net: the machine stopped at instruction 0, of which there is no kind: opcode 0"
    with pytest.raises(DeviceError, match=f"^{re.escape(message)}$") as raised:
        device.run({"image": images(1)[0]})
    assert raised.value.error == Error.OPCODE


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "inputs must give every tensor, and lack image"),
        ({"image": None, "mask": None}, "inputs must name tensors among image, not 'mask'"),
        (
            {"image": np.zeros(SHAPE, np.uint8)},
            "tensor 'image' must be int8 of shape (3, 3, 3), not uint8 of shape (3, 3, 3)",
        ),
    ],
)
def test_other_inputs_are_refused(inputs, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        device_of(program_of()).run(inputs)


def test_refused_programs():
    with pytest.raises(ValueError, match=r"^device must have a program, not none: load one first$"):
        SimDevice(CONFIG, machine=Copier()).run({})
    other = MachineConfig(name="other", core=preset("tiny"), queue=8)
    with pytest.raises(ProgramError, match=r"^net: program must be for a machine .* compile it"):
        device_of(program_of(digest=other.digest))
