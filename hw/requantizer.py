# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Requantisation of accumulators to int8, one result a lane in each clock."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.config import AcceleratorConfig
from macaw.arch.requantization import Mode
from macaw.hw.bounded_result import BoundedResult
from macaw.hw.delay import delay
from macaw.hw.fanout import fan_out
from macaw.hw.requantize_fixed import FixedRounder, FixedShifter
from macaw.hw.requantize_float32 import Float32Normalizer, Float32Rounder
from macaw.hw.wide_multiplier import WideMultiplier

__all__ = ["RequantizeLayer", "Requantizer", "RequantizerLane", "channel_parameters_layout"]

#: For each mode the steps before and after the multiplier.
_STEPS = {
    Mode.FLOAT32: (Float32Normalizer, Float32Rounder),
    Mode.FIXED_DOUBLE_AWAY: (FixedShifter, FixedRounder),
}


class RequantizeLayer(data.Struct):
    """What all channels of a layer share; ``minimum <= maximum``.

    ``mode`` is an index into the configuration's ``modes``; it is not looked at where there is
    only one.
    """

    mode: 1
    zero_point: signed(8)
    minimum: signed(8)
    maximum: signed(8)


def channel_parameters_layout(config):
    """The parameters of one output channel, as wide as the modes of ``config`` need.

    ``bias``, ``multiplier`` and ``shift`` are those of `macaw.arch.Requantization`; ``shift`` is
    signed where fixed point is built in.
    """
    fixed = Mode.FIXED_DOUBLE_AWAY in config.requantizer.modes
    float32 = Mode.FLOAT32 in config.requantizer.modes
    return data.StructLayout(
        {
            "bias": signed(32),
            "multiplier": unsigned(31 if fixed else 24),
            "shift": signed(6 + float32) if fixed else unsigned(6),
        }
    )


def _check(config):
    if not isinstance(config, AcceleratorConfig):
        raise TypeError(f"config must be an AcceleratorConfig, not {config!r}")


class RequantizerLane(wiring.Component):
    """One lane: ``accumulator`` and the parameters of its channel to an int8 result.

    The result is that of `macaw.arch.Requantization` with the layer's mode, for every
    accumulator and all parameters in the ranges given there. Results of uint8 are int8 results
    with zero point and bounds less 128.

    A lane holds what its modes need: one multiplier and one adder for the bias and the bounds
    serve all of them, and a lane of one mode has no multiplexers for others.

    Raises ``TypeError`` if ``config`` is no `AcceleratorConfig`.

    Members
    -------
    accumulator : In(signed(config.accumulator.bits))
    parameters : In(channel_parameters_layout(config))
    layer : In(RequantizeLayer)
        Constant from the first accumulator of a layer to its last result.
    result : Out(signed(8))
        `latency` clocks after ``accumulator`` and ``parameters``; one each clock.
    """

    def __init__(self, config):
        _check(config)
        modes = config.requantizer.modes
        parameters = channel_parameters_layout(config)
        self._modes = modes
        self._multiplier = WideMultiplier(
            32 if Mode.FIXED_DOUBLE_AWAY in modes else 24,
            Shape.cast(parameters["multiplier"].shape).width,
            config.technology,
        )
        super().__init__(
            {
                "accumulator": In(signed(config.accumulator.bits)),
                "parameters": In(parameters),
                "layer": In(RequantizeLayer),
                "result": Out(signed(8)),
            }
        )

    @property
    def _clocks_before(self):
        return max(before.latency for before, _ in map(_STEPS.get, self._modes))

    @property
    def _clocks_after(self):
        return max(after.latency for _, after in map(_STEPS.get, self._modes))

    @property
    def latency(self):
        """Clocks from an accumulator to its result."""
        return (
            1
            + self._clocks_before
            + self._multiplier.latency
            + self._clocks_after
            + BoundedResult.latency
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.multiplier = multiplier = self._multiplier
        m.submodules.bounded = bounded = BoundedResult()

        biased = (self.accumulator + self.parameters.bias)[:32].as_signed()
        biased = delay(m, biased, 1, name="biased")
        shift = delay(m, self.parameters.shift, 1, name="shift")
        magnitudes, results = [], []
        for mode in self._modes:
            before, after = (step() for step in _STEPS[mode])
            m.submodules[f"{mode}_before"], m.submodules[f"{mode}_after"] = before, after
            waiting = self._clocks_before - before.latency
            meanwhile = waiting + multiplier.latency
            exponent = delay(m, before.exponent, meanwhile - 1)  # which is a clock later
            m.d.comb += [
                before.sum.eq(biased),
                before.shift.eq(shift),
                after.product.eq(multiplier.product),
                after.negative.eq(delay(m, before.negative, meanwhile)),
                after.exponent.eq(exponent),
            ]
            magnitudes.append(delay(m, before.magnitude, waiting))
            results.append(delay(m, after.rounded, self._clocks_after - after.latency))
        m.d.comb += [
            multiplier.a.eq(self._of_mode(magnitudes)),
            multiplier.b.eq(delay(m, self.parameters.multiplier, 1 + self._clocks_before)),
            bounded.rounded.eq(self._of_mode(results)),
            bounded.zero_point.eq(self.layer.zero_point),
            bounded.minimum.eq(self.layer.minimum),
            bounded.maximum.eq(self.layer.maximum),
            self.result.eq(bounded.result),
        ]
        return m

    def _of_mode(self, values):
        """That of ``values``, one a mode, which belongs to the layer's mode."""
        return values[0] if len(values) == 1 else Mux(self.layer.mode, values[1], values[0])


class Requantizer(wiring.Component):
    """``config.requantizer.lanes`` lanes side by side, which share a layer.

    Raises ``TypeError`` if ``config`` is no `AcceleratorConfig`.

    Members
    -------
    accumulators : In(ArrayLayout(signed(config.accumulator.bits), lanes))
    parameters : In(ArrayLayout(channel_parameters_layout(config), lanes))
    layer : In(RequantizeLayer)
        Constant from the first accumulators of a layer to its last results.
    results : Out(ArrayLayout(signed(8), lanes))
        `latency` clocks after ``accumulators`` and ``parameters``; new ones each clock. There is
        no handshake: the lanes run freely.
    """

    def __init__(self, config):
        _check(config)
        count = config.requantizer.lanes
        self._lanes = [RequantizerLane(config) for _ in range(count)]
        super().__init__(
            {
                "accumulators": In(data.ArrayLayout(signed(config.accumulator.bits), count)),
                "parameters": In(data.ArrayLayout(channel_parameters_layout(config), count)),
                "layer": In(RequantizeLayer),
                "results": Out(data.ArrayLayout(signed(8), count)),
            }
        )

    @property
    def latency(self):
        """Clocks from accumulators to their results."""
        return self._lanes[0].latency

    def elaborate(self, platform):
        m = Module()
        # The lanes are spread over the device, so each has its own copy; a lane looks at it three
        # clocks after an accumulator at the earliest.
        layers = fan_out(m, "layer_copies", self.layer, len(self._lanes), clocks=2)
        for index, lane in enumerate(self._lanes):
            m.submodules[f"lane_{index}"] = lane
            m.d.comb += [
                lane.accumulator.eq(self.accumulators[index]),
                lane.parameters.eq(self.parameters[index]),
                lane.layer.eq(layers[index]),
                self.results[index].eq(lane.result),
            ]
        return m
