# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A layer in parts, each as large as the core can take."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from macaw.arch.config import AcceleratorConfig
from macaw.arch.parameters import of_channels
from macaw.arch.program import CorePart
from macaw.compiler.conv2d import compile_conv2d
from macaw.compiler.layer import Conv2dLayer, WideRow
from macaw.compiler.refusals import Split, TooLarge

__all__ = [
    "Part", "Share", "column_bands", "compile_parts", "evenly", "output_band", "whole",
]  # fmt: skip

_AXES = {Split.ROWS: 0, Split.COLUMNS: 1}


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """A convolution, the rows, columns and channels of an image that it reads, and those of a
    result that it writes."""

    layer: Conv2dLayer
    image: tuple[slice, slice, slice]
    result: tuple[slice, slice, slice]


@dataclass(frozen=True, kw_only=True)
class Share:
    """What parts of a layer are to take, if they can be so: ``weight_words`` of the weight memory
    at most, and each one of as many ``bands`` of columns."""

    weight_words: int | None = None
    bands: int = 1


def whole(layer: Conv2dLayer) -> Part:
    """All of a layer."""
    shape = layer.shape
    return Part(
        layer=layer,
        image=(slice(0, shape.height), slice(0, shape.width), slice(0, shape.in_channels)),
        result=(
            slice(0, shape.output_height),
            slice(0, shape.output_width),
            slice(0, shape.out_channels),
        ),
    )


def compile_parts(
    part: Part,
    config: AcceleratorConfig,
    *,
    row: WideRow | None = None,
    weight_words: int | None = None,
) -> Iterator[CorePart]:
    """``part`` for a core of ``config``: split for as long as that helps.

    With ``row``, all of the image's, each part takes whole words of its rows, from which the core
    picks what the part reads; otherwise it takes nothing but that. Parts take at most
    ``weight_words`` of the weight memory, where they can be split so far.

    Raises ``ValueError``, as `compile_conv2d` does, for what does not fit however it is split.
    """
    part = _needed_rows(part)
    given = part if row is None else _whole_words(part, row, config)
    try:
        program = compile_conv2d(
            given.layer, config, weight_words=weight_words, overlapping=row is not None
        )
    except TooLarge as refusal:
        pieces = _pieces(part, refusal, config)
        for piece in pieces:
            yield from compile_parts(piece, config, row=row, weight_words=weight_words)
        if pieces:
            return
        # What cannot be split may have all of the weight memory.
        program = compile_conv2d(given.layer, config)
    yield CorePart(program=program, image=given.image, result=part.result)


def _needed_rows(part: Part) -> Part:
    """The same without the rows that a kernel of one row steps over."""
    shape = part.layer.shape
    stride = shape.stride[0]
    if stride == 1 or shape.extent_height > 1 or any(shape.padding[:2]):
        return part
    rows, columns, channels = part.image
    height = shape.output_height
    step = (rows.step or 1) * stride
    last = rows.start + (height - 1) * step
    return replace(
        part,
        layer=replace(part.layer, shape=replace(shape, height=height, stride=(1, shape.stride[1]))),
        image=(slice(rows.start, last + 1, step), columns, channels),
    )


def _whole_words(part: Part, row: WideRow, config: AcceleratorConfig) -> Part:
    """The same on an image of whole words: of all columns the part's channels, where each pixel
    has words of its own for them, or else of all channels its columns, from the last one before
    them with which a word begins."""
    rows, columns, channels = part.image
    if (columns.step or 1, channels.step or 1) != (1, 1):
        raise ValueError(f"{part.layer.name}: columns and channels must be neighbours")
    lanes = config.array.lanes
    every = columns == slice(0, row.width, columns.step) and (rows.step or 1) == 1
    if every and not any(each % lanes for each in (row.channels, channels.start, channels.stop)):
        first = 0
        of_row = WideRow(width=row.width, channels=channels.stop - channels.start, by_channels=True)
        brought = columns, channels
    else:
        first = next(
            each for each in range(columns.start, -1, -1) if each * row.channels % lanes == 0
        )
        of_row = WideRow(
            width=columns.stop - first,
            channels=row.channels,
            first_column=columns.start - first,
            first_channel=channels.start,
        )
        brought = slice(first, columns.stop), slice(0, row.channels)
    return replace(part, layer=replace(part.layer, wide_row=of_row), image=(rows, *brought))


