# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Requantisation of accumulators to int8, some lanes side by side."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance, one_of
from macaw.arch.config import AcceleratorConfig, Multiplier
from macaw.arch.requantization import FIXED_MODES, FLOAT32_MODES, Mode
from macaw.hw.bounded_result import BoundedResult
from macaw.hw.delay import delay
from macaw.hw.delay_line import delay_line
from macaw.hw.fanout import fan_out
from macaw.hw.layouts import channel_parameters_layout, layer_values_layout
from macaw.hw.raw_byte import RawByte
from macaw.hw.requantize_fixed import FixedRounder, FixedShifter
from macaw.hw.requantize_float32 import Float32Normalizer, Float32Rounder
from macaw.hw.requantize_float32_bias import Float32BiasNormalizer
from macaw.hw.requantize_float32_chain import Float32ChainNormalizer, Float32ChainRounder
from macaw.hw.serial_lane import SerialLane
from macaw.hw.stepped_multiplier import SteppedMultiplier
from macaw.hw.wide_multiplier import WideMultiplier

__all__ = ["Requantizer", "RequantizerLane"]

#: Modes whose steps are the same hardware.
_FAMILIES = {
    "float32": FLOAT32_MODES,
    "chain": (Mode.FLOAT32_CHAIN,),
    "fixed": FIXED_MODES,
    "raw": (Mode.RAW,),
}


def _families(config):
    """The families that are built in, with their modes, in the order of the modes."""
    modes = config.requantizer.modes
    families = {}
    for mode in modes:
        [name] = [name for name, members in _FAMILIES.items() if mode in members]
        families.setdefault(name, tuple(mode for mode in modes if mode in _FAMILIES[name]))
    return families


#: What a pipelined lane multiplies with.
_PIPELINED = (Multiplier.PARALLEL, Multiplier.SINGLE, Multiplier.STEPPED)


