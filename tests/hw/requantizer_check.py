# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Runs batches of requantiser cases and compares the results with the golden model."""

from dataclasses import dataclass, replace

import numpy as np
from requantizer_cases import CLASSES, LAYERS, Cases, draw, layers_of

from macaw.arch import (
    AcceleratorConfig,
    AccumulatorConfig,
    Float32Chain,
    Mode,
    Multiplier,
    RawSums,
    Requantization,
    RequantizerConfig,
    Technology,
)
from macaw.golden.requantize import requantize
from macaw.hw.layouts import channel_parameters_layout
from macaw.hw.requantizer import Requantizer
from macaw.sim.vectors import apply

__all__ = ["CHANNELS", "SEED", "Batch", "batches_of", "check", "config_of", "golden"]

SEED = 20261125
CHANNELS = 256


def config_of(
    modes, technology=Technology.GENERIC, *, bits=32, lanes=2, multiplier=Multiplier.SINGLE
):
    return AcceleratorConfig(
        name="requantizer",
        technology=technology,
        accumulator=AccumulatorConfig(bits=bits),
        requantizer=RequantizerConfig(lanes=lanes, modes=modes, multiplier=multiplier),
    )


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Cases of one class, and the mode and layer under which they are requantised."""

    mode: Mode
    layer: tuple[int, int, int]
    name: str
    cases: Cases


def batches_of(config, *, results, layers=LAYERS):
    """All classes of all modes of ``config`` under all ``layers``; for each mode ``results`` cases
    or a few more."""
    return [
        Batch(
            mode=mode,
            layer=layer,
            name=name,
            cases=draw(
                mode,
                name,
                seed=(SEED, layer_index, class_index),
                n=-(-results // (CHANNELS * len(layers_of(mode, layers)) * len(CLASSES[mode]))),
                channels=CHANNELS,
                accumulator_bits=config.accumulator.bits,
            ),
        )
        for mode in config.requantizer.modes
        for layer_index, layer in enumerate(layers_of(mode, layers))
        for class_index, name in enumerate(CLASSES[mode])
    ]


def golden(batch):
    zero_point, minimum, maximum = batch.layer
    if batch.mode is Mode.RAW:
        sums = requantize(batch.cases.accumulators, RawSums(bias=batch.cases.bias))
        return sums.view(np.int8).reshape(*sums.shape, 4)[..., range(CHANNELS), batch.cases.shift]
    if batch.mode is Mode.FLOAT32_BIAS:
        bounds = {"zero_point": zero_point, "minimum": minimum, "maximum": maximum}
        return requantize(batch.cases.sums, replace(batch.cases.real, signed=True, **bounds))
    if batch.mode is Mode.FLOAT32_CHAIN:
        real, offset = batch.cases.real, 0 if batch.cases.real.signed else 128
        bounds = {"zero_point": zero_point, "minimum": minimum, "maximum": maximum}
        bounds = {what: value + offset for what, value in bounds.items()}
        results = requantize(batch.cases.sums, replace(real, **bounds))
        return (results.astype(np.int16) - offset).astype(np.int8)
    requantization = Requantization(
        mode=batch.mode,
        bias=batch.cases.bias,
        multiplier=batch.cases.multiplier,
        shift=batch.cases.shift,
        zero_point=zero_point,
        minimum=minimum,
        maximum=maximum,
    )
    return requantize(batch.cases.accumulators, requantization)


def hardware(config, batches):
    """The results of ``batches``, int8 [n, channels] each, from one run.

    Behind each batch the pipeline runs empty, since a layer holds until its last result.
    """
    requantizer = Requantizer(config)
    lanes, idle = config.requantizer.lanes, requantizer.latency

    def vectors(what):
        """``what`` of all cases, in the order of time, [vectors, lanes]."""
        parts = []
        for batch in batches:
            values = np.broadcast_to(getattr(batch.cases, what), batch.cases.sums.shape)
            parts += [values.reshape(-1, lanes), np.zeros((idle, lanes), np.int64)]
        return np.concatenate(parts)

    sizes = [batch.cases.sums.size // lanes for batch in batches]
    layers = {
        "mode": [config.requantizer.modes.index(batch.mode) for batch in batches],
        "zero_point": [batch.layer[0] for batch in batches],
        "minimum": [batch.layer[1] for batch in batches],
        "maximum": [batch.layer[2] for batch in batches],
    }
    if Mode.FLOAT32_CHAIN in config.requantizer.modes:
        chains = [isinstance(batch.cases.real, Float32Chain) for batch in batches]
        entries = [
            batch.cases.real.layer_entries if chain else {}
            for chain, batch in zip(chains, batches, strict=True)
        ]
        layers["output_unsigned"] = [
            chain and not batch.cases.real.signed
            for chain, batch in zip(chains, batches, strict=True)
        ]
        for what in ("input_multiplier", "output_multiplier"):
            layers[what] = [values.get(what, 0) for values in entries]
    inputs = {
        "accumulators": vectors("accumulators"),
        "parameters": {what: vectors(what) for what, _ in channel_parameters_layout(config)},
        "layer": {
            what: np.repeat(np.asarray(values, np.int64), [size + idle for size in sizes])
            for what, values in layers.items()
        },
    }
    taken = slice(None)
    if config.requantizer.interval > 1:
        stepped = config.requantizer.multiplier == Multiplier.STEPPED
        inputs, taken = in_serial(inputs, config.requantizer.interval, stepped=stepped)
    results = apply(requantizer, inputs, latency=requantizer.latency)["results"][taken]
    starts = np.cumsum([0, *(size + idle for size in sizes[:-1])])
    return [
        results[start : start + size].reshape(batch.cases.sums.shape)
        for start, size, batch in zip(starts, sizes, batches, strict=True)
    ]


def in_serial(inputs, interval, *, stepped):
    """``inputs`` as lanes take them that are not pipelined, and the clocks of their starts:
    ``interval`` clocks apart, some of them more. To serial lanes accumulators are there for one
    clock only, the rest until the next start; to ``stepped`` ones both are for two clocks."""
    count = len(inputs["accumulators"])
    random = np.random.default_rng(SEED)
    apart = interval + random.choice((0, 0, 0, 0, 1, 2, 17), count)
    starts = np.cumsum(apart) - apart
    start = np.zeros(apart.sum(), np.int64)
    start[starts] = 1
    held = {
        name: {what: np.repeat(values, apart, axis=0) for what, values in inputs[name].items()}
        for name in ("parameters", "layer")
    }
    accumulators = np.repeat(~inputs["accumulators"], apart, axis=0)
    accumulators[starts] = inputs["accumulators"]
    if stepped:
        accumulators[starts + 1] = inputs["accumulators"]
        later = np.ones(len(start), bool)
        later[starts] = later[starts + 1] = False
        for what, values in held["parameters"].items():
            values[later] = np.roll(values, 1, axis=0)[later] if what == "bias" else 0
    return {"start": start, "accumulators": accumulators, **held}, starts


def check(config, batches):
    """Compares with the golden model; returns the number of results."""
    for batch, results in zip(batches, hardware(config, batches), strict=True):
        expected = golden(batch)
        wrong = np.argwhere(results != expected)
        assert not wrong.size, report(batch, results, expected, wrong)
    return sum(batch.cases.sums.size for batch in batches)


def report(batch, results, expected, wrong):
    cases, (row, channel) = batch.cases, wrong[0]
    return (
        f"class {batch.name!r} of {batch.mode}, seed {SEED}: {len(wrong)} of {results.size} "
        f"results differ; the first for accumulator {cases.accumulators[row, channel]}, "
        f"bias {cases.bias[channel]}, multiplier {cases.multiplier[channel]}, "
        f"shift {cases.shift[channel]}, (zero point, minimum, maximum) {batch.layer}: "
        f"{results[row, channel]}, not {expected[row, channel]}"
    )
