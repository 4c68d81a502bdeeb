# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A requantiser lane for small devices: no multiplier, a result every few clocks."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance, one_of
from macaw.arch.config import AcceleratorConfig, Multiplier
from macaw.arch.requantization import FIXED_MODES, Mode
from macaw.hw.bounded_result import BoundedResult
from macaw.hw.layouts import channel_parameters_layout, layer_values_layout
from macaw.hw.serial_multiplier import SerialMultiplier
from macaw.hw.serial_normalizer import SerialNormalizer
from macaw.hw.serial_rounder import SerialRounder

__all__ = ["SerialLane"]


class SerialLane(wiring.Component):
    """One lane: ``accumulator`` and the parameters of its channel to an int8 result, as
    `macaw.hw.requantizer.RequantizerLane` has it, in the modes of `macaw.arch.SERIAL_MODES`.

    Three sections work on three results at a time, each for at most
    ``config.requantizer.interval`` clocks: `SerialNormalizer`, `SerialMultiplier` and
    `SerialRounder`.

    Raises ``TypeError`` if ``config`` is no `AcceleratorConfig` and ``ValueError`` if its
    multiplier is not serial.

    Members
    -------
    start : In(1)
        Accumulator and parameters are there. The next start is at least
        ``config.requantizer.interval`` clocks later.
    accumulator : In(signed(config.accumulator.bits))
    parameters : In(channel_parameters_layout(config))
        Those of ``start``, for 13 clocks.
    layer : In(layer_values_layout(config))
        Constant from the first accumulator of a layer to its last result.
    result : Out(signed(8))
        `latency` clocks after ``start``, for one clock.
    """

    def __init__(self, config):
        instance("config", config, AcceleratorConfig)
        requantizer = config.requantizer
        one_of("multiplier of a serial lane", requantizer.multiplier, (Multiplier.SERIAL,))
        self._modes = requantizer.modes
        parameters = channel_parameters_layout(config)
        self._float32 = Mode.FLOAT32 in self._modes
        self._fixed = any(mode in FIXED_MODES for mode in self._modes)
        families = {"float32": self._float32, "fixed": self._fixed}
        # In mode `float32` alone the product is shorter, and stands on its own places.
        factor_bits = 33 if self._fixed and self._float32 else 32 if self._fixed else 27
        self._multiplier = SerialMultiplier(factor_bits, requantizer.interval - 2)
        self._rounder = SerialRounder(factor_bits + 1, **families)
        self._normalizer = SerialNormalizer(
            config.accumulator.bits,
            parameters["shift"].shape,
            offset=30 if self._fixed else 30 + SerialRounder.offset,
            **families,
        )
        super().__init__(
            {
                "start": In(1),
                "accumulator": In(signed(config.accumulator.bits)),
                "parameters": In(parameters),
                "layer": In(layer_values_layout(config)),
                "result": Out(signed(8)),
            }
        )

    @property
    def latency(self):
        """Clocks from ``start`` to its result."""
        return (
            self._normalizer.latency
            - 2
            + self._multiplier.latency
            + self._rounder.latency
            + BoundedResult.latency
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.normalizer = normalizer = self._normalizer
        m.submodules.multiplier = multiplier = self._multiplier
        m.submodules.rounder = rounder = self._rounder
        m.submodules.bounded = bounded = BoundedResult()
        float32 = self._is(Mode.FLOAT32)
        factor, b = normalizer.factor, self.parameters.multiplier
        if not self._fixed:
            factor = Cat(Const(0, 1), factor[7:]).as_signed()
        if self._float32:
            b = Mux(float32, b << 1, b)
        m.d.comb += [
            normalizer.start.eq(self.start),
            normalizer.float32.eq(float32),
            normalizer.accumulator.eq(self.accumulator),
            normalizer.bias.eq(self.parameters.bias),
            normalizer.shift.eq(self.parameters.shift),
            multiplier.start.eq(normalizer.ahead),
            multiplier.a.eq(factor),
            multiplier.b.eq(b),
            rounder.start.eq(multiplier.done),
            rounder.float32.eq(float32),
            rounder.away.eq(self._is(Mode.FIXED_DOUBLE_AWAY)),
            rounder.upper.eq(multiplier.upper),
            rounder.guard.eq(multiplier.guard),
            rounder.some.eq(multiplier.some),
            rounder.places.eq(normalizer.places),
            bounded.rounded.eq(rounder.rounded),
            bounded.zero_point.eq(self.layer.zero_point),
            bounded.minimum.eq(self.layer.minimum),
            bounded.maximum.eq(self.layer.maximum),
            self.result.eq(bounded.result),
        ]
        return m

    def _is(self, mode):
        """The layer's mode is this one."""
        if len(self._modes) == 1 or mode not in self._modes:
            return Const(mode in self._modes, 1)
        return self.layer.mode == self._modes.index(mode)