def _pieces(part: Part, refusal: TooLarge, config: AcceleratorConfig) -> tuple[Part, ...]:
    """Parts of about one size instead of one that is refused; none where it cannot be split so."""
    shape, array, split = part.layer.shape, config.array, refusal.split
    if split is None:
        return ()
    if split != Split.CHANNELS:
        middle = (shape.output_height, shape.output_width)[_AXES[split]] // 2
        if not middle:
            return ()
        bands = [output_band(part, split, 0, middle), output_band(part, split, middle, None)]
        return tuple(band for band in bands if band) if all(bands) else ()
    # Whole groups of columns, or of the words in which depthwise channels stand.
    count, unit = shape.out_channels, array.columns
    if shape.groups > 1:
        count, unit = shape.groups, array.lanes if shape.depthwise else 1
    units = -(-count // unit)
    pieces = -(-units // max(int(units * refusal.share), 1))
    if pieces == 1:
        return ()
    return tuple(
        _channels(part, each.start * unit, min(each.stop * unit, count))
        for each in evenly(units, pieces)
    )


def evenly(count: int, parts: int) -> Iterator[range]:
    """The numbers up to ``count`` in so many parts, of which the first ones have one more where
    that is needed.

    >>> [*evenly(8, 3)]
    [range(0, 3), range(3, 6), range(6, 8)]
    """
    size, more = divmod(count, parts)
    for index in range(parts):
        first = index * size + min(index, more)
        yield range(first, first + size + (index < more))


def _channels(part: Part, first: int, end: int) -> Part:
    """Some of the output channels; with groups, some of the groups."""
    layer, shape = part.layer, part.layer.shape
    image, inputs, groups = part.image, shape.in_channels, 1
    if shape.groups > 1:
        groups = end - first
        inputs = groups * shape.group_in_channels
        start = first * shape.group_in_channels
        image = (*image[:2], _within(image[2], start, start + inputs))
        each = shape.out_channels // shape.groups
        first, end = first * each, end * each
    chosen = slice(first, end)
    points = layer.weight_zero_point
    return Part(
        layer=replace(
            layer,
            shape=replace(shape, in_channels=inputs, out_channels=end - first, groups=groups),
            weights=layer.weights[chosen],
            requantization=of_channels(layer.requantization, chosen),
            weight_zero_point=points[chosen] if isinstance(points, tuple) else points,
        ),
        image=image,
        result=(*part.result[:2], _within(part.result[2], first, end)),
    )


def output_band(part: Part, split: Split, first: int, end: int | None) -> Part | None:
    """The result's rows or columns ``first`` to before ``end``, from what they need of the
    image; ``None`` where that is nothing but padding."""
    layer, shape, axis = part.layer, part.layer.shape, _AXES[split]
    size = (shape.height, shape.width)[axis]
    extent = (shape.extent_height, shape.extent_width)[axis]
    if end is None:
        end = (shape.output_height, shape.output_width)[axis]
    begin = first * shape.stride[axis] - shape.padding[2 * axis]
    stop = (end - 1) * shape.stride[axis] - shape.padding[2 * axis] + extent
    kept = max(begin, 0), min(stop, size)
    if kept[0] >= kept[1]:
        return None
    around = max(-begin, 0), max(stop - size, 0)
    if split == Split.ROWS:
        padding = (*around, *shape.padding[2:])
        shape = replace(shape, padding=padding, height=kept[1] - kept[0])
    else:
        padding = (*shape.padding[:2], *around)
        shape = replace(shape, padding=padding, width=kept[1] - kept[0])
    image, result = list(part.image), list(part.result)
    image[axis] = _within(image[axis], *kept)
    result[axis] = _within(result[axis], first, end)
    return Part(
        layer=replace(layer, shape=shape),
        image=(image[0], image[1], image[2]),
        result=(result[0], result[1], result[2]),
    )


def column_bands(part: Part, count: int) -> Iterator[Part]:
    """The columns of a part's result in so many bands, of about one size; fewer where there are not
    as many columns. The larger ones are the first or the last, so that the widest image of a band
    is narrow. Of one whose bands would see padding alone, the part itself."""
    width = part.layer.shape.output_width
    sizes = tuple(len(each) for each in evenly(width, min(count, width)))
    ways = []
    for order in dict.fromkeys((sizes, sizes[::-1])):
        cuts = accumulate(order, initial=0)
        bands = [output_band(part, Split.COLUMNS, first, end) for first, end in pairwise(cuts)]
        ways.append([band for band in bands if band] if all(bands) else [part])
    yield from min(ways, key=lambda way: max(band.layer.shape.width for band in way))


def _within(outer: slice, first: int, end: int) -> slice:
    """The places ``first`` to before ``end`` of those that ``outer`` names."""
    step = outer.step or 1
    return slice(outer.start + first * step, outer.start + (end - 1) * step + 1, outer.step)
