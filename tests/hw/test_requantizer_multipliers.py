# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The requantiser with each kind of multiplier, against the golden model."""

import re

import pytest
from amaranth.back import rtlil
from requantizer_cases import LAYERS
from requantizer_check import batches_of, check, config_of

from macaw.arch import Mode, Multiplier, Technology
from macaw.arch.config import STEPPED_MODES
from macaw.hw.requantizer import Requantizer, RequantizerLane
from macaw.hw.serial_lane import SerialLane

_FLOAT32, _FIXED = (Mode.FLOAT32,), (Mode.FIXED_DOUBLE_AWAY,)
#: Lanes that multiply serially: one mode, both families, every mode that they have.
SERIAL = [
    pytest.param(config_of(modes, multiplier=Multiplier.SERIAL), id=f"serial-{'-'.join(modes)}")
    for modes in (
        _FLOAT32, _FIXED, (Mode.FIXED_DOUBLE_UP,), _FIXED + _FLOAT32,
        (Mode.FLOAT32, Mode.FIXED_DOUBLE_UP, Mode.FIXED_DOUBLE_AWAY),
    )
]  # fmt: skip
#: Lanes that multiply in two steps.
STEPPED = [
    pytest.param(
        config_of(modes, technology, multiplier=Multiplier.STEPPED),
        id=f"stepped-{technology}-{'-'.join(modes)}",
    )
    for technology, modes in (
        (Technology.ICE40, _FLOAT32), (Technology.GENERIC, _FIXED),
        (Technology.GENERIC, STEPPED_MODES),
    )
]  # fmt: skip
#: Lanes that multiply on device multipliers alone.
PARALLEL = [
    pytest.param(
        config_of(modes, Technology.ECP5, multiplier=Multiplier.PARALLEL),
        id=f"parallel-{'-'.join(modes)}",
    )
    for modes in (_FLOAT32, _FIXED)
]
#: The same with every mode.
PARALLEL_ALL = pytest.param(
    config_of(tuple(Mode), Technology.ECP5, multiplier=Multiplier.PARALLEL),
    id="parallel-every-mode",
)


@pytest.mark.parametrize("config", [*SERIAL, *STEPPED, *PARALLEL])
def test_every_class_is_exact_with_every_multiplier(config):
    assert check(config, batches_of(config, results=10**5)) >= 10**5


@pytest.mark.full
@pytest.mark.parametrize("config", [*SERIAL, *STEPPED, *PARALLEL, PARALLEL_ALL])
def test_every_class_is_exact_with_every_multiplier_at_length(config):
    count = 0
    for layer in LAYERS:
        count += check(config, batches_of(config, results=10**7 // len(LAYERS), layers=(layer,)))
    assert count >= 10**7 * len(config.requantizer.modes)


@pytest.mark.parametrize("multiplier", [Multiplier.PARALLEL, Multiplier.SINGLE, Multiplier.SERIAL])
def test_a_multiplier_takes_the_cells_of_its_kind(multiplier):
    config = config_of(_FLOAT32, Technology.ECP5, multiplier=multiplier, lanes=1)
    text = rtlil.convert(Requantizer(config), emit_src=False)
    cells = (len(re.findall(rf"cell \\{name} ", text)) > 0 for name in ("MULT18X18D", "CCU2C"))
    assert (
        tuple(cells)
        == {
            Multiplier.PARALLEL: (True, False),
            Multiplier.SINGLE: (True, True),
            Multiplier.SERIAL: (False, False),
        }[multiplier]
    )
    assert "cell $mul" not in text


def test_a_stepped_multiplier_takes_two_cells():
    config = config_of(_FLOAT32, Technology.ICE40, multiplier=Multiplier.STEPPED, lanes=1)
    text = rtlil.convert(Requantizer(config), emit_src=False)
    assert text.count("cell \\SB_MAC16 ") == 2
    assert "cell $mul" not in text


def test_a_lane_is_of_its_multiplier():
    serial, single = (config_of(_FLOAT32, multiplier=kind) for kind in ("serial", "single"))
    message = "multiplier of a lane must be one of parallel, single, stepped, not 'serial'"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        RequantizerLane(serial)
    message = "multiplier of a serial lane must be one of serial, not 'single'"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        SerialLane(single)


def test_refusals():
    with pytest.raises(TypeError, match=r"^config must be an AcceleratorConfig, not 'tiny'$"):
        SerialLane("tiny")