class RequantizerLane(wiring.Component):
    """One lane: ``accumulator`` and the parameters of its channel to an int8 result.

    The result is that of the layer's mode (`macaw.arch.Mode`), for every accumulator and all
    parameters in the ranges given with their classes. Results of uint8 are int8 results with zero
    point and bounds less 128. In mode ``raw`` it is one byte of the sum, under a zero point of 0
    and the bounds of int8.

    A lane holds what its modes need: one multiplier and one adder for the bias and the bounds
    serve all of them, and a lane of one mode has no multiplexers for others.

    Raises ``TypeError`` if ``config`` is no `AcceleratorConfig` and ``ValueError`` if its
    multiplier is serial.

    Members
    -------
    start : In(1)
        With a stepped multiplier only: accumulator and parameters are there, for this clock and the
        next one. Starts are at least two clocks apart.
    accumulator : In(signed(config.accumulator.bits))
    parameters : In(channel_parameters_layout(config))
    layer : In(layer_values_layout(config))
        Constant from the first accumulator of a layer to its last result.
    result : Out(signed(8))
        `latency` clocks after ``accumulator`` and ``parameters``; one each clock.
    """

    def __init__(self, config):
        instance("config", config, AcceleratorConfig)
        one_of("multiplier of a lane", config.requantizer.multiplier, _PIPELINED)
        self._config = config
        parallel = config.requantizer.multiplier == Multiplier.PARALLEL
        self._stepped = config.requantizer.multiplier == Multiplier.STEPPED
        parameters = channel_parameters_layout(config)
        self._modes = config.requantizer.modes
        self._families = _families(config)
        # For each family the steps before and after the multiplier.
        self._steps = {}
        if "float32" in self._families:
            biased = Mode.FLOAT32_BIAS in self._modes
            before = Float32BiasNormalizer() if biased else Float32Normalizer()
            self._steps["float32"] = before, Float32Rounder()
        if "chain" in self._families:
            before = Float32ChainNormalizer(config.technology, parallel=parallel)
            self._steps["chain"] = before, Float32ChainRounder()
        if "fixed" in self._families:
            modes = self._families["fixed"]
            self._steps["fixed"] = FixedShifter(modes), FixedRounder(modes)
        self._multiplier = None
        if self._steps:
            a_bits = 32 if "fixed" in self._families else 24
            b_bits = Shape.cast(parameters["multiplier"].shape).width
            if self._stepped:
                self._multiplier = SteppedMultiplier(a_bits, b_bits, config.technology)
            else:
                self._multiplier = WideMultiplier(
                    a_bits, b_bits, config.technology, parallel=parallel
                )
        super().__init__(
            {
                **({"start": In(1)} if self._stepped else {}),
                "accumulator": In(signed(config.accumulator.bits)),
                "parameters": In(parameters),
                "layer": In(layer_values_layout(config)),
                "result": Out(signed(8)),
            }
        )

    @property
    def _clocks_before(self):
        return max((before.latency for before, _ in self._steps.values()), default=0)

    @property
    def _clocks_rounding(self):
        """Clocks from the sum with the bias to its rounded magnitude."""
        if not self._steps:
            return RawByte.latency
        after = max(after.latency for _, after in self._steps.values())
        return self._clocks_before + self._multiplier.latency + after

    @property
    def latency(self):
        """Clocks from an accumulator to its result."""
        return 1 + self._clocks_rounding + BoundedResult.latency

    def elaborate(self, platform):
        m = Module()
        if self._steps:
            m.submodules.multiplier = self._multiplier
        m.submodules.bounded = bounded = BoundedResult()

        biased = (self.accumulator + self.parameters.bias)[:32].as_signed()
        biased = delay(m, biased, 1, name="biased")
        shift = delay(m, self.parameters.shift, 1, name="shift")
        magnitudes, results = {}, {}
        for family in self._families:
            if family == "raw":
                results[family] = self._raw(m, biased, shift)
            else:
                magnitudes[family], results[family] = self._multiplied(m, family, biased, shift)
        if self._steps:
            multiplier = self._multiplier
            m.d.comb += [
                multiplier.a.eq(self._of_family(magnitudes)),
                multiplier.b.eq(self._factor(m)),
            ]
            if self._stepped:
                clocks = 1 + self._clocks_before
                m.d.comb += multiplier.start.eq(delay(m, self.start, clocks, reset_less=False))
        m.d.comb += [
            bounded.rounded.eq(self._of_family(results)),
            bounded.zero_point.eq(self.layer.zero_point),
            bounded.minimum.eq(self.layer.minimum),
            bounded.maximum.eq(self.layer.maximum),
            self.result.eq(bounded.result),
        ]
        return m

    def _multiplied(self, m, family, biased, shift):
        """The multiplier's operand and the rounded magnitude of one family."""
        before, after = self._steps[family]
        multiplier = self._multiplier
        m.submodules[f"{family}_before"], m.submodules[f"{family}_after"] = before, after
        waiting = self._clocks_before - before.latency
        meanwhile = waiting + multiplier.latency
        exponent = delay_line(  # which is a clock later
            m, f"{family}_exponent", before.exponent, meanwhile - 1, config=self._config
        )
        m.d.comb += [
            before.sum.eq(biased),
            before.shift.eq(shift),
            after.product.eq(multiplier.product),
            after.negative.eq(delay(m, before.negative, meanwhile)),
            after.exponent.eq(exponent),
        ]
        if family == "fixed":
            single = self._is(Mode.FIXED_SINGLE)
            m.d.comb += [
                before.single.eq(single),
                after.single.eq(single),
                after.away.eq(self._is(Mode.FIXED_DOUBLE_AWAY)),
            ]
        elif family == "chain":
            zero_point = self.layer.zero_point + (self.layer.output_unsigned << 7)
            m.d.comb += [
                before.input_multiplier.eq(self.layer.input_multiplier),
                before.multiplier.eq(delay(m, self.parameters.multiplier, 1)),
                before.fixed_bias.eq(delay(m, self.parameters.fixed_bias, 1)),
                after.zero_point.eq(delay(m, zero_point, 1, name="zero_point")),
            ]
        elif Mode.FLOAT32_BIAS in self._modes:
            m.d.comb += before.fixed_bias.eq(delay(m, self.parameters.fixed_bias, 1))
        magnitude = delay(m, before.magnitude, waiting)
        missing = self._clocks_rounding - self._clocks_before - multiplier.latency - after.latency
        return magnitude, delay(m, after.rounded, missing)

    def _factor(self, m):
        """The multiplier's other operand; in mode ``float32_chain`` it is the layer's."""
        if self._modes == (Mode.FLOAT32_CHAIN,):
            return self.layer.output_multiplier
        clocks = 1 + self._clocks_before
        factor = delay_line(m, "factor", self.parameters.multiplier, clocks, config=self._config)
        if Mode.FLOAT32_CHAIN not in self._modes:
            return factor
        return Mux(self._is(Mode.FLOAT32_CHAIN), self.layer.output_multiplier, factor)

    def _raw(self, m, biased, shift):
        m.submodules.raw = raw = RawByte()
        m.d.comb += [raw.sum.eq(biased), raw.byte.eq(shift)]
        return delay(m, raw.rounded, self._clocks_rounding - raw.latency)

    def _is(self, mode):
        """The layer's mode is this one."""
        if len(self._modes) == 1 or mode not in self._modes:
            return Const(mode in self._modes)
        return self.layer.mode == self._modes.index(mode)

    def _of_family(self, values):
        """That of ``values``, by family, which belongs to the layer's mode."""
        (_, chosen), *others = values.items()
        for family, value in others:
            mine = Cat(self._is(mode) for mode in self._families[family]).any()
            chosen = Mux(mine, value, chosen)
        return chosen


