# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Average poolings whose windows at the border have fewer values: a layer for each number."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from macaw.arch.parameters import AnyRequantization
from macaw.compiler.lower import Lowered, lower
from macaw.nn.graph import QuantizedGraph
from macaw.nn.graph.operators import AveragePool2d, Operator

__all__ = ["has_parts", "lower_parts"]


@dataclass(frozen=True, kw_only=True)
class _Band:
    """Neighbouring outputs of one axis, ``result``, whose windows have ``taps`` values each, and
    the inputs that these windows take."""

    result: slice
    image: slice
    taps: int


def has_parts(operator: Operator) -> bool:
    """Whether windows of ``operator`` may have fewer values at the border."""
    return (
        isinstance(operator, AveragePool2d) and any(operator.padding) and not operator.count_padding
    )


def lower_parts(
    graph: QuantizedGraph,
    operator: AveragePool2d,
    requantization: Callable[[QuantizedGraph, Operator], AnyRequantization],
) -> Lowered:
    """A pooling as poolings without padding, each of windows of one size.

    ``requantization`` is asked for the parameters of each. Raises what it raises, and
    ``ValueError`` where a window has nothing but padding.
    """
    image, result = (graph.tensors[each[0]] for each in (operator.inputs, operator.outputs))
    batch, height, width, channels = image.shape
    _, rows, columns, _ = result.shape
    top, _, left, _ = operator.padding
    bands = [
        _bands(result.name, size=size, outputs=outputs, taps=taps, stride=stride, before=before)
        for size, outputs, taps, stride, before in zip(
            (height, width), (rows, columns), operator.kernel, operator.stride, (top, left),
            strict=True,
        )
    ]  # fmt: skip
    parts = []
    for down in bands[0]:
        for across in bands[1]:
            alone = replace(operator, kernel=(down.taps, across.taps), padding=(0, 0, 0, 0))
            sizes = [each.image.stop - each.image.start for each in (down, across)]
            cut = replace(image, shape=(batch, *sizes, channels), data=None)
            of_part = replace(graph, tensors={**graph.tensors, image.name: cut})
            [part] = lower(of_part, alone, requantization(graph, alone)).parts
            everything = slice(0, channels)
            parts.append(
                replace(
                    part,
                    image=(down.image, across.image, everything),
                    result=(down.result, across.result, everything),
                )
            )
    return Lowered(
        image_shape=(batch, height, width, channels),
        result_shape=(batch, rows, columns, channels),
        parts=tuple(parts),
    )


def _bands(
    name: str, *, size: int, outputs: int, taps: int, stride: int, before: int
) -> list[_Band]:
    bands: list[_Band] = []
    for index in range(outputs):
        start = index * stride - before
        first, stop = max(start, 0), min(start + taps, size)
        if first >= stop:
            raise ValueError(f"{name}: a window must have values, not padding alone")
        last = bands[-1] if bands else None
        # The first window of a band says where all others begin.
        follows = last is not None and (
            stop - first == last.taps
            and first == last.image.start + (index - last.result.start) * stride
        )
        if last is not None and follows:
            result = slice(last.result.start, index + 1)
            bands[-1] = replace(last, result=result, image=slice(last.image.start, stop))
        else:
            bands.append(
                _Band(result=slice(index, index + 1), image=slice(first, stop), taps=stop - first)
            )
    return bands
