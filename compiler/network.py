# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Which operators of a network run on the core, as which programs, and why others do not."""

from collections.abc import Callable
from dataclasses import dataclass

from macaw.arch.config import AcceleratorConfig
from macaw.arch.parameters import AnyRequantization
from macaw.arch.program import CoreLayer, CorePart
from macaw.arch.requantization import Mode
from macaw.compiler.averages import has_parts, lower_parts
from macaw.compiler.layer import Conv2dLayer, WideRow
from macaw.compiler.lower import AVERAGING, MULTIPLYING, Lowered, lower
from macaw.compiler.parts import Share, column_bands, compile_parts, output_band
from macaw.compiler.refusals import Split, TooLarge
from macaw.compiler.short_rows import short_rows
from macaw.compiler.whole_image import whole_image
from macaw.nn.graph import QuantizedGraph
from macaw.nn.graph.operators import AveragePool2d, Operator

__all__ = ["Placement", "modes", "place"]

#: What gives the requantisation of an operator that sums.
Requantizations = Callable[[QuantizedGraph, Operator], AnyRequantization]


@dataclass(frozen=True, kw_only=True, eq=False)
class Placement:
    """Where an operator runs: on the core as ``layer``, or on the host.

    ``alone`` is the layer before it was compiled, where it is one convolution of one image.
    ``refusal`` says why an operator with weights does not run on the core; others have none.
    """

    operator: Operator
    layer: CoreLayer | None = None
    alone: Conv2dLayer | None = None
    refusal: str = ""


def place(
    graph: QuantizedGraph,
    config: AcceleratorConfig,
    requantization: Requantizations,
    *,
    rows: int | None = None,
    whole_words: bool = False,
    share: Callable[[Conv2dLayer], Share] | None = None,
) -> tuple[Placement, ...]:
    """A place for each operator of a verified graph, in their order.

    ``requantization`` gives the parameters of an operator that sums, by the semantics of the graph,
    or raises ``ValueError``. With ``rows`` layers are cropped to the first rows of their
    results; with ``whole_words`` parts take whole words of their images wherever these fit the
    core, each with its ``share`` of a layer.
    """
    placements = []
    for operator in graph.operators:
        if not isinstance(operator, (*MULTIPLYING, *AVERAGING)):
            placements.append(Placement(operator=operator))
            continue
        try:
            lowered = whole_image(_lowered(graph, operator, requantization), config)
            alone = lowered.alone if lowered.image_shape[0] == 1 else None
            if whole_words:
                lowered = short_rows(lowered, config)
            layer = _layer(lowered, operator, config, rows, whole_words, share)
        except ValueError as error:
            refusal = str(error) if isinstance(operator, MULTIPLYING) else ""
            placements.append(Placement(operator=operator, refusal=refusal))
        else:
            placements.append(Placement(operator=operator, layer=layer, alone=alone))
    return tuple(placements)


def modes(graph: QuantizedGraph, requantization: Requantizations) -> tuple[Mode, ...]:
    """The modes that a core needs for the operators of a graph, in the order of their first use."""
    found: dict[Mode, None] = {}
    for operator in graph.operators:
        if isinstance(operator, (*MULTIPLYING, *AVERAGING)):
            try:
                found[requantization(graph, operator).mode] = None
            except ValueError:
                continue  # It is refused, or stays on the host.
    return tuple(found)


def _layer(
    lowered: Lowered,
    operator: Operator,
    config: AcceleratorConfig,
    rows: int | None,
    whole_words: bool,
    share: Callable[[Conv2dLayer], Share] | None,
) -> CoreLayer:
    _, height, _, _ = lowered.result_shape
    kept = min(rows or height, height)
    _, _, width, channels = lowered.image_shape
    row = WideRow(width=width, channels=channels) if whole_words else None
    parts: list[CorePart] = []
    for part in lowered.parts:
        # Rows of the result that this part writes, and of these the ones that are kept.
        written = range(height)[part.result[0]]
        count = sum(row < kept for row in written)
        cropped = output_band(part, Split.ROWS, 0, count) if count else None
        if cropped is None and count:
            raise ValueError(f"{operator.outputs[0]}: rows must be more than {rows}")
        if cropped is not None:
            wanted = share(cropped.layer) if share else Share()
            found = []
            for band in column_bands(cropped, wanted.bands):
                words = wanted.weight_words
                try:
                    pieces = list(compile_parts(band, config, row=row, weight_words=words))
                except TooLarge:
                    if row is None:
                        raise
                    pieces = list(compile_parts(band, config, weight_words=words))
                found += pieces
            # Parts with the same weights one behind the other, so that these are loaded once.
            parts.extend(sorted(found, key=lambda each: each.result[2].start))
    return CoreLayer(
        name=operator.outputs[0],
        image_shape=lowered.image_shape,
        result_shape=lowered.result_shape,
        parts=tuple(parts),
        rows=kept,
    )


def _lowered(graph: QuantizedGraph, operator: Operator, requantization: Requantizations) -> Lowered:
    try:
        return lower(graph, operator, requantization(graph, operator))
    except ValueError:
        if isinstance(operator, AveragePool2d) and has_parts(operator):
            return lower_parts(graph, operator, requantization)
        raise
