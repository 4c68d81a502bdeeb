# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""CONV: a layer of the core, from its descriptor and what its memories hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from macaw.arch import AcceleratorConfig
from macaw.arch.core import parameter_fields
from macaw.golden.machine.dense import dense_sums
from macaw.golden.machine.errors import MachineError
from macaw.golden.machine.image import ImageReader
from macaw.golden.machine.results import results
from macaw.golden.machine.walk import Walk, layer_steps, walk_of
from macaw.golden.machine.window import window_sums
from macaw.golden.machine.words import Words

__all__ = ["ConvUse", "Core", "check_apart", "conv", "conv_use", "image_words", "table_use"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Core:
    """What the core's memories hold.

    ``weights`` is int8 (weight_words, columns, lanes), ``parameters`` has int64
    (parameter_entries,) for each field of `macaw.arch.core.parameter_fields`, ``table`` the
    entries of the step table.
    """

    config: AcceleratorConfig
    weights: NDArray[np.int8]
    parameters: Mapping[str, NDArray[np.int64]]
    table: Sequence[Mapping[str, int]]


@dataclass(frozen=True, kw_only=True, eq=False)
class ConvUse:
    """What a layer reads of the core's memories: ``weights`` are beats (word * columns + column)
    of the columns that have a channel, ``parameters`` are entries; int64 each."""

    weights: NDArray[np.int64]
    parameters: NDArray[np.int64]


def image_words(layer: Mapping[str, int]) -> int:
    """Words of a layer's image stream."""
    return layer["height"] * (layer["row_words"] + 1)


def check_apart(layer: Mapping[str, int], before: Mapping[str, int]) -> None:
    """Refuse a layer whose image comes ahead into words of which the layer ``before`` still reads.

    Raises `MachineError` for rings with a word in common.
    """
    first, end = (layer["ring_base"] + words for words in (0, layer["ring_words"]))
    first_before, end_before = (before["ring_base"] + words for words in (0, before["ring_words"]))
    if first < end_before and first_before < end:
        raise MachineError(
            f"its ring (words {first} ... {end - 1}) must lie apart from that of the layer before "
            f"({first_before} ... {end_before - 1}): set ahead to 0"
        )


def _walk(core: Core, layer: Mapping[str, int]) -> Walk:
    walk, config = walk_of(core.config, layer, core.table), core.config
    words = walk.weight_words
    if words > len(core.weights):
        raise MachineError(
            f"weight words of the layer must be at most {len(core.weights)}, not {words}"
        )
    end = layer["parameter_start"] + walk.channels
    entries = config.memory.parameter_entries
    if end > entries:
        raise MachineError(
            f"parameter entries of the layer must be below {entries}, not up to {end - 1}"
        )
    return walk


def table_use(core: Core, layer: Mapping[str, int]) -> NDArray[np.int64]:
    """The steps that the layer of a descriptor reads, int64; raises `MachineError` for those
    beyond the table."""
    steps = layer_steps(layer, len(core.table))
    return np.arange(steps.start, steps.stop)


def conv_use(core: Core, layer: Mapping[str, int]) -> ConvUse:
    """What the layer of a descriptor reads; raises `MachineError` as `conv` does for what is out
    of range."""
    walk, array = _walk(core, layer), core.config.array
    beats = []
    for group in walk.groups:
        for evaluation, place in enumerate(walk.words_of(group)):
            word = (layer["weight_start"] + place) % len(core.weights)
            columns = group.channels
            if walk.window:
                # Phases take turns, half of the columns each.
                phase = evaluation % array.phases
                columns = min(max(columns - phase * array.pair_channels, 0), array.pair_channels)
            beats.append(word * array.columns + np.arange(columns))
    parameters = layer["parameter_start"] + np.arange(walk.channels)
    weights = np.concatenate(beats)
    if walk.weights_shared:
        weights = np.unique(weights)
    return ConvUse(weights=weights, parameters=parameters)


def taken_words(layer: Mapping[str, int]) -> NDArray[np.int64]:
    """For each word of a layer's result stream: the words of its image stream that have certainly
    been taken before, since a row begins when the rows of the image that it needs are there."""
    rows = np.arange(layer["output_rows"] + 1)
    bottoms = rows * layer["row_stride"] - layer["padding_top"] + layer["extent"]
    taken = np.clip(bottoms, 0, layer["height"]) * (layer["row_words"] + 1)
    return np.repeat(taken, layer["result_words"] + 1)


def conv(core: Core, layer: Mapping[str, int], image: Words) -> Words:
    """The result stream of a layer whose image stream is ``image``.

    ``layer`` has the fields of `macaw.arch.core.layer_fields`. What fills up the last word of a
    row is not known.

    Raises `MachineError` for descriptors and step tables that a core would not execute, or whose
    results would depend on more than they say, and for an image of other size or with bytes that
    are not known.
    """
    config = core.config
    lanes = config.array.lanes
    if len(image) != image_words(layer):
        raise MachineError(f"the image must have {image_words(layer)} words, not {len(image)}")
    walk = _walk(core, layer)
    pixels = 2 * walk.pixels - layer["odd_width"] if walk.window else walk.pixels
    _check_results(config, layer, walk, pixels)
    reader = ImageReader(config, layer, walk, image)
    # Behind the last word comes the first one.
    places = np.concatenate([walk.words_of(group) for group in walk.groups])
    weights = core.weights[(layer["weight_start"] + places) % len(core.weights)]
    sums_of = window_sums if walk.window else dense_sums
    rows = layer["output_rows"] + 1
    values = np.zeros((rows, pixels, max(layer["result_step"], walk.channels)), np.uint8)
    for part, channels, sums in sums_of(config, layer, walk, reader, weights):
        first, last = (layer["parameter_start"] + each for each in (channels.start, channels.stop))
        parameters = {
            field.name: core.parameters[field.name][first:last]
            for field in parameter_fields(config)
        }
        found = results(config, layer, parameters, sums[:, :pixels])
        values[part, :, channels] = found.view(np.uint8)
    if layer["output_unsigned"]:
        values[..., : walk.channels] ^= 0x80
    known = np.zeros(values.shape, np.bool_)
    known[..., : walk.channels] = True
    row_bytes = (layer["result_words"] + 1) * lanes
    stream = Words.none(rows * (layer["result_words"] + 1), lanes)
    for each, full in ((values, stream.data), (known, stream.known)):
        row = each.reshape(rows, -1)[:, :row_bytes]
        full.reshape(rows, -1)[:, : row.shape[1]] = row
    return stream


def _check_results(
    config: AcceleratorConfig, layer: Mapping[str, int], walk: Walk, pixels: int
) -> None:
    step, words = layer["result_step"], layer["result_words"] + 1
    if pixels > 1 and step < walk.channels:
        raise MachineError(
            f"result_step must be at least the channels of a pixel ({walk.channels}), not {step}"
        )
    end = (pixels - 1) * step + walk.channels
    if end > words * config.array.lanes:
        raise MachineError(
            f"result_words must hold the {end} bytes of a row, not {words * config.array.lanes}"
        )
