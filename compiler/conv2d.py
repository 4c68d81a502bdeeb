# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A convolution to what the compute core's streams carry."""

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from macaw.arch.config import AcceleratorConfig
from macaw.arch.core import EXCESS, SIZE_BITS, check_fields, layer_fields, step_fields
from macaw.arch.parameters import Float32Chain, RawSums
from macaw.arch.program import CoreProgram
from macaw.arch.requantization import Mode
from macaw.arch.shapes import Conv2dShape
from macaw.compiler.dense import pairs_pay, walk_dense
from macaw.compiler.lanes import walk_lanes
from macaw.compiler.layer import Conv2dLayer
from macaw.compiler.parameters import RAW_BYTES, channel_parameters, split_bytes
from macaw.compiler.pixels import pixels_together
from macaw.compiler.refusals import Split, TooLarge
from macaw.compiler.ring import Ring, place_rows
from macaw.compiler.steps import Step, Walk
from macaw.compiler.window import RowAccess, walk_window

__all__ = ["Conv2dProgram", "compile_conv2d"]

#: Words that should stand one behind the other in memory outside, so that its latency is hidden.
_SHORT_RUN = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class Conv2dProgram(CoreProgram):
    """A program with what it was made from: the ``layer`` as it was given, its ``walk`` and
    the image rows' ``ring``."""

    layer: Conv2dLayer
    walk: Walk
    ring: Ring


class _Refusal:
    """Refusals of one layer on one configuration, in one voice."""

    def __init__(self, layer: Conv2dLayer, config: AcceleratorConfig):
        self._where = f"{layer.name}: "
        self._config = config

    def limit(
        self, what: str, limit: int, value: int, remedy: str, split: Split | None = None
    ) -> None:
        """`TooLarge` where ``value`` exceeds what the configuration has."""
        if value > limit:
            raise TooLarge(
                f"{self._where}{what} must be at most {limit} on {self._config.name}, "
                f"not {value!r}: {remedy}",
                split,
                share=Fraction(limit, value),
            )


def _choose_walk(
    layer: Conv2dLayer, parts: list[np.ndarray], filler: int, config: AcceleratorConfig
) -> tuple[Walk, Ring] | None:
    """The fastest walk whose rows fit into the line buffer."""
    shape, row = layer.shape, layer.row
    pitch = row.channels
    stored = replace(shape, width=row.width, in_channels=pitch, groups=1)
    if config.narrow:
        ring = place_rows(stored, config)
        if ring is None:
            return None
        if layer.windowed:
            return walk_lanes(shape, parts, config), ring
        walk = walk_dense(
            shape, parts, filler, config, pitch=pitch, paired=False, apart=layer.largest
        )
        return walk, ring
    # Windows that step over pixels take words faster than they come, so that many should have come
    # ahead. In known networks they stand between pointwise layers, which take them slowly.
    eighths = 4
    if layer.windowed and shape.stride[1] > 1:
        eighths = 5
    elif shape.extent_height == 1:
        eighths = 3
    if layer.windowed:
        # Few channels lie in one half of a word.
        unit = config.array.lanes
        if shape.in_channels <= unit // 2:
            unit //= 2
        aligned = pitch % unit == row.first_byte % unit == 0
        choices = [RowAccess(rows=4, together=4)] if aligned else []
        choices += [RowAccess(rows=4, together=2), RowAccess(rows=1, together=1)]
        for access in choices:
            words = 1 if access.together == 4 else 2
            ring = place_rows(stored, config, eighths=eighths, rows=access.together, words=words)
            if ring:
                return walk_window(shape, parts, config, access, pitch=pitch), ring
        return None
    pairs = pairs_pay(shape, config, pitch) and not layer.largest
    ring = place_rows(stored, config, eighths=eighths, rows=2) if pairs else None
    paired = ring is not None
    ring = ring or place_rows(stored, config, eighths=eighths)
    if ring is None:
        return None
    walk = walk_dense(shape, parts, filler, config, pitch=pitch, paired=paired, apart=layer.largest)
    return walk, ring