class Requantizer(wiring.Component):
    """``config.requantizer.lanes`` lanes side by side, which share a layer.

    Raises ``TypeError`` if ``config`` is no `AcceleratorConfig`.

    Members
    -------
    start : In(1)
        With a stepped or a serial multiplier only: accumulators and parameters are there, as
        `RequantizerLane` or `macaw.hw.serial_lane.SerialLane` takes them.
    accumulators : In(ArrayLayout(signed(config.accumulator.bits), lanes))
    parameters : In(ArrayLayout(channel_parameters_layout(config), lanes))
    layer : In(layer_values_layout(config))
        Constant from the first accumulators of a layer to its last results.
    results : Out(ArrayLayout(signed(8), lanes))
        `latency` clocks after ``accumulators`` and ``parameters``; new ones each clock, or, with
        a stepped or a serial multiplier, for one clock after each ``start``. There is no handshake.
    """

    def __init__(self, config):
        instance("config", config, AcceleratorConfig)
        count = config.requantizer.lanes
        self._serial = config.requantizer.multiplier == Multiplier.SERIAL
        self._started = config.requantizer.interval > 1
        self._compact = config.compact
        self._interval = config.requantizer.interval
        kind = SerialLane if self._serial else RequantizerLane
        self._lanes = [kind(config) for _ in range(count)]
        super().__init__(
            {
                **({"start": In(1)} if self._started else {}),
                "accumulators": In(data.ArrayLayout(signed(config.accumulator.bits), count)),
                "parameters": In(data.ArrayLayout(channel_parameters_layout(config), count)),
                "layer": In(layer_values_layout(config)),
                "results": Out(data.ArrayLayout(signed(8), count)),
            }
        )

    @property
    def latency(self):
        """Clocks from accumulators to their results."""
        return self._lanes[0].latency

    @property
    def interval(self):
        """Clocks from accumulators to the next ones that are taken."""
        return self._interval

    def elaborate(self, platform):
        m = Module()
        # Quick lanes are spread over the device, so each has its own copy; a lane looks at it
        # three clocks after an accumulator at the earliest.
        clocks = 0 if self._serial or self._compact else 2
        layers = fan_out(m, "layer_copies", self.layer, len(self._lanes), clocks=clocks)
        for index, lane in enumerate(self._lanes):
            m.submodules[f"lane_{index}"] = lane
            if self._started:
                m.d.comb += lane.start.eq(self.start)
            m.d.comb += [
                lane.accumulator.eq(self.accumulators[index]),
                lane.parameters.eq(self.parameters[index]),
                lane.layer.eq(layers[index]),
                self.results[index].eq(lane.result),
            ]
        return m