def _clocks_of_row(layer: Conv2dLayer, walk: Walk, ring: Ring) -> tuple[int, int]:
    """Clocks from a row of the result to the next: the least, and those that they are, as image
    rows for which the ring has room come while one is computed, and the others behind it."""
    shape, lanes = layer.shape, walk.weights.shape[2]
    words, stride = -(-layer.row.bytes // lanes), shape.stride[0]
    ahead = min(ring.rows - min(shape.extent_height, shape.height), stride)
    clocks = max(walk.row_cycles, ahead * words) + (stride - ahead) * words
    return max(walk.row_cycles, stride * words), clocks


def _split_of_rows(layer: Conv2dLayer, config: AcceleratorConfig) -> Split:
    """What makes rows short: to take some of the channels, where these can be fetched and computed
    by themselves, in runs that are not short and without a need to split columns, too."""
    shape, lanes, memory = layer.shape, config.array.lanes, config.memory
    words = layer.wide_row is None or layer.wide_row.by_channels
    if not (shape.depthwise and shape.in_channels > lanes and words):
        return Split.COLUMNS
    rows = min(shape.extent_height + shape.stride[0], shape.height)
    pays = (
        shape.in_channels // lanes // 2 >= _SHORT_RUN
        and shape.output_width * _SHORT_RUN <= memory.result_words // 2
        and shape.width * rows * _SHORT_RUN <= memory.activation_words
    )
    return Split.CHANNELS if pays or shape.output_width == 1 else Split.COLUMNS


def compile_conv2d(
    layer: Conv2dLayer,
    config: AcceleratorConfig,
    *,
    weight_words: int | None = None,
    overlapping: bool = False,
) -> Conv2dProgram:
    """``layer`` for a core of ``config``, with at most ``weight_words`` words of weights, by
    default as many as the memory has.

    With ``overlapping`` a layer must have room for more rows than those that are computed: for two
    of its result, and for the next ones of its image. One with many weights need not, where parts
    of columns would fetch some of them twice.

    Layers of mode ``raw`` run as `split_bytes` says, with a channel for each byte; otherwise
    depthwise layers (one input and one output channel a group) run in window mode. All others run
    dense. Raises ``ValueError`` that names the layer, the limit and what would work, where the
    layer is beyond what the core was built for.
    """
    source, requantization = layer, layer.requantization
    array, memory = config.array, config.memory
    refusal = _Refusal(layer, config)
    if requantization.mode not in config.requantizer.modes:
        modes = ", ".join(config.requantizer.modes)
        raise ValueError(
            f"{layer.name}: mode must be one of {modes} on {config.name}, "
            f"not {requantization.mode!s}: build a configuration with this mode"
        )
    if layer.largest and not config.max_pooling:
        raise ValueError(
            f"{layer.name}: max pooling must be built into {config.name}: set max_pooling"
        )
    raw = isinstance(requantization, RawSums)
    if raw:
        layer = split_bytes(layer)
    computed = layer.shape
    layer = pixels_together(layer, config)
    shape = layer.shape
    parameters = channel_parameters(layer, config)
    refusal.limit(
        "accumulator bits",
        config.accumulator.bits,
        layer.accumulator_bits(config),
        "use wider accumulators or smaller weights",
    )
    for what, split in (
        ("padded_height", Split.ROWS),
        ("output_height", Split.ROWS),
        ("output_width", Split.COLUMNS),
    ):
        refusal.limit(what, (1 << SIZE_BITS) - 1, getattr(shape, what), "tile the layer", split)
    refusal.limit(
        "out_channels",
        memory.parameter_entries,
        shape.out_channels,
        "split the layer's channels",
        Split.CHANNELS,
    )

    correction = config.weight_zero_point and not layer.windowed
    parts, filler = layer.array_weights(correction=correction)
    choice = _choose_walk(layer, parts, filler, config)
    if choice is None:
        rows = min(shape.extent_height, shape.height)
        words = -(-layer.row.bytes // array.lanes)
        raise TooLarge(
            f"{layer.name}: the {rows} image rows that the kernel spans must fit into "
            f"{memory.activation_words} words on {config.name}, not {rows * words}: "
            "tile the layer or build a larger line buffer",
            _split_of_rows(layer, config),
        )
    walk, ring = choice
    refusal.limit(
        "weight words",
        min(weight_words or memory.weight_words, memory.weight_words),
        len(walk.weights),
        "split its channels",
        Split.CHANNELS,
    )
    entries = len(walk.prologue) + len(walk.body)
    refusal.limit("steps of a pixel", memory.step_entries, entries, "use a smaller kernel")
    result_bytes = shape.output_width * shape.out_channels
    result_words = -(-result_bytes // array.lanes)
    refusal.limit(
        "words of a result row",
        memory.result_words,
        result_words,
        "tile the layer",
        Split.COLUMNS if shape.output_width > 1 else Split.CHANNELS,
    )
    few = 2 * walk.weights.size <= shape.height * layer.row.bytes
    beside = shape.extent_width <= shape.stride[1]  # Parts of columns have none in common.
    if overlapping and shape.output_height > 1 and (shape.depthwise or few or beside):
        split = _split_of_rows(layer, config)
        half = memory.result_words // 2
        refusal.limit("words of a result row", half, result_words, "tile the layer", split)
        least, clocks = _clocks_of_row(layer, walk, ring)
        refusal.limit("clocks of a row", least, clocks, "tile the layer", split)

    descriptor = _descriptor(layer, config, walk, ring, filler, result_words)
    _check_offsets(layer, config, walk, descriptor)
    check_fields(layer.name, layer_fields(config), descriptor)
    entries_of = {field.name for field in step_fields(config)}
    table = tuple(
        {name: value for name, value in _entry(step, shape, ring).items() if name in entries_of}
        for step in (*walk.prologue, *walk.body)
    )
    for entry in table:
        check_fields(f"{layer.name}: step", step_fields(config), entry)
    return Conv2dProgram(
        name=layer.name,
        config=config,
        shape=computed,
        input_signed=layer.input_signed,
        output_signed=isinstance(requantization, RawSums) or requantization.signed,
        layer=source,
        walk=walk,
        ring=ring,
        descriptor=descriptor,
        table=table,
        weights=walk.weights,
        parameters=parameters,
        result_bytes=RAW_BYTES if raw else 1,
    )


def _entry(step: Step, shape: Conv2dShape, ring: Ring) -> dict[str, int]:
    row = step.kernel_row * shape.dilation[0]
    flags = ["paired", "four", "high", "shift", "capture", "evaluate", "first", "last"]
    return {
        "offset": step.offset,
        "row": row,
        "row_words": row * ring.pitch % ring.words,
        "count": step.reads - 1,
        "stride": step.stride,
        **{flag: int(flag in step.flags) for flag in flags},
    }


def _descriptor(
    layer: Conv2dLayer,
    config: AcceleratorConfig,
    walk: Walk,
    ring: Ring,
    filler: int,
    result_words: int,
) -> dict[str, int]:
    shape, requantization, groups = layer.shape, layer.requantization, walk.groups
    zero_point, minimum, maximum, signed = 0, -128, 127, True
    if not isinstance(requantization, RawSums):
        zero_point, signed = requantization.zero_point, requantization.signed
        minimum, maximum = requantization.minimum, requantization.maximum
    row = layer.row
    kernel_row = shape.dilation[0] * ring.pitch
    flip = 0 if signed else 128
    row_groups = groups.outer * groups.inner
    sets = config.parameter_sets(window=walk.window)
    stay = row_groups <= sets
    values = {
        "height": shape.height,
        "row_bytes": row.bytes,
        "row_words": -(-row.bytes // config.array.lanes) - 1,
        "pitch": ring.pitch,
        "ring_words": ring.words,
        "ring_rows": ring.rows,
        "ring_base": 0,
        "ahead": 0,
        "input_unsigned": int(not layer.input_signed),
        "input_zero_point": layer.padding_int8,
        "output_rows": shape.output_height - 1,
        "padding_top": shape.padding[0],
        "row_stride": shape.stride[0],
        "extent": shape.extent_height,
        "row_start": -shape.padding[0] * ring.pitch % ring.words,
        "row_step": shape.stride[0] * ring.pitch % ring.words,
        "dilation": shape.dilation[0],
        "next_row": kernel_row % ring.words,
        "second_row": 2 * kernel_row % ring.words,
        "third_row": 3 * kernel_row % ring.words,
        "window": int(walk.window),
        "table_start": 0,
        "body_start": len(walk.prologue),
        "prologue": len(walk.prologue),
        "body": len(walk.body) - 1,
        "pixels": walk.pixels - 1,
        "position": row.first_byte - shape.padding[2] * row.channels,
        "pixel_step": walk.pixel_stride,
        "outer_groups": groups.outer - 1,
        "inner_groups": groups.inner - 1,
        "group_step": groups.input_step,
        "weight_start": 0,
        "weight_offset": 0 if walk.window else filler + EXCESS,
        "weights_shared": int(walk.weights_shared),
        "parameter_start": 0,
        "parameter_sets": (row_groups if stay else sets) - 1,
        "parameters_stay": int(stay),
        "group_channels": groups.channels,
        "inner_channels": groups.inner_channels,
        "final_channels": groups.final_channels,
        "result_step": shape.out_channels,
        "result_words": result_words - 1,
        "result_rows": min(config.memory.result_words // result_words, (1 << SIZE_BITS) - 1),
        "odd_width": shape.output_width % 2,
        "output_unsigned": int(not signed),
        "mode": config.requantizer.modes.index(requantization.mode),
        "zero_point": zero_point - flip,
        "minimum": minimum - flip,
        "maximum": maximum - flip,
        **({"largest": int(layer.largest)} if config.max_pooling else {}),
        **_chain_fields(layer, config),
    }
    return {field.name: values[field.name] for field in layer_fields(config)}


def _chain_fields(layer: Conv2dLayer, config: AcceleratorConfig) -> dict[str, int]:
    """The fields that a descriptor has for mode ``float32_chain``, where it is built in."""
    if Mode.FLOAT32_CHAIN not in config.requantizer.modes:
        return {}
    if isinstance(layer.requantization, Float32Chain):
        return layer.requantization.layer_entries
    return {"input_multiplier": 0, "output_multiplier": 0}


def _check_offsets(
    layer: Conv2dLayer, config: AcceleratorConfig, walk: Walk, descriptor: dict[str, int]
) -> None:
    """Offsets reach every byte that the walk reads."""
    [field] = [field for field in step_fields(config) if field.name == "offset"]
    steps = (*walk.prologue, *walk.body)
    first = descriptor["position"] + min(step.offset for step in steps)
    last = descriptor["position"] + (walk.pixels - 1) * walk.pixel_stride
    last += (walk.groups.outer - 1) * walk.groups.input_step
    last += max(step.offset + (step.reads - 1) * step.stride for step in steps)
    farthest = max(last + config.array.lanes, -first)
    if farthest > -field.minimum:
        raise TooLarge(
            f"{layer.name}: bytes of a padded image row must be at most {-field.minimum} on "
            f"{config.name}, not {farthest}: tile the layer or build a larger line buffer",
            Split.COLUMNS,
        )
